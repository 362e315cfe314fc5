//! The wiring: opens the stores, the key tree and the rooms over them, in the order that lets nothing
//! be read before it is known to be in order.

mod error;
mod examine;
mod init;
pub mod mirror;
mod places;
mod ready;
mod recover;
pub(crate) mod rows;
mod standing;
mod upkeep;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

pub use error::AppError;
pub use examine::{Finding, Health, examine};
pub use init::Made;
pub use standing::Standing;

use crate::audit::Actor;
use crate::catalog::Catalog;
use crate::config::{NO_OPERATOR, RootFactor, Settings};
use crate::disclosure::Notices;
use crate::erasure::restore::{Restored, restore_accepting};
use crate::erasure::{self, Eraser, Report, Turn};
use crate::jobs::{Work, Worker};
use crate::keyring::{BlockSize, FileRoot, Keyring, Means};
use crate::offboarding::Offboarder;
use crate::queue::Queue;
use crate::receipts::body::Party;
use crate::receipts::{Log, ReceiptError, SigningKey};
use crate::requests::Requests;
use crate::staff::{BearerToken, NewToken, Tokens};
use crate::store::{Db, Options, Role, StoreError};
use crate::vocabulary::{Clock, Random, SystemClock, SystemRandom, TokenId};
use crate::webhooks::{Networks, SystemResolver, Webhooks};

/// How long a process waits for whoever holds the root lock.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the deletion of rows waits for readers before it says that it could not be flushed.
const CHECKPOINT_PATIENCE: Duration = Duration::from_secs(60);
/// How many connections a command reads with; a server takes the store's own number.
const READERS_OF_A_COMMAND: u32 = 2;

/// What the house is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One command: few keys, few connections.
    Command,
    /// The server.
    Server,
    /// Mending: a missing index is made anew, because it is rebuilt from the data.
    Repair,
}

impl Purpose {
    fn block_size(self) -> BlockSize {
        match self {
            Purpose::Server => BlockSize::Full,
            Purpose::Command | Purpose::Repair => BlockSize::Command,
        }
    }

    fn options(self) -> Options {
        let readers = (self != Purpose::Server).then_some(READERS_OF_A_COMMAND);
        Options {
            readers,
            ..Options::default()
        }
    }
}

/// The open house.
pub struct App {
    /// What it was opened with.
    pub settings: Settings,
    /// Ciphertext and structure.
    pub data: Db,
    /// Key tree, ledger, log.
    pub vault: Db,
    /// Tokens.
    pub index: Db,
    /// The way to every key.
    pub keyring: Keyring,
    /// What is held.
    pub catalog: Catalog,
    /// Receipts.
    pub log: Log,
    /// Making people and clients gone.
    pub eraser: Eraser,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// When index keys are due to be replaced, in microseconds; long ago: nobody has looked yet.
    rotation_due: AtomicI64,
    /// When days of requests are looked at again.
    days_due: AtomicI64,
    /// When every store could last be written.
    writable: ready::Writable,
}

impl App {
    /// Opens an installation for reading and writing: migrations run, what a crash left of the key
    /// tree is finished, a lease is taken. Data ahead of the vault is refused; restored data is
    /// reconciled before anybody sees it. Index keys that are due are replaced: by a command when no
    /// server did, since a server looks all the time.
    pub async fn open(settings: Settings, purpose: Purpose) -> Result<Self, AppError> {
        let app = Self::open_unsettled(settings, purpose).await?;
        if app.eraser.standing().await? == erasure::Standing::Restored {
            tracing::warn!("the data was restored: it is reconciled with the vault first");
            app.eraser.settle().await?;
        }
        app.keep_index_keys_young().await;
        Ok(app)
    }

    /// Opens an installation and finishes everything that is unfinished.
    pub async fn open_and_settle(
        settings: Settings,
        purpose: Purpose,
    ) -> Result<(Self, Report), AppError> {
        let app = Self::open_unsettled(settings, purpose).await?;
        let report = app.eraser.settle().await?;
        Ok((app, report))
    }

