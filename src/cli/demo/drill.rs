//! The fire drill: back up, purge a client, restore the old backup, and look who is there.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::failure::{Exit, Failure};
use super::super::output::{Text, count};
use super::Drill;
use super::house::House;
use crate::app::App;
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::erasure::backup::Manifest;
use crate::offboarding::{Begin, Person, rules};
use crate::receipts::body::Choice;
use crate::receipts::verify;
use crate::store::{Db, Role};
use crate::vocabulary::ContactId;

/// The client whose contract ends.
const LEAVING: &str = "brygga";
/// How many contacts are read at a time.
const PAGE: u16 = 100;

/// Runs the drill; the house is another one afterwards, opened on the restored data.
pub async fn run(
    house: House,
    backup: &Path,
    told: &impl Fn(&str),
) -> Result<(House, Drill), Failure> {
    told("\nThe fire drill\n\n");
    let others = others(&house.app).await?;
    let leaving = house.app.catalog.tenant_ref(LEAVING).await?;
    let in_the_backup = house.app.eraser.preview_tenant(leaving.id).await?.people;

    told("1  Back up everything, as every night.\n");
    let url = &house.settings.database_url;
    let manifest = house.app.eraser.backup(url, backup).await?;

    told("2  Brygga Kaffe AB ends its contract and chooses deletion; two people approve.\n");
    let receipt_id = purge(&house, &leaving, in_the_backup, told).await?;
    let file = house.app.log.receipt_file(receipt_id).await?;

    told("3  Open a copy of that backup with every key there is.\n");
    let copy = Copy::open(&house.app, backup, &manifest).await?;
    let opened = copy.people(std::slice::from_ref(&leaving)).await?;
    let others_opened = copy.people(&house.app.catalog.tenant_refs().await?).await?;
    copy.close().await;
    told(&opened_text(opened, in_the_backup, others_opened));

    told("4  Disaster: stop the server, restore last night's backup, start again.\n");
    let (settings, token) = house.close().await?;
    App::restore(&settings, backup, None).await?;
    let house = House::open(settings, token).await?;

    told("5  Who is there?\n");
    let found_again = found(&house.app, &leaving).await?;
    let after = self::others(&house.app).await?;
    let drill = Drill {
        receipt_id,
        verified: verify(&file, None).passed,
        in_the_backup,
        opened,
        others_opened,
        found_again,
        others: others.people,
        others_intact: after == others,
    };
    told(&found_text(&drill));
    told("6  Verify the receipt from its file alone, as anybody can.\n");
    told(&verified_text(&drill));
    Ok((house, drill))
}

/// A catalog over a copy of the backup: the same keys, the old data.
struct Copy {
    data: Db,
    catalog: Catalog,
}

impl Copy {
    async fn open(app: &App, backup: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let name = manifest.files.keys().next().map_or("", String::as_str);
        let copy = backup.with_extension("copy");
        std::fs::copy(backup.join(name), &copy)
            .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        let url = format!("sqlite:{}", copy.display());
        let data = Db::open_existing(&url, Role::Data).await?;
        let (index, keyring) = (app.index.clone(), app.keyring.clone());
        let (clock, random) = (app.clock.clone(), app.random.clone());
        let catalog = Catalog::new(data.clone(), index, keyring, clock, random);
        Ok(Self { data, catalog })
    }

    /// How many people of these clients can be read.
    async fn people(&self, tenants: &[TenantRef]) -> Result<u64, Failure> {
        let mut people = 0;
        for tenant in tenants {
            people += everything(&self.catalog, tenant).await?.people;
        }
        Ok(people)
    }

    /// Gone whole: a restore waits for whoever still has the keys.
    async fn close(self) {
        self.data.close().await;
    }
}

