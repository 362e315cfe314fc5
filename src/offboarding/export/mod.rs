//! The return: everything that is held of a client in one archive, encrypted to the client before a byte
//! of it leaves, in constant memory and with no plaintext on any disk.
//!
//! | File in the archive | What it is for |
//! |---|---|
//! | `READ_ME.txt` | what the others are, in Swedish and English |
//! | `data.ndjson` | everything, in our own format: `gallra import` takes it in again |
//! | `contacts.csv`, `cases.csv`, `messages.csv`, `forwardings.csv`, `attachments.csv` | tables for people and other systems |
//! | `messages.mbox` | messages with their files, for any mail program |
//! | `quarantine/ID` | records that an import could not read, as they came |
//!
//! The data are walked once per file, page by page. What is added meanwhile may be in one file and not
//! in another, so the counts from before stand beside the export, and a purge asks whether they are
//! still true.
//!
//! **To add a file**: a [`Sheet`] with its name, and how one message, case or contact is written in it.

mod archive;
mod lines;
mod tables;
mod walk;

use archive::Archive;
pub use archive::{ExportKey, PASSPHRASE};
use tokio::io::AsyncWrite;

use super::record::Export;
use super::{Client, Offboarder, OffboardingError};
use crate::audit::Action;
use crate::catalog::TenantRef;
use crate::receipts::body::{CategoryCount, Returned};
use crate::vocabulary::OffboardingId;

/// How the file is made, as receipts name it.
const FORMAT: &str = "zip, age";

const READ_ME: &str = include_str!("read_me.txt");

/// What is counted while `data.ndjson` is written.
#[derive(Debug, Default)]
struct Counts {
    contacts: u64,
    cases: u64,
    messages: u64,
    forwardings: u64,
    attachments: u64,
    quarantined: u64,
}

/// A file of the archive that is written case by case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sheet {
    Lines,
    Cases,
    Messages,
    Forwardings,
    Attachments,
    Mbox,
}

impl Sheet {
    /// In the order of the archive.
    const ALL: [Sheet; 6] = [
        Sheet::Lines,
        Sheet::Cases,
        Sheet::Messages,
        Sheet::Forwardings,
        Sheet::Attachments,
        Sheet::Mbox,
    ];

    fn name(self) -> &'static str {
        match self {
            Sheet::Lines => "data.ndjson",
            Sheet::Cases => "cases.csv",
            Sheet::Messages => "messages.csv",
            Sheet::Forwardings => "forwardings.csv",
            Sheet::Attachments => "attachments.csv",
            Sheet::Mbox => "messages.mbox",
        }
    }
}

/// An export under way.
struct Walk<'a, W> {
    room: &'a Offboarder,
    tenant: TenantRef,
    archive: Archive<W>,
    counts: Counts,
}

impl Offboarder {
    /// Refuses an export that could not be put on record; asked before the first byte is sent.
    pub async fn exportable(&self, client: &Client) -> Result<OffboardingId, OffboardingError> {
        self.refuse_when_purging(client)?;
        let newest = self.newest(client.id).await?;
        let open = newest.filter(|it| it.ended_at.is_none());
        let open = open.ok_or_else(|| OffboardingError::NotBegun(client.slug.clone()))?;
        Ok(open.id)
    }

    /// Writes everything that is held of a client to `out`, encrypted. Once all of it is written it
    /// is on record as handed over.
    pub async fn export<W: AsyncWrite + Unpin + Send>(
        &self,
        client: &Client,
        key: ExportKey,
        out: W,
    ) -> Result<Export, OffboardingError> {
        let id = self.exportable(client).await?;
        self.note(Action::OffboardingExported, client.id, id.as_bytes())
            .await?;
        let counts = self.eraser.count_tenant(client.id).await?;
        let mut export = Walk {
            room: self,
            tenant: TenantRef {
                id: client.id,
                slug: client.slug.clone(),
                country: client.country.clone(),
            },
            archive: Archive::begin(key, out).await?,
            counts: Counts::default(),
        };
        export.all().await?;
        let (sha256, bytes) = export.archive.finish().await?;
        let catalog = &self.eraser.catalog;
        let returned = Returned {
            format: FORMAT.to_owned(),
            sha256,
            bytes,
            records: export.counts.records(),
            at: catalog.clock.now(),
        };
        let actor = catalog.actor.to_string();
        let export = Export {
            returned,
            counts,
            actor,
        };
        let recorded = export.clone();
        self.change(client, |stored| {
            let before = stored.record.export.replace(recorded);
            stored.record.exports_before.extend(before);
            Ok(())
        })
        .await?;
        self.eraser.note_vault_version().await?;
        Ok(export)
    }
}

impl Counts {
    fn records(&self) -> Vec<CategoryCount> {
        let all = [
            ("contact", self.contacts),
            ("case", self.cases),
            ("message", self.messages),
            ("forwarding", self.forwardings),
            ("attachment", self.attachments),
            ("quarantined", self.quarantined),
        ];
        let there = all.into_iter().filter(|(_, records)| *records > 0);
        let count = |(category, records): (&str, u64)| CategoryCount {
            category: category.to_owned(),
            records,
        };
        there.map(count).collect()
    }
}
