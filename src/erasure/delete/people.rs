//! Everybody in a tenant that is purged, page by page.
//!
//! A page is named by its ids and the next begins after it. "All up to this id" would be shorter, but
//! PostgreSQL keeps deleted rows in its indexes until it cleans up, and each page would walk through
//! those of all pages before it.

use crate::erasure::facts::Counts;
use crate::erasure::{EraseError, Eraser, rows};
use crate::store::{Row, Tx, Value, args};
use crate::vocabulary::{ContactId, ErasureId, TenantId};

use super::PROFILE;

/// Contacts deleted in one transaction at most; each may have many messages.
const PAGE: i64 = 100;

impl Eraser {
    /// Deletes all contacts of a tenant with all that is theirs.
    pub(super) async fn delete_people(
        &self,
        tenant: TenantId,
        progress: ErasureId,
    ) -> Result<(), EraseError> {
        let mut after = ContactId([0; 16]);
        loop {
            let page = args![tenant, after, PAGE];
            let page = self.data().fetch_all(rows::CONTACTS_AFTER, page).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id(0)?;
            let people = page.iter().map(id).collect::<Result<_, _>>()?;
            self.delete_page(tenant, people, progress).await?;
        }
    }

    async fn delete_page(
        &self,
        tenant: TenantId,
        people: Vec<Vec<Value>>,
        progress: ErasureId,
    ) -> Result<(), EraseError> {
        let mut tx = self.data().begin().await?;
        let mut counts = self.take_people(&mut tx, tenant, people.clone()).await?;
        let units = tx.fetch_many(&rows::UNITS_OF_CONTACTS, args![tenant], people.clone());
        let units: Vec<_> = units.await?.iter().map(id).collect::<Result<_, _>>()?;
        for (category, statement, of) in [
            ("message", &rows::DELETE_MESSAGES_OF_UNITS, &units),
            ("attachment", &rows::DELETE_ATTACHMENTS_OF_UNITS, &units),
            ("forwarding", &rows::DELETE_FORWARDINGS_OF_UNITS, &units),
            ("case", &rows::DELETE_CASES_OF_CONTACTS, &people),
        ] {
            let deleted = tx.execute_many(statement, args![], of.clone()).await?;
            counts.category(category, deleted);
            counts.store("data", deleted);
        }
        counts.units = tx.execute_many(&rows::DELETE_UNITS, args![], units).await?;
        let deleted = tx
            .execute_many(&rows::DELETE_CONTACTS, args![], people)
            .await?;
        counts.store("data", deleted);
        self.count(tx, progress, &counts).await
    }

    /// Closes contacts to writers and counts what they hold.
    async fn take_people(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        people: Vec<Vec<Value>>,
    ) -> Result<Counts, EraseError> {
        let now = self.catalog.clock.now();
        let taken = tx.fetch_many(&rows::TAKE_PEOPLE, args![now, tenant], people);
        let mut counts = Counts::default();
        for held in taken.await? {
            counts.people += 1;
            for (at, category) in PROFILE.into_iter().enumerate() {
                counts.category(category, held.u64(at)?);
            }
        }
        Ok(counts)
    }
}

fn id(row: &Row) -> Result<Vec<Value>, EraseError> {
    Ok(args![row.bytes::<16>(0)?])
}
