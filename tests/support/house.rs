//! A whole house for a test: stores, keys, log, catalog and eraser on one engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gallra::catalog::types::{Channel, Direction};
use gallra::catalog::write::{ContactChange, MessageChange};
use gallra::catalog::{Catalog, NewTenant, TenantRef};
use gallra::erasure::restore::restore;
use gallra::erasure::{EraseRequest, Eraser, Outcome, PurgeRequest, Turn};
use gallra::keyring::{BlockSize, FileRoot, KeyRef, Keyring, KeyringError, Means};
use gallra::receipts::body::Party;
use gallra::receipts::{Log, SigningKey};
use gallra::store::{Engine, Role};
use gallra::vocabulary::{
    Clock, ContactId, FixedClock, Personal, SystemClock, SystemRandom, Timestamp,
};

use super::Bench;

/// How long a process of a test waits for whoever holds the root lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// The house and its clock: one that stands still, or the machine's.
pub struct House<C = FixedClock> {
    pub catalog: Catalog,
    pub eraser: Eraser,
    pub clock: Arc<C>,
}

impl House {
    /// A new house: everything initialised.
    pub async fn new(bench: &Bench) -> House {
        create(bench).await;
        let house = House::open(bench).await;
        house
            .eraser
            .adopt()
            .await
            .expect("the data is bound to its vault");
        house
    }

    /// Opens the house that is there, as one more process would.
    pub async fn open(bench: &Bench) -> House {
        House::try_open(bench, clock())
            .await
            .expect("the house opens")
    }
}

impl<C: Clock + 'static> House<C> {
    /// Opens the house that is there, with this clock, if it can be opened.
    pub async fn try_open(bench: &Bench, clock: Arc<C>) -> Result<House<C>, KeyringError> {
        House::waiting(bench, clock, PATIENCE).await
    }

    /// The same, for somebody who waits for others only so long.
    pub async fn waiting(
        bench: &Bench,
        clock: Arc<C>,
        patience: Duration,
    ) -> Result<House<C>, KeyringError> {
        let (catalog, eraser) = rooms(bench, clock.clone(), patience).await?;
        Ok(House {
            catalog,
            eraser,
            clock,
        })
    }

    /// Ends this process's part in it: the lease is given back, every file is closed.
    pub async fn close(self) {
        self.catalog
            .keyring
            .close()
            .await
            .expect("the lease is given back");
        self.catalog.data.close().await;
        self.catalog.index.close().await;
        self.catalog.keyring.close_vault().await;
    }

    /// Puts a backup of the data back as `gallra restore` does, and closes the house: the next one who
    /// opens it settles.
    pub async fn put_back(self, bench: &Bench, backup: &Path) {
        self.catalog.data.close().await;
        let (keyring, url) = (&self.catalog.keyring, bench.url(Role::Data));
        restore(keyring, &url, backup, &SystemClock, &SystemRandom)
            .await
            .expect("the backup is restored");
        self.close().await;
    }

    /// Adds a client.
    pub async fn tenant(&self, slug: &str) -> TenantRef {
        let new = NewTenant {
            slug: slug.into(),
            name: format!("{slug} AB"),
            org_no: "556677-8899".into(),
            email: format!("dpo@{slug}.example.se").into(),
            country: "SE".into(),
            languages: vec!["sv".into()],
            timezone: "Europe/Stockholm".into(),
        };
        self.catalog
            .add_tenant(new)
            .await
            .expect("the tenant is added");
        self.catalog
            .tenant_ref(slug)
            .await
            .expect("the tenant is there")
    }

    /// Adds a person with one case of `messages` messages.
    pub async fn person(&self, tenant: &TenantRef, number: usize, messages: usize) -> ContactId {
        let contact = ContactChange {
            external_id: Some(external_id(number)),
            name: Some(Personal::new(format!("Anna Exempelsson {number}"))),
            phone: Some(phone(number)),
            email: Some(email(number)),
            source: Some("test".into()),
            dated: None,
            further: Default::default(),
            fill_in: false,
        };
        let id = self
            .catalog
            .upsert_contact(tenant, contact)
            .await
            .expect("a contact")
            .id;
        for at in 0..messages {
            let message = message(number, at, self.clock.now());
            self.catalog
                .record_message(tenant, message)
                .await
                .expect("a message is recorded");
        }
        id
    }

    /// The keys of every unit of a tenant but its own profile.
    pub async fn units(&self, tenant: &TenantRef) -> Vec<KeyRef> {
        let sql = "SELECT block, leaf FROM unit WHERE tenant = $1 AND contact IS NOT NULL";
        let rows = self
            .catalog
            .data
            .fetch_all(sql, vec![tenant.id.into()])
            .await;
        let key = |row: &gallra::store::Row| KeyRef {
            block: row.u64(0).expect("a block"),
            leaf: row.i64(1).expect("a leaf") as u16,
        };
        rows.expect("units are read").iter().map(key).collect()
    }

    /// Erases a person on the tenant's instruction.
    pub async fn erase(&self, tenant: &TenantRef, contact: ContactId, strict: bool) -> Outcome {
        let request = EraseRequest {
            tenant: tenant.id,
            contact,
            named_by: "anna".into(),
            instruction: "ARENDE-17".into(),
            strict,
        };
        self.eraser
            .erase_contact(request)
            .await
            .expect("the person is erased")
    }

    /// Purges a tenant.
    pub async fn purge(&self, tenant: &TenantRef) -> Outcome {
        let request = PurgeRequest {
            tenant: tenant.id,
            confirm: format!("{} AB", tenant.slug),
            instruction: "AVTAL-2024-3".into(),
        };
        self.eraser
            .purge_tenant(request)
            .await
            .expect("the tenant is purged")
    }
}