async fn purge(
    house: &House,
    leaving: &TenantRef,
    people: u64,
    told: &impl Fn(&str),
) -> Result<crate::vocabulary::ErasureId, Failure> {
    let clock = house.app.clock.clone();
    let offboarder = house.app.offboarder();
    let client = offboarder.client(&leaving.slug).await?;
    let yesterday = rules::day_of(clock.now(), &client.timezone).pred_opt();
    let begin = Begin {
        choice: Choice::Delete,
        contract_ends: yesterday,
        grace_days: Some(0),
        instruction: "end of contract, demo".to_owned(),
    };
    offboarder.begin(&client, begin).await?;
    for name in ["Anna Berg", "Lars Ek"] {
        let (name, known_by) = (name.to_owned(), "fictional, demo".to_owned());
        offboarder
            .approve(&client, Person { name, known_by })
            .await?;
    }
    let begun = clock.uptime();
    let outcome = Box::pin(offboarder.execute(&client, client.name.clone())).await?;
    let took = clock.uptime().saturating_sub(begun).as_millis();
    let people = count(people, "person", "people");
    told(&format!(
        "   {people} and everything they wrote: keys destroyed, rows deleted,\n"
    ));
    told(&format!(
        "   receipt {} issued, {took} ms in all.\n",
        outcome.erasure
    ));
    Ok(outcome.erasure)
}

/// How many people of the purged client anybody can still see.
async fn found(app: &App, leaving: &TenantRef) -> Result<u64, Failure> {
    match app.catalog.tenant_ref(&leaving.slug).await {
        Err(CatalogError::TenantBeingErased | CatalogError::TenantUnknown(_)) => {
            Ok(app.eraser.preview_tenant(leaving.id).await?.people)
        }
        Err(error) => Err(error.into()),
        Ok(tenant) => Ok(everything(&app.catalog, &tenant).await?.people),
    }
}

/// What is held of some people: how many they are, and a hash over all of it.
#[derive(PartialEq, Eq)]
struct Held {
    people: u64,
    hash: Vec<[u8; 32]>,
}

/// Everything held about the people of all other clients.
async fn others(app: &App) -> Result<Held, Failure> {
    let mut held = Held {
        people: 0,
        hash: Vec::new(),
    };
    for tenant in app.catalog.tenant_refs().await? {
        if tenant.slug != LEAVING {
            let one = everything(&app.catalog, &tenant).await?;
            held.people += one.people;
            held.hash.extend(one.hash);
        }
    }
    Ok(held)
}

/// Everything held about the people of a client, as their own access packages would show it.
async fn everything(catalog: &Catalog, tenant: &TenantRef) -> Result<Held, Failure> {
    let mut held = Held {
        people: 0,
        hash: Vec::new(),
    };
    let mut after = Some(ContactId([0; 16]));
    while let Some(from) = after {
        let page = catalog.list_contacts(tenant, from, PAGE).await?;
        for contact in &page.items {
            let record = catalog.access(tenant, contact.id).await?;
            let text = serde_json::to_vec(&(record.profile, record.cases)).unwrap_or_default();
            held.hash.push(Sha256::digest(&text).into());
            held.people += 1;
        }
        after = page.next;
    }
    Ok(held)
}

fn opened_text(opened: u64, held: u64, others: u64) -> String {
    let others = count(others, "person", "people");
    format!(
        "   Brygga Kaffe AB: {opened} of {held} people can be read. The others: all {others}.\n"
    )
}

fn found_text(drill: &Drill) -> String {
    let others = count(drill.others, "person", "people");
    let intact = match drill.others_intact {
        true => format!("{others}, everything about them the same, byte for byte"),
        false => "NOT as they were".to_owned(),
    };
    Text::line(format!(
        "   Brygga Kaffe AB: {} people. The others: {intact}.",
        drill.found_again
    ))
    .to_string()
}

fn verified_text(drill: &Drill) -> String {
    let verified = if drill.verified {
        "verified"
    } else {
        "NOT VERIFIED"
    };
    format!("   receipt {}: {verified}\n", drill.receipt_id)
}
