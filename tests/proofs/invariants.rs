//! What must hold in a house whatever happened to it, once it is settled.
//!
//! ```text
//!  unit in data ──► its key in the tree          and no ledger entry
//!  erased key   ──► no key in the tree           and exactly one ledger entry, which is its erasure's
//!  ledger entry ──► exactly one receipt          the log verifies from the first leaf to the last
//!  person       ──► found once and unchanged, or erased and found nowhere
//! ```

use std::collections::{BTreeMap, BTreeSet};

use gallra::catalog::TenantRef;
use gallra::erasure::Standing;
use gallra::keyring::{Destroyed, KeyRef, KeyringError, LedgerEntry};
use gallra::receipts::body::Kind;
use gallra::store::{Db, Role, args};
use gallra::vocabulary::{Clock, ContactId, ErasureId, TenantId, UnitId};

use crate::support::Bench;
use crate::support::house::House;
use crate::worker::{find, known};

/// A person as they were before, to be compared with what is found afterwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Their id.
    pub id: ContactId,
    access: serde_json::Value,
    keys: Vec<(KeyRef, Vec<u8>)>,
}

impl Person {
    /// The person as they are now.
    pub async fn look<C: Clock>(house: &House<C>, tenant: &TenantRef, number: usize) -> Person {
        Self::look_for(house, tenant, &format!("kund-{number}")).await
    }

    /// The person with this external id as they are now.
    pub async fn look_for<C>(house: &House<C>, tenant: &TenantRef, external_id: &str) -> Person {
        let id = find(house, tenant, external_id).await;
        let id = id.unwrap_or_else(|| panic!("{external_id} is not there"));
        let mut access = house
            .catalog
            .access(tenant, id)
            .await
            .expect("they can be read");
        access.read_at = gallra::vocabulary::Timestamp(0);
        let access = serde_json::to_value(&access).expect("it is JSON");
        let mut keys = Vec::new();
        for key in keys_of(&house.catalog.data, tenant.id, id).await {
            let read = house.catalog.keyring.data_key(tenant.id, key).await;
            keys.push((key, read.expect("the key is there").expose().to_vec()));
        }
        Person { id, access, keys }
    }

    /// Their keys, with their bytes.
    pub fn keys(&self) -> impl Iterator<Item = (KeyRef, &[u8])> {
        self.keys
            .iter()
            .map(|(key, bytes)| (*key, bytes.as_slice()))
    }

    /// Where their keys stand.
    pub fn key_refs(&self) -> impl Iterator<Item = KeyRef> {
        self.keys.iter().map(|(key, _)| *key)
    }

    /// The bytes of their keys.
    pub fn key_bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(|(_, bytes)| bytes.as_slice())
    }

    /// Fails unless they are as they were.
    pub async fn is_intact<C: Clock>(&self, house: &House<C>, tenant: &TenantRef, number: usize) {
        assert_eq!(
            *self,
            Self::look(house, tenant, number).await,
            "person {number} has changed"
        );
    }

    /// Fails unless every key is destroyed, by one and the same erasure, and nobody is found.
    pub async fn is_gone<C: Clock>(
        &self,
        house: &House<C>,
        tenant: &TenantRef,
        number: usize,
    ) -> ErasureId {
        assert_eq!(
            known(house, tenant, number).await,
            None,
            "person {number} is found"
        );
        assert!(
            house.catalog.access(tenant, self.id).await.is_err(),
            "person {number} is read"
        );
        self.keys_are_destroyed(house, tenant.id).await
    }

    /// Fails unless every key is destroyed, by one and the same erasure.
    pub async fn keys_are_destroyed<C>(&self, house: &House<C>, tenant: TenantId) -> ErasureId {
        let mut by = Vec::new();
        for (key, _) in &self.keys {
            match house.catalog.keyring.data_key(tenant, *key).await {
                Err(KeyringError::Erased(erasure)) => by.push(erasure),
                other => panic!("{key:?} is not destroyed: {:?}", other.map(|_| "readable")),
            }
        }
        by.dedup();
        assert_eq!(by.len(), 1, "destroyed by {by:?}");
        by[0]
    }
}

async fn keys_of(data: &Db, tenant: TenantId, contact: ContactId) -> Vec<KeyRef> {
    let sql =
        "SELECT block, leaf FROM unit WHERE tenant = $1 AND contact = $2 ORDER BY block, leaf";
    let rows = data
        .fetch_all(sql, args![tenant, contact])
        .await
        .expect("units can be read");
    let key = |row: &gallra::store::Row| key_ref(row.i64(0).unwrap(), row.i64(1).unwrap());
    rows.iter().filter_map(key).collect()
}

fn key_ref(block: i64, leaf: i64) -> Option<KeyRef> {
    Some(KeyRef {
        block: u64::try_from(block).ok()?,
        leaf: u16::try_from(leaf).ok()?,
    })
}

/// Fails unless the settled house keeps every invariant; answers how many ledger entries it has.
pub async fn hold<C: Clock>(bench: &Bench, house: &House<C>) -> usize {
    let vault = bench.open(Role::Vault).await;
    let passed_over = passed_over(&vault).await;
    let entries = hold_after(house, 0, passed_over).await;
    no_erased_key_is_without_an_entry(&vault, &entries).await;
    no_entry_has_two_receipts(house, &entries).await;
    vault.close().await;
    entries.len()
}

/// Up to where a promotion may have passed numbers of the ledger over: what a lost vault may have given
/// out is given to nobody else.
async fn passed_over(vault: &Db) -> i64 {
    let sql = "SELECT passed_over FROM line";
    let line = vault.fetch_optional(sql, args![]).await.unwrap();
    line.map_or(0, |line| line.i64(0).unwrap())
}

