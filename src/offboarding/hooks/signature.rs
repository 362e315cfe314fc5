//! Whether an event is from whom it says, and from now. Pure; compared in constant time.
//!
//! | Source | Signed | With | Where |
//! |---|---|---|---|
//! | standard-webhooks, cloudevents | `id.timestamp.body` | the bytes that `whsec_` and Base64 stand for | `webhook-signature: v1,BASE64 v1,…` |
//! | stripe | `timestamp.body` | the text of the secret | `stripe-signature: t=…,v1=HEX,v1=…` |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{HookError, Source};
use crate::vocabulary::Timestamp;

/// How far from now an event may be signed, in seconds: what both specifications propose.
pub const TOLERANCE: u64 = 5 * 60;
/// Signatures of one event that are looked at: a sender that changes its secret sends two.
const MOST_SIGNATURES: usize = 8;
/// What a secret of Standard Webhooks and of Stripe begins with.
const MARK: &str = "whsec_";

/// The headers that carry a signature.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
    /// `stripe-signature`.
    pub stripe: Option<&'a str>,
}

/// The bytes that a source signs with, from the secret as people write it; `None` when it is none.
pub fn key(source: Source, secret: &str) -> Option<Vec<u8>> {
    match source {
        Source::Stripe => (secret.len() >= 16).then(|| secret.as_bytes().to_vec()),
        Source::StandardWebhooks | Source::CloudEvents => {
            let bytes = STANDARD.decode(secret.strip_prefix(MARK)?).ok()?;
            // The specification: between 24 and 64 bytes.
            (24..=64).contains(&bytes.len()).then_some(bytes)
        }
    }
}

/// A secret of 32 bytes as people write it.
pub fn written(bytes: &[u8]) -> String {
    format!("{MARK}{}", STANDARD.encode(bytes))
}

/// Which of the keys signed this, not too long ago. The signature is looked at first: who cannot sign
/// learns nothing about clocks.
pub fn verify<'k, K>(
    source: Source,
    headers: Headers<'_>,
    body: &[u8],
    keys: &'k [(K, Vec<u8>)],
    now: Timestamp,
) -> Result<&'k K, HookError> {
    let (signed, timestamp, signatures) = match source {
        Source::Stripe => of_stripe(headers)?,
        Source::StandardWebhooks | Source::CloudEvents => of_standard(headers)?,
    };
    let mut found = None;
    for (name, key) in keys {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(key).map_err(|_| HookError::Signature)?;
        mac.update(signed.as_bytes());
        mac.update(body);
        for signature in &signatures {
            // `verify_slice` compares in constant time.
            if mac.clone().verify_slice(signature).is_ok() {
                found = Some(name);
            }
        }
    }
    let name = found.ok_or(HookError::Signature)?;
    let seconds = now.0.div_euclid(1_000_000);
    match seconds.abs_diff(timestamp) <= TOLERANCE {
        true => Ok(name),
        false => Err(HookError::Late),
    }
}

/// What is signed before the body, when, and the signatures that were sent.
type Parts = (String, i64, Vec<Vec<u8>>);

fn of_standard(headers: Headers<'_>) -> Result<Parts, HookError> {
    let (Some(id), Some(timestamp), Some(signature)) =
        (headers.id, headers.timestamp, headers.signature)
    else {
        return Err(HookError::Signature);
    };
    let signatures = signature
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    let signatures = signatures.take(MOST_SIGNATURES).collect();
    let seconds = timestamp.parse().map_err(|_| HookError::Signature)?;
    Ok((format!("{id}.{timestamp}."), seconds, signatures))
}

fn of_stripe(headers: Headers<'_>) -> Result<Parts, HookError> {
    let header = headers.stripe.ok_or(HookError::Signature)?;
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let timestamp = parts()
        .find(|(name, _)| *name == "t")
        .ok_or(HookError::Signature)?
        .1;
    let signatures = parts().filter(|(name, _)| *name == "v1");
    let signatures = signatures.filter_map(|(_, value)| hex::decode(value).ok());
    let signatures = signatures.take(MOST_SIGNATURES).collect();
    let seconds = timestamp.parse().map_err(|_| HookError::Signature)?;
    Ok((format!("{timestamp}."), seconds, signatures))
}

#[cfg(test)]
mod tests;
