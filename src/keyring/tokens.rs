//! Tokens: how the index finds a value without holding it.
//!
//! An **index token** is HMAC-SHA-256 under the tenant's token key, cut to 16 bytes: equal values
//! give equal tokens, and without the key a token says nothing.
//!
//! A **suppression token** remembers an erased person, so that an old export does not bring them
//! back. It must outlive a change of index keys although nobody knows the value any more, so it is
//! not a hash but a point: `k · H(domain, value)` on ristretto255, `k` being the tenant's secret
//! scalar. When the keys change, [`carry_over`] multiplies by `k' / k`, and the result is exactly
//! `k' · H(domain, value)`. Once the old scalar is destroyed, an old copy of the index confirms
//! nothing: its points belong to a scalar that no longer exists.
//!
//! Both hash the same unambiguous bytes, each part behind its length:
//!
//! ```text
//! 8 | label | 8 | domain code 2 | 8 | value        lengths as u64, all integers big-endian
//! ```

use std::fmt;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::vocabulary::{Random, Secret};

const TOKEN_LABEL: &[u8] = b"gallra/token/v1";
const SUPPRESSION_LABEL: &[u8] = b"gallra/suppression/v1";

/// What a token is a token of. The codes are hashed and stored: never change one, never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Domain {
    /// A contact's external id.
    ExternalId = 1,
    /// An e-mail address.
    Email = 2,
    /// A telephone number.
    Phone = 3,
    /// One word of a name.
    NameWord = 4,
    /// A case's external id.
    CaseExternalId = 5,
    /// A message's external id.
    MessageExternalId = 6,
    /// The content of a message without external id, to know it when it comes again.
    MessageContent = 7,
}

impl Domain {
    /// Every domain.
    pub const ALL: [Domain; 7] = [
        Domain::ExternalId,
        Domain::Email,
        Domain::Phone,
        Domain::NameWord,
        Domain::CaseExternalId,
        Domain::MessageExternalId,
        Domain::MessageContent,
    ];

    /// The number that is hashed and stored.
    pub const fn code(self) -> u16 {
        self as u16
    }
}

/// Why keys or a suppression token could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The bytes on the tenant page are no index keys.
    #[error("the index keys on the tenant's page are not valid: run `gallra doctor`")]
    NotIndexKeys,
    /// The bytes are no point of the group, or the neutral one, which no value has.
    #[error(
        "a suppression token in the index is not valid, so the index is damaged: run `gallra doctor`"
    )]
    NotASuppressionToken,
}

/// The keys of one tenant's index, for one generation: replaced when they are thirty days old, and by
/// `--strict`.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexKeys {
    /// Counts up with each change of keys.
    pub generation: u32,
    token_key: Secret<32>,
    suppression_scalar: Secret<32>, // Canonical and not zero: `generate` and `decode` see to it.
}

impl IndexKeys {
    /// Length of [`IndexKeys::encode`].
    pub const ENCODED: usize = 68;

    /// Draws new keys.
    pub fn generate(generation: u32, random: &dyn Random) -> Self {
        Self {
            generation,
            token_key: Secret::generate(random),
            suppression_scalar: random_scalar(random),
        }
    }

    /// The bytes for the tenant page: `generation 4 | token key 32 | scalar 32`.
    pub fn encode(&self) -> Zeroizing<[u8; Self::ENCODED]> {
        let mut page = Zeroizing::new([0; Self::ENCODED]);
        page[..4].copy_from_slice(&self.generation.to_be_bytes());
        page[4..36].copy_from_slice(self.token_key.expose());
        page[36..].copy_from_slice(self.suppression_scalar.expose());
        page
    }

    /// Reads what [`IndexKeys::encode`] wrote.
    ///
    /// # Errors
    /// [`TokenError::NotIndexKeys`] for another length or a scalar that is zero or not canonical.
    pub fn decode(page: &[u8]) -> Result<Self, TokenError> {
        let page: &[u8; Self::ENCODED] = page.try_into().map_err(|_| TokenError::NotIndexKeys)?;
        let (generation, keys) = page.split_first_chunk().ok_or(TokenError::NotIndexKeys)?;
        let (token_key, scalar) = keys.split_at(32);
        let secret = |bytes| Secret::from_slice(bytes).ok_or(TokenError::NotIndexKeys);
        let suppression_scalar: Secret<32> = secret(scalar)?;
        let canonical = Scalar::from_canonical_bytes(*suppression_scalar.expose());
        if !bool::from(canonical.is_some()) || suppression_scalar.expose() == &[0; 32] {
            return Err(TokenError::NotIndexKeys);
        }
        Ok(Self {
            generation: u32::from_be_bytes(*generation),
            token_key: secret(token_key)?,
            suppression_scalar,
        })
    }