    /// Opens an installation as it stands. Nothing of restored data may be shown from here.
    async fn open_unsettled(settings: Settings, purpose: Purpose) -> Result<Self, AppError> {
        let vault = mirror::vault(&settings, purpose).await?;
        let means = means(vault.clone(), root(&settings), purpose.block_size());
        let (clock, random) = (means.clock.clone(), means.random.clone());
        // From here on no restore begins; so only now is the data opened.
        let keyring = Keyring::open(means).await?;
        let data = needed(&settings.database_url, Role::Data, purpose).await?;
        let index = index(&settings.index_url, purpose).await?;
        let log = log(&settings, &vault).await?;
        let (ours, theirs) = (data.clone(), index.clone());
        let actor = match purpose {
            Purpose::Server => Actor::System,
            Purpose::Command | Purpose::Repair => Actor::CommandLine,
        };
        let catalog = Catalog::new(ours, theirs, keyring.clone(), clock.clone(), random.clone())
            .acting_for(actor);
        let eraser = eraser(&settings, catalog.clone(), log.clone());
        eraser.adopt().await?;
        eraser.note_promotion().await?;
        // A vault that was put back is refused with its standing, before anything is changed.
        if eraser.check_signed().await.is_ok() {
            let looked = catalog.look_at_index().await;
            looked.map_err(erasure::EraseError::from)?;
        }
        Ok(Self {
            settings,
            data,
            vault,
            index,
            keyring,
            catalog,
            log,
            eraser,
            clock,
            random,
            rotation_due: AtomicI64::new(i64::MIN),
            days_due: AtomicI64::new(i64::MIN),
            writable: ready::Writable::default(),
        })
    }

    /// Puts a backup of the data in place. Open it with [`App::open_and_settle`] afterwards.
    /// What the vault does not have of what the backup needs is counted, and refused unless it is
    /// accepted.
    pub async fn restore(
        settings: &Settings,
        directory: &Path,
        accept_loss: Option<u64>,
    ) -> Result<Restored, AppError> {
        let keys = mirror::Keys::open(settings).await?;
        let (clock, random) = (keys.means.clock.as_ref(), keys.means.random.as_ref());
        let url = &settings.database_url;
        // The data that goes away may be all that knows of an erasure.
        let restored = match mirror::tell_data(settings, &keys).await {
            Ok(()) => {
                let (keyring, chances) = (&keys.keyring, (clock, random));
                restore_accepting(keyring, url, directory, accept_loss, chances)
                    .await
                    .map_err(AppError::from)
            }
            Err(error) => Err(error),
        };
        keys.close().await?;
        restored
    }

    /// Settles, when there is anything to settle.
    pub async fn settle_where_needed(&self) -> Result<Option<Report>, AppError> {
        match self.eraser.standing().await? {
            erasure::Standing::Settled => Ok(None),
            erasure::Standing::Behind | erasure::Standing::Restored => {
                Ok(Some(self.eraser.settle().await?))
            }
        }
    }

    /// Data subjects' requests, on behalf of whoever opened the house.
    pub fn requests(&self) -> Requests {
        Requests {
            eraser: self.eraser.clone(),
        }
    }

    /// Clients' notices, on behalf of whoever opened the house.
    pub fn notices(&self) -> Notices {
        Notices {
            catalog: self.catalog.clone(),
            operator: self.eraser.operator.clone(),
            operator_is_named: self.settings.operator != NO_OPERATOR,
        }
    }

    /// The API's tokens, on behalf of whoever opened the house.
    pub fn tokens(&self) -> Tokens {
        Tokens {
            keyring: self.keyring.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            recorder: self.catalog.recorder.clone(),
            actor: self.catalog.actor,
        }
    }

    /// Work that is done later.
    pub fn queue(&self) -> Queue {
        Queue {
            data: self.data.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
        }
    }

