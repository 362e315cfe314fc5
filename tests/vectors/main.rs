//! Vectors that hold for ever: what was sealed, tokenised or normalised once must come out the same
//! from every later version, or stored data no longer open and are no longer found.
//!
//! The files lie beside this one; `cross_check.py` recomputes them in another language. Never edit a
//! line of theirs; add one. `tree.json` is of what the key tree shows to nobody outside, so its test
//! stands there: `src/keyring/tree/tests.rs`.

mod corpus;
mod fields;
mod hooks;
mod normalise;
mod primitives;
mod tokens;

use serde::de::DeserializeOwned;

/// Reads one vector file. An unknown or missing key in it is a mistake in the test.
fn vectors<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("a vector file of the expected shape")
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal).expect("hexadecimal digits")
}

fn array<const N: usize>(hexadecimal: &str) -> [u8; N] {
    bytes(hexadecimal).try_into().expect("the right length")
}
