//! A mirror: a second copy of the vault, live, with a root of its own, best on another disk. Losing
//! the main root loses everything, and a root is never copied, so this is what stands in for a
//! backup of the keys.
//!
//! A mirror is one more process of the main vault. It reads a snapshot, copies what is newer than
//! what it has, and seals only the root page anew, under its own epoch key. When the main vault began
//! another epoch, so does the mirror, by the same steps: so an old copy of the mirror's vault is as
//! dead as an old copy of the main one. Then it acknowledges.
//!
//! ```text
//! 1  registered in the main vault, before the first key is copied: receipts wait for it from here
//! 2  copy, in one transaction: the tree as it stands in one snapshot, sealed under the live R_m
//! 3  the main epoch changed → R_m is replaced: candidate and redo record, commit, wipe (change.rs)
//! 4  acknowledge epoch and version
//! ```
//!
//! Between 2 and 3 the mirror's tree is already without the erased keys, while older copies of its
//! vault still open with R_m; so it is 3 that is acknowledged. Killed anywhere, it takes up what is
//! missing: 2 is one transaction, 3 is recovered like an erasure, 4 may be said twice.
//!
//! **Why register first?** A mirror that copied epoch 4 and was unknown when epoch 5 erased a key
//! would hold that key while the receipt says that nobody does.

mod aside;
mod copy;
mod error;
mod follow;
mod forgotten;
mod home;
mod loss;
mod owed;
mod promote;
mod registry;
pub(crate) mod rows;

use std::path::Path;
use std::sync::Arc;

pub use aside::{destroy_remains, remains, set_aside};
pub use error::MirrorError;
pub use forgotten::ForgottenMirror;
pub use loss::{DataKnows, KnownErasure, Loss, LostBlocks};
pub use promote::{Promoted, Promotion, check, promote};
pub use registry::{Lag, MirrorState};

use super::{Keyring, KeyringError};
use crate::store::args;
use crate::vocabulary::{Clock, MirrorId, Random, fail_point};
use copy::Following;
use home::{Home, Marker};

/// What a mirror last told the main vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// Of everything erased up to this epoch the mirror holds no key.
    pub epoch: u64,
    /// The version of the vault that the mirror holds.
    pub version: i64,
}

/// What a mirror is called that nobody gave a name.
const FIRST_NAME: &str = "mirror";

/// An open mirror, following one main vault.
pub struct Mirror {
    home: Home,
    main: Keyring,
    name: String,
    /// Set while the own root is being replaced: an error there leaves it to be recovered.
    unsettled: bool,
}

impl Mirror {
    /// Opens the mirror in `directory`, or makes one in an empty directory, and registers it with
    /// the main vault under `name`; without one it keeps its name. Finishes what a crash left behind.
    /// A name that another mirror has is refused before anything is made.
    pub async fn open_or_create<'a>(
        directory: &Path,
        name: impl Into<Option<&'a str>>,
        main: &Keyring,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, MirrorError> {
        let of = (main.vault_id(), main.root());
        let id = Marker::read(directory)?.map(|marker| marker.id);
        let name = free_name(main, id, name.into()).await?;
        let home = Home::open_or_create(directory, of, clock, random).await?;
        fail_point("mirror:made");
        let mut mirror = Self {
            home,
            main: main.clone(),
            name,
            unsettled: false,
        };
        mirror.register().await?;
        fail_point("mirror:registered");
        Ok(mirror)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// This mirror's id.
    pub fn id(&self) -> MirrorId {
        self.home.marker.id
    }

    /// Ends following and lets go of the directory. Dropping does the same a little later.
    pub async fn close(self) {
        self.home.means.vault.close().await;
    }

    /// Counts this opening, in the marker first: a marker that is ahead is a crash, one that is
    /// behind is a copy.
    async fn register(&mut self) -> Result<(), MirrorError> {
        let id = self.id();
        let mut known = self.main.mirrors().await?.into_iter();
        let counted = known.find(|it| it.id == id).map_or(0, |it| it.opened);
        let marker = &mut self.home.marker;
        if marker.opened < counted {
            return Err(MirrorError::Copied);
        }
        marker.opened += 1;
        marker.write(&self.home.directory)?;
        let opened = marker.opened as i64;
        fail_point("mirror:counted");
        let vault = &self.main.0.means.vault;
        let arguments = args![&self.name, opened, id, opened];
        if vault.execute(rows::REOPEN, arguments).await? == 1 {
            return Ok(());
        }
        if self.main.mirrors().await?.iter().any(|it| it.id == id) {
            return Err(MirrorError::Copied);
        }
        self.begin_anew().await?;
        Ok(self.main.register_again(id, &self.name, opened).await?)
    }

    /// Whoever is registered anew was forgotten, or never known: what the main vault did meanwhile
    /// is not known either, so everything is copied anew. Noted before registering, or a crash in
    /// between would look like a main vault that lost its memory.
    async fn begin_anew(&self) -> Result<(), MirrorError> {
        let mut tx = self.home.means.vault.begin().await?;
        let following = self.following(&mut tx).await?;
        let anew = Following {
            acknowledged: Following::ANEW,
            ..following
        };
        anew.store(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    async fn following(&self, tx: &mut crate::store::Tx) -> Result<Following, MirrorError> {
        let following = Following::read(tx).await?;
        following.ok_or(MirrorError::NothingFollowed)
    }
}

/// What a mirror is called from now on; refused when another has the name.
async fn free_name(
    main: &Keyring,
    id: Option<MirrorId>,
    wanted: Option<&str>,
) -> Result<String, MirrorError> {
    let known = main.mirrors().await?;
    let (own, others): (Vec<_>, Vec<_>) = known.iter().partition(|it| Some(it.id) == id);
    let before = own.first().map(|mirror| mirror.name.as_str());
    let name = wanted.or(before).unwrap_or(FIRST_NAME);
    match others.iter().any(|other| other.name == name) {
        true => Err(MirrorError::NameTaken(name.to_owned())),
        false => Ok(name.to_owned()),
    }
}
