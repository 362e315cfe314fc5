//! Settings, from the lowest to the highest: defaults, `gallra.toml` in the data directory (written by
//! `gallra init`), the file of `--config`, the environment, flags.
//!
//! **To add a setting**, add a line to [`KEYS`] and a field to [`Settings`]. Everything else follows:
//! the file, the environment, the hint for a misspelt key, `--check-config` and its documentation.

mod error;
mod file;
mod secret;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::ConfigError;
pub use secret::RootFactor;

/// One setting: its name in a file, its variable, and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// In TOML.
    pub name: &'static str,
    /// In the environment.
    pub variable: &'static str,
    /// What it means, for `docs/` and `--check-config`.
    pub meaning: &'static str,
}

/// Every setting but the root factor, which is a secret and comes by [`RootFactor`].
pub const KEYS: &[Key] = &[
    key(
        "data_dir",
        "GALLRA_DATA_DIR",
        "where everything lies that has no address of its own",
    ),
    key("database_url", "DATABASE_URL", "the data store"),
    key("vault_url", "VAULT_URL", "the vault: key tree, ledger, log"),
    key("index_url", "INDEX_URL", "the search index"),
    key("root", "GALLRA_ROOT", "the epoch key: file:DIR"),
    key("sign_dir", "GALLRA_SIGN_DIR", "the log's signing key"),
    key("listen", "GALLRA_LISTEN", "address and port of the server"),
    key("public_url", "GALLRA_PUBLIC_URL", "the address people see"),
    key(
        "log",
        "GALLRA_LOG",
        "what is logged: error, warn, info, debug, or target=level",
    ),
    key(
        "rate_limit",
        "GALLRA_RATE_LIMIT",
        "calls a minute by one token; 0 for no limit",
    ),
    key(
        "rate_limit_address",
        "GALLRA_RATE_LIMIT_ADDRESS",
        "calls a minute from one address without a good token; 0 for no limit",
    ),
    key(
        "mirror_patience",
        "GALLRA_MIRROR_PATIENCE",
        "seconds that a command waits for a late mirror before its receipt is pending",
    ),
    key(
        "webhook_networks",
        "GALLRA_WEBHOOK_NETWORKS",
        "where webhooks may go: public, or loopback to allow this machine too",
    ),
    key(
        "operator",
        "GALLRA_OPERATOR",
        "the support company's name on receipts",
    ),
    key(
        "operator_org_no",
        "GALLRA_OPERATOR_ORG_NO",
        "its registration number",
    ),
    key(
        "approvals",
        "GALLRA_APPROVALS",
        "how many people must approve the purge of a client: 2, or 1 where there is only one",
    ),
];

const fn key(name: &'static str, variable: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        variable,
        meaning,
    }
}

/// What a receipt calls the operator until a name is set.
pub const NO_OPERATOR: &str = "(operator not named)";

/// The environment as the program sees it; tests give their own.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// Values by name, of one layer.
pub(crate) type Layer = BTreeMap<&'static str, String>;

/// Everything the program is told from outside. `Debug` shows no passwords.
#[derive(Clone)]
pub struct Settings {
    /// Where everything lies that has no address of its own.
    pub data_dir: PathBuf,
    /// The data store.
    pub database_url: String,
    /// The vault.
    pub vault_url: String,
    /// The search index.
    pub index_url: String,
    /// The directory of the file root.
    pub root: PathBuf,
    /// A second secret that the root needs at every start.
    pub root_factor: Option<RootFactor>,
    /// The directory of the log's signing key.
    pub sign_dir: PathBuf,
    /// Address and port of the server.
    pub listen: String,
    /// The address people see.
    pub public_url: Option<String>,
    /// What is logged; a command's own choice when nothing is said.
    pub log: Option<String>,
    /// Calls a minute by one token; 0 for no limit.
    pub rate_limit: u32,
    /// Calls a minute from one address without a good token; 0 for no limit.
    pub rate_limit_address: u32,
    /// How long a command waits for a late mirror before it goes on with its receipt pending.
    pub mirror_patience: Duration,
    /// Whether webhooks may go to this machine too: for trying them out.
    pub webhooks_to_loopback: bool,
    /// The support company's name on receipts.
    pub operator: String,
    /// Its registration number.
    pub operator_org_no: String,
    /// How many people must approve the purge of a client.
    pub approvals: usize,
}

