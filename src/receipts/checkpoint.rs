//! Checkpoints (c2sp.org/tlog-checkpoint): a log's origin, size and root, signed.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ReceiptError;
use super::merkle::Hash;

/// The text of a checkpoint. Extension lines are refused: no log of ours writes any, and nobody
/// audits them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }
}

impl FromStr for Checkpoint {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let lines: Vec<_> = text.split('\n').collect();
        let [origin, size, root, ""] = lines[..] else {
            return Err(ReceiptError::Checkpoint("it has not three lines"));
        };
        if origin.is_empty() {
            return Err(ReceiptError::Checkpoint("it has no origin"));
        }
        let size =
            decimal(size).ok_or(ReceiptError::Checkpoint("the size is not a plain number"))?;
        let root = hash(root).ok_or(ReceiptError::Checkpoint(
            "the root is not 32 bytes in base64",
        ))?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// A decimal number without sign or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// 32 bytes in base64.
pub(super) fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of c2sp.org/tlog-checkpoint.
    const EXAMPLE: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_survives() {
        let checkpoint: Checkpoint = EXAMPLE.parse().unwrap();
        assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.to_string(), EXAMPLE);
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            EXAMPLE.replace("20852163", "020852163"),
            EXAMPLE.replace("20852163", "+20852163"),
            EXAMPLE.replace("20852163", "99999999999999999999"),
            EXAMPLE.replace("q2I=", "q2J="), // Same bytes, other spelling.
            EXAMPLE.replace("q2I=", "q2I"),
            EXAMPLE.replace("\n", "\r\n"),
            EXAMPLE.trim_end().to_owned(),
            format!("{EXAMPLE}an extension\n"),
            EXAMPLE.replacen("example.com/behind-the-sofa", "", 1),
        ] {
            assert!(text.parse::<Checkpoint>().is_err(), "{text:?}");
        }
    }
}
