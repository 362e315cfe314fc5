//! Sealed fields: what is personal lies in the data store only in this form.
//!
//! ```text
//! 0x01 | suite | nonce 12 | ciphertext | tag 16          suite 1: AES-256-GCM
//! ```
//!
//! HKDF-SHA-256 turns the unit's data key into an encryption key and a 32-byte commitment. The
//! commitment stands in the unit's row: AES-GCM alone would let somebody craft a ciphertext that
//! opens under two keys. The associated data name the exact place, so a ciphertext copied to another
//! field, row, unit or tenant is refused:
//!
//! ```text
//! version 1 | suite 1 | tenant 16 | unit 16 | block 8 | leaf 2 | table 1 | row 16 | column 2 | sealed_version 4
//! ```
//!
//! all integers big-endian. The plaintext is padded as in ISO/IEC 7816-4 (`0x80`, then zeros), so the
//! length of a ciphertext tells little; see [`Padding`].

use std::fmt;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::padding::{self, Padding};
use super::place::{Field, Place};
use crate::vocabulary::{Personal, Random, Secret};

const VERSION: u8 = 1;
const SUITE: u8 = 1;
const HEADER: usize = 2;
const NONCE: usize = 12;
const TAG: usize = 16;
const ASSOCIATED: usize = 67;
/// What the derivation of a field key is for; a change of version or suite changes it.
const INFO: &[u8] = b"gallra/field/v1/suite1";

/// The key of one unit: everything sealed under it is gone when it is destroyed.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKey(Secret<32>);

impl DataKey {
    /// Draws a new key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Secret::generate(random))
    }

    /// Takes a key from its page; `None` unless there are 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Secret::from_slice(bytes).map(Self)
    }

    /// The bytes, to write them to a page. The name is meant to be seen in review.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl From<Secret<32>> for DataKey {
    fn from(secret: Secret<32>) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// Why a field did not open. No variant holds a byte of key or content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The unit's stored commitment is not this key's.
    #[error(
        "the data key is not the one this unit was sealed with: data and vault do not belong \
         together; run `gallra doctor`"
    )]
    WrongCommitment,
    /// The tag does not fit: other bytes, or another tenant, unit, row, column or version.
    #[error(
        "{0} was changed or stands in another place than it was written to: restore the data store \
         from a backup (`gallra restore DIR`)"
    )]
    Tampered(Field),
    /// The first byte names a format that this program does not know.
    #[error("a sealed field has format version {0}, this program reads 1: install a newer gallra")]
    UnknownVersion(u8),
    /// The second byte names a cipher that this program does not know.
    #[error("a sealed field uses cipher suite {0}, this program knows 1: install a newer gallra")]
    UnknownSuite(u8),
    /// Too few bytes for any field.
    #[error(
        "a sealed field is cut short: {0} bytes are too few; restore the data store from a backup \
         (`gallra restore DIR`)"
    )]
    Truncated(usize),
    /// It is authentic but was never padded: a defect in the program that wrote it.
    #[error("a sealed field opened but its padding is not valid: please report this defect")]
    BadPadding,
    /// It is authentic but no UTF-8, where text was asked for.
    #[error("a sealed field opened but is no text: please report this defect")]
    NotText,
}

/// Seals and opens the fields of one unit. Making one derives the keys and expands the AES key
/// schedule, so keep it for all fields of the unit.
pub struct Sealer {
    place: Place,
    cipher: Aes256Gcm, // Zeroizes its key schedule on drop.
    commitment: [u8; 32],
}

impl Sealer {
    /// Derives the unit's encryption key and commitment from its data key.
    pub fn new(place: Place, key: &DataKey) -> Self {
        let mut derived = Zeroizing::new([0; 64]);
        Hkdf::<Sha256>::new(None, key.expose())
            .expand(INFO, derived.as_mut_slice())
            .expect("HKDF-SHA-256 gives up to 8160 bytes");
        let (encryption, committed) = derived.split_at(32);
        let mut commitment = [0; 32];
        commitment.copy_from_slice(committed);
        let cipher = Aes256Gcm::new_from_slice(encryption).expect("the key has 32 bytes");
        Self {
            place,
            cipher,
            commitment,
        }
    }

    /// What the unit's row stores of its key. It reveals nothing of the key.
    pub fn commitment(&self) -> &[u8; 32] {
        &self.commitment
    }

