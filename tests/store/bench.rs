//! The bench itself: it cleans up after a test that failed, and it never skips.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gallra::store::{Engine, Role};
use sqlx::{Connection, PgConnection};

use crate::support::child::{is_child, run_again};
use crate::support::{run, server};

#[test]
fn a_test_that_fails_leaves_no_schema_behind() {
    let mut schema = String::new();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        run(Engine::Postgres, async |bench| {
            bench.open(Role::Data).await;
            schema = bench.schema(Role::Data);
            panic!("as a failing test does");
        });
    }));
    let panic = failed.unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"as a failing test does"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let left: i64 = runtime.block_on(async {
        let mut connection = PgConnection::connect(&server()).await.unwrap();
        sqlx::query_scalar("SELECT COUNT(*) FROM pg_namespace WHERE nspname = $1")
            .bind(&schema)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    });
    assert!(!schema.is_empty());
    assert_eq!(left, 0);
}

#[test]
fn without_a_server_the_postgres_half_fails_and_says_how_to_run_it() {
    if is_child() {
        let failed = catch_unwind(|| run(Engine::Postgres, async |_| {})).unwrap_err();
        let message = failed.downcast_ref::<&str>().copied().unwrap_or_default();
        assert!(message.contains("./test"), "{message}");
        return;
    }
    run_again(
        "bench::without_a_server_the_postgres_half_fails_and_says_how_to_run_it",
        "unset GALLRA_TEST_POSTGRES; exec \"$@\"",
        &[],
    );
}
