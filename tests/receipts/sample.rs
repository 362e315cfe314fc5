//! A receipt with every field in use, and a receipt file without any database.

use std::path::Path;

use gallra::receipts::body::*;
use gallra::receipts::checkpoint::Checkpoint;
use gallra::receipts::merkle::{Edge, Tiles, leaf_hash};
use gallra::receipts::proof::Proof;
use gallra::receipts::{Body, SigningKey};
use gallra::vocabulary::{ErasureId, Personal, Secret, SeededRandom, TenantId, Timestamp};

pub const ORIGIN: &str = "log.example.se/gallra";

/// The log's key; the seed makes it another one.
pub fn key(seed: u64) -> SigningKey {
    SigningKey::generate(ORIGIN, &SeededRandom::new(seed)).unwrap()
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

pub fn erasure(number: u64) -> ErasureId {
    let mut bytes = [0xab; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    ErasureId(bytes)
}

/// A receipt that uses every field.
pub fn body(seq: u64) -> Body {
    let identifier = Personal::new("anna.andersson@example.se");
    let salt = Secret::from_slice(&[7; 32]).unwrap();
    Body {
        id: erasure(seq),
        seq,
        kind: Kind::ReErasure,
        again: Some(Again {
            of: erasure(1_000),
            reason: AgainReason::RestoredBackup,
        }),
        operator: Party {
            name: "Exempelsupport AB".into(),
            org_no: "556000-0001".into(),
        },
        tenant: Tenant {
            id: TenantId([3; 16]),
            slug: "klockmastaren".into(),
            name: "Klockmästaren i Växjö AB".into(),
            org_no: "556000-0000".into(),
        },
        subject: Some(Commitment::new(&salt, &identifier)),
        legal_basis: reference("GDPR Art. 17(1)(b)"),
        instruction: reference("INS-2026-0042"),
        requested_at: at("2026-02-27T08:00:00Z"),
        started_at: at("2026-03-01T09:00:00Z"),
        destroyed_at: at("2026-03-01T09:00:01.5Z"),
        issued_at: at("2026-03-01T09:00:02Z"),
        people: 1,
        categories: vec![
            CategoryCount {
                category: "email".into(),
                records: 1,
            },
            CategoryCount {
                category: "message".into(),
                records: 17,
            },
        ],
        stores: vec![StoreCount {
            store: "data".into(),
            records: 19,
        }],
        keys: Keys {
            destroyed: 3,
            epoch: 12,
        },
        method: Method {
            technique: Technique::CryptographicEraseAndDeletion,
            cipher: "AES-256-GCM".into(),
            medium: Medium::KeyOverwrittenMediumNotSanitised,
        },
        root: Root {
            provider: "file".into(),
            assurance: Assurance::B,
        },
        mirrors: Mirrors {
            known: 1,
            acknowledged: 1,
        },
        verification: vec![Verification {
            method: VerificationMethod::NegativeDecrypt,
            checked: 3,
            passed: true,
        }],
        ending: None,
        copies: vec![Copy {
            place: reference("SMS supplier"),
            state: CopyState::Erased,
            evidence: Some(reference("task 881")),
        }],
        kept: vec![Kept {
            what: reference("invoices to the controller"),
            law: reference("bokföringslagen 7 kap. 2 §"),
            until: Some(at("2033-12-31T00:00:00Z")),
        }],
        backups: Backups::UnreadableAndErasedAgainOnRestore,
        approvers: vec![Approver {
            name: reference("A. Berg"),
            role: reference("DPO"),
        }],
        tool: Tool {
            name: "gallra".into(),
            version: "0.1.0".into(),
        },
        cannot_prove: vec![Limit::NoSecretCopy, Limit::NoDiskSnapshot],
    }
}

/// The signed receipt of this content.
pub fn note(key: &SigningKey, body: &Body) -> String {
    let content = body.to_canonical_json().unwrap();
    key.sign(format!("{}/receipt/v1\n{content}\n", key.origin()))
        .to_string()
}

/// A log of so many receipts in memory, and the file of one of them.
pub fn file(key: &SigningKey, index: u64, size: u64) -> String {
    let notes: Vec<_> = (0..size).map(|seq| note(key, &body(seq))).collect();
    file_of(key, &notes, index)
}

/// The file of one of these entries.
pub fn file_of(key: &SigningKey, notes: &[String], index: u64) -> String {
    let (mut edge, mut tiles) = (Edge::default(), Tiles::default());
    for note in notes {
        for tile in edge.push(leaf_hash(note.as_bytes())) {
            tiles.0.insert((tile.level, tile.number), tile.hashes);
        }
    }
    let checkpoint = Checkpoint {
        origin: key.origin().into(),
        size: edge.size(),
        root: edge.root(),
    };
    let proof = Proof {
        extra: Some(key.verifier().to_string().into_bytes()),
        index,
        hashes: tiles.inclusion(index, edge.size()).unwrap(),
        checkpoint: key.sign(checkpoint.to_string()).to_string(),
    };
    format!("{}\n{proof}", notes[index as usize])
}

/// A file of this repository.
pub fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
