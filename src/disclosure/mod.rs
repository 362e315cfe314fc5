//! What each client tells the people whose data is held for it (Arts 13 and 14), made from clauses and
//! from what is really held; and whether what is held is told (`declared`).
//!
//! ```text
//! templates/notice/clauses.json ─► clauses.rs ─┐
//! catalog: holdings, register, periods ─► rules.rs (which clauses, which values)
//!                                              └─► compose.rs ─► html.rs, plain.rs
//! ```
//!
//! **To add a clause**: its texts and conditions in `clauses.json`; a new value it names in
//! `compose.rs`. The tests read every clause in both languages.
//!
//! What is composed is what is true now. A version (`versions.rs`) keeps it as it was, from its draft
//! over the client's approval to its end; `changes.rs` says what differs between two.

mod changes;
mod clauses;
mod compose;
mod error;
mod html;
mod lint;
mod plain;
pub(crate) mod rows;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod versions;
pub(crate) mod words;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

pub use changes::Change;
pub use clauses::Clauses;
pub use compose::{Block, Item, Notice, Section};
pub use error::DisclosureError;
pub use html::{Links, STYLE};
pub use lint::{Missing, Weight};
pub use versions::{Version, Written};

use self::compose::Source;
use self::rules::Facts;
use self::versions::Texts;
use crate::catalog::{
    Catalog, CatalogError, CategoryInventory, Holdings, Inventory, Tenant, TenantRef,
};
use crate::receipts::body::Party;
use crate::vocabulary::Lang;

/// A form of a notice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A page that stands alone.
    Html,
    /// Markdown.
    Md,
    /// Plain text.
    Txt,
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "html" => Ok(Format::Html),
            "md" => Ok(Format::Md),
            "txt" => Ok(Format::Txt),
            "pdf" | "docx" => Err(format!(
                "this build makes no {word}: take html, and print or save that"
            )),
            _ => Err("choose one of html, md, txt".to_owned()),
        }
    }
}

impl Notice {
    /// The notice in one of its forms.
    pub fn written(
        &self,
        format: Format,
        links: Option<&Links>,
    ) -> Result<String, DisclosureError> {
        match format {
            Format::Html => html::page(self, links),
            Format::Md => Ok(plain::markdown(self)),
            Format::Txt => Ok(plain::text(self)),
        }
    }
}

/// One category, and whether the client's notice tells of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct DeclaredCategory {
    /// What is held.
    #[serde(flatten)]
    pub held: CategoryInventory,
    /// Whether the notice tells of it.
    pub declared: bool,
}

/// The inventory, and what of it the client's notice tells.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct DeclaredInventory {
    /// What is held, of each kind of which there is any.
    pub categories: Vec<DeclaredCategory>,
    /// Everything else that was counted.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The inventory without its categories.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Rest {
    /// Whose data, by slug.
    pub tenant: String,
    /// When it was counted.
    pub counted_at: crate::vocabulary::Timestamp,
    /// How messages came and went.
    pub channels: Vec<crate::catalog::inventory::ChannelInventory>,
    /// Who has the cases in their hands.
    pub custody: Vec<crate::catalog::inventory::CustodyInventory>,
    /// To whom something went.
    pub forwardings: Vec<crate::catalog::inventory::ForwardingInventory>,
}

/// Notices of all clients.
#[derive(Clone)]
pub struct Notices {
    /// What is held.
    pub catalog: Catalog,
    /// Who answers for the clients.
    pub operator: Party,
    /// Whether the operator's name is its own and no stand-in.
    pub operator_is_named: bool,
}

/// What a notice is composed from, read at once.
struct Read {
    tenant: Tenant,
    facts: Facts,
    today: NaiveDate,
}

impl Notices {
    /// A client's notice as it is now; in the client's first language when none is asked for.
    pub async fn show(&self, slug: &str, lang: Option<Lang>) -> Result<Notice, DisclosureError> {
        let read = self.read(slug).await?;
        let lang = lang.unwrap_or_else(|| own_language(&read.tenant));
        compose::compose(Clauses::get()?, &self.source(&read), lang)
    }

    /// What is missing in it, what the law asks for first.
    pub async fn lint(&self, slug: &str) -> Result<Vec<Missing>, DisclosureError> {
        let read = self.read(slug).await?;
        let clauses = Clauses::get()?;
        Ok(lint::lint(
            clauses,
            &self.source(&read),
            self.operator_is_named,
        ))
    }