    /// Names these very keys in the index store. Two processes may draw different keys for the
    /// same next generation; only one of them comes into force, and what the other wrote there must
    /// not pass for it. Keys of a later generation have a higher id.
    pub fn id(&self) -> i64 {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.token_key.expose())
            .expect("HMAC takes a key of any length");
        mac.update(b"gallra index keys id v1");
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut id = [0; 4];
        id.copy_from_slice(&full[..4]);
        self.lowest_id() | i64::from(u32::from_be_bytes(id))
    }

    /// No keys of this generation or a later one have a lower id.
    pub fn lowest_id(&self) -> i64 {
        (i64::from(self.generation) << 32) & i64::MAX
    }

    /// The token under which the index stores a normalised value.
    pub fn token(&self, domain: Domain, normalised: &str) -> [u8; 16] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.token_key.expose())
            .expect("HMAC takes a key of any length");
        frame(TOKEN_LABEL, domain, normalised, |part| mac.update(part));
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut token = [0; 16];
        token.copy_from_slice(&full[..16]);
        token
    }

    /// The token under which an erased person's normalised value is suppressed. It costs about a
    /// hundred index tokens: ask only where the tenant has suppressions.
    pub fn suppression(&self, domain: Domain, normalised: &str) -> [u8; 32] {
        (*self.scalar() * hash_to_group(domain, normalised))
            .compress()
            .to_bytes()
    }

    fn scalar(&self) -> Zeroizing<Scalar> {
        Zeroizing::new(Scalar::from_bytes_mod_order(
            *self.suppression_scalar.expose(),
        ))
    }
}

impl fmt::Debug for IndexKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexKeys(generation {}, ..)", self.generation)
    }
}

/// Turns a suppression token of the old keys into the one of the new keys, without the value.
///
/// # Errors
/// [`TokenError::NotASuppressionToken`] for bytes that are no token.
pub fn carry_over(
    old: &IndexKeys,
    new: &IndexKeys,
    suppression: &[u8; 32],
) -> Result<[u8; 32], TokenError> {
    let point = CompressedRistretto(*suppression)
        .decompress()
        .filter(|point| !point.is_identity())
        .ok_or(TokenError::NotASuppressionToken)?;
    let inverse = Zeroizing::new(old.scalar().invert());
    let ratio = Zeroizing::new(*new.scalar() * *inverse);
    Ok((*ratio * point).compress().to_bytes())
}

/// A uniform scalar from 64 random bytes; zero (once in 2²⁵²) is drawn again.
fn random_scalar(random: &dyn Random) -> Secret<32> {
    loop {
        let wide = Secret::<64>::generate(random);
        let scalar = Zeroizing::new(Scalar::from_bytes_mod_order_wide(wide.expose()));
        if *scalar == Scalar::ZERO {
            continue;
        }
        if let Some(secret) = Secret::from_slice(scalar.as_bytes()) {
            return secret;
        }
    }
}

/// SHA-512 of the framed value, then the one-way map of RFC 9496 section 4.3.4.
fn hash_to_group(domain: Domain, normalised: &str) -> RistrettoPoint {
    let mut hash = Sha512::new();
    frame(SUPPRESSION_LABEL, domain, normalised, |part| {
        hash.update(part)
    });
    RistrettoPoint::from_uniform_bytes(&hash.finalize().into())
}

/// Feeds label, domain and value, each behind its length, so that no two inputs run together.
fn frame(label: &[u8], domain: Domain, value: &str, mut feed: impl FnMut(&[u8])) {
    for part in [label, &domain.code().to_be_bytes(), value.as_bytes()] {
        feed(&(part.len() as u64).to_be_bytes());
        feed(part);
    }
}

#[cfg(test)]
mod tests;
