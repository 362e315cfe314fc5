//! The package of Art. 15: everything held about one person, as a zip that needs nothing but a browser.
//!
//! | File | What it is for |
//! |---|---|
//! | `00_READ_ME_FIRST.html`, `01_letter.html`, `02_information.html` | to read: overview, answer, Art. 15(1) |
//! | `data/profile.json`, `data/cases/ID.json` and `.html`, `data/attachments/` | the copy itself |
//! | `data/forwardings.csv`, `data/access_log.csv`, `data/redactions.json` | who got it, who looked, what is covered |
//! | `data/requests.json` | what the person asked before |
//! | `portability/` | the same for other programs (Art. 20) |
//! | `manifest.json` | a SHA-256 per file, signed by the log's key |
//!
//! It is written as a stream, a page of messages at a time, and no plaintext reaches a disk here. The data
//! are walked once per file; what is added meanwhile may be in one file and not in another. Whoever is
//! erased meanwhile gets no package: it breaks off before its end, and half a zip does not open.
//!
//! **To add a file**: a method of [`Packing`] that writes it, called in [`Packing::all`], and a line in
//! `templates/package/read_me.html` that says what it is for, in both languages (`words.rs`).

mod cases;
mod earlier;
mod facts;
mod pages;
mod portable;
mod seen;
mod tables;
pub mod verify;
mod words;
mod zip;

use tokio::io::AsyncWrite;

use self::earlier::Earlier;
use self::seen::Seen;
use self::words::Words;
use self::zip::Package;
use super::{RequestError, Requests};
use crate::audit::Action;
use crate::catalog::processing::RetentionRule;
use crate::catalog::types::{Case, Category, Contact};
use crate::catalog::walk::After;
use crate::catalog::{CatalogError, CategoryHeld, TenantRef, TenantSummary};
use crate::disclosure::{Notice, Notices};
use crate::vocabulary::{CaseId, ContactId, Lang, MessageId, Timestamp};

/// Records read at a time.
const PAGE: u16 = 200;
/// Before the first case.
const FIRST_CASE: After<CaseId> = (Timestamp(i64::MIN), CaseId([0; 16]));
/// Before the first message.
const FIRST_MESSAGE: After<MessageId> = (Timestamp(i64::MIN), MessageId([0; 16]));

/// Whose package, and how it speaks.
#[derive(Debug, Clone)]
pub struct PackageOrder {
    /// In whose data.
    pub tenant: TenantRef,
    /// Who.
    pub contact: ContactId,
    /// In which language; the client's first when not said.
    pub lang: Option<Lang>,
    /// The number of the request it answers.
    pub case_no: Option<String>,
}

/// A package that was written to its end.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Packed {
    /// Whose.
    pub contact: ContactId,
    /// The zip's SHA-256.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// How many files are in it.
    pub files: u64,
    /// How many cases.
    pub cases: u64,
    /// How many of the person's messages.
    pub messages: u64,
    /// How many of the files sent along.
    pub attachments: u64,
    /// How many messages of other people are covered.
    pub masked: u64,
}

/// A package under way.
struct Packing<'a, W> {
    room: &'a Requests,
    order: &'a PackageOrder,
    lang: Lang,
    words: &'static Words,
    client: TenantSummary,
    contact: Contact,
    held: Vec<CategoryHeld>,
    rules: Vec<RetentionRule>,
    snapshot: Timestamp,
    seen: Seen,
    earlier: Vec<Earlier>,
    /// How many records of the client could not be read, and may be about anybody.
    quarantined: u64,
    zip: Package<W>,
}

impl Requests {
    /// Writes everything held about a person to `out`, as the package of Art. 15.
    pub async fn write_package<W: AsyncWrite + Unpin + Send>(
        &self,
        order: &PackageOrder,
        out: W,
    ) -> Result<Packed, RequestError> {
        let catalog = self.catalog();
        let (tenant, contact) = (&order.tenant, order.contact);
        let entry = catalog.entry(Action::AccessRead).of(tenant.id);
        let written = catalog.recorder.record(&entry.to(contact.as_bytes())).await;
        written.map_err(CatalogError::Audit)?;
        let person = catalog
            .unrecorded(|| async {
                let person = catalog.open_contact(tenant, contact).await?;
                let held = catalog.categories(tenant, &person).await?;
                let client = catalog.open_tenant(tenant).await?.summary;
                Ok((person, held, client))
            })
            .await?;
        let (person, held, client) = person;
        let first = client.languages.first();
        let own = first.and_then(|code| code.parse().ok()).unwrap_or(Lang::Sv);
        let lang = order.lang.unwrap_or(own);
        let mut packing = Packing {
            room: self,
            order,
            lang,
            words: Words::of(lang),
            client,
            contact: person,
            held,
            rules: catalog.retention_rules(tenant).await?,
            snapshot: catalog.clock.now(),
            seen: Seen::default(),
            earlier: Vec::new(),
            quarantined: catalog.count_quarantined(tenant).await?,
            zip: Package::begin(out),
        };
        packing.all().await?;
        packing.end().await
    }
}

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    /// Every file but the manifest.
    async fn all(&mut self) -> Result<(), RequestError> {
        self.profile().await?;
        self.cases().await?;
        self.forwardings().await?;
        self.access_log().await?;
        self.redactions().await?;
        self.requests().await?;
        self.messages_as_mail().await?;
        self.contact_card().await?;
        self.cases_as_table().await?;
        let notice = self.notice().await?;
        self.information(&notice).await?;
        self.letter().await?;
        self.read_me().await
    }

    /// The manifest and the end. Who is gone by now is not handed out.
    async fn end(mut self) -> Result<Packed, RequestError> {
        let catalog = self.room.catalog();
        let (tenant, contact) = (&self.order.tenant, self.order.contact);
        catalog
            .unrecorded(|| catalog.open_contact(tenant, contact))
            .await?;
        let log = &self.room.eraser.log;
        let about = zip::About {
            schema: "gallra-access-package/1",
            tenant: &tenant.slug,
            contact,
            case_no: self.order.case_no.as_deref(),
            snapshot_at: self.snapshot,
            language: self.lang,
            tool: concat!("gallra ", env!("CARGO_PKG_VERSION")),
        };
        self.zip.manifest(about, log).await?;
        let files = self.zip.files();
        let (sha256, bytes) = self.zip.finish().await?;
        Ok(Packed {
            contact,
            sha256,
            bytes,
            files,
            cases: self.seen.cases,
            messages: self.seen.messages,
            attachments: self.seen.attachments,
            masked: self.seen.masked,
        })
    }

    /// What is told of the processing, cut to this person.
    async fn notice(&self) -> Result<Notice, RequestError> {
        let notices = Notices {
            catalog: self.room.catalog().clone(),
            operator: self.room.eraser.operator.clone(),
            operator_is_named: true,
        };
        let held = self.seen.holdings(&self.held);
        let (_, notice) = notices
            .tailored(&self.order.tenant, &held, self.lang)
            .await?;
        Ok(notice)
    }

    /// The next cases of the walk.
    async fn next_cases(
        &self,
        after: After<CaseId>,
    ) -> Result<(Vec<Case>, Option<After<CaseId>>), RequestError> {
        let catalog = self.room.catalog();
        let (tenant, contact) = (&self.order.tenant, self.order.contact);
        let page = catalog.next_cases_of(tenant, contact, after, PAGE).await?;
        Ok((page.items, page.next))
    }

    /// How long a category is kept.
    fn rule(&self, category: Category) -> Option<&RetentionRule> {
        self.rules.iter().find(|rule| rule.category == category)
    }
}
