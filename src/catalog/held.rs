//! What is held of one person, category by category: how much, why, from where, for whom, and until when.

use super::inventory::{grounds, rows as inventory_rows};
use super::processing::{Period, Purpose, RetentionRule, Starts};
use super::types::{Category, Channel, Contact};
use super::{Catalog, CatalogError, TenantRef, rows, unit_kind};
use crate::store::args;
use crate::vocabulary::{Day, Timestamp};

/// What is held of one category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CategoryHeld {
    /// Of which kind.
    pub category: Category,
    /// In how many records.
    pub records: u64,
    /// Where it came from, as far as known.
    pub source: Option<String>,
    /// To whom it went.
    pub recipients: Vec<String>,
    /// What for.
    pub purposes: Vec<Purpose>,
    /// On which grounds.
    pub legal_basis: String,
    /// How long it is kept, as ISO 8601.
    pub retention: Period,
    /// From when that runs.
    pub retention_starts: Starts,
    /// The day after which none of it is kept; null while a case is open, or where there is none.
    pub kept_until: Option<Day>,
}

/// What a client has said of all its categories.
pub(super) struct Terms {
    purposes: Vec<Purpose>,
    legal_basis: String,
    rules: Vec<RetentionRule>,
    timezone: String,
}

impl Catalog {
    /// What is held of an opened contact, by category. Neither audited nor confirmed: that is up to the
    /// call it is part of.
    pub async fn categories(
        &self,
        tenant: &TenantRef,
        contact: &Contact,
    ) -> Result<Vec<CategoryHeld>, CatalogError> {
        let terms = self.terms(tenant).await?;
        self.categories_on(tenant, contact, &terms).await
    }

    /// The client's terms.
    pub(super) async fn terms(&self, tenant: &TenantRef) -> Result<Terms, CatalogError> {
        let of_both = args![tenant.id, tenant.id];
        let used = self.data.fetch_all(inventory_rows::CHANNELS, of_both);
        let mut channels = Vec::new();
        for row in used.await? {
            channels.push(Channel::from_word(&row.text(0)?).unwrap_or(Channel::Other));
        }
        let purposes = self.purposes(tenant, &channels).await?;
        let row = self.data.fetch_one(rows::TIMEZONE, args![tenant.id]);
        Ok(Terms {
            legal_basis: grounds(&purposes),
            purposes: purposes.iter().map(|it| it.purpose).collect(),
            rules: self.retention_rules(tenant).await?,
            timezone: row.await?.text(0)?,
        })
    }

    pub(super) async fn categories_on(
        &self,
        tenant: &TenantRef,
        contact: &Contact,
        terms: &Terms,
    ) -> Result<Vec<CategoryHeld>, CatalogError> {
        let of = args![tenant.id, contact.id];
        let messages = self.data.fetch_one(rows::COUNT_MESSAGES, of.clone());
        let messages = messages.await?.u64(0)?;
        let files = self.data.fetch_one(rows::COUNT_ATTACHMENTS, of.clone());
        let files = files.await?.u64(0)?;
        let recipients = self.data.fetch_all(rows::RECIPIENTS, of).await?;
        let recipients: Result<Vec<String>, _> = recipients.iter().map(|row| row.text(0)).collect();
        let recipients = recipients?;
        let last_closed = self.last_closed(tenant, contact).await?;
        let records = |category: Category| match category {
            Category::Message => messages,
            Category::Attachment => files,
            of_profile => contact.all(of_profile).count() as u64,
        };
        let held = Category::ALL.iter().copied();
        let held = held.filter(|category| records(*category) > 0);
        Ok(held
            .map(|category| {
                let rule = terms.rule(category);
                let ends = |at| rule.period.after(Day::local(at, &terms.timezone));
                CategoryHeld {
                    category,
                    records: records(category),
                    source: contact.source.clone(),
                    recipients: recipients.clone(),
                    purposes: terms.purposes.clone(),
                    legal_basis: terms.legal_basis.clone(),
                    retention: rule.period,
                    retention_starts: rule.starts,
                    kept_until: last_closed.map(ends),
                }
            })
            .collect())
    }

    /// When the last of a person's cases was closed; nothing while one is open, or where there is none.
    async fn last_closed(
        &self,
        tenant: &TenantRef,
        contact: &Contact,
    ) -> Result<Option<Timestamp>, CatalogError> {
        let of = args![tenant.id, contact.id, unit_kind::PART];
        let row = self.data.fetch_one(rows::CLOSED_CASES, of).await?;
        let (cases, closed) = (row.u64(0)?, row.u64(1)?);
        let last = row.opt_timestamp(2)?;
        Ok(last.filter(|_| cases == closed))
    }
}

impl Terms {
    fn rule(&self, category: Category) -> RetentionRule {
        let said = self.rules.iter().find(|rule| rule.category == category);
        said.copied()
            .unwrap_or_else(|| super::processing::rules::usual_rule(category))
    }
}
