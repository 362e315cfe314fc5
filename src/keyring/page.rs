//! Pages of the key tree: what lies in them, and how one is sealed under the key its parent holds.
//!
//! ```text
//! R → root page (256 slot keys) → slot page (its tenants' keys) → tenant page (index keys, group
//! keys) → group page (128 block keys) → block page (128 data keys)
//! ```
//!
//! A page at rest is `nonce 12 | AES-256-GCM | tag 16` with the associated data `"EKT1" | page id`,
//! so no page passes for another. Replacing a page's key, and every key above it up to R, makes all
//! earlier copies of the page unreadable: that is what erasing means here (Reardon et al., CCS 2013).

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use zeroize::Zeroizing;

use super::tokens::IndexKeys;
use super::wire::{Reader, Truncated, Writer};
use crate::vocabulary::{Random, Secret, TenantId, Timestamp};

/// Keys on a group page and on a block page.
pub(super) const FAN_OUT: usize = 128;
/// Slot keys on the root page.
pub(super) const SLOTS: usize = 256;
const NO_TENANT: TenantId = TenantId([0; 16]);
const NONCE: usize = 12;

/// A key that encrypts one page.
pub(super) type PageKey = Secret<32>;

/// Which page: the address it is stored under, and what its ciphertext is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PageId {
    pub(super) kind: PageKind,
    /// All zero for the root and slot pages.
    pub(super) tenant: TenantId,
    /// Slot, group or block number; zero where there is only one.
    pub(super) number: u64,
}

/// The floors of the tree, numbered as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum PageKind {
    Root = 1,
    Slot = 2,
    Tenant = 3,
    Group = 4,
    Block = 5,
}

impl PageKind {
    pub(super) fn from_code(code: i64) -> Option<Self> {
        [
            Self::Root,
            Self::Slot,
            Self::Tenant,
            Self::Group,
            Self::Block,
        ]
        .into_iter()
        .find(|kind| *kind as i64 == code)
    }
}

impl PageId {
    pub(super) const ROOT: Self = Self {
        kind: PageKind::Root,
        tenant: NO_TENANT,
        number: 0,
    };

    /// The slot page a tenant's key lies on: its first byte, which is random, says which.
    pub(super) fn slot_of(tenant: TenantId) -> Self {
        Self::slot(tenant.0[0])
    }

    pub(super) fn slot(number: u8) -> Self {
        Self {
            kind: PageKind::Slot,
            tenant: NO_TENANT,
            number: u64::from(number),
        }
    }

    pub(super) fn tenant(tenant: TenantId) -> Self {
        Self {
            kind: PageKind::Tenant,
            tenant,
            number: 0,
        }
    }

    pub(super) fn group(tenant: TenantId, number: u64) -> Self {
        Self {
            kind: PageKind::Group,
            tenant,
            number,
        }
    }

    pub(super) fn block(tenant: TenantId, number: u64) -> Self {
        Self {
            kind: PageKind::Block,
            tenant,
            number,
        }
    }

    /// The page that holds this page's key; `None` for the root page, whose key is R.
    pub(super) fn parent(&self) -> Option<Self> {
        match self.kind {
            PageKind::Root => None,
            PageKind::Slot => Some(Self::ROOT),
            PageKind::Tenant => Some(Self::slot_of(self.tenant)),
            PageKind::Group => Some(Self::tenant(self.tenant)),
            PageKind::Block => Some(Self::group(self.tenant, self.number / FAN_OUT as u64)),
        }
    }

    fn associated_data(&self) -> [u8; 29] {
        let mut data = [0; 29];
        data[..4].copy_from_slice(b"EKT1");
        data[4] = self.kind as u8;
        data[5..21].copy_from_slice(self.tenant.as_bytes());
        data[21..].copy_from_slice(&self.number.to_be_bytes());
        data
    }
}

/// The page did not open: wrong key, other page, or damaged bytes. Which one cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

impl From<Truncated> for Unreadable {
    fn from(_: Truncated) -> Self {
        Unreadable
    }
}

/// Seals bytes under a page key, bound to `associated_data`.
pub(super) fn seal(
    key: &PageKey,
    associated_data: &[u8],
    plain: &[u8],
    random: &dyn Random,
) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce);
    let cipher = Aes256Gcm::new(key.expose().into());
    let sealed = cipher
        .encrypt(
            &Nonce::from(nonce),
            Payload {
                msg: plain,
                aad: associated_data,
            },
        )
        .unwrap_or_default(); // AES-GCM refuses only messages of 64 GiB and more.
    [nonce.as_slice(), &sealed].concat()
}

