//! What is held of a client, counted from live data and never opened: the inventory.
//!
//! Counts come from indexes that hold no sealed value. [`Holdings`] is the same in short, for the
//! public notice: what there is at all, in a few steps however much there is.

pub(crate) mod rows;

use std::collections::BTreeSet;

use super::processing::{Basis, Period, Purpose, PurposeOf, Starts};
use super::types::{Category, Channel, Custody};
use super::{Catalog, CatalogError, TenantRef};
use crate::audit::Action;
use crate::store::{Row, StoreError, args};
use crate::vocabulary::Timestamp;

/// Everything held of a client, by category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Inventory {
    /// Whose data, by slug.
    pub tenant: String,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// What is held, of each kind of which there is any.
    pub categories: Vec<CategoryInventory>,
    /// How messages came and went.
    pub channels: Vec<ChannelInventory>,
    /// Who has the cases in their hands.
    pub custody: Vec<CustodyInventory>,
    /// To whom something went.
    pub forwardings: Vec<ForwardingInventory>,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CategoryInventory {
    /// Of which kind.
    pub category: Category,
    /// About how many people.
    pub contacts: u64,
    /// How many values, messages or files.
    pub records: u64,
    /// The oldest.
    pub oldest: Option<Timestamp>,
    /// The newest.
    pub newest: Option<Timestamp>,
    /// Where it came from, as far as known.
    pub sources: Vec<String>,
    /// By which channels, where it came by one.
    pub channels: Vec<Channel>,
    /// Who was given some of it, and who may be.
    pub recipients: Vec<String>,
    /// What for.
    pub purposes: Vec<Purpose>,
    /// On which grounds.
    pub legal_basis: String,
    /// How long it is kept, as ISO 8601.
    pub retention: Period,
    /// From when that runs.
    pub retention_starts: Starts,
    /// What Fides calls it.
    pub fides_key: String,
    /// What the Data Privacy Vocabulary calls it.
    pub dpv: String,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ChannelInventory {
    /// Which.
    pub channel: Channel,
    /// How many messages.
    pub messages: u64,
    /// The oldest.
    pub oldest: Timestamp,
    /// The newest.
    pub newest: Timestamp,
}

/// Cases in somebody's hands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CustodyInventory {
    /// Whose.
    pub custody: Custody,
    /// How many.
    pub cases: u64,
}

/// What went to somebody.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ForwardingInventory {
    /// To whom.
    pub recipient: String,
    /// How often.
    pub forwardings: u64,
    /// The first time.
    pub oldest: Timestamp,
    /// The last time.
    pub newest: Timestamp,
}

/// What there is at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Of which kinds.
    pub categories: Vec<Category>,
    /// By which channels.
    pub channels: Vec<Channel>,
    /// Given to whom.
    pub given_to: Vec<String>,
}

/// Something counted under a word.
struct Counted {
    word: Option<String>,
    records: u64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
}

impl Counted {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            word: row.opt_text(0)?,
            records: row.u64(1)?,
            oldest: row.opt_timestamp(2)?,
            newest: row.opt_timestamp(3)?,
        })
    }

    fn channel(&self) -> Channel {
        let word = self.word.as_deref().unwrap_or_default();
        Channel::from_word(word).unwrap_or(Channel::Other)
    }
}

/// How the categories are called elsewhere: fideslang 3 and DPV 2.3.
const fn elsewhere(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Name => ("user.name", "https://w3id.org/dpv/2.3/pd#Name"),
        Category::Phone => (
            "user.contact.phone_number",
            "https://w3id.org/dpv/2.3/pd#TelephoneNumber",
        ),
        Category::Email => (
            "user.contact.email",
            "https://w3id.org/dpv/2.3/pd#EmailAddress",
        ),
        Category::ExternalId => ("user.unique_id", "https://w3id.org/dpv/2.3/pd#UID"),
        Category::Message => (
            "user.content.private",
            "https://w3id.org/dpv/2.3/pd#Communication",
        ),
        Category::Attachment => (
            "user.content.private",
            "https://w3id.org/dpv/2.3/pd#Communication",
        ),
    }
}

