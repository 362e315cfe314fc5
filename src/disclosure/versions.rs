//! Versions of a notice: drafted from what is true, approved by the client, published, and kept as they
//! were, so that "what did it say on 3 March?" has an answer.
//!
//! A version is written once, in every language of the client, and known by the hash of its texts. From
//! the first that is published, the public page shows what is in force and not what is true just now;
//! the difference is what the next draft shows.

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use sha2::{Digest, Sha256};

use super::changes::{self, Change};
use super::{DisclosureError, Notice, Notices, Weight, rows};
use crate::audit::{self, Action};
use crate::catalog::{CatalogError, TenantRef, unit_kind};
use crate::keyring::{Padding, columns};
use crate::receipts::body::Reference;
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{Lang, NoticeVersionId, Timestamp};

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VersionState {
    /// Written, and nobody has approved it.
    Draft,
    /// The client has approved it.
    Approved,
    /// In force.
    Published,
    /// Over: it was replaced, or a newer one was drafted before it was published.
    Ended,
}

/// One version, without its texts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Version {
    /// Counted from 1, per client.
    pub number: u64,
    /// How far it has come.
    pub state: VersionState,
    /// SHA-256 of its texts as JSON, as hexadecimal digits.
    pub hash: String,
    /// When it was written.
    pub drafted_at: Timestamp,
    /// On whose behalf.
    pub drafted_by: String,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// By whom at the client, as they are referred to.
    pub approved_by: Option<String>,
    /// From when it was in force.
    pub published_at: Option<Timestamp>,
    /// On whose behalf.
    pub published_by: Option<String>,
    /// Why it was published though something was missing in it.
    pub in_spite_of: Option<String>,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}

/// A version with its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Which.
    pub version: Version,
    /// What it says.
    pub texts: Texts,
}

/// A notice in the client's first language and in the other.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Texts(pub(super) Notice, pub(super) Notice);

impl Written {
    /// The text in a language; in the client's first when none is asked for.
    pub fn in_language(self, lang: Option<Lang>) -> Notice {
        let Texts(own, other) = self.texts;
        match lang {
            Some(lang) if lang == other.lang => other,
            _ => own,
        }
    }
}

impl Notices {
    /// Writes a version of the notice as it is now. Drafts that nobody published are over. When nothing has
    /// changed since the newest, that is the answer.
    pub async fn draft(&self, slug: &str) -> Result<Version, DisclosureError> {
        let catalog = &self.catalog;
        let tenant = catalog.tenant_ref(slug).await?;
        let texts = self.in_both_languages(slug).await?;
        let body = serde_json::to_vec(&texts).map_err(DisclosureError::Version)?;
        let hash: [u8; 32] = Sha256::digest(&body).into();
        if let Some(newest) = self.versions(slug).await?.into_iter().next()
            && newest.hash == hex::encode(hash)
            && newest.ended_at.is_none()
        {
            return Ok(newest);
        }
        let unit = catalog.own_unit(tenant.id).await?;
        let id = NoticeVersionId::generate(catalog.random.as_ref());
        let field = columns::NOTICE_VERSION.of(id.as_bytes(), 1);
        let random = catalog.random.as_ref();
        let sealed = unit.sealer.seal(field, &body, Padding::Padme, random);
        let mut tx = catalog.data.begin().await?;
        catalog
            .write_own_unit(&mut tx, tenant.id, &unit, unit_kind::NOTICE_VERSION)
            .await?;
        let last = tx.fetch_one(rows::LAST_NUMBER, args![tenant.id]).await?;
        let number = last.opt_i64(0)?.unwrap_or(0) + 1;
        let (now, by) = (catalog.clock.now(), catalog.actor.to_string());
        let row = args![id, tenant.id, unit.unit, number, hash, sealed, 1, now, by];
        tx.execute(rows::INSERT_VERSION, row).await?;
        tx.execute(rows::END_UNPUBLISHED, args![now, tenant.id, number])
            .await?;
        self.conclude(tx, Action::NoticeDrafted, &tenant).await?;
        self.version_of(&tenant, number.unsigned_abs()).await
    }

