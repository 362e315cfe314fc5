//! Taking in what was uploaded, and destroying the file afterwards.

use std::io::ErrorKind;

use tokio::io::BufReader;

use super::{Failure, Progress};
use crate::catalog::{Catalog, CatalogError};
use crate::erasure::{EraseError, Eraser};
use crate::ingest::upload::{Ended, Upload, UploadState, Uploads};
use crate::ingest::{Format, IngestError, Report, Session};
use crate::queue::Lease;
use crate::vocabulary::ImportId;

/// How much is read at a time.
const BUFFER: usize = 256 << 10;

/// Takes an upload in; one that has been silent for too long has broken off.
pub async fn take_in(catalog: &Catalog, lease: &Lease, progress: &Progress) -> Result<(), Failure> {
    let uploads = Uploads {
        catalog: catalog.clone(),
    };
    let id = ImportId(lease.object);
    let Some(upload) = uploads.find(id).await.map_err(Failure::for_now)? else {
        return Ok(()); // Its client is purged.
    };
    let ended = match upload.state {
        UploadState::Receiving => {
            let why = "the upload fell silent: send the file again";
            uploads.end(id, Ended::CutOff(why)).await
        }
        UploadState::Received => match read(&uploads, &upload, progress).await {
            Ok(report) => uploads.end(id, Ended::Done(&report)).await,
            Err(error) => {
                let why = for_good(&error).ok_or_else(|| Failure::for_now(chain(&error)))?;
                uploads.end(id, Ended::Failed(why)).await
            }
        },
        UploadState::Done | UploadState::Failed | UploadState::CutOff => Ok(false),
    };
    ended.map(drop).map_err(Failure::for_now)
}

async fn read(
    uploads: &Uploads,
    upload: &Upload,
    progress: &Progress,
) -> Result<Report, IngestError> {
    let tenant = uploads.tenant(upload).await?;
    let known = uploads.catalog.show_tenant(&tenant.slug).await?;
    let wishes = &upload.wishes;
    progress.of(upload.bytes);
    let reached = |bytes| progress.reach(bytes);
    let source = BufReader::with_capacity(BUFFER, uploads.open(upload, &reached));
    let mut session = Session::new(&uploads.catalog, &tenant, wishes.settings(&tenant, &known));
    let format = Format::named(&upload.format);
    session
        .import(source, format, wishes.options(), |_| {})
        .await
}

/// Why it would fail in the same way each time; `None` when it may succeed later.
fn for_good(error: &IngestError) -> Option<String> {
    match error {
        error if error.is_of_one_file() => Some(error.to_string()),
        // Words of whoever sent it, who reads them: no column of a table names a person.
        IngestError::Map { .. } => Some(error.to_string()),
        IngestError::Source { cause, .. } if cause.kind() == ErrorKind::NotFound => {
            Some("the uploaded file is destroyed already: send it again".to_owned())
        }
        IngestError::Catalog(CatalogError::TenantBeingErased | CatalogError::TenantUnknown(_)) => {
            Some("the client is being purged: nothing more is taken in".to_owned())
        }
        _ => None,
    }
}

/// An error with what lies behind it, which this house's errors may say: none names a person.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}; because: {cause}");
        source = cause.source();
    }
    text
}

/// Destroys the file as it was sent in, with a receipt.
pub async fn clear(eraser: &Eraser, lease: &Lease) -> Result<(), Failure> {
    let Some(tenant) = lease.tenant else {
        return Ok(());
    };
    match eraser.discard_upload(tenant, ImportId(lease.object)).await {
        Ok(_) | Err(EraseError::UnknownTenant) => Ok(()),
        Err(error) => Err(Failure::for_now(chain(&error))),
    }
}
