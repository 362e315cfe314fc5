//! Putting a backup of the data back, however old. It serves nothing until it is reconciled: the
//! caller opens the house again and settles.
//!
//! What the backup needs and the vault does not have (`loss.rs`) is measured before anything is changed,
//! and refused unless that very loss is accepted. Then the vault learns it first, in one transaction:
//! orders to erase again, numbers that are passed over, and that data with this mark may be cleaned.
//!
//! ```text
//! measured · the vault commits orders and acceptance · the data is exchanged, marked · reconciled
//!          └ killed here: whoever was erased before is erased from whatever data there is, and the
//!            restore can be repeated with the same number
//! ```

use std::path::Path;

use super::backup::{Manifest, check, check_fits, refused};
use super::loss::{self, Done};
use super::{EraseError, rows};
use crate::audit::{self, Action, Actor, Entry};
use crate::keyring::mirror::{DataKnows, Loss};
use crate::keyring::{Head, Keyring};
use crate::store::archive::Mark;
use crate::store::{Role, archive, args};
use crate::vocabulary::{Clock, Random, fail_point};

/// What a restore put in place.
#[derive(Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Blocks of keys that it uses and nobody has.
    pub lost_blocks: u64,
    /// Erasures that it knows and the vault did not.
    pub undone_erasures: u64,
}

/// Restores the data store from a backup directory that nothing is lost of. Nobody else may be using it.
pub async fn restore(
    keyring: &Keyring,
    data_url: &str,
    directory: &Path,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Manifest, EraseError> {
    let chances = (clock, random);
    let restored = restore_accepting(keyring, data_url, directory, None, chances).await?;
    Ok(restored.manifest)
}

/// The same, also where the vault went on from a mirror that was late: with the number of blocks and
/// erasures whose loss is accepted, as the refusal gave it.
///
/// The data is marked as restored before it comes to stand in its place, whatever the backup says of
/// itself: also one that was taken while an earlier restore was being reconciled.
pub async fn restore_accepting(
    keyring: &Keyring,
    data_url: &str,
    directory: &Path,
    accept_loss: Option<u64>,
    (clock, random): (&dyn Clock, &dyn Random),
) -> Result<Restored, EraseError> {
    let manifest = check(directory)?;
    if manifest.vault != keyring.vault_id() {
        return Err(refused(
            directory,
            "it belongs to another vault: check VAULT_URL",
        ));
    }
    check_fits(&manifest, data_url, directory)?;
    // Held until the mark is there: who comes in afterwards finds data that is to be reconciled.
    let _gate = keyring.shut_gate().await?.map_err(EraseError::InUse)?;
    fail_point("restore:alone");
    let (knows, done) = loss::of_backup(data_url, directory).await?;
    check_numbers(&keyring.head().await?, &manifest, &knows)?;
    let loss = keyring.measure_loss(&knows).await?;
    let (blocks, erasures) = (loss.blocks.len() as u64, loss.erasures);
    if !loss.is_accepted(accept_loss) {
        return Err(EraseError::BackupAhead { blocks, erasures });
    }
    let mut mark = [0; 16];
    random.fill(&mut mark);
    let mut marks: Vec<Mark> = vec![(rows::MARK_PUT_BACK, args![mark, true])];
    if blocks + erasures > 0 {
        marks.extend(accept(keyring, &loss, done, mark).await?);
        fail_point("restore:accepted");
    }
    let entry = Entry::new(Actor::CommandLine, Action::Restored);
    let entry = entry.count("lost-blocks", blocks);
    let entry = entry.count("undone-erasures", erasures);
    marks.push(audit::statement(&entry, clock, random));
    archive::put_back(data_url, Role::Data, directory, marks).await?;
    Ok(Restored {
        manifest,
        lost_blocks: blocks,
        undone_erasures: erasures,
    })
}

/// Numbers ahead of the vault's are of a vault that was put back: a promotion begins with higher ones
/// than any backup can have.
fn check_numbers(head: &Head, manifest: &Manifest, knows: &DataKnows) -> Result<(), EraseError> {
    let ahead = [
        ("erasure", manifest.ledger_seq, head.ledger_seq),
        ("version", knows.version, head.version),
    ];
    match ahead.iter().find(|(_, backup, vault)| backup > vault) {
        Some((what, backup, vault)) => Err(EraseError::VaultBehindData(format!(
            "{what} {backup} against {vault}"
        ))),
        None => Ok(()),
    }
}

/// Tells the vault, where no crash and no other restore can lose it; answers what data is marked with.
async fn accept(
    keyring: &Keyring,
    loss: &Loss,
    done: Vec<Done>,
    mark: [u8; 16],
) -> Result<Vec<Mark>, EraseError> {
    let mut marks = Vec::new();
    let mut tx = keyring.begin_vault().await?;
    let version = keyring.accept_loss(&mut tx, loss, mark).await?;
    for again in loss::again(done, &loss.undone) {
        again.order(&mut tx, version).await?;
        marks.push(again.reopened()?);
    }
    tx.commit().await?;
    Ok(marks)
}
