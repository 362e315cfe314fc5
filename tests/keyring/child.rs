//! A process of its own that follows or promotes, and is killed at a point.

use std::path::{Path, PathBuf};

use gallra::keyring::mirror::DataKnows;
use gallra::keyring::{Keyring, Means};
use gallra::store::{Db, Role};

use crate::mirrors::{mirror_at, promote_to};
use crate::support::Bench;
use crate::tools::means_of;

/// Runs one of the two tests below in a process of its own, which is killed at this point.
pub fn killed(bench: &Bench, place: &Path, child: &str, point: &str) {
    use std::os::unix::process::ExitStatusExt;
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([child, "--exact", "--nocapture"])
        .env("GALLRA_FAIL_POINT", point)
        .env("MIRROR_TEST_CHILD", child)
        .env("MIRROR_TEST_VAULT", bench.url(Role::Vault))
        .env("MIRROR_TEST_ROOT", bench.directory().join("root"))
        .env("MIRROR_TEST_PLACE", place)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.signal(),
        Some(6),
        "{point}: not killed: {said}"
    );
}

/// What the parent gave this child; `None` when no test above started it.
async fn child(name: &str) -> Option<(Means, PathBuf)> {
    if std::env::var("MIRROR_TEST_CHILD").as_deref() != Ok(name) {
        return None;
    }
    let given = |name| std::env::var(name).unwrap();
    let vault = Db::open_existing(&given("MIRROR_TEST_VAULT"), Role::Vault)
        .await
        .unwrap();
    let means = means_of(vault, PathBuf::from(given("MIRROR_TEST_ROOT")));
    Some((means, PathBuf::from(given("MIRROR_TEST_PLACE"))))
}

#[tokio::test]
async fn the_child_follows_once() {
    let Some((means, place)) = child("child::the_child_follows_once").await else {
        return;
    };
    let main = Keyring::open(means).await.unwrap();
    let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
    mirror.follow_once().await.unwrap();
}

#[tokio::test]
async fn the_child_promotes() {
    let Some((means, place)) = child("child::the_child_promotes").await else {
        return;
    };
    promote_to(means, &place, DataKnows::default(), None)
        .await
        .unwrap();
}
