//! The root's optional second secret: from systemd or the environment, never from a file of settings.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{ConfigError, Environment};

const CREDENTIAL: &str = "gallra-root-factor";
const VARIABLE: &str = "GALLRA_ROOT_FACTOR";

/// The second secret, hidden in `Debug` and overwritten on drop.
#[derive(Clone)]
pub struct RootFactor(Zeroizing<Vec<u8>>);

impl RootFactor {
    /// Looks where systemd puts credentials, then in the environment.
    pub(super) fn find(environment: Environment) -> Result<Option<Self>, ConfigError> {
        if let Some(directory) = environment("CREDENTIALS_DIRECTORY") {
            let path = PathBuf::from(directory).join(CREDENTIAL);
            match std::fs::read(&path) {
                Ok(bytes) => return Self::new(bytes, CREDENTIAL).map(Some),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::Io { path, source }),
            }
        }
        match environment(VARIABLE) {
            Some(value) => Self::new(value.as_bytes().to_vec(), VARIABLE).map(Some),
            None => Ok(None),
        }
    }

    fn new(bytes: Vec<u8>, place: &str) -> Result<Self, ConfigError> {
        let bytes = Zeroizing::new(bytes);
        // The newline that an editor or `echo` leaves is no part of a secret.
        let trimmed = bytes.trim_ascii_end();
        if trimmed.is_empty() {
            return Err(ConfigError::EmptyFactor(place.to_owned()));
        }
        Ok(Self(Zeroizing::new(trimmed.to_vec())))
    }

    /// The bytes. The name is meant to be seen in review.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RootFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootFactor(..)")
    }
}
