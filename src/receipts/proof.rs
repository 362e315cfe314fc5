//! Proofs of inclusion as text (c2sp.org/tlog-proof@v1).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ReceiptError;
use super::checkpoint::{decimal, hash};
use super::merkle::Hash;

/// The first line of a proof.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// No tree has more levels.
const LONGEST_PROOF: usize = 64;

/// That one entry is in a log: its place, the hashes beside its path to the root, and the
/// checkpoint that names the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Bytes that nobody signed. Ours are the log's verifier key as text; see [`super::verify()`] for
    /// what it is worth.
    pub extra: Option<Vec<u8>>,
    /// The entry's place, counted from 0.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The checkpoint as the log signed it: a signed note.
    pub checkpoint: String,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Proof {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Proof(
            "no empty line stands before the checkpoint",
        ))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ReceiptError::Proof("the first line is another"));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                let bytes = STANDARD.decode(extra);
                Some(bytes.map_err(|_| ReceiptError::Proof("the extra data are not base64"))?)
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or(ReceiptError::Proof("there is no index"))?;
        let hashes: Vec<_> = lines
            .map(|line| hash(line).ok_or(ReceiptError::Proof("a line is not 32 bytes in base64")))
            .collect::<Result<_, _>>()?;
        if hashes.len() > LONGEST_PROOF {
            return Err(ReceiptError::Proof("it is longer than any tree is high"));
        }
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Index and first hash of the example of c2sp.org/tlog-proof, which elides its signatures.
    const EXAMPLE: &str = "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\n\
        gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n\nexample.com/fancylog\n109482\n\
        sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n";

    #[test]
    fn a_proof_survives_its_text() {
        let proof: Proof = EXAMPLE.parse().unwrap();
        assert_eq!((proof.index, proof.hashes.len()), (73_894, 1));
        assert_eq!(proof.extra.as_deref(), Some(&b"age"[..]));
        assert!(
            proof
                .checkpoint
                .starts_with("example.com/fancylog\n109482\n")
        );
        assert_eq!(proof.to_string(), EXAMPLE);
        let short = EXAMPLE.replace("extra YWdl\n", "");
        assert_eq!(short.parse::<Proof>().unwrap().to_string(), short);
    }

    #[test]
    fn other_spellings_are_refused() {
        for (from, to) in [
            ("@v1", "@v2"),
            ("extra YWdl", "extra YWd"),
            ("extra YWdl\nindex 73894", "index 73894\nextra YWdl"),
            ("index 73894", "index 073894"),
            ("index 73894", "index -1"),
            ("gSKyXo", "gSKy o"),
            ("\n\nexample", "\nexample"),
            ("c2sp", "\nc2sp"),
        ] {
            let text = EXAMPLE.replacen(from, to, 1);
            assert!(text.parse::<Proof>().is_err(), "{text:?}");
        }
    }
}
