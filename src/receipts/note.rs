//! Signed notes (c2sp.org/signed-note) and timestamped cosignatures (c2sp.org/tlog-cosignature).
//!
//! A note is a text, an empty line, and signature lines `— NAME BASE64(key id | signature)`. Two
//! kinds of signature are known here: 0x01, Ed25519 over the text, and 0x04, Ed25519 by a witness
//! over the text and a time. Lines by other keys are ignored, as the specification asks; a bad
//! signature by a known key refuses the whole note.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use super::ReceiptError;
use super::merkle::Hash;

/// The specification wants at least 16; a checkpoint may collect a line per witness.
const MOST_SIGNATURES: usize = 100;

/// Four bytes that help to find the key; no proof of anything.
pub type KeyId = [u8; 4];

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// 0x01: the text.
    Ed25519,
    /// 0x04: the text of a checkpoint and the time a witness saw it.
    Cosignature,
}

impl KeyKind {
    fn byte(self) -> u8 {
        match self {
            KeyKind::Ed25519 => 0x01,
            KeyKind::Cosignature => 0x04,
        }
    }
}

/// A public key with its name, written `NAME+ID+BASE64(kind | key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    kind: KeyKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names a public key.
    pub fn new(name: &str, kind: KeyKind, public: &[u8; 32]) -> Result<Self, ReceiptError> {
        if !is_key_name(name) {
            return Err(ReceiptError::VerifierKey(
                "the name has spaces or a plus sign",
            ));
        }
        let key = VerifyingKey::from_bytes(public)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or(ReceiptError::VerifierKey("not a point of Ed25519"))?;
        let id = key_id(name, kind, public);
        Ok(Self {
            name: name.to_owned(),
            id,
            kind,
            key,
        })
    }

    /// The name; for a log its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The 32 bytes of the key.
    pub fn public(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut material = vec![self.kind.byte()];
        material.extend(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            hex::encode(self.id),
            STANDARD.encode(material)
        )
    }
}

impl FromStr for VerifierKey {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(ReceiptError::VerifierKey("it has not three parts"));
        };
        let material = STANDARD
            .decode(material)
            .map_err(|_| ReceiptError::VerifierKey("the key is not base64"))?;
        let kind = match material.first() {
            Some(0x01) => KeyKind::Ed25519,
            Some(0x04) => KeyKind::Cosignature,
            _ => return Err(ReceiptError::VerifierKey("its kind is neither 1 nor 4")),
        };
        let public = material[1..]
            .try_into()
            .map_err(|_| ReceiptError::VerifierKey("the key has not 32 bytes"))?;
        let key = Self::new(name, kind, public)?;
        // Compared as text, so that there is one spelling only.
        if hex::encode(key.id) == id {
            Ok(key)
        } else {
            Err(ReceiptError::VerifierKey(
                "id and key do not belong together",
            ))
        }
    }
}

/// SHA-256(name | newline | kind | key), its first four bytes.
fn key_id(name: &str, kind: KeyKind, public: &[u8; 32]) -> KeyId {
    let digest: Hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', kind.byte()])
        .chain_update(public)
        .finalize()
        .into();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// Whether a text may name a key: not empty, no space of any kind, no plus sign, no control
/// character.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub id: KeyId,
    /// What follows the id: the signature, for a cosignature with its time in front.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// The line, with its newline.
    pub fn line(&self) -> String {
        let mut blob = self.id.to_vec();
        blob.extend(&self.bytes);
        format!("— {} {}\n", self.name, STANDARD.encode(blob))
    }

    fn parse(line: &str) -> Result<Self, ReceiptError> {
        let wrong = ReceiptError::Note("a signature line is not — NAME BASE64");
        let Some((name, blob)) = line
            .strip_prefix("— ")
            .and_then(|rest| rest.split_once(' '))
        else {
            return Err(wrong);
        };
        let blob = STANDARD
            .decode(blob)
            .map_err(|_| ReceiptError::Note("a signature is not base64"))?;
        match blob.split_first_chunk() {
            Some((id, bytes)) if is_key_name(name) && !bytes.is_empty() => Ok(Self {
                name: name.to_owned(),
                id: *id,
                bytes: bytes.to_vec(),
            }),
            _ => Err(wrong),
        }
    }
}

/// A text and its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with its last newline.
    pub text: String,
    /// At least one.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// Takes a note apart, refusing everything the specification does not allow: carriage returns and
    /// other control characters, a missing last newline, something after the signatures.
    pub fn parse(note: &str) -> Result<Self, ReceiptError> {
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(ReceiptError::Note("it has a control character"));
        }
        let Some((text, lines)) = note.rsplit_once("\n\n") else {
            return Err(ReceiptError::Note(
                "no empty line stands before the signatures",
            ));
        };
        let Some(lines) = lines.strip_suffix('\n') else {
            return Err(ReceiptError::Note("the last line is cut"));
        };
        let signatures: Vec<_> = lines
            .split('\n')
            .map(Signature::parse)
            .collect::<Result<_, _>>()?;
        if text.is_empty() || signatures.len() > MOST_SIGNATURES {
            return Err(ReceiptError::Note("it has no text or too many signatures"));
        }
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }

    /// Verifies what this key signed. Every line of the key must be good.
    pub fn verify(&self, key: &VerifierKey) -> Result<Signed, ReceiptError> {
        let mut outcome = Signed::Not;
        for signature in &self.signatures {
            if signature.name == key.name && signature.id == key.id {
                outcome =
                    verify_one(&self.text, &signature.bytes, key).ok_or(ReceiptError::Signature)?;
            }
        }
        Ok(outcome)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n{}",
            self.text,
            self.signatures
                .iter()
                .map(Signature::line)
                .collect::<String>()
        )
    }
}

/// Whether a key signed a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// It has no line there.
    Not,
    /// It signed the text.
    Text,
    /// It saw the checkpoint at this time, in seconds since 1970.
    At(u64),
}

fn verify_one(text: &str, bytes: &[u8], key: &VerifierKey) -> Option<Signed> {
    let (message, signature, signed) = match key.kind {
        KeyKind::Ed25519 => (text.to_owned(), bytes, Signed::Text),
        KeyKind::Cosignature => {
            let (time, signature) = bytes.split_first_chunk()?;
            let time = u64::from_be_bytes(*time);
            i64::try_from(time).ok()?; // The specification's limit.
            (cosigned_message(text, time), signature, Signed::At(time))
        }
    };
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.key.verify_strict(message.as_bytes(), &signature).ok()?;
    Some(signed)
}

/// What a witness signs: the checkpoint's text behind a header that no checkpoint has, and a time.
pub fn cosigned_message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests;
