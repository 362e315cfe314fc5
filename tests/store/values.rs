//! Arguments and columns.

use gallra::store::{Bulk, Kind, Role, StoreError, Value, args};
use gallra::vocabulary::{ContactId, TenantId, Timestamp};

use super::{INSERT, SELECT, both_engines, count, with_things};

const MANY: Bulk = Bulk {
    role: Role::Data,
    name: "MANY",
    head: "INSERT INTO thing (id, name) VALUES",
    columns: &[Kind::I64, Kind::Text],
    tail: " ON CONFLICT (id) DO NOTHING",
};

const AMONG: Bulk = Bulk {
    role: Role::Data,
    name: "AMONG",
    head: "SELECT id FROM thing WHERE name = $1 AND id IN (",
    columns: &[Kind::I64],
    tail: ") ORDER BY id",
};

const NAME: Bulk = Bulk {
    role: Role::Data,
    name: "NAME",
    head: "INSERT INTO thing (id, name) VALUES",
    columns: &[Kind::I64, Kind::Text],
    tail: " ON CONFLICT (id) DO UPDATE SET name = excluded.name",
};

const RENAME: Bulk = Bulk {
    role: Role::Data,
    name: "RENAME",
    head: "UPDATE thing SET name = name || $1 WHERE id IN (",
    columns: &[Kind::I64],
    tail: ")",
};

const FORGET: Bulk = Bulk {
    role: Role::Data,
    name: "FORGET",
    head: "DELETE FROM thing WHERE id IN (",
    columns: &[Kind::I64],
    tail: ") RETURNING id",
};

