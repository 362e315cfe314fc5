//! How a client's data is processed: why, on which ground, for how long, and to whom it may go. The
//! inventory, the notice and the record of Art. 30 all read it from here.
//!
//! Each client has what is usual at a support desk ([`rules`]) until it says otherwise.
//!
//! **To add a purpose**: a variant of [`Purpose`], its clause in both languages
//! (`templates/notice/clauses.json`), and where it is usual a line in `rules.rs`.

mod period;
pub(crate) mod rows;
pub mod rules;

pub use period::{Period, Unit};

use super::types::{Category, Channel, words};
use super::write::pass_gate;
use super::{Catalog, CatalogError, TenantRef};
use crate::audit::{self, Action};
use crate::store::{Row, StoreError, Tx, Value, args};
use crate::vocabulary::{RecipientId, TenantId, Timestamp};

words! {
    /// What data is processed for.
    Purpose {
        /// Answering a case and following it up.
        Support = "support",
        /// Withdrawal, complaints about goods, returns, refunds.
        Claims = "claims",
        /// Looking at payments and changing them.
        Payment = "payment",
        /// Return slips and customs invoices.
        Customs = "customs",
        /// What the law on bookkeeping asks for.
        Accounting = "accounting",
        /// Establishing and defending legal claims.
        LegalClaims = "legal_claims",
        /// Following up and improving customer service.
        Quality = "quality",
        /// Protecting the systems and showing that the law is kept.
        Security = "security",
        /// Answering data subjects' requests.
        Rights = "rights",
    }
    /// A ground of Art. 6(1), by its letter.
    Basis {
        /// Consent.
        Consent = "a",
        /// A contract with the person, or steps before one.
        Contract = "b",
        /// A duty by law.
        LegalObligation = "c",
        /// Somebody's vital interests.
        VitalInterests = "d",
        /// A task in the public interest.
        PublicTask = "e",
        /// Legitimate interests.
        LegitimateInterest = "f",
    }
    /// From when a period runs.
    Starts {
        /// The case was closed.
        CaseClosed = "case_closed",
        /// The person's last case was closed.
        LastCaseClosed = "last_case_closed",
    }
    /// What somebody who is given data is to the client.
    RecipientRole {
        /// Works for the operator, with the client's authorisation.
        SubProcessor = "sub_processor",
        /// The client's own support, or one that works for it.
        SecondLine = "second_line",
        /// Carries calls and text messages.
        Telecom = "telecom",
        /// Carries parcels.
        Carrier = "carrier",
        /// Handles payments.
        Payment = "payment",
        /// Runs a social page.
        Platform = "platform",
        /// A public authority.
        Authority = "authority",
        /// Anybody else.
        Other = "other",
    }
}

/// Somebody who may be given data: a line of the sub-processor register.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Recipient {
    /// Its id; absent before it is written.
    pub id: Option<RecipientId>,
    /// For this client only; absent: for all.
    pub tenant: Option<TenantId>,
    /// A company or a role, no person.
    pub name: String,
    /// What it is to the client.
    pub role: RecipientRole,
    /// ISO 3166 code of where it works.
    pub country: String,
    /// What protects the data outside the EEA.
    pub safeguard: Option<String>,
    /// When it came into the register; absent before it is written.
    pub added_at: Option<Timestamp>,
}

/// A purpose and its grounds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurposeOf {
    /// What for.
    pub purpose: Purpose,
    /// On which grounds of Art. 6(1), by their letters; the first is the main one.
    pub legal_basis: Vec<Basis>,
}

/// How long one category is kept.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Of which kind.
    pub category: Category,
    /// How long.
    pub period: Period,
    /// From when.
    pub starts: Starts,
}

impl Catalog {
    /// Adds a recipient, for one client or for all. It gets its id here.
    pub async fn add_recipient(&self, mut new: Recipient) -> Result<Recipient, CatalogError> {
        rules::check_recipient(&new)?;
        let id = RecipientId::generate(self.random.as_ref());
        let now = self.clock.now();
        (new.id, new.added_at) = (Some(id), Some(now));
        let mut tx = self.data.begin().await?;
        if let Some(tenant) = new.tenant {
            self.pass_a_gate(&mut tx, tenant).await?;
        }
        let role = new.role.word();
        let row = args![
            id,
            new.tenant,
            &new.name,
            role,
            &new.country,
            new.safeguard.clone(),
            now
        ];
        tx.execute(rows::INSERT_RECIPIENT, row).await?;
        self.end_change(tx, new.tenant).await?;
        Ok(new)
    }

    /// Takes a recipient out of the register; `None` when it is not there.
    pub async fn remove_recipient(&self, id: RecipientId) -> Result<Option<()>, CatalogError> {
        let Some(it) = self.recipient(id).await? else {
            return Ok(None);
        };
        let mut tx = self.data.begin().await?;
        let deleted = tx.execute(rows::DELETE_RECIPIENT, args![id]).await?;
        self.end_change(tx, it.tenant).await?;
        Ok((deleted == 1).then_some(()))
    }

    /// One recipient.
    pub async fn recipient(&self, id: RecipientId) -> Result<Option<Recipient>, CatalogError> {
        let row = self.data.fetch_optional(rows::RECIPIENT, args![id]);
        Ok(row.await?.as_ref().map(recipient).transpose()?)
    }

    /// The register: of one client with those of every client, or the whole.
    pub async fn recipients(
        &self,
        tenant: Option<TenantId>,
    ) -> Result<Vec<Recipient>, CatalogError> {
        let found = match tenant {
            Some(tenant) => self.data.fetch_all(rows::RECIPIENTS, args![tenant]),
            None => self.data.fetch_all(rows::ALL_RECIPIENTS, args![]),
        };
        let found: Result<Vec<_>, _> = found.await?.iter().map(recipient).collect();
        Ok(found?)
    }