    /// What is held of a client, and what of it is told.
    pub async fn inventory(
        &self,
        tenant: &TenantRef,
    ) -> Result<DeclaredInventory, DisclosureError> {
        let clauses = Clauses::get()?;
        let Inventory {
            tenant,
            counted_at,
            categories,
            channels,
            custody,
            forwardings,
        } = self.catalog.inventory(tenant).await?;
        let declare = |held: CategoryInventory| DeclaredCategory {
            declared: clauses.declare(held.category),
            held,
        };
        Ok(DeclaredInventory {
            categories: categories.into_iter().map(declare).collect(),
            rest: Rest {
                tenant,
                counted_at,
                channels,
                custody,
                forwardings,
            },
        })
    }

    /// The notice as it is now in both languages, from one look.
    async fn in_both_languages(&self, slug: &str) -> Result<Texts, DisclosureError> {
        let read = self.read(slug).await?;
        let own = own_language(&read.tenant);
        let other = match own {
            Lang::Sv => Lang::En,
            Lang::En => Lang::Sv,
        };
        let source = self.source(&read);
        let compose = |lang| compose::compose(Clauses::get()?, &source, lang);
        Ok(Texts(compose(own)?, compose(other)?))
    }

    fn source<'a>(&'a self, read: &'a Read) -> Source<'a> {
        Source {
            tenant: &read.tenant,
            operator: &self.operator,
            facts: &read.facts,
            today: read.today,
        }
    }

    async fn read(&self, slug: &str) -> Result<Read, CatalogError> {
        let tenant = &self.catalog.tenant_ref(slug).await?;
        self.catalog.published(|| self.read_facts(tenant)).await
    }

    /// A client's notice cut to what is held of one person (Art. 15(1)), and whose it is. The caller
    /// writes the audit row.
    pub async fn tailored(
        &self,
        tenant: &TenantRef,
        held: &Holdings,
        lang: Lang,
    ) -> Result<(Tenant, Notice), DisclosureError> {
        let read = self.catalog.unrecorded(|| self.facts(tenant, held.clone()));
        let read = read.await?;
        let notice = compose::compose(Clauses::get()?, &self.source(&read), lang)?;
        Ok((read.tenant, notice))
    }

    async fn read_facts(&self, tenant: &TenantRef) -> Result<Read, CatalogError> {
        let holdings = self.catalog.holdings(tenant).await?;
        self.facts(tenant, holdings).await
    }

    async fn facts(&self, tenant: &TenantRef, holdings: Holdings) -> Result<Read, CatalogError> {
        let profile = self.catalog.open_tenant(tenant).await?;
        let recipients = self.catalog.recipients(Some(tenant.id)).await?;
        let listed: BTreeSet<&str> = recipients.iter().map(|it| it.name.as_str()).collect();
        let given = holdings.given_to.iter();
        let given = given
            .filter(|name| !listed.contains(name.as_str()))
            .cloned()
            .collect();
        let controller = &profile.controller;
        let known = controller.values().into_iter();
        let facts = Facts {
            given,
            known: known
                .filter(|(_, value)| value.is_some())
                .map(|(name, _)| name)
                .collect(),
            stored_in: controller
                .stored_in
                .as_ref()
                .map(|it| it.expose().to_owned()),
            operator_org_no: !self.operator.org_no.is_empty(),
            country: tenant.country.clone(),
            purposes: self.catalog.purposes(tenant, &holdings.channels).await?,
            retention: self.catalog.retention_rules(tenant).await?,
            categories: holdings.categories,
            channels: holdings.channels,
            recipients,
        };
        let now = self.catalog.clock.now().to_utc();
        let today = local_date(now, &profile.summary.timezone);
        Ok(Read {
            tenant: profile,
            facts,
            today,
        })
    }
}

fn own_language(tenant: &Tenant) -> Lang {
    let first = tenant.summary.languages.first();
    first.and_then(|code| code.parse().ok()).unwrap_or(Lang::Sv)
}

/// The date where the client is; in UTC where its time zone is not known.
fn local_date(now: DateTime<Utc>, timezone: &str) -> NaiveDate {
    match timezone.parse::<chrono_tz::Tz>() {
        Ok(zone) => now.with_timezone(&zone).date_naive(),
        Err(_) => now.date_naive(),
    }
}
