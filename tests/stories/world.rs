//! A house with stores, keys and two tenants, as most stories begin.

use std::sync::Arc;
use std::time::Duration;

use gallra::audit::Actor;
use gallra::catalog::types::{Channel, Direction};
use gallra::catalog::write::{ContactChange, MessageChange};
use gallra::catalog::{Catalog, Identifier, NewTenant, TenantRef};
use gallra::ingest::{Options, Report, import_gallra};
use gallra::keyring::{BlockSize, FileRoot, Keyring, Means};
use gallra::store::Role;
use gallra::vocabulary::{FixedClock, Personal, SystemClock, SystemRandom, Timestamp};

use crate::support::Bench;

/// An open house. The catalog's wall clock stands still; leases run on the machine's.
pub struct World {
    pub catalog: Catalog,
    pub clock: Arc<FixedClock>,
    pub north: TenantRef,
    pub south: TenantRef,
}

/// Two fictional companies.
fn new_tenant(slug: &str, org_no: &str) -> NewTenant {
    NewTenant {
        slug: slug.to_owned(),
        name: format!("{slug} AB"),
        org_no: org_no.to_owned(),
        email: format!("info@{slug}.example.se").into(),
        country: "SE".to_owned(),
        languages: vec!["sv".to_owned(), "en".to_owned()],
        timezone: "Europe/Stockholm".to_owned(),
    }
}

impl World {
    pub async fn new(bench: &Bench) -> World {
        let means = Means {
            vault: bench.open(Role::Vault).await,
            root: FileRoot::new(bench.directory().join("root"), None),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            block_size: BlockSize::Command,
            patience: Duration::from_secs(10),
        };
        Keyring::create(&means).await.expect("a key tree is made");
        let keyring = Keyring::open(means).await.expect("it opens");
        let clock = Arc::new(FixedClock::at("2026-03-01T09:00:00Z"));
        let catalog = Catalog::new(
            bench.open(Role::Data).await,
            bench.open(Role::Index).await,
            keyring,
            clock.clone(),
            Arc::new(SystemRandom),
        )
        .acting_for(Actor::CommandLine);
        for tenant in [
            new_tenant("nord", "556016-0680"),
            new_tenant("syd", "5560160680"),
        ] {
            catalog
                .add_tenant(tenant)
                .await
                .expect("the tenant is added");
        }
        World {
            north: catalog.tenant_ref("nord").await.expect("it is there"),
            south: catalog.tenant_ref("syd").await.expect("it is there"),
            catalog,
            clock,
        }
    }

    /// Another process's view of the same stores.
    pub async fn second_handle(&self, bench: &Bench) -> Catalog {
        Catalog::new(
            bench.open(Role::Data).await,
            bench.open(Role::Index).await,
            self.catalog.keyring.clone(),
            self.clock.clone(),
            Arc::new(SystemRandom),
        )
    }

    pub async fn import(&self, tenant: &TenantRef, text: &str) -> Report {
        let options = Options {
            patience: Duration::ZERO,
            ..Options::default()
        };
        import_gallra(&self.catalog, tenant, text.as_bytes(), options, |_| {})
            .await
            .expect("the import runs to its end")
    }

    /// How many contacts a search finds in a tenant.
    pub async fn count(&self, identifier: Identifier, tenant: &TenantRef) -> usize {
        let found = self.catalog.find(&identifier, Some(tenant)).await;
        found.expect("the search answers").matches.len()
    }

    /// How many rows a table of the data store has.
    pub async fn rows(&self, count: &'static str) -> i64 {
        let row = self.catalog.data.fetch_one(count, vec![]).await;
        row.expect("it counts").i64(0).expect("a number")
    }
}

pub fn email(text: &str) -> Identifier {
    Identifier::Email(text.into())
}

pub fn name(text: &str) -> Identifier {
    Identifier::Name(text.into())
}

fn personal(text: &str) -> Option<Personal> {
    Some(text.into())
}

/// Anna, as a desk's system knows her.
pub fn anna() -> ContactChange {
    ContactChange {
        external_id: personal("K-1001"),
        name: personal("Anna-Karin Öberg"),
        phone: personal("070-174 06 05"),
        email: personal("Anna.Oberg@Example.se"),
        source: Some("phone call".to_owned()),
        further: Default::default(),
        dated: None,
        fill_in: false,
    }
}

/// A message of a contact in a case.
pub fn message(case: &str, contact: &str, sent_at: &str, body: &str) -> MessageChange {
    MessageChange {
        case: case.into(),
        contact: contact.into(),
        external_id: None,
        subject: personal("Paketet är borta"),
        author: personal("Anna-Karin Öberg"),
        author_kind: None,
        attachments: Vec::new(),
        body: body.into(),
        direction: Direction::In,
        channel: Channel::Email,
        sent_at: Timestamp::parse(sent_at).expect("a story states its times"),
    }
}
