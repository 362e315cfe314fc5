//! The facade over both engines.

mod support;

use gallra::store::{Bulk, Role, StoreError, Value, args};

const TABLE: &str =
    "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, body blob, open BOOLEAN)";
const INSERT: &str = "INSERT INTO thing (id, name, body, open) VALUES ($1, $2, $3, $4)";
const SELECT: &str = "SELECT id, name, body, open FROM thing ORDER BY id";
const MANY: Bulk = Bulk {
    role: Role::Data,
    name: "MANY",
    head: "INSERT INTO thing (id, name) VALUES",
    columns: 2,
    tail: " ON CONFLICT (id) DO NOTHING",
};

both_engines! {
    async fn every_kind_of_value_comes_back(bench) {
        let db = bench.open(Role::Data).await;
        db.execute(TABLE, args![]).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![i64::MIN, "Åsa", [0u8, 255], true]).await.unwrap();
        tx.execute(INSERT, args![i64::MAX, "", Vec::<u8>::new(), false]).await.unwrap();
        let nulls = vec![Value::I64(0), Value::NullText, Value::NullBlob, Value::NullBool];
        tx.execute(INSERT, nulls).await.unwrap();
        tx.commit().await.unwrap();

        let rows = db.fetch_all(SELECT, args![]).await.unwrap();
        let first = &rows[0];
        assert_eq!(first.i64(0).unwrap(), i64::MIN);
        assert_eq!(first.text(1).unwrap(), "Åsa");
        assert_eq!(first.blob(2).unwrap(), [0, 255]);
        assert!(first.bool(3).unwrap());
        let nothing = &rows[1];
        assert_eq!(nothing.opt_text(1).unwrap(), None);
        assert_eq!(nothing.opt_blob(2).unwrap(), None);
        assert_eq!(nothing.opt_bool(3).unwrap(), None);
        assert!(matches!(nothing.text(1), Err(StoreError::Column { column: 1, .. })));
        let last = &rows[2];
        assert_eq!((last.text(1).unwrap(), last.blob(2).unwrap()), (String::new(), vec![]));
        assert_eq!(last.opt_bool(3).unwrap(), Some(false));
    }

    async fn many_rows_go_in_chunks(bench) {
        let db = bench.open(Role::Data).await;
        db.execute(TABLE, args![]).await.unwrap();
        let rows: Vec<_> = (0..1_203i64).map(|id| args![id, "x"]).collect();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.insert_many(&MANY, rows.clone()).await.unwrap(), 1_203);
        assert_eq!(tx.insert_many(&MANY, rows).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(db.fetch_all(SELECT, args![]).await.unwrap().len(), 1_203);
    }
}