/// The same, looking only at ledger entries after this one; answers them. So that a long run does
/// not look at its whole past after every round. None is missing but what was passed over.
pub async fn hold_after<C: Clock>(
    house: &House<C>,
    after: i64,
    passed_over: i64,
) -> BTreeSet<ErasureId> {
    assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
    every_unit_has_its_key(house).await;
    let ledger = house
        .catalog
        .keyring
        .ledger_after(after, i64::MAX)
        .await
        .unwrap();
    let numbers: Vec<i64> = ledger.iter().map(|entry| entry.seq).collect();
    let head = house.catalog.keyring.head().await.unwrap();
    let began = after.max(passed_over);
    let since = numbers.iter().copied().filter(|number| *number > began);
    assert!(since.eq(began + 1..=head.ledger_seq), "{numbers:?}");
    for entry in &ledger {
        its_keys_are_gone(house, entry).await;
        house
            .eraser
            .log
            .find(entry.erasure)
            .await
            .unwrap_or_else(|error| panic!("{} has no receipt: {error}", entry.erasure));
    }
    nothing_is_left_in_data(house).await;
    let erasures: BTreeSet<ErasureId> = ledger.iter().map(|entry| entry.erasure).collect();
    assert_eq!(erasures.len(), ledger.len(), "an erasure is there twice");
    erasures
}

async fn every_unit_has_its_key<C>(house: &House<C>) {
    let sql = "SELECT tenant, id, block, leaf FROM unit";
    for row in house.catalog.data.fetch_all(sql, args![]).await.unwrap() {
        let (tenant, unit) = (row.id::<TenantId>(0).unwrap(), row.id::<UnitId>(1).unwrap());
        let key = key_ref(row.i64(2).unwrap(), row.i64(3).unwrap()).unwrap();
        let keyring = &house.catalog.keyring;
        let read = keyring.data_key(tenant, key).await;
        assert!(read.is_ok(), "unit {unit} has no key: {:?}", read.err());
        let erased = keyring.erasure_of_key(tenant, key).await.unwrap();
        assert_eq!(erased, None, "unit {unit} has its key and a ledger entry");
    }
}

async fn its_keys_are_gone<C>(house: &House<C>, entry: &LedgerEntry) {
    let keyring = &house.catalog.keyring;
    let Destroyed::Units(keys) = keyring.destroyed_by(entry.erasure).await.unwrap() else {
        let keys = keyring.index_keys(entry.tenant).await;
        let by = entry.erasure;
        return assert!(matches!(keys, Err(KeyringError::Erased(erasure)) if erasure == by));
    };
    assert!(!keys.is_empty(), "{} destroyed nothing", entry.erasure);
    for key in keys {
        match keyring.data_key(entry.tenant, key).await {
            Err(KeyringError::Erased(erasure)) => {
                let erased = keyring.erasure_of_key(entry.tenant, key).await.unwrap();
                assert_eq!(Some(erasure), erased, "{key:?}");
            }
            other => panic!(
                "{key:?} has its key and an entry: {:?}",
                other.map(|_| "readable")
            ),
        }
    }
}

/// The primary key of `erased` allows no second entry for a key.
async fn no_erased_key_is_without_an_entry(vault: &Db, entries: &BTreeSet<ErasureId>) {
    let sql = "SELECT DISTINCT erasure_id FROM erased";
    for row in vault.fetch_all(sql, args![]).await.unwrap() {
        let by = row.id::<ErasureId>(0).unwrap();
        assert!(entries.contains(&by), "{by} is not in the ledger");
    }
}

async fn no_entry_has_two_receipts<C>(house: &House<C>, entries: &BTreeSet<ErasureId>) {
    let receipts = house.eraser.log.list(None, 0, u32::MAX >> 1).await.unwrap();
    let mut receipted: BTreeMap<ErasureId, u64> = BTreeMap::new();
    for receipt in &receipts {
        if receipt.body().unwrap().kind != Kind::ReErasure {
            *receipted.entry(receipt.id).or_default() += 1;
        }
    }
    let expected: BTreeMap<ErasureId, u64> = entries.iter().map(|entry| (*entry, 1)).collect();
    assert_eq!(receipted, expected, "receipts against ledger entries");
    let report = house.eraser.log.verify_all().await.unwrap();
    assert!(report.passed(), "{report:?}");
}

/// No row hangs on a unit or a contact that is not there.
async fn nothing_is_left_in_data<C>(house: &House<C>) {
    const ORPHANS: [(&str, &str); 6] = [
        (
            "unit",
            "SELECT COUNT(*) FROM unit WHERE contact IS NOT NULL AND contact NOT IN (SELECT id FROM contact)",
        ),
        (
            "message",
            "SELECT COUNT(*) FROM message WHERE unit NOT IN (SELECT id FROM unit)",
        ),
        (
            "forwarding",
            "SELECT COUNT(*) FROM forwarding WHERE unit NOT IN (SELECT id FROM unit)",
        ),
        (
            "case",
            "SELECT COUNT(*) FROM support_case WHERE unit NOT IN (SELECT id FROM unit)",
        ),
        (
            "contact",
            "SELECT COUNT(*) FROM contact WHERE unit NOT IN (SELECT id FROM unit)",
        ),
        (
            "closed unit",
            "SELECT COUNT(*) FROM unit WHERE erased_at IS NOT NULL",
        ),
    ];
    for (what, sql) in ORPHANS {
        let row = house.catalog.data.fetch_one(sql, args![]).await.unwrap();
        assert_eq!(row.i64(0).unwrap(), 0, "rows left: {what}");
    }
}
