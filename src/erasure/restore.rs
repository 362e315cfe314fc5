//! Putting a backup of the data back, however old. It serves nothing until it is reconciled: the
//! caller opens the house again and settles.

use std::path::Path;

use super::backup::{Manifest, check, refused};
use super::{EraseError, rows};
use crate::keyring::Keyring;
use crate::store::{Db, Role, archive, args};
use crate::vocabulary::Random;

/// Restores the data store from a backup directory. Nobody else may be using it.
///
/// The data is marked as restored in the same place it comes to stand, before anything opens it; a
/// crash in between leaves data whose erasures lag behind, which is found as well.
pub async fn restore(
    keyring: &Keyring,
    data_url: &str,
    directory: &Path,
    random: &dyn Random,
) -> Result<Manifest, EraseError> {
    let manifest = check(directory)?;
    if manifest.vault != keyring.vault_id() {
        return Err(refused(
            directory,
            "it belongs to another vault: check VAULT_URL",
        ));
    }
    let head = keyring.head().await?;
    if manifest.ledger_seq > head.ledger_seq {
        let what = format!(
            "erasure {} against {}",
            manifest.ledger_seq, head.ledger_seq
        );
        return Err(EraseError::VaultBehindData(what));
    }
    let others = keyring.other_instances().await?;
    if others > 0 {
        return Err(EraseError::InUse(others));
    }
    archive::put_back(data_url, directory).await?;
    let data = Db::open_existing(data_url, Role::Data).await?;
    data.migrate().await?;
    let mut id = vec![0; 16];
    random.fill(&mut id);
    data.execute(rows::MARK_RESTORED, args![id]).await?;
    data.close().await;
    Ok(manifest)
}
