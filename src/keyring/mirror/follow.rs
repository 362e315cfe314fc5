//! Following: look, copy, replace the own root, acknowledge.

use std::cmp::Ordering;
use std::io;
use std::time::Duration;

use super::super::change::Change;
use super::super::draft::Draft;
use super::super::page::PageId;
use super::super::tree::live_slot;
use super::super::view::View;
use super::super::{KeyringError, RootError, head};
use super::copy::{self, Following, Line};
use super::registry::{MirrorState, state};
use super::{Acknowledged, Mirror, MirrorError, rows};
use crate::store::args;
use crate::vocabulary::{Timestamp, fail_point};

/// How often a mirror with nothing to copy says that it is still there, in microseconds.
const SIGN_OF_LIFE: i64 = 10_000_000;
/// How many failures in a row that may pass are waited out before they count.
const PATIENCE: u32 = 60;

/// What a look at the main vault says is to be done.
enum Step {
    /// Copy everything, because this is a new mirror or the main vault begins a new line.
    CopyAnew,
    /// Copy what is newer.
    Copy,
    /// It is all there: only the root may be of an older epoch, or the word not given.
    Nothing,
}

impl Mirror {
    /// Follows the main vault to where it is now and acknowledges that. Whatever a crash left
    /// unfinished is finished here.
    pub async fn follow_once(&mut self) -> Result<Acknowledged, MirrorError> {
        if self.unsettled {
            self.home.recover().await?;
        }
        let main = self.main.clone();
        let mut view = View::open(&main.0.means).await?;
        let registered = self.registered(&mut view).await?;
        let mut tx = self.home.means.vault.snapshot().await?;
        let ours = Line::read(&mut tx).await?;
        let before = self.following(&mut tx).await?;
        tx.rollback().await?;

        let theirs = Line::read(&mut view.tx).await?;
        let step = self.next_step(&view.head, &registered, (ours, theirs), &before)?;
        let (epoch, version) = (view.head.epoch, view.head.version);
        match step {
            Step::Nothing => view.tx.rollback().await?,
            step => {
                let since = match step {
                    Step::CopyAnew => 0,
                    _ => before.version,
                };
                self.copy(view, since, theirs, registered.version).await?;
                fail_point("mirror:copied");
            }
        }
        self.unsettled = true;
        self.renew_root(epoch).await?;
        self.unsettled = false;
        let reached = Acknowledged { epoch, version };
        self.acknowledge(&registered, reached).await?;
        Ok(reached)
    }

