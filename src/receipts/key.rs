//! The log's signing key, `sign/log.key`.
//!
//! One line in the form that Go's sumdb/note gives to private keys,
//! `PRIVATE+KEY+NAME+ID+BASE64(0x01 | seed)`, so that the usual tools of transparency logs read it.
//! The name is the log's origin. The key signs receipts and checkpoints; the first line of each keeps
//! them apart (a checkpoint's is the origin, a receipt's is `ORIGIN/receipt/v1`).
//!
//! Without this key the log ends, and with it anybody signs receipts: it is backed up apart from
//! everything else.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use super::ReceiptError;
use super::journal::Journal;
use super::note::{KeyKind, Note, Signature, VerifierKey, is_key_name};
use crate::vocabulary::{Random, Secret};

/// What distinguishes a receipt's first line from a checkpoint's.
pub(super) const RECEIPT_SUFFIX: &str = "/receipt/v1";
/// The same of the list of an access package's files.
pub const PACKAGE_SUFFIX: &str = "/package/v1";
const PREFIX: &str = "PRIVATE+KEY+";

/// The key that signs receipts and checkpoints. `Debug` shows the public half only.
#[derive(Debug, Clone)]
pub struct SigningKey {
    seed: Secret<32>,
    verifier: VerifierKey,
    /// Where the leaves it signed are kept; `None` for a key that has no file.
    journal: Option<Journal>,
}

impl SigningKey {
    /// Draws a new key for a log of this origin.
    pub fn generate(origin: &str, random: &dyn Random) -> Result<Self, ReceiptError> {
        Self::from_seed(origin, Secret::generate(random))
    }

    /// The key of a given seed.
    pub fn from_seed(origin: &str, seed: Secret<32>) -> Result<Self, ReceiptError> {
        // An origin that ends like another header could make one text mean two things.
        let mistaken = [RECEIPT_SUFFIX, PACKAGE_SUFFIX];
        let mistaken = mistaken.iter().any(|suffix| origin.ends_with(suffix));
        if !is_key_name(origin) || origin.contains("://") || mistaken {
            return Err(ReceiptError::Origin(origin.to_owned()));
        }
        let public = ed25519_dalek::SigningKey::from_bytes(seed.expose()).verifying_key();
        let verifier = VerifierKey::new(origin, KeyKind::Ed25519, public.as_bytes())?;
        Ok(Self {
            seed,
            verifier,
            journal: None,
        })
    }