/// Opens what [`seal`] made.
pub(super) fn open(
    key: &PageKey,
    associated_data: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
    let cipher = Aes256Gcm::new(key.expose().into());
    cipher
        .decrypt(
            &Nonce::from(*nonce),
            Payload {
                msg: body,
                aad: associated_data,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| Unreadable)
}

/// A page in the clear, in memory only.
#[derive(Debug, Clone)]
pub(super) enum Page {
    /// Root, group and block pages: a fixed array of keys, some of them absent.
    Keys(Vec<Option<PageKey>>),
    /// A slot page: the keys of the tenants in it, sorted by tenant.
    Slot(Vec<(TenantId, PageKey)>),
    Tenant(TenantPage),
}

/// What a tenant's page holds.
#[derive(Debug, Clone)]
pub(super) struct TenantPage {
    pub(super) index: IndexKeys,
    /// Since when these index keys are in force.
    pub(super) index_since: Timestamp,
    /// The number the next leased block gets. Block numbers are never used twice.
    pub(super) next_block: u64,
    pub(super) groups: Vec<PageKey>,
}

impl Page {
    /// An array page with no key on it yet.
    pub(super) fn empty(kind: PageKind) -> Self {
        let length = if kind == PageKind::Root {
            SLOTS
        } else {
            FAN_OUT
        };
        match kind {
            PageKind::Slot => Page::Slot(Vec::new()),
            _ => Page::Keys(vec![None; length]),
        }
    }

    /// The key this page holds for a child; `None` when there is none (any more).
    pub(super) fn key_of(&self, child: &PageId) -> Option<&PageKey> {
        match self {
            Page::Keys(keys) => keys.get(position(child))?.as_ref(),
            Page::Slot(tenants) => tenants
                .iter()
                .find(|(tenant, _)| *tenant == child.tenant)
                .map(|(_, key)| key),
            Page::Tenant(page) => page.groups.get(usize::try_from(child.number).ok()?),
        }
    }

    /// Puts a child's key in its place, over the one that was there.
    pub(super) fn set_key(&mut self, child: &PageId, key: PageKey) {
        match self {
            Page::Keys(keys) => keys[position(child)] = Some(key),
            Page::Slot(tenants) => {
                tenants.retain(|(tenant, _)| *tenant != child.tenant);
                tenants.push((child.tenant, key));
                tenants.sort_by_key(|(tenant, _)| *tenant);
            }
            Page::Tenant(page) => {
                let at = usize::try_from(child.number).unwrap_or(usize::MAX);
                match page.groups.get_mut(at) {
                    Some(place) => *place = key,
                    None => page.groups.push(key),
                }
            }
        }
    }

    /// Takes a tenant's key off its slot page.
    pub(super) fn remove_tenant(&mut self, tenant: TenantId) {
        if let Page::Slot(tenants) = self {
            tenants.retain(|(other, _)| *other != tenant);
        }
    }

    /// The bytes to seal. An absent key is 32 zero bytes, so a page's length tells nothing.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Page::Keys(keys) => keys
                .iter()
                .fold(Writer::with_capacity(keys.len() * 32), |to, key| {
                    to.raw(key.as_ref().map_or(&[0; 32], |key| key.expose().as_slice()))
                })
                .finish(),
            Page::Slot(tenants) => tenants
                .iter()
                .fold(
                    Writer::with_capacity(tenants.len() * 48),
                    |to, (tenant, key)| to.raw(tenant.as_bytes()).raw(key.expose()),
                )
                .finish(),
            Page::Tenant(page) => {
                let index = page.index.encode();
                let size = 4 + index.len() + 16 + page.groups.len() * 32;
                let start = Writer::with_capacity(size)
                    .bytes(index.as_slice())
                    .u64(page.index_since.0 as u64)
                    .u64(page.next_block);
                page.groups
                    .iter()
                    .fold(start, |to, key| to.raw(key.expose()))
                    .finish()
            }
        }
    }

    pub(super) fn decode(kind: PageKind, bytes: &[u8]) -> Result<Self, Unreadable> {
        match kind {
            PageKind::Root => decode_keys(bytes, SLOTS),
            PageKind::Group | PageKind::Block => decode_keys(bytes, FAN_OUT),
            PageKind::Slot => decode_slot(bytes),
            PageKind::Tenant => decode_tenant(bytes),
        }
    }

    /// Seals the page as it is stored.
    pub(super) fn seal(&self, id: &PageId, key: &PageKey, random: &dyn Random) -> Vec<u8> {
        seal(key, &id.associated_data(), &self.encode(), random)
    }

    /// Opens a stored page.
    pub(super) fn open(id: &PageId, key: &PageKey, sealed: &[u8]) -> Result<Self, Unreadable> {
        Self::decode(id.kind, &open(key, &id.associated_data(), sealed)?)
    }
}

/// Where a child's key stands on an array page.
fn position(child: &PageId) -> usize {
    let size = if child.kind == PageKind::Slot {
        SLOTS
    } else {
        FAN_OUT
    };
    (child.number % size as u64) as usize
}

fn key(bytes: &[u8]) -> Result<PageKey, Unreadable> {
    PageKey::from_slice(bytes).ok_or(Unreadable)
}

fn decode_keys(bytes: &[u8], count: usize) -> Result<Page, Unreadable> {
    if bytes.len() != count * 32 {
        return Err(Unreadable);
    }
    let keys = bytes.chunks_exact(32).map(|chunk| {
        if chunk == [0; 32] {
            Ok(None)
        } else {
            key(chunk).map(Some)
        }
    });
    Ok(Page::Keys(keys.collect::<Result<_, _>>()?))
}

fn decode_slot(bytes: &[u8]) -> Result<Page, Unreadable> {
    if !bytes.len().is_multiple_of(48) {
        return Err(Unreadable);
    }
    let tenants = bytes.chunks_exact(48).map(|entry| {
        let tenant = TenantId::from_slice(&entry[..16]).map_err(|_| Unreadable)?;
        Ok((tenant, key(&entry[16..])?))
    });
    Ok(Page::Slot(tenants.collect::<Result<_, Unreadable>>()?))
}

fn decode_tenant(bytes: &[u8]) -> Result<Page, Unreadable> {
    let mut from = Reader::new(bytes);
    let index = IndexKeys::decode(from.bytes()?).map_err(|_| Unreadable)?;
    let index_since = Timestamp(from.u64()? as i64);
    let next_block = from.u64()?;
    let groups = next_block.div_ceil(FAN_OUT as u64);
    let groups = (0..groups)
        .map(|_| key(from.raw(32)?))
        .collect::<Result<_, _>>()?;
    from.end()?;
    Ok(Page::Tenant(TenantPage {
        index,
        index_since,
        next_block,
        groups,
    }))
}
