//! Putting a backup of the data back, however old. It serves nothing until it is reconciled: the
//! caller opens the house again and settles.

use std::path::Path;

use super::backup::{Manifest, check, check_fits, refused};
use super::{EraseError, rows};
use crate::audit::{self, Action, Actor, Entry};
use crate::keyring::Keyring;
use crate::store::{Role, archive, args};
use crate::vocabulary::{Clock, Random, fail_point};

/// Restores the data store from a backup directory. Nobody else may be using it.
///
/// The data is marked as restored before it comes to stand in its place, whatever the backup says of
/// itself: also one that was taken while an earlier restore was being reconciled.
pub async fn restore(
    keyring: &Keyring,
    data_url: &str,
    directory: &Path,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Manifest, EraseError> {
    let manifest = check(directory)?;
    if manifest.vault != keyring.vault_id() {
        return Err(refused(
            directory,
            "it belongs to another vault: check VAULT_URL",
        ));
    }
    check_fits(&manifest, data_url, directory)?;
    let head = keyring.head().await?;
    if manifest.ledger_seq > head.ledger_seq {
        let what = format!(
            "erasure {} against {}",
            manifest.ledger_seq, head.ledger_seq
        );
        return Err(EraseError::VaultBehindData(what));
    }
    // Held until the mark is there: who comes in afterwards finds data that is to be reconciled.
    let _gate = keyring.shut_gate().await?.map_err(EraseError::InUse)?;
    fail_point("restore:alone");
    let mut id = vec![0; 16];
    random.fill(&mut id);
    let entry = Entry::new(Actor::CommandLine, Action::Restored);
    let marks = vec![
        (rows::MARK_PUT_BACK, args![id, true]),
        audit::statement(&entry, clock, random),
    ];
    archive::put_back(data_url, Role::Data, directory, marks).await?;
    Ok(manifest)
}
