//! Secrets and signatures, as the Standard Webhooks specification has them: HMAC-SHA-256 over
//! `id.timestamp.body`, in base64 after `v1,`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::vocabulary::{Random, Secret, Timestamp};

/// What a secret begins with when it is shown.
const PREFIX: &str = "whsec_";

/// The secret that an endpoint and this house share. `Debug` hides it.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

impl SigningSecret {
    /// Draws one of 32 bytes.
    pub fn generate(random: &dyn Random) -> Self {
        let secret: Secret<32> = Secret::generate(random);
        Self(Zeroizing::new(secret.expose().to_vec()))
    }

    /// Reads one as it is shown; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// Takes its bytes.
    pub(super) fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to seal them. The name is meant to be seen in review.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// As it is shown, once.
    pub fn shown(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// The signature of one message.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let seconds = at.0.div_euclid(1_000_000).to_string();
        // A key of any length is one: longer ones are hashed, as RFC 2104 has it.
        let mut mac = match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mac) => mac,
            Err(_) => return String::new(),
        };
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the Standard Webhooks specification and its reference libraries.
    #[test]
    fn the_specifications_vector_holds() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp(1_614_265_330_000_000);
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_read_as_it_is_shown() {
        let secret = SigningSecret::generate(&crate::vocabulary::SeededRandom::new(1));
        let again = SigningSecret::parse(&secret.shown()).unwrap();
        assert_eq!(again.expose(), secret.expose());
        assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
        assert!(SigningSecret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_none());
    }
}