/// Makes the vault, its root and the log.
async fn create(bench: &Bench) {
    let means = means(bench, clock()).await;
    Keyring::create(&means).await.expect("the vault is made");
    let key = SigningKey::create(&key_path(bench), "log.example.se/gallra", &SystemRandom);
    let key = key.expect("the log's key is made");
    Log::init(&means.vault, &key).await.expect("the log begins");
    means.vault.close().await; // Nobody may still write when a recording begins.
}

async fn rooms(
    bench: &Bench,
    clock: Arc<dyn Clock>,
    patience: Duration,
) -> Result<(Catalog, Eraser), KeyringError> {
    let means = Means {
        patience,
        ..means(bench, clock.clone()).await
    };
    let vault = means.vault.clone();
    let keyring = Keyring::open(means).await?;
    let (data, index) = (bench.open(Role::Data).await, bench.open(Role::Index).await);
    let random = Arc::new(SystemRandom);
    let catalog = Catalog::new(data, index, keyring, clock, random);
    let key = SigningKey::open(&key_path(bench)).expect("the log's key is there");
    let eraser = Eraser {
        catalog: catalog.clone(),
        log: Log::open(vault, key).await.expect("the log opens"),
        operator: Party {
            name: "Exempel Support AB".into(),
            org_no: "556000-0001".into(),
        },
        // On PostgreSQL any test's transaction holds rows back for all: they share one database.
        checkpoint_patience: match bench.engine() {
            Engine::Sqlite => Duration::from_secs(2),
            Engine::Postgres => Duration::from_secs(30),
        },
        mirror_patience: Duration::ZERO,
        turn: Turn::default(),
    };
    Ok((catalog, eraser))
}

/// The external id of a person.
pub fn external_id(number: usize) -> Personal {
    Personal::new(format!("kund-{number}"))
}

/// The telephone number of a person, from the range that is free for fiction.
pub fn phone(number: usize) -> Personal {
    Personal::new(format!("070-174 06 {:02}", 5 + number % 95))
}

/// The e-mail address of a person.
pub fn email(number: usize) -> Personal {
    Personal::new(format!("anna{number}@example.se"))
}

/// A message of a person.
pub fn message(number: usize, at: usize, sent_at: Timestamp) -> MessageChange {
    MessageChange {
        case: Personal::new(format!("fall-{number}")),
        contact: external_id(number),
        external_id: Some(Personal::new(format!("meddelande-{number}-{at}"))),
        subject: Some("Var är mitt paket?".into()),
        author: None,
        author_kind: None,
        attachments: Vec::new(),
        body: Personal::new(format!(
            "Hej, paket {at} till kund {number} kom aldrig fram."
        )),
        direction: Direction::In,
        channel: Channel::Email,
        sent_at,
    }
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at("2026-03-01T09:00:00Z"))
}

fn key_path(bench: &Bench) -> PathBuf {
    bench.directory().join("sign").join("log.key")
}

/// Opens the vault with its root, as the program does.
pub async fn means(bench: &Bench, clock: Arc<dyn Clock>) -> Means {
    Means {
        vault: bench.open(Role::Vault).await,
        root: FileRoot::new(root(bench), None),
        clock,
        random: Arc::new(SystemRandom),
        block_size: BlockSize::Command,
        patience: PATIENCE,
    }
}

/// The root directory.
pub fn root(bench: &Bench) -> PathBuf {
    bench.directory().join("root")
}
