//! What was signed once is never signed otherwise, also when the vault forgot it.

use gallra::receipts::{Body, Log, Receipt, SigningKey};
use gallra::store::{Db, Role};
use gallra::vocabulary::SystemRandom;

use crate::support::Bench;
use crate::{both_engines, sample};

async fn append(log: &Log, vault: &Db, number: u64, retold: bool) -> Receipt {
    let mut tx = vault.begin().await.unwrap();
    let compose = |seq| {
        let mut body = Body {
            id: sample::erasure(number),
            ..sample::body(seq)
        };
        if retold {
            body.people += 1; // Composed anew it would say something else.
        }
        body
    };
    let receipt = log.append(&mut tx, compose).await.unwrap();
    tx.commit().await.unwrap();
    receipt
}

both_engines! {
    /// Leaves 0 to 4 are signed; the vault that goes on has seen leaves 0 and 1 only. Without the
    /// journal leaf 2 would be given to another receipt, and the log would contradict itself.
    async fn a_vault_that_forgot_leaves_takes_them_up_again_byte_for_byte(bench) {
        let vault = bench.open(Role::Vault).await;
        let path = bench.directory().join("sign").join("log.key");
        let key = SigningKey::create(&path, "log.example.se/gallra", &SystemRandom).unwrap();
        Log::init(&vault, &key).await.unwrap();
        let log = Log::open(vault.clone(), SigningKey::open(&path).unwrap()).await.unwrap();
        let mut signed = Vec::new();
        for number in 0..5 {
            signed.push(append(&log, &vault, number, false).await);
        }
        let checkpoint = log.checkpoint().await.unwrap();

        let other = Bench::new(bench.engine()).await;
        let mirror = other.open(Role::Vault).await;
        Log::init(&mirror, &key).await.unwrap();
        let behind = Log::open(mirror.clone(), key).await.unwrap();
        for number in 0..2 {
            // As a mirror copies them.
            assert_eq!(append(&behind, &mirror, number, false).await.note, signed[number as usize].note);
        }
        let promoted = Log::open(mirror.clone(), SigningKey::open(&path).unwrap()).await.unwrap();
        let again = append(&promoted, &mirror, 4, true).await;
        assert_eq!(again, signed[4], "the receipt that was handed out, not another");
        assert_eq!(promoted.checkpoint().await.unwrap(), checkpoint);
        assert_eq!(append(&promoted, &mirror, 9, false).await.seq, 5);
        assert!(promoted.verify_all().await.unwrap().passed());
        other.remove().await;
    }

    /// The process dies between signing and the vault's commit: the leaf is taken up by whoever
    /// appends next.
    async fn a_leaf_that_was_signed_and_not_committed_keeps_its_place(bench) {
        let vault = bench.open(Role::Vault).await;
        let path = bench.directory().join("sign").join("log.key");
        let key = SigningKey::create(&path, "log.example.se/gallra", &SystemRandom).unwrap();
        Log::init(&vault, &key).await.unwrap();
        let log = Log::open(vault.clone(), key).await.unwrap();
        let mut tx = vault.begin().await.unwrap();
        let compose = |seq| Body { id: sample::erasure(7), ..sample::body(seq) };
        let lost = log.append(&mut tx, compose).await.unwrap();
        tx.rollback().await.unwrap();
        let next = append(&log, &vault, 8, false).await;
        assert_eq!(next.seq, 1);
        assert_eq!(log.find(sample::erasure(7)).await.unwrap(), lost);
    }
}