    /// The client approves a version: which person there, as a reference.
    pub async fn approve(
        &self,
        slug: &str,
        number: u64,
        by: Reference,
    ) -> Result<Version, DisclosureError> {
        let tenant = self.catalog.tenant_ref(slug).await?;
        let mut tx = self.catalog.data.begin().await?;
        let now = self.catalog.clock.now();
        let row = args![now, by.as_str(), tenant.id, number as i64];
        if tx.execute(rows::APPROVE, row).await? == 0 {
            tx.rollback().await?;
            let version = self.version_of(&tenant, number).await?;
            return match version.state {
                VersionState::Approved | VersionState::Published => Ok(version), // It is as it was to become.
                _ => Err(DisclosureError::VersionEnded(number)),
            };
        }
        self.conclude(tx, Action::NoticeApproved, &tenant).await?;
        self.version_of(&tenant, number).await
    }

    /// Puts an approved version in force. Refused while the law asks for something that is missing in it,
    /// unless a reason is given, which stays with the version.
    pub async fn publish(
        &self,
        slug: &str,
        number: u64,
        in_spite_of: Option<Reference>,
    ) -> Result<Version, DisclosureError> {
        let tenant = self.catalog.tenant_ref(slug).await?;
        let version = self.version_of(&tenant, number).await?;
        match version.state {
            VersionState::Published => return Ok(version),
            VersionState::Draft => return Err(DisclosureError::NotApproved(number)),
            VersionState::Ended => return Err(DisclosureError::VersionEnded(number)),
            VersionState::Approved => {}
        }
        let missing = self.lint(slug).await?;
        let missing = missing.iter().filter(|it| it.weight == Weight::Error);
        let missing: Vec<String> = missing.map(|it| it.field.to_string()).collect();
        if !missing.is_empty() && in_spite_of.is_none() {
            return Err(DisclosureError::Incomplete(missing.join(", ")));
        }
        let reason = in_spite_of.filter(|_| !missing.is_empty());
        let reason = reason.map(|it| it.as_str().to_owned());
        let mut tx = self.catalog.data.begin().await?;
        let (now, by) = (self.catalog.clock.now(), self.catalog.actor.to_string());
        tx.execute(rows::END_PUBLISHED, args![now, tenant.id])
            .await?;
        let row = args![now, by, reason, tenant.id, number as i64];
        if tx.execute(rows::PUBLISH, row).await? == 0 {
            return Err(DisclosureError::VersionEnded(number)); // Somebody else was faster.
        }
        tx.execute(rows::END_UNPUBLISHED, args![now, tenant.id, number as i64])
            .await?;
        self.conclude(tx, Action::NoticePublished, &tenant).await?;
        self.version_of(&tenant, number).await
    }

    /// A client's versions, the newest first.
    pub async fn versions(&self, slug: &str) -> Result<Vec<Version>, DisclosureError> {
        let tenant = self.catalog.tenant_ref(slug).await?;
        let found = self
            .catalog
            .data
            .fetch_all(rows::VERSIONS, args![tenant.id]);
        let read = found.await?.iter().map(version).collect::<Result<_, _>>();
        Ok(read?)
    }

    /// One version.
    pub async fn version(&self, slug: &str, number: u64) -> Result<Version, DisclosureError> {
        let tenant = self.catalog.tenant_ref(slug).await?;
        self.version_of(&tenant, number).await
    }

    /// One version with its texts.
    pub async fn written(&self, slug: &str, number: u64) -> Result<Written, DisclosureError> {
        let tenant = &self.catalog.tenant_ref(slug).await?;
        let read = || self.open_version(tenant, number);
        let written = self.catalog.published(read).await?;
        written.ok_or(DisclosureError::NoVersion(number))
    }

    /// What is in force now; `None` before the first publication.
    pub async fn in_force(&self, slug: &str) -> Result<Option<Written>, DisclosureError> {
        let now = self.catalog.clock.now();
        self.in_force_at(slug, now).await
    }

    /// What was in force at the end of a day, where the client is.
    pub async fn in_force_on(
        &self,
        slug: &str,
        day: NaiveDate,
    ) -> Result<Option<Written>, DisclosureError> {
        let tenant = self.catalog.tenant_ref(slug).await?;
        let read = || self.catalog.open_tenant(&tenant);
        let profile = self.catalog.published(read).await?;
        let last = end_of_day(day, &profile.summary.timezone);
        self.in_force_at(slug, last).await
    }

