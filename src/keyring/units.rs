//! Looking at a tenant's keys as a whole: how many there are, which of them belong to nothing, and
//! whether every unit has its key or a ledger entry, and never both.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::lock;
use super::view::View;
use super::{KeyRef, Keyring, KeyringError, head, rows};
use crate::store::{StoreError, args};
use crate::vocabulary::{ErasureId, TenantId};

/// A tenant's keys, counted at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    /// Blocks ever leased.
    pub blocks: u64,
    /// Keys that are present, used or not.
    pub present: u64,
    /// Keys the ledger names as destroyed one by one.
    pub erased: u64,
    /// The erasure that destroyed the whole tenant.
    pub purged: Option<ErasureId>,
}

/// A unit that breaks the invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// The key is neither there nor in the ledger: data is ahead of the vault, or a key was lost.
    NoKeyAndNoEntry(KeyRef),
    /// The key is there though the ledger says it was destroyed.
    KeyAndEntry(KeyRef, ErasureId),
}

/// An instant of the vault before which every leased block has either been used up or lost: no
/// process that still runs had started. Take it first, read data after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietPoint(i64);

/// Keys that belong to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphans {
    /// Present, named by no unit, and no process can have leased them. Destroying them is safe for
    /// the present data; a newer backup of data, restored later, may still want them.
    pub keys: Vec<KeyRef>,
    /// Present and named by no unit, but a running process may be about to use them.
    pub perhaps_leased: u64,
}

/// A tenant that the tree has keys of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeTenant {
    /// Which.
    pub id: TenantId,
    /// Whether a process that still runs may have made it and be about to write its row.
    pub perhaps_new: bool,
}

/// The ledger of one tenant: what each of its destroyed keys was destroyed by.
struct Erased {
    units: HashMap<KeyRef, ErasureId>,
    tenant: Option<ErasureId>,
}

impl Keyring {
    /// Counts a tenant's keys.
    pub async fn census(&self, tenant: TenantId) -> Result<Census, KeyringError> {
        let mut view = View::open(&self.0.means).await?;
        let erased = erased(&mut view, tenant).await?;
        let blocks = view.blocks(tenant).await?.unwrap_or(0);
        let mut present = 0;
        for block in 0..blocks {
            present += view.present(tenant, block).await?.len() as u64;
        }
        Ok(Census {
            blocks,
            present,
            erased: erased.units.len() as u64,
            purged: erased.tenant,
        })
    }

    /// Holds the instant for [`Keyring::orphans`].
    ///
    /// **Why before reading data?** Read the other way round, a process could commit a row with a
    /// leased key just after the rows were read and end just before the processes are counted; the
    /// key would look like nobody's and be destroyed under a living row.
    pub async fn quiet_point(&self) -> Result<QuietPoint, KeyringError> {
        let now = head::read(&self.0.means.vault).await?.version;
        let running = lock::running_since(&self.0.means.root)?;
        Ok(QuietPoint(running.into_iter().fold(now, i64::min)))
    }

    /// Every tenant that the tree has keys of. Those that data names must be read after this, and
    /// `quiet` taken before.
    pub async fn tenants(&self, quiet: QuietPoint) -> Result<Vec<TreeTenant>, KeyringError> {
        let mut view = View::open(&self.0.means).await?;
        let old = view
            .tx
            .fetch_all(rows::TENANTS_UNTOUCHED_SINCE, args![quiet.0]);
        let old = old.await?;
        let old: Result<HashSet<TenantId>, StoreError> = old.iter().map(|row| row.id(0)).collect();
        let old = old?;
        let tenants = view.tenants().await?;
        let tenant = |id| TreeTenant {
            id,
            perhaps_new: !old.contains(&id),
        };
        Ok(tenants.into_iter().map(tenant).collect())
    }

    /// The keys of a tenant that no unit uses. `used` are the keys of all units that data has, read
    /// after `quiet` was taken.
    pub async fn orphans(
        &self,
        tenant: TenantId,
        quiet: QuietPoint,
        used: impl Iterator<Item = KeyRef>,
    ) -> Result<Orphans, KeyringError> {
        let used: HashSet<KeyRef> = used.collect();
        let mut view = View::open(&self.0.means).await?;
        let old = blocks_before(&mut view, tenant, quiet).await?;
        let mut orphans = Orphans {
            keys: Vec::new(),
            perhaps_leased: 0,
        };
        for block in 0..view.blocks(tenant).await?.unwrap_or(0) {
            let mut unused = view.present(tenant, block).await?;
            unused.retain(|key| !used.contains(key));
            if old.contains(&block) {
                orphans.keys.extend(unused);
            } else {
                orphans.perhaps_leased += unused.len() as u64;
            }
        }
        Ok(orphans)
    }

    /// Holds units to the invariant: each has its key or a ledger entry, never both.
    ///
    /// `units` must have been read from data before this is called. A unit that is erased in
    /// between is found with its entry; one that is new since is simply not asked for.
    pub async fn check_units(
        &self,
        tenant: TenantId,
        units: &[KeyRef],
    ) -> Result<Vec<Violation>, KeyringError> {
        let mut by_block: BTreeMap<u64, Vec<KeyRef>> = BTreeMap::new();
        for unit in units {
            by_block.entry(unit.block).or_default().push(*unit);
        }
        let mut view = View::open(&self.0.means).await?;
        let erased = erased(&mut view, tenant).await?;
        let mut violations = Vec::new();
        for (block, units) in by_block {
            let present = view.present(tenant, block).await?;
            let present: HashSet<KeyRef> = present.into_iter().collect();
            let found = units
                .into_iter()
                .filter_map(|unit| violation(unit, present.contains(&unit), &erased));
            violations.extend(found);
        }
        Ok(violations)
    }
}

fn violation(unit: KeyRef, present: bool, erased: &Erased) -> Option<Violation> {
    match (present, erased.units.get(&unit).copied().or(erased.tenant)) {
        (true, Some(erasure)) => Some(Violation::KeyAndEntry(unit, erasure)),
        (false, None) => Some(Violation::NoKeyAndNoEntry(unit)),
        (true, None) | (false, Some(_)) => None,
    }
}

async fn erased(view: &mut View<'_>, tenant: TenantId) -> Result<Erased, StoreError> {
    let mut erased = Erased {
        units: HashMap::new(),
        tenant: None,
    };
    for row in view
        .tx
        .fetch_all(rows::ALL_ERASED_BY, args![tenant])
        .await?
    {
        let erasure = row.id(2)?;
        match (u64::try_from(row.i64(0)?), u16::try_from(row.i64(1)?)) {
            (Ok(block), Ok(leaf)) => drop(erased.units.insert(KeyRef { block, leaf }, erasure)),
            _ => erased.tenant = Some(erasure),
        }
    }
    Ok(erased)
}

/// Blocks that were last written at or before the quiet point, and so leased no later.
async fn blocks_before(
    view: &mut View<'_>,
    tenant: TenantId,
    quiet: QuietPoint,
) -> Result<HashSet<u64>, StoreError> {
    let arguments = args![tenant, quiet.0];
    let rows = view
        .tx
        .fetch_all(rows::BLOCKS_UNTOUCHED_SINCE, arguments)
        .await?;
    rows.iter().map(|row| row.u64(0)).collect()
}