both_engines! {
    async fn every_kind_of_value_comes_back(bench) {
        let db = with_things(bench).await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![i64::MIN, "Åsa", [0u8, 255], true]).await.unwrap();
        tx.execute(INSERT, args![i64::MAX, "", Vec::<u8>::new(), false]).await.unwrap();
        tx.commit().await.unwrap();

        let rows = db.fetch_all(SELECT, args![]).await.unwrap();
        let (first, last) = (&rows[0], &rows[1]);
        assert_eq!(first.i64(0).unwrap(), i64::MIN);
        assert_eq!(first.text(1).unwrap(), "Åsa");
        assert_eq!(first.blob(2).unwrap(), [0, 255]);
        assert!(first.bool(3).unwrap());
        assert_eq!(last.i64(0).unwrap(), i64::MAX);
        assert_eq!(last.opt_text(1).unwrap(), Some(String::new()));
        assert_eq!(last.opt_blob(2).unwrap(), Some(vec![]));
        assert_eq!(last.opt_bool(3).unwrap(), Some(false));
    }

    async fn nothing_comes_back_as_nothing(bench) {
        let db = with_things(bench).await;
        let nothing = vec![Value::I64(1), Value::NullText, Value::NullBlob, Value::NullBool];
        db.execute(INSERT, nothing).await.unwrap();
        let row = db.fetch_one(SELECT, args![]).await.unwrap();
        assert_eq!(row.opt_text(1).unwrap(), None);
        assert_eq!(row.opt_blob(2).unwrap(), None);
        assert_eq!(row.opt_id::<TenantId>(2).unwrap(), None);
        assert_eq!(row.opt_bool(3).unwrap(), None);
        // NULL is no empty text: who does not expect it is told.
        assert!(matches!(row.text(1), Err(StoreError::Column { column: 1, .. })));
        assert!(matches!(row.blob(2), Err(StoreError::Column { column: 2, .. })));
        assert!(matches!(row.bool(3), Err(StoreError::Column { column: 3, .. })));
        let sum = "SELECT CAST(SUM(id) AS BIGINT) FROM thing WHERE id = $1";
        let row = db.fetch_one(sum, args![7i64]).await.unwrap();
        assert_eq!(row.opt_i64(0).unwrap(), None);
    }

    async fn ids_and_times_come_back(bench) {
        let db = with_things(bench).await;
        let (contact, at) = (ContactId([9; 16]), Timestamp(1_772_355_600_000_000));
        db.execute(INSERT, args![at, None::<String>, contact, None::<bool>]).await.unwrap();
        let row = db.fetch_one(SELECT, args![]).await.unwrap();
        assert_eq!(row.timestamp(0).unwrap(), at);
        assert_eq!(row.id::<ContactId>(2).unwrap(), contact);
        assert!(matches!(row.bytes::<4>(2), Err(StoreError::Column { column: 2, .. })));
        assert!(matches!(row.i64(2), Err(StoreError::Column { column: 2, wanted: "integer" })));
        assert!(matches!(row.i64(9), Err(StoreError::Column { column: 9, .. })));
    }

    async fn a_placeholder_may_be_used_twice(bench) {
        let db = with_things(bench).await;
        db.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        let sql = "SELECT id FROM thing WHERE name = $2 AND (id = $1 OR id = $1 + 1) AND $2 = 'a'";
        let row = db.fetch_one(sql, args![0i64, "a"]).await.unwrap();
        assert_eq!(row.i64(0).unwrap(), 1);
    }

    async fn too_few_or_too_many_arguments_are_refused(bench) {
        let db = with_things(bench).await;
        for args in [args![1i64], args![1i64, "a", [0u8], true, 5i64]] {
            let given = args.len();
            let error = db.execute(INSERT, args).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "\"INSERT INTO thing (id, name, body, …\" takes 4 arguments, {given} were \
                     given: correct the call"
                )
            );
        }
        let mut tx = db.begin().await.unwrap();
        let error = tx.execute_many(&MANY, args![], vec![args![1i64, "a"], args![2i64]]).await;
        assert!(matches!(error, Err(StoreError::Arity { expected: 2, given: 1, .. })));
        tx.rollback().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let error = tx.execute_many(&MANY, args![], vec![args![1i64, "a"], args![2i64, 3i64]]).await;
        assert!(matches!(error, Err(StoreError::WrongKind { argument: 2, .. })));
        tx.rollback().await.unwrap();
        assert_eq!(count(&db).await, 0);
    }

    async fn nul_in_text_is_refused(bench) {
        let db = with_things(bench).await;
        let error = db.execute(INSERT, args![1i64, "a\0b", [0u8], true]).await.unwrap_err();
        assert!(matches!(error, StoreError::NulInText { argument: 2 }), "{error:?}");
        let mut tx = db.begin().await.unwrap();
        let error = tx.execute_many(&MANY, args![], vec![args![1i64, "a"], args![2i64, "\0"]]).await;
        assert!(matches!(error, Err(StoreError::NulInText { argument: 4 })));
        tx.rollback().await.unwrap();
        assert_eq!(count(&db).await, 0);
    }

    async fn many_rows_go_in_chunks(bench) {
        let db = with_things(bench).await;
        let rows: Vec<_> = (0..1_203i64).map(|id| args![id, "x"]).collect();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.execute_many(&MANY, args![], vec![]).await.unwrap(), 0);
        assert_eq!(tx.execute_many(&MANY, args![], rows.clone()).await.unwrap(), 1_203);
        assert_eq!(tx.execute_many(&MANY, args![], rows).await.unwrap(), 0);
        let wanted: Vec<_> = (700..2_000i64).map(|id| args![id]).collect();
        let found = tx.fetch_many(&AMONG, args!["x"], wanted).await.unwrap();
        let found: Vec<_> = found.iter().map(|row| row.i64(0).unwrap()).collect();
        assert_eq!(found, (700..1_203).collect::<Vec<_>>());
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 1_203);
    }

    /// On SQLite the last row is repeated until a text that is kept fits: once is all that is seen of it.
    async fn a_row_that_is_said_twice_counts_once(bench) {
        let db = with_things(bench).await;
        let mut tx = db.begin().await.unwrap();
        for many in [1_i64, 3, 5, 31, 33, 63, 203, 497, 501, 533] {
            let count = many as u64;
            let rows = |name: &'static str| (0..many).map(move |id| args![id, name]);
            let ids = || (0..many).map(|id| args![id]);
            assert_eq!(tx.execute_many(&MANY, args![], rows("a").collect()).await.unwrap(), count);
            assert_eq!(tx.execute_many(&MANY, args![], rows("b").collect()).await.unwrap(), 0);
            assert_eq!(tx.execute_many(&NAME, args![], rows("c").collect()).await.unwrap(), count);
            assert_eq!(tx.execute_many(&RENAME, args!["d"], ids().collect()).await.unwrap(), count);
            let found = tx.fetch_many(&AMONG, args!["cd"], ids().collect()).await.unwrap();
            assert_eq!(found.len() as u64, count, "each once, and changed once");
            let gone = tx.fetch_many(&FORGET, args![], ids().collect()).await.unwrap();
            assert_eq!(gone.len() as u64, count);
        }
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 0);
    }

    async fn a_missing_row_is_named(bench) {
        let db = with_things(bench).await;
        assert!(db.fetch_optional(SELECT, args![]).await.unwrap().is_none());
        let error = db.fetch_one(SELECT, args![]).await.err().unwrap();
        assert!(error.to_string().starts_with("\"SELECT id, name, body, open FROM …\""));
    }

    async fn an_error_tells_no_stored_value(bench) {
        let db = with_things(bench).await;
        db.execute("CREATE UNIQUE INDEX one_name ON thing (name)", args![]).await.unwrap();
        db.execute(INSERT, args![1i64, "Anna Persson", [0u8], true]).await.unwrap();
        let again = db.execute(INSERT, args![2i64, "Anna Persson", [0u8], true]).await;
        let error = again.unwrap_err();
        assert!(matches!(error, StoreError::Duplicate { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("Anna"), "{error:?}");
    }
}