    /// Whether the unit's row was written with this key; compared in constant time.
    ///
    /// # Errors
    /// [`SealError::WrongCommitment`] if not. Then no field of the unit may be opened.
    pub fn check(&self, stored: &[u8]) -> Result<(), SealError> {
        match bool::from(self.commitment.as_slice().ct_eq(stored)) {
            true => Ok(()),
            false => Err(SealError::WrongCommitment),
        }
    }

    /// Seals a value for one field, under a fresh nonce straight from `random`. The plaintext is
    /// copied once, into the result, and encrypted there.
    pub fn seal(
        &self,
        field: Field,
        plain: &[u8],
        padding: Padding,
        random: &dyn Random,
    ) -> Vec<u8> {
        let padded = padding.padded_length(plain.len());
        let mut sealed = Vec::with_capacity(HEADER + NONCE + padded + TAG);
        sealed.extend_from_slice(&[VERSION, SUITE]);
        let mut nonce = [0; NONCE];
        random.fill(&mut nonce);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        sealed.push(padding::MARK);
        sealed.resize(HEADER + NONCE + padded, 0);
        let tag = self
            .cipher
            .encrypt_inout_detached(
                &Nonce::from(nonce),
                &self.associated(field),
                (&mut sealed[HEADER + NONCE..]).into(),
            )
            .expect("a field is far below AES-GCM's 64 GiB");
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens a field; the bytes are overwritten when dropped.
    ///
    /// # Errors
    /// Whatever is not exactly what [`Sealer::seal`] wrote to this very field.
    pub fn open(&self, field: Field, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let parts = Parts::of(sealed)?;
        let mut plain = Zeroizing::new(parts.ciphertext.to_vec());
        self.cipher
            .decrypt_inout_detached(
                &Nonce::from(parts.nonce),
                &self.associated(field),
                plain.as_mut_slice().into(),
                &Tag::from(parts.tag),
            )
            .map_err(|_| SealError::Tampered(field))?;
        let length = padding::unpadded_length(&plain).ok_or(SealError::BadPadding)?;
        plain.truncate(length);
        Ok(plain)
    }

    /// Opens a field that holds text.
    ///
    /// # Errors
    /// As [`Sealer::open`], and [`SealError::NotText`].
    pub fn open_text(&self, field: Field, sealed: &[u8]) -> Result<Personal, SealError> {
        let mut plain = self.open(field, sealed)?;
        match String::from_utf8(std::mem::take(&mut *plain)) {
            Ok(text) => Ok(Personal::new(text)),
            Err(refused) => {
                *plain = refused.into_bytes(); // Back, to be overwritten on drop.
                Err(SealError::NotText)
            }
        }
    }

    /// The associated data: everything a ciphertext is bound to, at fixed offsets.
    fn associated(&self, field: Field) -> [u8; ASSOCIATED] {
        let mut bytes = [0; ASSOCIATED];
        let mut rest = bytes.as_mut_slice();
        for part in [
            &[VERSION, SUITE],
            self.place.tenant.as_bytes().as_slice(),
            self.place.unit.as_bytes(),
            &self.place.key.block.to_be_bytes(),
            &self.place.key.leaf.to_be_bytes(),
            &[field.table],
            &field.row,
            &field.column.to_be_bytes(),
            &field.sealed_version.to_be_bytes(),
        ] {
            let (here, after) = rest.split_at_mut(part.len());
            here.copy_from_slice(part);
            rest = after;
        }
        debug_assert!(rest.is_empty());
        bytes
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({:?})", self.place)
    }
}

/// A sealed field taken apart.
struct Parts<'a> {
    nonce: [u8; NONCE],
    ciphertext: &'a [u8],
    tag: [u8; TAG],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Result<Self, SealError> {
        let truncated = SealError::Truncated(sealed.len());
        let (&[version, suite], rest) = sealed.split_first_chunk().ok_or(truncated)?;
        if version != VERSION {
            return Err(SealError::UnknownVersion(version));
        }
        if suite != SUITE {
            return Err(SealError::UnknownSuite(suite));
        }
        let (&nonce, rest) = rest.split_first_chunk().ok_or(truncated)?;
        let (ciphertext, &tag) = rest.split_last_chunk().ok_or(truncated)?;
        Ok(Self {
            nonce,
            ciphertext,
            tag,
        })
    }
}

#[cfg(test)]
mod tests;
