//! The log in the vault, on both engines.

use gallra::receipts::checkpoint::Checkpoint;
use gallra::receipts::merkle::{Edge, leaf_hash, root_of};
use gallra::receipts::note::Note;
use gallra::receipts::tiles::{TileKind, TilePath, entries_of, hashes_of};
use gallra::receipts::{Body, Log, Policy, Receipt, ReceiptError, verify};
use gallra::store::{Db, Role, args};

use crate::{both_engines, sample};

async fn open(vault: &Db) -> Log {
    Log::init(vault, &sample::key(1)).await.unwrap();
    Log::open(vault.clone(), sample::key(1)).await.unwrap()
}

/// Appends a receipt for erasure `number` in a transaction of its own.
async fn append(log: &Log, vault: &Db, number: u64) -> Receipt {
    let mut tx = vault.begin().await.unwrap();
    let receipt = log.append(&mut tx, |seq| body(seq, number)).await.unwrap();
    tx.commit().await.unwrap();
    receipt
}

fn body(seq: u64, number: u64) -> Body {
    Body {
        id: sample::erasure(number),
        ..sample::body(seq)
    }
}

async fn fill(log: &Log, vault: &Db, count: u64) {
    let mut tx = vault.begin().await.unwrap();
    for number in 0..count {
        log.append(&mut tx, |seq| body(seq, number)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn damage(vault: &Db, sql: &'static str) {
    assert_eq!(vault.execute(sql, args![]).await.unwrap(), 1);
}

both_engines! {
    async fn every_receipt_of_a_log_verifies(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        let policy = Policy::of_log(log.verifier());
        for number in 0..9 {
            let receipt = append(&log, &vault, number).await;
            assert_eq!(receipt.seq, number);
            assert_eq!(receipt.body().unwrap(), body(number, number));
            for earlier in 0..=number {
                let file = log.receipt_file(sample::erasure(earlier)).await.unwrap();
                let report = verify(&file, Some(&policy));
                assert!(report.passed, "{earlier} of {number}: {report:#?}");
            }
        }
        let report = log.verify_all().await.unwrap();
        assert!(report.passed() && report.checked == 9, "{report:?}");
    }

    async fn a_log_over_several_tiles_is_served_and_exported(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        fill(&log, &vault, 515).await;
        let report = log.verify_all().await.unwrap();
        assert!(report.passed() && report.checked == 515, "{report:?}");
        for number in [0, 255, 256, 511, 512, 514] {
            let file = log.receipt_file(sample::erasure(number)).await.unwrap();
            assert!(verify(&file, None).passed, "{number}");
        }

        let directory = bench.directory().join("export");
        assert_eq!(log.export(&directory).await.unwrap(), 515);
        let read = |path: &str| std::fs::read(directory.join(path)).unwrap();
        let checkpoint = String::from_utf8(read("checkpoint")).unwrap();
        assert_eq!(checkpoint, log.checkpoint().await.unwrap());
        let checkpoint: Checkpoint = Note::parse(&checkpoint).unwrap().text.parse().unwrap();
        let policy: Policy = String::from_utf8(read("log.policy")).unwrap().parse().unwrap();
        assert_eq!(policy.logs(), [log.verifier().clone()]);

        // The exported files are the whole log: entries give leaves, leaves the root.
        let mut edge = Edge::default();
        for path in ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/3"] {
            for entry in entries_of(&read(path)).unwrap() {
                edge.push(leaf_hash(entry));
            }
        }
        assert_eq!((edge.size(), edge.root()), (515, checkpoint.root));
        let upper = hashes_of(&read("tile/1/000.p/2")).unwrap();
        let first = hashes_of(&read("tile/0/000")).unwrap();
        assert_eq!(upper[0], root_of(&first));
        assert_eq!(TilePath::all(515).count(), 3 + 3 + 1);

        // What the export has can be asked for singly, in any width up to now, and no more.
        let tile = async |path: &str| log.tile(path.parse().unwrap()).await;
        assert_eq!(tile("tile/0/002.p/3").await.unwrap(), read("tile/0/002.p/3"));
        assert_eq!(tile("tile/0/002.p/2").await.unwrap(), read("tile/0/002.p/3")[..64]);
        for path in ["tile/0/002.p/4", "tile/0/003", "tile/2/000.p/1", "tile/entries/002"] {
            assert!(matches!(tile(path).await, Err(ReceiptError::NoSuchTile)), "{path}");
        }
        let far = TilePath { kind: TileKind::Entries, number: u64::MAX, width: 1 };
        assert!(matches!(log.tile(far).await, Err(ReceiptError::NoSuchTile)));
    }

    /// A backup directory that is written to again has the newer log, whole.
    async fn an_export_goes_on_where_the_last_one_ended(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        let directory = bench.directory().join("export");
        fill(&log, &vault, 255).await;
        log.export(&directory).await.unwrap();
        append(&log, &vault, 255).await;
        append(&log, &vault, 256).await;
        assert_eq!(log.export(&directory).await.unwrap(), 257);
        for tile in TilePath::all(257) {
            let file = std::fs::read(directory.join(tile.to_string())).unwrap();
            assert_eq!(file, log.tile(tile).await.unwrap(), "{tile}");
        }
        let checkpoint = std::fs::read_to_string(directory.join("checkpoint")).unwrap();
        assert_eq!(checkpoint, log.checkpoint().await.unwrap());
        assert!(!directory.join("checkpoint.unfinished").exists());
    }

    async fn a_second_receipt_for_an_erasure_is_the_first(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        let first = append(&log, &vault, 7).await;
        append(&log, &vault, 8).await;
        let again = append(&log, &vault, 7).await;
        assert_eq!(again, first);
        assert_eq!(log.list(None, 0, 10).await.unwrap().len(), 2);
    }

    async fn what_is_rolled_back_was_never_in_the_log(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        append(&log, &vault, 1).await;
        let before = log.checkpoint().await.unwrap();
        let mut tx = vault.begin().await.unwrap();
        log.append(&mut tx, |seq| body(seq, 2)).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(log.checkpoint().await.unwrap(), before);
        assert!(matches!(log.find(sample::erasure(2)).await, Err(ReceiptError::Unknown(_))));
        assert_eq!(append(&log, &vault, 3).await.seq, 1);
        assert!(log.verify_all().await.unwrap().passed());
    }

    /// Two processes: the sequence stays dense, and who appends the same erasure gets the same bytes.
    async fn two_writers_make_one_sequence(bench) {
        let one = bench.open(Role::Vault).await;
        let two = bench.open(Role::Vault).await;
        let (left, right) = (open(&one).await, open(&two).await);
        // Every third erasure is done by both.
        let run = async |log: &Log, vault: &Db, odd: u64| {
            let mut receipts = Vec::new();
            for number in (0..60).filter(|number| number % 3 == 0 || number % 2 == odd) {
                receipts.push(append(log, vault, number).await);
            }
            receipts
        };
        let (a, b) = tokio::join!(run(&left, &one, 0), run(&right, &two, 1));
        for receipt in &a {
            if let Some(other) = b.iter().find(|other| other.id == receipt.id) {
                assert_eq!(receipt, other);
            }
        }
        let listed = left.list(None, 0, 100).await.unwrap();
        assert_eq!(listed.len(), 60);
        assert!(listed.iter().enumerate().all(|(place, it)| it.seq == place as u64));
        let report = right.verify_all().await.unwrap();
        assert!(report.passed(), "{report:?}");
    }

    async fn lists_go_by_page_and_by_tenant(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        fill(&log, &vault, 5).await;
        let seqs = |list: Vec<Receipt>| list.iter().map(|it| it.seq).collect::<Vec<_>>();
        assert_eq!(seqs(log.list(None, 0, 2).await.unwrap()), [0, 1]);
        assert_eq!(seqs(log.list(None, 2, 9).await.unwrap()), [2, 3, 4]);
        let tenant = body(0, 0).tenant.id;
        assert_eq!(seqs(log.list(Some(tenant), 3, 9).await.unwrap()), [3, 4]);
        let other = gallra::vocabulary::TenantId([9; 16]);
        assert_eq!(seqs(log.list(Some(other), 0, 9).await.unwrap()), [0u64; 0]);
    }

    async fn a_log_belongs_to_its_key(bench) {
        let vault = bench.open(Role::Vault).await;
        let nothing = Log::open(vault.clone(), sample::key(1)).await.err().unwrap();
        assert!(matches!(nothing, ReceiptError::NotInitialised));
        let log = open(&vault).await;
        let error = Log::open(vault.clone(), sample::key(2)).await.err().unwrap();
        assert!(matches!(error, ReceiptError::ForeignKey { .. }));
        assert!(error.to_string().contains("backup of the directory sign/"));
        assert!(Log::init(&vault, &sample::key(2)).await.is_err());
        assert!(Log::init(&vault, &sample::key(1)).await.is_ok());

        append(&log, &vault, 1).await;
        let reader = Log::open_to_read(vault.clone()).await.unwrap();
        assert!(verify(&reader.receipt_file(sample::erasure(1)).await.unwrap(), None).passed);
        let mut tx = vault.begin().await.unwrap();
        let refused = reader.append(&mut tx, |seq| body(seq, 2)).await;
        assert!(matches!(refused, Err(ReceiptError::NoKey)));
    }

    async fn what_cannot_be_a_receipt_is_not_appended(bench) {
        let vault = bench.open(Role::Vault).await;
        let log = open(&vault).await;
        let refuse = async |compose: fn(u64) -> Body| {
            let mut tx = vault.begin().await.unwrap();
            let error = log.append(&mut tx, compose).await.err().unwrap();
            tx.rollback().await.unwrap();
            error
        };
        let error = refuse(|_| body(1, 1)).await;
        assert!(matches!(error, ReceiptError::Body(_)));
        let error = refuse(|seq| Body { again: None, ..body(seq, 1) }).await;
        assert!(matches!(error, ReceiptError::Body(_)));
        let long = |seq| {
            let mut body = body(seq, 1);
            body.tenant.name = "x".repeat(70_000);
            body
        };
        assert!(matches!(refuse(long).await, ReceiptError::TooLarge(_)));
        assert_eq!(append(&log, &vault, 1).await.seq, 0);
    }

    async fn damage_is_found_and_nothing_is_signed_over_it(bench) {
        for (what, sql) in [
            ("tile", "UPDATE log_tile SET hashes = (SELECT root FROM log_head)"),
            ("root", "UPDATE log_head SET root = (SELECT hashes FROM log_tile)"),
        ] {
            let vault = bench.open(Role::Vault).await;
            vault.execute("DELETE FROM log_leaf", args![]).await.unwrap();
            vault.execute("DELETE FROM log_tile", args![]).await.unwrap();
            vault.execute("DELETE FROM log_head", args![]).await.unwrap();
            let log = open(&vault).await;
            fill(&log, &vault, 3).await;
            damage(&vault, sql).await;
            let mut tx = vault.begin().await.unwrap();
            let refused = log.append(&mut tx, |seq| body(seq, 9)).await;
            let found = refused.is_err();
            tx.rollback().await.unwrap();
            assert!(found, "{what}");
        }
    }

    async fn checking_the_whole_log_names_what_is_wrong(bench) {
        for (sql, problem) in [
            ("DELETE FROM log_leaf WHERE seq = 2", "missing"),
            ("DELETE FROM log_leaf WHERE seq = 1", "number 2 stands in this place"),
            ("UPDATE log_leaf SET note = REPLACE(note, 'people', 'peopla') WHERE seq = 1", "changed after it was signed"),
            ("UPDATE log_leaf SET kind = 'contact' WHERE seq = 1", "its row says something else"),
            ("UPDATE log_tile SET hashes = (SELECT root FROM log_head)", "tile 0 of level 0"),
            ("UPDATE log_head SET size = 2", "another tree"),
            ("UPDATE log_head SET checkpoint = REPLACE(checkpoint, '3', '4')", "checkpoint"),
        ] {
            let vault = bench.open(Role::Vault).await;
            vault.execute("DELETE FROM log_leaf", args![]).await.unwrap();
            vault.execute("DELETE FROM log_tile", args![]).await.unwrap();
            vault.execute("DELETE FROM log_head", args![]).await.unwrap();
            let log = open(&vault).await;
            fill(&log, &vault, 3).await;
            assert!(log.verify_all().await.unwrap().passed());
            damage(&vault, sql).await;
            let report = log.verify_all().await.unwrap();
            let named = report.problems.iter().any(|found| found.what.contains(problem));
            assert!(named, "{sql}: {report:?}");
        }
    }
}
