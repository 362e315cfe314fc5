//! What is wrong with the settings, and what to write instead.

use std::path::PathBuf;

use super::{KEYS, Key};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read or written.
    #[error("{path}: {source}: check the path and its permissions")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} line {line} is not TOML: {reason}; write one `name = \"value\"` a line")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the reader says.
        reason: String,
    },
    /// The file names a setting there is not.
    #[error("{path}: there is no setting {name:?}: {}", hint(name))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name as written.
        name: String,
    },
    /// A value that is no text.
    #[error("{path}: {name} must be text: write {name} = \"…\" with quotation marks")]
    NotAString {
        /// The file.
        path: PathBuf,
        /// The setting.
        name: &'static str,
    },
    /// Bytes that are no text.
    #[error("{0} is not UTF-8: use a name without other bytes")]
    NotText(String),
    /// Something else than a store's address. It is not repeated: there may be a password in it.
    #[error(
        "{0} must begin with sqlite: or postgres:, for example sqlite:/var/lib/gallra/gallra.db or \
         postgres://gallra@localhost/gallra"
    )]
    Store(&'static str),
    /// A root provider of a later release.
    #[error(
        "GALLRA_ROOT={0}:… is not supported by this release: use file:DIR on a local disk that is in \
         no backup and no snapshot"
    )]
    RootProvider(String),
    /// Something else than a root's address.
    #[error("GALLRA_ROOT must be file:DIR, for example file:/var/lib/gallra/root")]
    RootAddress,
    /// Something else than address and port.
    #[error("{0:?} is no address to listen on: write address and port, for example 127.0.0.1:8080")]
    Listen(String),
    /// Something else than an address of the web.
    #[error("the public address must be one of the web, such as https://gallra.example.se")]
    PublicUrl,
    /// Something else than a whole number.
    #[error("{0} must be a whole number from 0 up, such as 6000")]
    Number(&'static str),
    /// Another word than those there are.
    #[error("webhook_networks must be public or loopback")]
    Networks,
    /// Another number of approvals.
    #[error(
        "GALLRA_APPROVALS is 2, or 1 where only one person could approve; a purge without any \
         approval is not offered"
    )]
    Approvals,
    /// The second secret is there but empty.
    #[error("the root factor in {0} is empty: put the secret there, or remove it")]
    EmptyFactor(String),
}

/// The nearest setting, or all of them.
fn hint(name: &str) -> String {
    let likeness = |key: &Key| strsim::jaro_winkler(key.name, &name.to_lowercase());
    let nearest = KEYS
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    if name == "root_factor" {
        return "a secret does not belong in a file of settings; use GALLRA_ROOT_FACTOR or the \
                systemd credential gallra-root-factor"
            .to_owned();
    }
    if let Some(key) = KEYS
        .iter()
        .find(|key| key.variable.eq_ignore_ascii_case(name))
    {
        return format!("in a file it is called {}", key.name);
    }
    match nearest.filter(|key| likeness(key) > 0.85) {
        Some(key) => format!("did you mean {}?", key.name),
        None => {
            let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
            format!("there are {}", names.join(", "))
        }
    }
}