/// What flags say; each may be absent.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// Settings that a command has flags for, by name in [`KEYS`].
    pub other: Vec<(&'static str, String)>,
}

impl Settings {
    /// Puts the layers together.
    pub fn resolve(flags: &Flags, environment: Environment) -> Result<Self, ConfigError> {
        let mut above = from_environment(environment)?;
        if let Some(directory) = &flags.data_dir {
            above.insert("data_dir", text_of(directory, "--data-dir")?);
        }
        above.extend(flags.other.iter().cloned());

        let chosen = flags
            .config
            .as_deref()
            .map(file::read)
            .transpose()?
            .unwrap_or_default();
        let named = above.get("data_dir").or_else(|| chosen.get("data_dir"));
        let data_dir = PathBuf::from(named.map_or("gallra-data", String::as_str));
        let mut values = file::read_where_there(&file::in_data_dir(&data_dir))?;
        values.extend(chosen);
        values.extend(above);
        let root_factor = RootFactor::find(environment)?;
        Self::from_values(data_dir, values, root_factor)
    }

    /// What a file of this text says, with nothing above or below it.
    pub fn of_text(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let values = file::parse(path, text)?;
        let named = values.get("data_dir");
        let data_dir = PathBuf::from(named.map_or("gallra-data", String::as_str));
        Self::from_values(data_dir, values, None)
    }

    fn from_values(
        data_dir: PathBuf,
        mut values: Layer,
        root_factor: Option<RootFactor>,
    ) -> Result<Self, ConfigError> {
        let mut take = |name| values.remove(name);
        let sqlite = |path: &str| sqlite_url(&data_dir.join(path));
        let mut store = |name, variable, path| match take(name) {
            Some(url) => store_url(url, variable),
            None => Ok(sqlite(path)),
        };
        Ok(Self {
            database_url: store("database_url", "DATABASE_URL", "data/gallra.db")?,
            vault_url: store("vault_url", "VAULT_URL", "vault/vault.db")?,
            index_url: store("index_url", "INDEX_URL", "index/index.db")?,
            root: match take("root") {
                Some(address) => root_directory(&address)?,
                None => data_dir.join("root"),
            },
            root_factor,
            sign_dir: take("sign_dir").map_or_else(|| data_dir.join("sign"), PathBuf::from),
            listen: listen_address(take("listen").unwrap_or_else(|| "127.0.0.1:8080".to_owned()))?,
            public_url: take("public_url").map(web_address).transpose()?,
            log: take("log"),
            rate_limit: number("rate_limit", take("rate_limit"), 6_000)?,
            rate_limit_address: number("rate_limit_address", take("rate_limit_address"), 600)?,
            mirror_patience: Duration::from_secs(u64::from(number(
                "mirror_patience",
                take("mirror_patience"),
                10,
            )?)),
            webhooks_to_loopback: match take("webhook_networks").as_deref() {
                None | Some("public") => false,
                Some("loopback") => true,
                Some(_) => return Err(ConfigError::Networks),
            },
            operator: take("operator").unwrap_or_else(|| NO_OPERATOR.to_owned()),
            operator_org_no: take("operator_org_no").unwrap_or_default(),
            approvals: match take("approvals").as_deref() {
                None | Some("2") => 2,
                Some("1") => 1,
                Some(_) => return Err(ConfigError::Approvals),
            },
            data_dir,
        })
    }

    /// The signing key's file.
    pub fn signing_key(&self) -> PathBuf {
        self.sign_dir.join("log.key")
    }

    /// Writes down what is to stay the same without flags or variables: `gallra.toml`.
    pub fn keep(&self) -> Result<(), ConfigError> {
        file::write(self)
    }

