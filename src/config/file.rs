//! Settings in TOML: flat, text only, unknown names refused.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{ConfigError, KEYS, Layer, NO_OPERATOR, Settings};

/// Settings that are addresses in the file system and count from the file's own place.
const PATHS: &[&str] = &["data_dir", "sign_dir"];

/// The file that `gallra init` writes.
pub(super) fn in_data_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("gallra.toml")
}

pub(super) fn read(path: &Path) -> Result<Layer, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| io_error(path, source))?;
    parse(path, &text)
}

/// Nothing, when there is no such file.
pub(super) fn read_where_there(path: &Path) -> Result<Layer, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(path, &text),
        // NotADirectory: the data directory is a file; the stores will say so.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Layer::new())
        }
        Err(source) => Err(io_error(path, source)),
    }
}

fn io_error(path: &Path, source: io::Error) -> ConfigError {
    ConfigError::Io {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..before]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        ConfigError::Toml {
            path: path.to_owned(),
            line,
            reason: error.message().to_owned(),
        }
    })?;
    let mut layer = Layer::new();
    for (name, value) in table {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(ConfigError::Unknown {
                path: path.to_owned(),
                name,
            });
        };
        let toml::Value::String(value) = value else {
            return Err(ConfigError::NotAString {
                path: path.to_owned(),
                name: key.name,
            });
        };
        layer.insert(key.name, from_place_of(path, key.name, value));
    }
    Ok(layer)
}

fn from_place_of(file: &Path, name: &str, value: String) -> String {
    let parent = file.parent().unwrap_or(Path::new("."));
    let below = |path: &str| parent.join(path).display().to_string();
    match value.strip_prefix("file:") {
        Some(directory) if name == "root" => format!("file:{}", below(directory)),
        _ if PATHS.contains(&name) => below(&value),
        _ => value,
    }
}

/// Writes the settings that belong to the installation and not to one start of it.
pub(super) fn write(settings: &Settings) -> Result<(), ConfigError> {
    let path = in_data_dir(&settings.data_dir);
    let mut text = String::from(
        "# Settings of this installation. Flags and the environment go before this file.\n",
    );
    let mut line = |name: &str, value: &str| {
        // JSON quotes a string as TOML does.
        let quoted = serde_json::Value::from(value);
        text.push_str(&format!("{name} = {quoted}\n"));
    };
    if settings.operator != NO_OPERATOR {
        line("operator", &settings.operator);
    }
    if !settings.operator_org_no.is_empty() {
        line("operator_org_no", &settings.operator_org_no);
    }
    if let Some(url) = &settings.public_url {
        line("public_url", url);
    }
    let written = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data_dir)
        .and_then(|()| {
            fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&path)
        })
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        });
    written.map_err(|source| io_error(&path, source))
}