    /// Draws a key and writes it where there is none; mode 0600 in a directory of mode 0700, both
    /// made durable.
    pub fn create(path: &Path, origin: &str, random: &dyn Random) -> Result<Self, ReceiptError> {
        let key = Self::generate(origin, random)?;
        match key.write(path) {
            Ok(()) => Ok(key.kept_at(path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(ReceiptError::KeyExists(path.to_owned()))
            }
            Err(source) => Err(ReceiptError::Io {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Reads the key. A file that others may read is refused.
    pub fn open(path: &Path) -> Result<Self, ReceiptError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => ReceiptError::KeyMissing(path.to_owned()),
            _ => ReceiptError::Io {
                path: path.to_owned(),
                source,
            },
        };
        let mut file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(ReceiptError::KeyExposed {
                path: path.to_owned(),
                mode,
            });
        }
        // Large enough at once: a growing buffer would leave pieces of the key behind.
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        Read::by_ref(&mut file)
            .take(4096)
            .read_to_end(&mut text)
            .map_err(failed)?;
        let key = Self::parse(&text).ok_or_else(|| ReceiptError::KeyDamaged(path.to_owned()))?;
        Ok(key.kept_at(path))
    }

    fn kept_at(self, path: &Path) -> Self {
        let journal = Some(Journal::beside(path));
        Self { journal, ..self }
    }

    /// The leaves this key signed.
    pub(super) fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.verifier.name()
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text that ends in a newline.
    pub fn sign(&self, text: String) -> Note {
        let key = ed25519_dalek::SigningKey::from_bytes(self.seed.expose());
        let signature = Signature {
            name: self.origin().to_owned(),
            id: self.verifier.id(),
            bytes: key.sign(text.as_bytes()).to_bytes().to_vec(),
        };
        Note {
            text,
            signatures: vec![signature],
        }
    }

    /// Puts the finished file in its place in one step, so that a crash leaves a whole key or none,
    /// and never in the place of another.
    fn write(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let unfinished = path.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_file(&unfinished)?; // Of a crash; it may have any mode.
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(self.to_line().as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&unfinished, path);
        fs::remove_file(&unfinished)?;
        linked?;
        File::open(directory)?.sync_all()
    }

    fn to_line(&self) -> Zeroizing<String> {
        let mut material = Zeroizing::new(Vec::with_capacity(33));
        material.push(0x01);
        material.extend(self.seed.expose());
        let id = hex::encode(self.verifier.id());
        let encoded = Zeroizing::new(STANDARD.encode(&*material));
        Zeroizing::new(format!("{PREFIX}{}+{id}+{}\n", self.origin(), *encoded))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let mut parts = line.strip_prefix(PREFIX)?.splitn(3, '+');
        let (origin, id, material) = (parts.next()?, parts.next()?, parts.next()?);
        let material = Zeroizing::new(STANDARD.decode(material).ok()?);
        let (1, seed) = material.split_first().map(|(kind, seed)| (*kind, seed))? else {
            return None;
        };
        let key = Self::from_seed(origin, Secret::from_slice(seed)?).ok()?;
        (hex::encode(key.verifier.id()) == id).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::SeededRandom;

    #[test]
    fn a_key_survives_its_file_and_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sign/log.key");
        let random = SeededRandom::new(1);
        let key = SigningKey::create(&path, "log.example.se/gallra", &random).unwrap();
        assert_eq!(SigningKey::open(&path).unwrap().verifier(), key.verifier());
        assert!(matches!(
            SigningKey::create(&path, "log.example.se/gallra", &random),
            Err(ReceiptError::KeyExists(_))
        ));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_missing_exposed_or_damaged_key_is_refused_with_a_remedy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.key");
        let error = SigningKey::open(&path).unwrap_err();
        assert!(matches!(error, ReceiptError::KeyMissing(_)));
        assert!(error.to_string().contains("backup of the directory sign/"));

        SigningKey::create(&path, "a.example/log", &SeededRandom::new(1)).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = SigningKey::open(&path).unwrap_err();
        assert!(matches!(
            error,
            ReceiptError::KeyExposed { mode: 0o640, .. }
        ));
        assert!(error.to_string().contains("chmod 600"));

        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for damaged in [
            text.replace("a.example", "b.example"),
            text[..40].into(),
            "".into(),
        ] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(
                SigningKey::open(&path),
                Err(ReceiptError::KeyDamaged(_))
            ));
        }
    }

    #[test]
    fn a_file_cut_short_by_a_crash_is_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.key");
        std::fs::write(path.with_extension("unfinished"), "PRIVATE+KEY+").unwrap();
        let key = SigningKey::create(&path, "a.example/log", &SeededRandom::new(1)).unwrap();
        assert_eq!(SigningKey::open(&path).unwrap().verifier(), key.verifier());
        assert!(!path.with_extension("unfinished").exists());
    }

    #[test]
    fn debug_shows_no_seed() {
        let key = SigningKey::from_seed("a.example/log", Secret::from_slice(&[7; 32]).unwrap());
        let shown = format!("{:?}", key.unwrap());
        assert!(shown.contains("Secret(..)") && !shown.contains("7, 7, 7"));
    }

    #[test]
    fn an_origin_that_could_be_mistaken_is_refused() {
        for origin in [
            "",
            "a b",
            "a+b",
            "https://a.example",
            "a.example/receipt/v1",
            "a\nb",
        ] {
            assert!(
                SigningKey::generate(origin, &SeededRandom::new(1)).is_err(),
                "{origin:?}"
            );
        }
    }
}
