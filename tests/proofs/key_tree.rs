//! Power cuts while keys are leased and destroyed: whatever the disk forgot, the tree opens again, every
//! key handed out is as it was, and every key destroyed stays destroyed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use gallra::keyring::{
    BlockSize, Destroyed, Destruction, FileRoot, KeptBy, KeyRef, Keyring, KeyringError, Means,
};
use gallra::store::{Db, Role};
use gallra::vocabulary::{ErasureId, SystemClock, SystemRandom, TenantId};

use crate::tools::lostwrites::{Kind, Plan, PowerCut, Recording};

const TENANT: TenantId = TenantId([7; 16]);
const KEYS: usize = 30;

async fn means(directory: &Path, create: bool) -> Result<Means, String> {
    let url = format!("sqlite:{}", directory.join("vault.db").display());
    let vault = match create {
        true => Db::open(&url, Role::Vault).await,
        false => Db::open_existing(&url, Role::Vault).await,
    };
    let vault = vault.map_err(|error| error.to_string())?;
    vault.migrate().await.map_err(|error| error.to_string())?;
    Ok(Means {
        vault,
        root: FileRoot::new(directory.join("root"), None),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        block_size: BlockSize::Command,
        patience: Duration::from_secs(10),
    })
}

/// Makes a tree, hands out keys and destroys every second one, and says each time what it has done
/// or is about to do. Run by the test below in a process of its own; as a test it does so here.
#[tokio::test(flavor = "multi_thread")]
async fn destroyer() {
    let own = tempfile::tempdir().unwrap();
    let directory = std::env::var_os("DESTROYER_DIRECTORY").map(PathBuf::from);
    let directory = directory.unwrap_or(own.path().to_owned());
    let means = means(&directory, true).await.unwrap();
    Keyring::create(&means).await.unwrap();
    let keyring = Keyring::open(means.clone()).await.unwrap();
    keyring.add_tenant(TENANT).await.unwrap();
    println!("ready");
    for number in 0..KEYS {
        let leased = keyring.lease(TENANT, 1).await.unwrap().remove(0);
        let KeyRef { block, leaf } = leased.key_ref;
        println!("key {block} {leaf} {}", hex::encode(leased.key.expose()));
        if number % 2 == 1 {
            println!("erasing {block} {leaf}");
            let destruction = Destruction {
                kept_by: KeptBy::Subject,
                erasure: ErasureId::generate(&SystemRandom),
                kind: "contact".into(),
                tenant: TENANT,
                subject: None,
                what: Destroyed::Units(vec![leased.key_ref]),
                suppressed: None,
                new_index_keys: None,
                facts: "{}".into(),
            };
            keyring.destroy(destruction).await.unwrap();
            println!("erased {block} {leaf}");
        }
    }
    assert_eq!(keyring.head().await.unwrap().ledger_seq, KEYS as i64 / 2);
    keyring.close().await.unwrap();
    means.vault.close().await;
}

/// What the destroyer had said before the cut.
struct Said<'t>(HashSet<&'t str>, &'t str);

impl<'t> Said<'t> {
    fn new(text: &'t str) -> Self {
        Self(text.lines().collect(), text)
    }

    fn has(&self, what: &str, key: KeyRef) -> bool {
        let line = format!("{what} {} {}", key.block, key.leaf);
        self.0.contains(line.as_str())
    }

    fn keys(&self) -> impl Iterator<Item = (KeyRef, &'t str)> {
        self.1.lines().filter_map(|line| {
            let mut words = line.strip_prefix("key ")?.split(' ');
            let block = words.next()?.parse().ok()?;
            let leaf = words.next()?.parse().ok()?;
            Some((KeyRef { block, leaf }, words.next()?))
        })
    }
}

async fn keys_are_as_promised(directory: &Path, promised: &str) -> Result<(), String> {
    let said = Said::new(promised);
    if !said.0.contains("ready") {
        return Ok(()); // Nobody was told that there is a tree yet.
    }
    let means = means(directory, false).await?;
    let vault = means.vault.clone();
    let opened = Keyring::open(means).await;
    let keyring = opened.map_err(|error| format!("the tree does not open: {error}"))?;
    for (key, bytes) in said.keys() {
        let read = keyring.data_key(TENANT, key).await;
        let broken = match &read {
            Ok(_) if said.has("erased", key) => Some("is readable though it was erased"),
            Ok(read) if hex::encode(read.expose()) != bytes => Some("has changed"),
            Ok(_) => None,
            Err(KeyringError::Erased(_)) if said.has("erasing", key) => None,
            Err(_) => Some("is lost"),
        };
        if let Some(broken) = broken {
            let error = read.err().map(|error| error.to_string());
            return Err(format!("{key:?} {broken}: {error:?}"));
        }
    }
    keyring.close().await.map_err(|error| error.to_string())?;
    vault.close().await;
    Ok(())
}

#[test]
fn no_power_cut_loses_a_key_or_brings_one_back() {
    let (root, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let recording = Recording::start(root.path(), scratch.path());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "key_tree::destroyer", "--nocapture"]);
    command.env("DESTROYER_DIRECTORY", root.path());
    recording.attach(&mut command);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let trace = recording.finish();
    trace.assert_complete();
    assert!(trace.count(Kind::SyncEnd) > KEYS, "too few to be durable");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let check = |cut: &PowerCut<'_>| {
        let promised = cut.promised();
        runtime.block_on(keys_are_as_promised(&cut.directory, &promised))
    };
    let violations = trace.cut_power(&Plan::default(), check);
    assert!(violations.is_empty(), "{violations:#?}");
}