    /// Why a client's data is processed: what it said, or what is usual with these channels.
    pub async fn purposes(
        &self,
        tenant: &TenantRef,
        channels: &[Channel],
    ) -> Result<Vec<PurposeOf>, CatalogError> {
        let stored = self
            .data
            .fetch_all(rows::PURPOSES, args![tenant.id])
            .await?;
        let mut purposes: Vec<PurposeOf> = stored
            .iter()
            .map(purpose)
            .collect::<Result<_, StoreError>>()?;
        if purposes.is_empty() {
            return Ok(rules::usual_purposes(channels));
        }
        purposes.sort_by_key(|it| it.purpose);
        Ok(purposes)
    }

    /// Says why a client's data is processed; nothing: what is usual.
    pub async fn set_purposes(
        &self,
        tenant: &TenantRef,
        purposes: &[PurposeOf],
    ) -> Result<(), CatalogError> {
        rules::check_purposes(purposes)?;
        let row = |it: &PurposeOf| {
            let letters: Vec<&str> = it.legal_basis.iter().map(|basis| basis.word()).collect();
            args![tenant.id, it.purpose.word(), letters.join(",")]
        };
        let rows: Vec<Vec<Value>> = purposes.iter().map(row).collect();
        let mut tx = self.data.begin().await?;
        self.pass_a_gate(&mut tx, tenant.id).await?;
        tx.fetch_optional(rows::TAKE_TENANT, args![tenant.id])
            .await?;
        tx.execute(rows::DELETE_PURPOSES, args![tenant.id]).await?;
        tx.execute_many(&rows::INSERT_PURPOSES, args![], rows)
            .await?;
        self.end_change(tx, Some(tenant.id)).await
    }

    /// How long each category of a client is kept.
    pub async fn retention_rules(
        &self,
        tenant: &TenantRef,
    ) -> Result<Vec<RetentionRule>, CatalogError> {
        let stored = self.data.fetch_all(rows::RETENTION_RULES, args![tenant.id]);
        let stored: Vec<RetentionRule> = stored
            .await?
            .iter()
            .map(rule)
            .collect::<Result<_, StoreError>>()?;
        let of = |category: &Category| {
            let said = stored.iter().find(|rule| rule.category == *category);
            said.copied()
                .unwrap_or_else(|| rules::usual_rule(*category))
        };
        Ok(Category::ALL.iter().map(of).collect())
    }

    /// Says how long categories are kept; those not named are kept as long as is usual.
    pub async fn set_retention_rules(
        &self,
        tenant: &TenantRef,
        given: &[RetentionRule],
    ) -> Result<(), CatalogError> {
        rules::check_retention(given)?;
        let row = |it: &RetentionRule| {
            let (category, starts) = (it.category.word(), it.starts.word());
            args![tenant.id, category, it.period.to_string(), starts]
        };
        let rows: Vec<Vec<Value>> = given.iter().map(row).collect();
        let mut tx = self.data.begin().await?;
        self.pass_a_gate(&mut tx, tenant.id).await?;
        tx.fetch_optional(rows::TAKE_TENANT, args![tenant.id])
            .await?;
        tx.execute(rows::DELETE_RETENTION_RULES, args![tenant.id])
            .await?;
        tx.execute_many(&rows::INSERT_RETENTION_RULES, args![], rows)
            .await?;
        self.end_change(tx, Some(tenant.id)).await
    }

    /// Whoever writes about a client passes one of its gates, which a purge closes.
    pub(crate) async fn pass_a_gate(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
    ) -> Result<(), CatalogError> {
        let mut gate = [0];
        self.random.fill(&mut gate);
        pass_gate(tx, tenant, gate[0].into()).await
    }

    async fn end_change(&self, mut tx: Tx, tenant: Option<TenantId>) -> Result<(), CatalogError> {
        let mut entry = self.entry(Action::ProcessingChanged);
        entry.tenant = tenant;
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), self.random.as_ref()).await?;
        Ok(tx.commit().await?)
    }
}

/// A word that another release wrote and this one does not know.
const UNKNOWN: StoreError = StoreError::Column {
    column: 0,
    wanted: "word of this release",
};

fn recipient(row: &Row) -> Result<Recipient, StoreError> {
    Ok(Recipient {
        id: Some(row.id(0)?),
        tenant: row.opt_id(1)?,
        name: row.text(2)?,
        role: RecipientRole::from_word(&row.text(3)?).ok_or(UNKNOWN)?,
        country: row.text(4)?,
        safeguard: row.opt_text(5)?,
        added_at: Some(row.timestamp(6)?),
    })
}

fn purpose(row: &Row) -> Result<PurposeOf, StoreError> {
    let letters = row.text(1)?;
    let legal_basis: Option<Vec<Basis>> = letters.split(',').map(Basis::from_word).collect();
    Ok(PurposeOf {
        purpose: Purpose::from_word(&row.text(0)?).ok_or(UNKNOWN)?,
        legal_basis: legal_basis.ok_or(UNKNOWN)?,
    })
}

fn rule(row: &Row) -> Result<RetentionRule, StoreError> {
    Ok(RetentionRule {
        category: Category::from_word(&row.text(0)?).ok_or(UNKNOWN)?,
        period: row.text(1)?.parse().map_err(|_| UNKNOWN)?,
        starts: Starts::from_word(&row.text(2)?).ok_or(UNKNOWN)?,
    })
}
