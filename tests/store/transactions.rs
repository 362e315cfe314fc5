//! All of it or nothing, one after the other, and nothing after an error.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::try_join_all;
use gallra::store::{Db, Engine, Options, Role, StoreError, args};

use super::{COUNT, INSERT, both_engines, count, with_things};

both_engines! {
    async fn a_transaction_is_kept_or_not(bench) {
        let db = with_things(bench).await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![1i64, "dropped", [0u8], true]).await.unwrap();
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![2i64, "undone", [0u8], true]).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(count(&db).await, 0);
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![3i64, "kept", [0u8], true]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    }

    async fn nothing_goes_on_after_an_error(bench) {
        let db = with_things(bench).await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        let again = tx.execute(INSERT, args![1i64, "a", [0u8], true]).await;
        assert!(matches!(again, Err(StoreError::Duplicate { .. })));
        let next = tx.execute(INSERT, args![2i64, "b", [0u8], true]).await;
        assert!(matches!(next, Err(StoreError::GivenUp)));
        assert!(matches!(tx.commit().await, Err(StoreError::GivenUp)));
        assert_eq!(count(&db).await, 0);
    }

    async fn nothing_goes_on_after_a_cancelled_call(bench) {
        let db = with_things(bench).await;
        let mut tx = loop {
            let mut tx = db.begin().await.unwrap();
            // Polled once and dropped: nobody knows how far the statement came. Now and then the
            // engine is quick enough to answer at once.
            let call = tx.execute(INSERT, args![1i64, "a", [0u8], true]);
            match call.now_or_never() {
                None => break tx,
                Some(_) => tx.rollback().await.unwrap(),
            }
        };
        assert!(matches!(tx.fetch_all(COUNT, args![]).await, Err(StoreError::GivenUp)));
        assert!(matches!(tx.commit().await, Err(StoreError::GivenUp)));
        assert_eq!(count(&db).await, 0);
    }

    /// Eight writers, as from two processes, 50 times each: take the row, then write what was
    /// computed from it. No step is lost.
    async fn no_update_is_lost(bench) {
        const TAKE: &str = "UPDATE thing SET open = $1 WHERE id = $2 RETURNING name";
        const WRITE: &str = "UPDATE thing SET name = $1 WHERE id = $2";
        let db = with_things(bench).await;
        let other = bench.open(Role::Data).await;
        db.execute(INSERT, args![1i64, "0", [0u8], true]).await.unwrap();
        let writer = |db: Db| async move {
            for _ in 0..50 {
                let mut tx = db.begin().await?;
                let taken = tx.fetch_one(TAKE, args![true, 1i64]).await?;
                let number: i64 = taken.text(0)?.parse().unwrap();
                tokio::task::yield_now().await;
                tx.execute(WRITE, args![(number + 1).to_string(), 1i64]).await?;
                tx.commit().await?;
            }
            Ok::<_, StoreError>(())
        };
        let writers = (0..8).map(|turn| {
            let db = if turn % 2 == 0 { &db } else { &other };
            let task = tokio::spawn(writer(db.clone()));
            async move { task.await.expect("a writer does not panic") }
        });
        try_join_all(writers).await.unwrap();
        let row = db.fetch_one("SELECT name FROM thing", args![]).await.unwrap();
        assert_eq!(row.text(0).unwrap(), "400");
    }

    async fn a_snapshot_stays_as_it_was(bench) {
        let db = with_things(bench).await;
        let mut snapshot = db.snapshot().await.unwrap();
        let before = snapshot.fetch_one(COUNT, args![]).await.unwrap().i64(0).unwrap();
        db.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        let after = snapshot.fetch_one(COUNT, args![]).await.unwrap().i64(0).unwrap();
        assert_eq!((before, after, count(&db).await), (0, 0, 1));
        let written = snapshot.execute(INSERT, args![2i64, "b", [0u8], true]).await;
        assert!(matches!(written, Err(StoreError::ReadOnly { .. })), "{written:?}");
    }

    /// A reader does not stop a writer, nor a writer a reader.
    async fn readers_and_a_writer_go_on_side_by_side(bench) {
        let db = with_things(bench).await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        assert_eq!(count(&db).await, 0);
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    }

    async fn waiting_ends_when_patience_does(bench) {
        let db = with_things(bench).await;
        db.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        let options = Options { patience: Duration::from_millis(100), ..Options::default() };
        let url = bench.url(Role::Data);
        let hasty = Db::open_with(&url, Role::Data, options).await.unwrap();
        const TAKE: &str = "UPDATE thing SET open = $1";
        let mut holder = db.begin().await.unwrap();
        holder.execute(TAKE, args![true]).await.unwrap();
        let waited = hasty.execute(TAKE, args![false]).await;
        let busy = waited.unwrap_err();
        assert!(matches!(busy, StoreError::Busy { .. }) && busy.is_transient(), "{busy:?}");
        // It is held in this process: nobody else could be ended, and nothing but time helps.
        let told = busy.to_string();
        assert!(!told.contains("this process") && told.contains("gallra doctor"), "{told}");
        holder.commit().await.unwrap();
        assert_eq!(hasty.execute(TAKE, args![false]).await.unwrap(), 1);
    }

    async fn connections_are_bounded(bench) {
        let options = Options {
            create: true,
            readers: Some(1),
            patience: Duration::from_millis(100),
        };
        let db = Db::open_with(&bench.url(Role::Data), Role::Data, options).await.unwrap();
        let mut held = vec![db.snapshot().await.unwrap()];
        if bench.engine() == Engine::Postgres {
            held.push(db.snapshot().await.unwrap()); // Its writer is in the same pool.
        }
        let more = db.snapshot().await.err().unwrap();
        assert!(matches!(more, StoreError::Busy { .. }), "{more:?}");
        held.clear();
        db.snapshot().await.unwrap();
    }
}