    /// Whoever does it. It acts for the program: who ordered the work stands where it was ordered.
    pub fn worker(&self) -> Worker<Work> {
        let catalog = self.catalog.acting_for(Actor::System);
        let eraser = Eraser {
            catalog,
            ..self.eraser.clone()
        };
        Worker {
            queue: self.queue(),
            does: Work {
                eraser,
                webhooks: self.webhooks(),
            },
        }
    }

    /// Who outside is told of what.
    pub fn webhooks(&self) -> Webhooks {
        Webhooks {
            data: self.data.clone(),
            keyring: self.keyring.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            resolver: Arc::new(SystemResolver),
            networks: match self.settings.webhooks_to_loopback {
                true => Networks::Loopback,
                false => Networks::Public,
            },
        }
    }

    /// Ending contracts, on behalf of whoever opened the house.
    pub fn offboarder(&self) -> Offboarder {
        Offboarder {
            eraser: self.eraser.clone(),
            approvals: self.settings.approvals,
        }
    }

    /// Makes a token.
    pub async fn create_token(&self, new: NewToken) -> Result<(TokenId, BearerToken), AppError> {
        let made = self.tokens().create(new).await?;
        self.eraser.note_vault_version().await?;
        Ok(made)
    }

    /// Ends a token.
    pub async fn revoke_token(&self, id: TokenId) -> Result<(), AppError> {
        self.tokens().revoke(id).await?;
        Ok(self.eraser.note_vault_version().await?)
    }

    /// Gives the lease back and closes the stores.
    pub async fn close(&self) -> Result<(), AppError> {
        self.keyring.close().await?;
        for store in [&self.data, &self.vault, &self.index] {
            store.close().await;
        }
        Ok(())
    }
}

/// Without its key the log can be read, and receipts wait; whatever else is held is not locked away.
async fn log(settings: &Settings, vault: &Db) -> Result<Log, ReceiptError> {
    match SigningKey::open(&settings.signing_key()) {
        Ok(key) => Log::open(vault.clone(), key).await,
        Err(missing @ ReceiptError::KeyMissing(_)) => {
            tracing::warn!("no receipt can be signed: {missing}");
            Log::open_to_read(vault.clone()).await
        }
        Err(error) => Err(error),
    }
}

fn eraser(settings: &Settings, catalog: Catalog, log: Log) -> Eraser {
    Eraser {
        catalog,
        log,
        operator: Party {
            name: settings.operator.clone(),
            org_no: settings.operator_org_no.clone(),
        },
        checkpoint_patience: CHECKPOINT_PATIENCE,
        mirror_patience: settings.mirror_patience,
        turn: Turn::default(),
    }
}

fn root(settings: &Settings) -> FileRoot {
    FileRoot::new(
        &settings.root,
        settings.root_factor.as_ref().map(RootFactor::expose),
    )
}

fn means(vault: Db, root: FileRoot, block_size: BlockSize) -> Means {
    Means {
        vault,
        root,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        block_size,
        patience: PATIENCE,
    }
}

async fn made(url: &str, role: Role) -> Result<Db, StoreError> {
    let db = Db::open(url, role).await?;
    db.migrate().await?;
    Ok(db)
}

async fn existing(url: &str, role: Role, purpose: Purpose) -> Result<Db, StoreError> {
    let db = Db::open_with(url, role, purpose.options()).await?;
    db.migrate().await?;
    Ok(db)
}

/// A store that must be there.
async fn needed(url: &str, role: Role, purpose: Purpose) -> Result<Db, AppError> {
    match existing(url, role, purpose).await {
        Err(StoreError::Missing { store }) => Err(AppError::missing(role, store)),
        opened => Ok(opened?),
    }
}

async fn index(url: &str, purpose: Purpose) -> Result<Db, AppError> {
    match needed(url, Role::Index, purpose).await {
        Err(AppError::IndexMissing(_)) if purpose == Purpose::Repair => {
            let options = Options {
                create: true,
                ..purpose.options()
            };
            let db = Db::open_with(url, Role::Index, options).await?;
            db.migrate().await?;
            Ok(db)
        }
        opened => opened,
    }
}