    /// Follows until `shutdown` comes, looking every `interval`. Ends by itself only when the main
    /// vault is refused or stays out of reach. A full disk is waited out for as long as it takes: an
    /// ended mirror would not follow when there is room again, and receipts wait for it.
    pub async fn follow(
        &mut self,
        interval: Duration,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), MirrorError> {
        tokio::pin!(shutdown);
        let (mut failures, mut without_room) = (0_u32, 0_u32);
        loop {
            match self.follow_once().await {
                Ok(_) => (failures, without_room) = (0, 0),
                Err(error) if error.is_full_disk() => {
                    without_room = without_room.saturating_add(1);
                    // Ever more rarely: the log may be on the same disk.
                    if without_room.is_power_of_two() {
                        tracing::warn!(
                            %error,
                            "the mirror has no room and tries again until there is; receipts wait for it"
                        );
                    }
                }
                Err(error) if error.may_pass() && failures < PATIENCE => {
                    failures += 1;
                    tracing::warn!(%error, "the mirror could not follow and tries again");
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    /// What the main vault says of this mirror in the same snapshot.
    async fn registered(&self, view: &mut View<'_>) -> Result<MirrorState, MirrorError> {
        if view.head.vault != self.home_vault().await? {
            return Err(MirrorError::OtherVault);
        }
        let arguments = args![self.id()];
        let row = view.tx.fetch_optional(rows::READ_MIRROR, arguments).await?;
        let row = row.ok_or_else(|| MirrorError::Forgotten(self.name.clone()))?;
        let registered = state(&row)?;
        // After a promotion the count may be an older one; only a copy counts further than this.
        match registered.opened > self.home.marker.opened {
            true => Err(MirrorError::Copied),
            false => Ok(registered),
        }
    }

    async fn home_vault(&self) -> Result<crate::vocabulary::VaultId, KeyringError> {
        Ok(head::read(&self.home.means.vault).await?.vault)
    }

    /// Decides, and refuses a main vault that knows less than it told before.
    ///
    /// The version alone would not show it: a vault rolled back from 120 to 110 and written to again
    /// soon stands at 130. But what this mirror told it at 120 is then gone from its memory.
    fn next_step(
        &self,
        main: &head::Head,
        registered: &MirrorState,
        (ours, theirs): (Line, Line),
        before: &Following,
    ) -> Result<Step, MirrorError> {
        let rolled_back = |mirror| MirrorError::MainRolledBack {
            main: main.version.min(registered.version),
            mirror,
        };
        match theirs.number.cmp(&ours.number) {
            Ordering::Less => return Err(rolled_back(before.version)),
            Ordering::Greater => return Ok(Step::CopyAnew),
            Ordering::Equal if theirs.line != ours.line => return Err(MirrorError::TwoPromotions),
            Ordering::Equal => {}
        }
        if main.version < before.version || main.epoch < before.epoch {
            return Err(rolled_back(before.version));
        }
        if before.acknowledged == Following::ANEW {
            return Ok(Step::CopyAnew);
        }
        if registered.version < before.acknowledged {
            return Err(rolled_back(before.acknowledged));
        }
        if registered.version > before.version {
            return Err(MirrorError::Copied);
        }
        Ok(if main.version > before.version {
            Step::Copy
        } else {
            Step::Nothing
        })
    }

    /// Step 2, one transaction: afterwards the copy shows what the snapshot shows.
    async fn copy(
        &self,
        mut view: View<'_>,
        since: i64,
        line: Line,
        acknowledged: i64,
    ) -> Result<(), MirrorError> {
        let own = &self.home.means;
        let mut tx = own.vault.begin().await?;
        let head = head::take(&mut tx).await?;
        let live = live_slot(&own.root, &head)?;
        let root_key = own.root.effective_key(&live)?;
        if since == 0 {
            copy::clear(&mut tx).await?;
        }
        copy::copy(&mut view, &mut tx, since, &root_key, own.random.as_ref()).await?;
        let main = view.head;
        view.tx.rollback().await?;
        // Whatever number the own root bears, it is of no epoch of what is now copied anew.
        let epoch = if since == 0 { 0 } else { head.epoch };
        let arguments = args![epoch as i64, main.ledger_seq, main.rows_deleted];
        tx.execute(rows::FOLLOW_HEAD, arguments).await?;
        if line.number > 0 {
            line.store(&mut tx).await?;
        }
        let following = Following {
            version: main.version,
            epoch: main.epoch,
            acknowledged,
            followed_at: own.clock.now().0,
        };
        following.store(&mut tx).await?;
        fail_point("mirror:copying");
        Ok(tx.commit().await?)
    }

    /// Step 3: with another epoch in the main vault, another root here. The same change as an
    /// erasure's, which seals the root page anew and nothing else.
    async fn renew_root(&self, epoch: u64) -> Result<(), MirrorError> {
        let own = &self.home.means;
        let mut tx = own.vault.begin().await?;
        let head = head::take(&mut tx).await?;
        if head.epoch >= epoch {
            return Ok(tx.rollback().await?);
        }
        let live = live_slot(&own.root, &head)?;
        let candidate = own.root.draw(head.vault, epoch, own.random.as_ref());
        let live_key = own.root.effective_key(&live)?;
        let mut draft = Draft::new(head.version, live_key, own.random.as_ref());
        draft.load(&mut tx, PageId::ROOT).await?;
        draft.rekey(own.root.effective_key(&candidate)?)?;
        let change = Change {
            old_root: head.root,
            new_root: candidate.id,
            epoch,
            ledger_seq: head.ledger_seq,
            pages: draft.seal(),
            entries: Vec::new(),
        };
        change.carry_out(own, tx, &head, &live, &candidate).await?;
        Ok(())
    }

    /// Step 4. Said again now and then, so that everybody sees the mirror is alive.
    async fn acknowledge(
        &self,
        registered: &MirrorState,
        reached: Acknowledged,
    ) -> Result<(), MirrorError> {
        let now = self.home.means.clock.now();
        let Acknowledged { epoch, version } = reached;
        let told = registered.epoch == epoch && registered.version == version;
        let quiet = now.0.saturating_sub(registered.acknowledged_at.0);
        if told && (0..SIGN_OF_LIFE).contains(&quiet) {
            return Ok(());
        }
        let main = &self.main.0.means.vault;
        let arguments = args![
            epoch as i64,
            version,
            now,
            self.id(),
            self.home.marker.opened as i64
        ];
        if main.execute(rows::ACKNOWLEDGE, arguments).await? == 0 {
            let known = self.main.mirrors().await?;
            return Err(match known.iter().any(|it| it.id == self.id()) {
                true => MirrorError::Copied,
                false => MirrorError::Forgotten(self.name.clone()),
            });
        }
        fail_point("mirror:acknowledged");
        self.remember(version, now).await
    }

    /// What the main vault was told: it must never know less again.
    async fn remember(&self, version: i64, now: Timestamp) -> Result<(), MirrorError> {
        let arguments = args![version, now];
        let own = &self.home.means.vault;
        own.execute(rows::SET_ACKNOWLEDGED, arguments).await?;
        Ok(())
    }
}

impl MirrorError {
    /// Whether a disk is full, the mirror's or another's: somebody has to make room, and then all goes on.
    fn is_full_disk(&self) -> bool {
        let full = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::FileTooLarge
                    | io::ErrorKind::QuotaExceeded
            )
        };
        match self {
            Self::Store(error) | Self::Keyring(KeyringError::Store(error)) => error.is_full_disk(),
            Self::Root(RootError::Io { source, .. })
            | Self::Keyring(KeyringError::Root(RootError::Io { source, .. }))
            | Self::Keyring(KeyringError::Lock(source))
            | Self::Directory { source, .. } => full(source),
            _ => false,
        }
    }

    /// Whether trying again later may succeed without anyone doing anything.
    fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) | Self::Keyring(KeyringError::Store(error)) => error.is_transient(),
            Self::Keyring(
                KeyringError::VaultRolledBack { .. }
                | KeyringError::EpochChanged
                | KeyringError::RootBusy(_)
                | KeyringError::VaultBusy(_),
            ) => true,
            _ => false,
        }
    }
}