    /// Every setting as it came out, by its name in a file, without passwords.
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Path| path.display().to_string();
        vec![
            ("data_dir", path(&self.data_dir)),
            ("database_url", without_password(&self.database_url)),
            ("vault_url", without_password(&self.vault_url)),
            ("index_url", without_password(&self.index_url)),
            ("root", format!("file:{}", path(&self.root))),
            ("sign_dir", path(&self.sign_dir)),
            ("listen", self.listen.clone()),
            ("public_url", self.public_url.clone().unwrap_or_default()),
            ("log", self.log.clone().unwrap_or_default()),
            ("rate_limit", self.rate_limit.to_string()),
            ("rate_limit_address", self.rate_limit_address.to_string()),
            (
                "mirror_patience",
                self.mirror_patience.as_secs().to_string(),
            ),
            (
                "webhook_networks",
                match self.webhooks_to_loopback {
                    true => "loopback".to_owned(),
                    false => "public".to_owned(),
                },
            ),
            ("operator", self.operator.clone()),
            ("operator_org_no", self.operator_org_no.clone()),
            ("approvals", self.approvals.to_string()),
        ]
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

fn from_environment(environment: Environment) -> Result<Layer, ConfigError> {
    let mut layer = Layer::new();
    for key in KEYS {
        // An empty variable is what a shell leaves of one that was meant to be unset.
        if let Some(value) = environment(key.variable).filter(|value| !value.is_empty()) {
            layer.insert(key.name, text_of(Path::new(&value), key.variable)?);
        }
    }
    Ok(layer)
}

fn text_of(path: &Path, whose: &str) -> Result<String, ConfigError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| ConfigError::NotText(whose.to_owned()))
}

/// The address of a SQLite file. In an address `?` begins options and `%` a code.
pub(crate) fn sqlite_url(path: &Path) -> String {
    let path = path.display().to_string();
    format!(
        "sqlite:{}",
        path.replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23")
    )
}

/// Only the two engines there are. What comes after is for the engine to judge.
fn store_url(url: String, variable: &'static str) -> Result<String, ConfigError> {
    match url.split_once(':') {
        Some(("sqlite" | "postgres" | "postgresql", _)) => Ok(url),
        _ => Err(ConfigError::Store(variable)),
    }
}

fn root_directory(address: &str) -> Result<PathBuf, ConfigError> {
    match address.split_once(':') {
        Some(("file", directory)) if !directory.is_empty() => Ok(PathBuf::from(directory)),
        Some((provider @ ("openbao" | "vault" | "env"), _)) => {
            Err(ConfigError::RootProvider(provider.to_owned()))
        }
        _ => Err(ConfigError::RootAddress),
    }
}

fn number(name: &'static str, value: Option<String>, usual: u32) -> Result<u32, ConfigError> {
    match value {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| ConfigError::Number(name)),
    }
}

fn listen_address(address: String) -> Result<String, ConfigError> {
    match address.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(address),
        _ => Err(ConfigError::Listen(address)),
    }
}

/// Where people come in by the web: links and the log's name are made of it.
fn web_address(text: String) -> Result<String, ConfigError> {
    let url = url::Url::parse(text.trim()).ok();
    let usable = url.is_some_and(|url| {
        let plain = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && plain
    });
    match usable {
        true => Ok(text.trim().trim_end_matches('/').to_owned()),
        false => Err(ConfigError::PublicUrl),
    }
}

/// `postgres://user:secret@host/db` as `postgres://user:…@host/db`.
fn without_password(url: &str) -> String {
    let Some((before, after)) = url.split_once("://") else {
        return url.to_owned();
    };
    let shown = match after.rsplit_once('@') {
        Some((user, place)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:…@{place}"),
            None => after.to_owned(),
        },
        None => after.to_owned(),
    };
    // libpq's other way to give one.
    let shown = match shown.split_once("password=") {
        Some((head, tail)) => {
            let rest = tail.find('&').map_or("", |at| &tail[at..]);
            format!("{head}password=…{rest}")
        }
        None => shown,
    };
    format!("{before}://{shown}")
}

#[cfg(test)]
mod tests;
