//! Where the house lies, and that what is to stand in for it lies elsewhere: a backup or a mirror inside a
//! directory of the house is lost with it.

use std::path::{Path, PathBuf};

use super::{App, AppError};
use crate::config::Settings;
use crate::erasure::backup::Manifest;
use crate::store::directory_of;

impl App {
    /// Backs the data and the receipts up into a directory that is new or empty, and none of the house's.
    pub async fn backup(&self, directory: &Path) -> Result<Manifest, AppError> {
        if let Some(inside) = inside(&of_house(&self.settings), directory) {
            return Err(AppError::BackupInside {
                directory: directory.to_owned(),
                inside,
            });
        }
        let url = &self.settings.database_url;
        Ok(self.eraser.backup(url, directory).await?)
    }

    /// Whether a directory lies below the one that holds everything: whoever removes that, or loses its
    /// disk, loses both.
    pub fn is_beside_the_house(&self, directory: &Path) -> bool {
        real(directory).starts_with(real(&self.settings.data_dir))
    }
}

/// The directories of the house: first the root's and the vault's; where the vault is on a server,
/// the root's stands for it.
pub(super) fn of_house(settings: &Settings) -> Vec<PathBuf> {
    let root = settings.root.clone();
    let vault = directory_of(&settings.vault_url).unwrap_or_else(|| root.clone());
    let others = [&settings.database_url, &settings.index_url];
    let others = others.into_iter().filter_map(|url| directory_of(url));
    // A store right in the directory that holds everything does not claim all of it.
    let others = others.filter(|it| !root.starts_with(it) && !vault.starts_with(it));
    let mut house = vec![root.clone(), vault.clone(), settings.sign_dir.clone()];
    house.extend(others);
    house
}

/// The directory of the house that a path lies in, if it does.
pub(super) fn inside(house: &[PathBuf], path: &Path) -> Option<PathBuf> {
    let path = real(path);
    house
        .iter()
        .find(|own| path.starts_with(real(own)))
        .cloned()
}

/// A path without links and dots, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut rest = Vec::new();
    let mut there = path.as_path();
    loop {
        match (there.canonicalize(), there.parent(), there.file_name()) {
            (Ok(real), ..) => return rest.iter().rev().fold(real, |real, name| real.join(name)),
            (Err(_), Some(parent), Some(name)) => {
                rest.push(name.to_owned());
                there = parent;
            }
            (Err(_), ..) => return path,
        }
    }
}
