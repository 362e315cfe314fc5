//! Values that hide themselves: key bytes, and what identifies a person.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Random;

/// Key material: `N` bytes on the heap, overwritten on drop, shown as `Secret(..)`, compared in
/// constant time. Boxed, so that moving the value leaves no copy behind on the stack.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Draws a fresh secret.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Box::new([0; N]);
        random.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Copies key bytes in; `None` when the length is another.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut copy = Box::new([0; N]);
        if bytes.len() != N {
            return None;
        }
        copy.copy_from_slice(bytes);
        Some(Self(copy))
    }

    /// The bytes, for a cipher or a derivation. The name is meant to be seen in review.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Text about a person (name, number, address, message). It has no `Display`, its `Debug` is
/// `Personal(..)`, and it is overwritten on drop, so it does not end up in a log by accident.
/// Serialising it is how an answer or a package is written, and the only way out but `expose`.
#[derive(
    Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Personal(String);

impl utoipa::PartialSchema for Personal {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Personal {}

impl Personal {
    /// Wraps what a person or a system wrote.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. The name is meant to be seen in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Personal {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!(
            "{:?} {:?}",
            Secret::from_slice(&[7; 32]).map(|s: Secret<32>| s),
            Personal::new("Anna")
        );
        assert_eq!(shown, "Some(Secret(..)) Personal(..)");
    }

    #[test]
    fn secrets_compare_by_value_and_length_is_checked() {
        assert_eq!(
            Secret::<2>::from_slice(&[1, 2]),
            Secret::from_slice(&[1, 2])
        );
        assert_ne!(
            Secret::<2>::from_slice(&[1, 2]),
            Secret::from_slice(&[1, 3])
        );
        assert_eq!(Secret::<2>::from_slice(&[1]), None);
    }
}
