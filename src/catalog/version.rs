//! Versions of what is edited, so that nobody overwrites a change they have not seen.

use sha2::{Digest, Sha256};

use super::types::{Case, Contact, Tenant};
use super::{CatalogError, opened::CaseRow};
use crate::vocabulary::{ContactId, Timestamp};

/// Which versions a change may be made to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    #[default]
    Any,
    /// One of these, and no other.
    OneOf(Vec<String>),
}

impl Expected {
    /// Goes on only when what is there has been seen.
    pub(crate) fn check(&self, version: &str) -> Result<(), CatalogError> {
        match self {
            Expected::Any => Ok(()),
            Expected::OneOf(seen) if seen.iter().any(|it| it == version) => Ok(()),
            Expected::OneOf(_) => Err(CatalogError::ChangedMeanwhile),
        }
    }
}

fn version(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..8])
}

fn of_case(
    requester: ContactId,
    [state, custody]: [&str; 2],
    closed_at: Option<Timestamp>,
    sealed: u32,
) -> String {
    let closed_at = closed_at.map_or(i64::MIN, |at| at.0).to_be_bytes();
    let sealed = sealed.to_be_bytes();
    let (state, custody) = (state.as_bytes(), custody.as_bytes());
    version(&[requester.as_bytes(), state, custody, &closed_at, &sealed])
}

impl Contact {
    /// Its version: another after every change of the profile.
    pub fn tag(&self) -> String {
        version(&[self.id.as_bytes(), &self.version.to_be_bytes()])
    }
}

impl Case {
    /// Its version: another after every change that can be seen.
    pub fn version(&self) -> String {
        let words = [self.state.as_str(), self.custody.as_str()];
        of_case(self.requester, words, self.closed_at, self.sealed)
    }
}

impl CaseRow {
    /// The version of the case as it is stored.
    pub fn case_version(&self) -> String {
        let words = [self.state.as_str(), self.custody.as_str()];
        of_case(self.requester, words, self.closed_at, self.version)
    }
}

impl Tenant {
    /// Its version: another after every change that can be seen.
    pub fn version(&self) -> String {
        let it = &self.summary;
        let languages = it.languages.join(",");
        let texts = [
            &it.slug,
            &it.name,
            &it.org_no,
            &it.country,
            &languages,
            &it.timezone,
            &it.state,
        ];
        let mut parts: Vec<&[u8]> = texts.iter().map(|it| it.as_bytes()).collect();
        parts.push(self.email.expose().as_bytes());
        version(&parts)
    }
}