impl Catalog {
    /// What is held of a client.
    pub async fn inventory(&self, tenant: &TenantRef) -> Result<Inventory, CatalogError> {
        let entry = self.entry(Action::InventoryRead).of(tenant.id);
        self.confirmed(&entry, || self.count_inventory(tenant))
            .await
    }

    async fn count_inventory(&self, tenant: &TenantRef) -> Result<Inventory, CatalogError> {
        let messages = self.counted(rows::MESSAGES, tenant).await?;
        let channels: Vec<Channel> = messages.iter().map(Counted::channel).collect();
        let forwardings = self.counted(rows::FORWARDINGS, tenant).await?;
        let given_to = forwardings.iter().filter_map(|it| it.word.clone());
        let common = Common {
            recipients: self.may_receive(tenant, given_to).await?,
            purposes: self.purposes(tenant, &channels).await?,
            retention: self.retention_rules(tenant).await?,
        };
        let mut categories = Vec::new();
        let mut sources = BTreeSet::new();
        for (category, statement) in [
            (Category::Name, rows::WITH_NAME),
            (Category::Phone, rows::WITH_PHONE),
            (Category::Email, rows::WITH_EMAIL),
            (Category::ExternalId, rows::WITH_EXTERNAL_ID),
        ] {
            let found = self.data.fetch_all(statement, args![tenant.id]).await?;
            let counted: Result<Vec<_>, _> = found.iter().map(Counted::read).collect();
            let counted = counted?;
            let people: Result<Vec<u64>, _> = found.iter().map(|row| row.u64(4)).collect();
            let people = people?.into_iter().sum();
            let of = sources_of(&counted);
            sources.extend(of.iter().cloned());
            categories.extend(common.category(category, people, &counted, of, &[]));
        }
        let sources: Vec<String> = sources.into_iter().collect();
        let people = self.number(rows::PEOPLE_OF_MESSAGES, tenant, 0).await?;
        let of = sources.clone();
        categories.extend(common.category(Category::Message, people, &messages, of, &channels));
        let files = self.counted(rows::ATTACHMENTS_BY_CHANNEL, tenant).await?;
        let people = self.number(rows::ATTACHMENTS, tenant, 1).await?;
        let by: Vec<Channel> = files.iter().map(Counted::channel).collect();
        categories.extend(common.category(Category::Attachment, people, &files, sources, &by));
        Ok(Inventory {
            tenant: tenant.slug.clone(),
            counted_at: self.clock.now(),
            categories,
            channels: messages.iter().filter_map(channel).collect(),
            custody: self.count_custody(tenant).await?,
            forwardings: forwardings.into_iter().filter_map(forwarding).collect(),
        })
    }

    async fn counted(
        &self,
        statement: &'static str,
        tenant: &TenantRef,
    ) -> Result<Vec<Counted>, CatalogError> {
        let found = self.data.fetch_all(statement, args![tenant.id]).await?;
        let counted: Result<Vec<_>, _> = found.iter().map(Counted::read).collect();
        Ok(counted?)
    }

    async fn number(
        &self,
        statement: &'static str,
        tenant: &TenantRef,
        column: usize,
    ) -> Result<u64, CatalogError> {
        let row = self.data.fetch_one(statement, args![tenant.id]).await?;
        Ok(row.u64(column)?)
    }

    async fn count_custody(
        &self,
        tenant: &TenantRef,
    ) -> Result<Vec<CustodyInventory>, CatalogError> {
        let found = self.data.fetch_all(rows::CUSTODY, args![tenant.id]).await?;
        let mut custody = Vec::with_capacity(found.len());
        for row in &found {
            if let Some(word) = Custody::from_word(&row.text(0)?) {
                let cases = row.u64(1)?;
                custody.push(CustodyInventory {
                    custody: word,
                    cases,
                });
            }
        }
        custody.sort_by_key(|it| it.custody);
        Ok(custody)
    }

