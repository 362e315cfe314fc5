//! One slot of a copy of the root: how an epoch key lies on the disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::keyring::page::PageKey;
use crate::keyring::wire::{Reader, Truncated, Writer};
use crate::vocabulary::{RootId, Secret, VaultId};

const MAGIC: &[u8; 8] = b"GALLROOT";
pub(super) const SLOT_SIZE: usize = 8 + 16 + 16 + 8 + 32 + 8 + 32;
/// Slots lie on different pages of the disk, so that overwriting one cannot tear the other.
const SLOT_STRIDE: u64 = 4096;
pub(super) const SLOTS: usize = 2;
/// A copy, whole.
pub(super) const COPY_SIZE: usize = SLOT_STRIDE as usize * SLOTS;

/// One value of the epoch key, as it lies in a slot.
#[derive(Debug, Clone)]
pub(in crate::keyring) struct Slot {
    pub(in crate::keyring) id: RootId,
    pub(in crate::keyring) vault: VaultId,
    pub(in crate::keyring) epoch: u64,
    pub(super) key: Secret<32>,
    /// First bytes of a hash of the effective key: tells a wrong static factor from damage.
    pub(super) check: [u8; 8],
}

pub(super) fn offset(number: usize) -> u64 {
    number as u64 * SLOT_STRIDE
}

pub(super) fn read_slot(file: &File, number: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; SLOT_SIZE]);
    file.read_exact_at(&mut bytes, offset(number))?;
    Ok(bytes)
}

/// The first slot that does not hold the live root.
pub(super) fn free_slot(file: &File, live: &RootId) -> usize {
    let holds_live = |number: &usize| {
        let slot = read_slot(file, *number)
            .ok()
            .and_then(|bytes| decode(&bytes).ok());
        slot.is_some_and(|slot| slot.id == *live)
    };
    (0..SLOTS).find(|number| !holds_live(number)).unwrap_or(0)
}

pub(super) fn encode(slot: &Slot) -> Zeroizing<Vec<u8>> {
    let body = Writer::with_capacity(SLOT_SIZE)
        .raw(MAGIC)
        .raw(slot.vault.as_bytes())
        .raw(slot.id.as_bytes())
        .u64(slot.epoch)
        .raw(slot.key.expose())
        .raw(&slot.check)
        .finish();
    let mut bytes = Zeroizing::new(Vec::with_capacity(SLOT_SIZE));
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&Sha256::digest(&body));
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Slot, Truncated> {
    let (body, checksum) = bytes.split_at_checked(SLOT_SIZE - 32).ok_or(Truncated)?;
    let mut from = Reader::new(body);
    if from.raw(8)? != MAGIC || Sha256::digest(body).as_slice() != checksum {
        return Err(Truncated);
    }
    Ok(Slot {
        vault: VaultId(from.array()?),
        id: RootId(from.array()?),
        epoch: from.u64()?,
        key: Secret::from_slice(from.raw(32)?).ok_or(Truncated)?,
        check: from.array()?,
    })
}

/// What these bytes say of a slot, written again.
pub(in crate::keyring) fn again(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(encode(&decode(bytes).ok()?).to_vec())
}

/// Eight bytes that tell whether a key is the right one and help nobody to find it.
pub(super) fn check(key: &PageKey) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(b"gallra root check")
        .chain_update(key.expose())
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}
