//! The primitives against the vectors of those who specified them: a library update that changes one
//! is seen here first.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use curve25519_dalek::ristretto::RistrettoPoint;
use hkdf::Hkdf;
use serde::Deserialize;
use sha2::Sha256;

use crate::{array, bytes, vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    hkdf_sha256: Vec<Derived>,
    aes_256_gcm: Vec<Encrypted>,
    ristretto255_one_way_map: Vec<Mapped>,
}

#[derive(Deserialize)]
struct Derived {
    source: String,
    ikm: String,
    salt: String,
    info: String,
    okm: String,
}

#[derive(Deserialize)]
struct Encrypted {
    source: String,
    key: String,
    nonce: String,
    plain: String,
    associated: String,
    sealed: String,
}

#[derive(Deserialize)]
struct Mapped {
    source: String,
    uniform: String,
    element: String,
}

fn file() -> File {
    vectors(include_str!("primitives.json"))
}

#[test]
fn hkdf_sha256() {
    for case in file().hkdf_sha256 {
        let mut okm = vec![0; case.okm.len() / 2];
        Hkdf::<Sha256>::new(Some(&bytes(&case.salt)), &bytes(&case.ikm))
            .expand(&bytes(&case.info), &mut okm)
            .expect("a permitted length");
        assert_eq!(hex::encode(okm), case.okm, "{}", case.source);
    }
}

#[test]
fn aes_256_gcm() {
    for case in file().aes_256_gcm {
        let (plain, associated) = (bytes(&case.plain), bytes(&case.associated));
        let payload = Payload {
            msg: &plain,
            aad: &associated,
        };
        let nonce: [u8; 12] = array(&case.nonce);
        let sealed = Aes256Gcm::new(&array::<32>(&case.key).into())
            .encrypt(&nonce.into(), payload)
            .expect("a permitted length");
        assert_eq!(hex::encode(sealed), case.sealed, "{}", case.source);
    }
}

#[test]
fn ristretto255_one_way_map() {
    for case in file().ristretto255_one_way_map {
        let point = RistrettoPoint::from_uniform_bytes(&array(&case.uniform));
        let element = hex::encode(point.compress().as_bytes());
        assert_eq!(element, case.element, "{}", case.source);
    }
}
