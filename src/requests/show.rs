//! Reading requests: one in full, lists without what is sealed, what is due.

use super::deadlines::{Calendar, Pause, calculation, local_day};
use super::stored::Stored;
use super::types::{Event, Identifiers, Request, RequestInFull};
use super::{RequestError, Requests, rows};
use crate::audit::{Action, Entry};
use crate::catalog::opened::UnitRow;
use crate::catalog::{Page, TenantRef};
use crate::keyring::columns;
use crate::store::{Row, StoreError, args};
use crate::vocabulary::{Day, Personal, RequestId, TenantId};

/// How many open requests `due` shows at most.
const MOST_DUE: i64 = 1_000;

/// What of a request is sealed.
pub(super) struct Opened {
    pub identifiers: Identifiers,
    pub text: Option<Personal>,
}

impl Requests {
    /// The id of a request by its number.
    pub async fn by_case_no(&self, case_no: &str) -> Result<RequestId, RequestError> {
        let row = self
            .catalog()
            .data
            .fetch_optional(rows::BY_CASE_NO, args![case_no]);
        Ok(row.await?.ok_or(RequestError::Unknown)?.id(0)?)
    }

    /// At which client a request is; whoever asks looks whether that is theirs.
    pub async fn tenant_of(&self, id: RequestId) -> Result<TenantRef, RequestError> {
        let it = self.stored(id).await?;
        let tenant = self.catalog().tenant_by_id(it.tenant).await?;
        tenant.ok_or(RequestError::Unknown)
    }

    /// A request without what is sealed, for who has just made or changed it.
    pub async fn one(&self, tenant: &TenantRef, id: RequestId) -> Result<Request, RequestError> {
        Ok(self.stored(id).await?.seen(tenant))
    }

    pub(super) async fn stored(&self, id: RequestId) -> Result<Stored, RequestError> {
        let row = self.catalog().data.fetch_optional(rows::REQUEST, args![id]);
        Ok(Stored::read(&row.await?.ok_or(RequestError::Unknown)?)?)
    }

    /// One request with everything there is about it.
    pub async fn show(
        &self,
        tenant: &TenantRef,
        id: RequestId,
    ) -> Result<RequestInFull, RequestError> {
        let catalog = self.catalog();
        let entry = Entry::new(catalog.actor, Action::RequestRead);
        let entry = entry.of(tenant.id).to(id.as_bytes());
        let opened = catalog.confirmed(&entry, || async move {
            self.open(id).await.map_err(|error| match error {
                RequestError::Catalog(error) => error,
                RequestError::Store(error) => error.into(),
                RequestError::Keyring(error) => error.into(),
                RequestError::Seal(error) => error.into(),
                _ => crate::catalog::CatalogError::Contended,
            })
        });
        let opened = opened.await?;
        let stored = self.stored(id).await?;
        let mut tx = catalog.data.snapshot().await?;
        let pauses: Vec<Pause> = self.pauses(&mut tx, id).await?;
        let events = tx.fetch_all(rows::EVENTS, args![id]).await?;
        tx.rollback().await?;
        let events: Result<Vec<Event>, StoreError> = events.iter().map(event).collect();
        let calendar = Calendar::of(&tenant.country);
        let extended = stored.extended_at.is_some();
        Ok(RequestInFull {
            notice_due: stored.due(&pauses, calendar).notice,
            calculation: calculation(stored.received_day, extended, &pauses, calendar),
            request: stored.seen(tenant),
            identifiers: opened.identifiers,
            text: opened.text,
            events: events?,
        })
    }

    /// Opens what is sealed, for a call that audits and confirms by itself.
    pub(super) async fn open(&self, id: RequestId) -> Result<Opened, RequestError> {
        let catalog = self.catalog();
        let tenant = self.stored(id).await?.tenant;
        let row = catalog.data.fetch_optional(rows::SEALED, args![id]);
        let row = row.await?.ok_or(RequestError::Unknown)?;
        let sealer = catalog.sealer(&UnitRow::read(tenant, &row, 3)?).await?;
        let version = row.u32(2)?;
        let field = columns::REQUEST_IDENTIFIERS.of(id.as_bytes(), version);
        let identifiers = sealer.open_text(field, &row.blob(0)?)?;
        let text = row.opt_blob(1)?.map(|sealed| {
            let field = columns::REQUEST_TEXT.of(id.as_bytes(), version);
            sealer.open_text(field, &sealed)
        });
        Ok(Opened {
            identifiers: serde_json::from_str(identifiers.expose())
                .map_err(RequestError::Stored)?,
            text: text.transpose()?,
        })
    }

    /// Requests after an id, of one client or of all; `closed` ones too where they are asked for.
    pub async fn list(
        &self,
        tenant: Option<TenantId>,
        closed: bool,
        after: RequestId,
        limit: u16,
    ) -> Result<Page<Request, RequestId>, RequestError> {
        let data = &self.catalog().data;
        let limit_of = i64::from(limit);
        let found = match tenant {
            Some(tenant) => {
                let page = args![tenant, after, closed, limit_of];
                data.fetch_all(rows::OF_TENANT, page).await?
            }
            None => {
                data.fetch_all(rows::ALL, args![after, closed, limit_of])
                    .await?
            }
        };
        let full = found.len() >= usize::from(limit);
        let last = found.last().filter(|_| full);
        let next = last.map(|row| row.id(0)).transpose()?;
        let items = self.seen(&found, tenant).await?;
        Ok(Page { items, next })
    }

    /// Open requests that are to be answered within so many days, the most urgent first: by the day on which
    /// we want to have answered, which never lies after the last day by law.
    pub async fn due(&self, within: u16) -> Result<Vec<Request>, RequestError> {
        let catalog = self.catalog();
        // A day on: it is tomorrow somewhere already.
        let until = local_day(catalog.clock.now(), "UTC").plus(i64::from(within) + 1);
        let page = args![until.stored(), MOST_DUE];
        let found = catalog.data.fetch_all(rows::DUE, page).await?;
        let mut due = Vec::with_capacity(found.len());
        for row in found {
            let today = local_day(catalog.clock.now(), &row.text(13)?);
            if Day::from_stored(row.i64(16)?) <= today.plus(within.into()) {
                due.push(row);
            }
        }
        self.seen(&due, None).await
    }

    async fn seen(
        &self,
        found: &[Row],
        tenant: Option<TenantId>,
    ) -> Result<Vec<Request>, RequestError> {
        let catalog = self.catalog();
        let mut entry = Entry::new(catalog.actor, Action::RequestsListed);
        entry.tenant = tenant;
        let written = catalog.recorder.record(&entry).await;
        written.map_err(crate::catalog::CatalogError::Audit)?;
        let tenants = catalog.tenant_refs().await?;
        let mut requests = Vec::with_capacity(found.len());
        for row in found {
            let stored = Stored::read(row)?;
            // One of a client that is being purged is on its way out.
            if let Some(tenant) = tenants.iter().find(|it| it.id == stored.tenant) {
                requests.push(stored.seen(tenant));
            }
        }
        Ok(requests)
    }
}

fn event(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        at: row.timestamp(0)?,
        actor: row.text(1)?,
        act: row.text(2)?,
        state: row.text(3)?,
        instruction: row.opt_text(4)?,
        detail: row.opt_text(5)?,
    })
}