    async fn in_force_at(
        &self,
        slug: &str,
        at: Timestamp,
    ) -> Result<Option<Written>, DisclosureError> {
        let tenant = self.catalog.tenant_ref(slug).await?;
        let arguments = args![tenant.id, at, at];
        let found = self.catalog.data.fetch_optional(rows::IN_FORCE, arguments);
        match found.await? {
            Some(row) => Ok(Some(self.written(slug, row.u64(0)?).await?)),
            None => Ok(None),
        }
    }

    /// What changed from one version to another, in words.
    pub async fn changes(
        &self,
        slug: &str,
        from: u64,
        to: u64,
        lang: Option<Lang>,
    ) -> Result<Vec<Change>, DisclosureError> {
        let old = self.written(slug, from).await?;
        let new = self.written(slug, to).await?;
        let (old, new) = (old.in_language(lang), new.in_language(lang));
        Ok(changes::between(&old, &new))
    }

    async fn version_of(
        &self,
        tenant: &TenantRef,
        number: u64,
    ) -> Result<Version, DisclosureError> {
        let arguments = args![tenant.id, number as i64];
        let row = self.catalog.data.fetch_optional(rows::VERSION, arguments);
        let row = row.await?.ok_or(DisclosureError::NoVersion(number))?;
        Ok(version(&row)?)
    }

    async fn open_version(
        &self,
        tenant: &TenantRef,
        number: u64,
    ) -> Result<Option<Written>, CatalogError> {
        let arguments = args![tenant.id, number as i64];
        let row = self.catalog.data.fetch_optional(rows::VERSION, arguments);
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let Some(sealer) = self.catalog.own_sealer(tenant.id, &row, 13).await? else {
            return Ok(None);
        };
        let field = columns::NOTICE_VERSION.of(&row.bytes::<16>(10)?, row.u32(12)?);
        let body = sealer.open(field, &row.blob(11)?)?;
        let texts = serde_json::from_slice(&body).map_err(CatalogError::Stored)?;
        let version = version(&row)?;
        Ok(Some(Written { version, texts }))
    }

    async fn conclude(
        &self,
        mut tx: Tx,
        action: Action,
        tenant: &TenantRef,
    ) -> Result<(), StoreError> {
        let catalog = &self.catalog;
        let entry = catalog.entry(action).of(tenant.id);
        let (clock, random) = (catalog.clock.as_ref(), catalog.random.as_ref());
        audit::record_in(&mut tx, &entry, clock, random).await?;
        tx.commit().await
    }
}

/// The last moment of a day where the client is; in UTC where its time zone is not known, and where the
/// clock skips midnight.
fn end_of_day(day: NaiveDate, timezone: &str) -> Timestamp {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let midnight = next.and_time(NaiveTime::MIN);
    let zone: Option<chrono_tz::Tz> = timezone.parse().ok();
    let local = zone.and_then(|zone| zone.from_local_datetime(&midnight).earliest());
    let end = local.map_or_else(|| midnight.and_utc(), |it| it.to_utc());
    Timestamp(end.timestamp_micros() - 1)
}

fn version(row: &Row) -> Result<Version, StoreError> {
    let (approved_at, published_at) = (row.opt_timestamp(4)?, row.opt_timestamp(6)?);
    let ended_at = row.opt_timestamp(9)?;
    Ok(Version {
        number: row.u64(0)?,
        state: match (ended_at, published_at, approved_at) {
            (Some(_), ..) => VersionState::Ended,
            (_, Some(_), _) => VersionState::Published,
            (.., Some(_)) => VersionState::Approved,
            _ => VersionState::Draft,
        },
        hash: hex::encode(row.blob(1)?),
        drafted_at: row.timestamp(2)?,
        drafted_by: row.text(3)?,
        approved_at,
        approved_by: row.opt_text(5)?,
        published_at,
        published_by: row.opt_text(7)?,
        in_spite_of: row.opt_text(8)?,
        ended_at,
    })
}