    /// Who was given something, and who may be.
    async fn may_receive(
        &self,
        tenant: &TenantRef,
        given_to: impl Iterator<Item = String>,
    ) -> Result<Vec<String>, CatalogError> {
        let register = self.recipients(Some(tenant.id)).await?;
        let mut names: BTreeSet<String> = register.into_iter().map(|it| it.name).collect();
        names.extend(given_to);
        Ok(names.into_iter().collect())
    }

    /// What there is at all, for a call that confirms by itself.
    pub async fn holdings(&self, tenant: &TenantRef) -> Result<Holdings, CatalogError> {
        let id = tenant.id;
        let held = self
            .data
            .fetch_one(rows::HELD, args![id, id, id, id, id, id]);
        let held = held.await?;
        let mut categories = Vec::new();
        for (at, category) in Category::ALL.iter().enumerate() {
            if held.bool(at)? {
                categories.push(*category);
            }
        }
        let used = self.data.fetch_all(rows::CHANNELS, args![id, id]).await?;
        let mut channels = BTreeSet::new();
        for row in &used {
            channels.insert(Channel::from_word(&row.text(0)?).unwrap_or(Channel::Other));
        }
        let given = self.data.fetch_all(rows::GIVEN_TO, args![id, id]).await?;
        let given_to: Result<Vec<String>, StoreError> =
            given.iter().map(|row| row.text(0)).collect();
        Ok(Holdings {
            categories,
            channels: channels.into_iter().collect(),
            given_to: given_to?,
        })
    }
}

/// What all categories of a client have in common.
struct Common {
    recipients: Vec<String>,
    purposes: Vec<PurposeOf>,
    retention: Vec<super::processing::RetentionRule>,
}

impl Common {
    /// A category of which there is any.
    fn category(
        &self,
        category: Category,
        contacts: u64,
        counted: &[Counted],
        sources: Vec<String>,
        channels: &[Channel],
    ) -> Option<CategoryInventory> {
        let records = counted.iter().map(|it| it.records).sum();
        if records == 0 {
            return None;
        }
        let usual = super::processing::rules::usual_rule(category);
        let rule = self.retention.iter().find(|it| it.category == category);
        let rule = rule.copied().unwrap_or(usual);
        let (fides_key, dpv) = elsewhere(category);
        let channels: BTreeSet<Channel> = channels.iter().copied().collect();
        Some(CategoryInventory {
            category,
            contacts,
            records,
            oldest: counted.iter().filter_map(|it| it.oldest).min(),
            newest: counted.iter().filter_map(|it| it.newest).max(),
            sources,
            channels: channels.into_iter().collect(),
            recipients: self.recipients.clone(),
            purposes: self.purposes.iter().map(|it| it.purpose).collect(),
            legal_basis: grounds(&self.purposes),
            retention: rule.period,
            retention_starts: rule.starts,
            fides_key: fides_key.to_owned(),
            dpv: dpv.to_owned(),
        })
    }
}

/// `GDPR Art. 6(1)(b), 6(1)(f)`: every ground that some purpose stands on.
pub(super) fn grounds(purposes: &[PurposeOf]) -> String {
    let all: BTreeSet<Basis> = purposes
        .iter()
        .flat_map(|it| it.legal_basis.iter().copied())
        .collect();
    let all: Vec<String> = all
        .iter()
        .map(|it| format!("6(1)({})", it.word()))
        .collect();
    match all.is_empty() {
        true => String::new(),
        false => format!("GDPR Art. {}", all.join(", ")),
    }
}

fn sources_of(counted: &[Counted]) -> Vec<String> {
    let sources: BTreeSet<String> = counted.iter().filter_map(|it| it.word.clone()).collect();
    sources.into_iter().collect()
}

fn channel(counted: &Counted) -> Option<ChannelInventory> {
    Some(ChannelInventory {
        channel: counted.channel(),
        messages: counted.records,
        oldest: counted.oldest?,
        newest: counted.newest?,
    })
}

fn forwarding(counted: Counted) -> Option<ForwardingInventory> {
    Some(ForwardingInventory {
        recipient: counted.word?,
        forwardings: counted.records,
        oldest: counted.oldest?,
        newest: counted.newest?,
    })
}
