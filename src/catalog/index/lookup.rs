//! Who has a token. The answer is a candidate: whoever asks opens the contact and compares.

use std::collections::BTreeSet;

use super::rows;
use super::tokens::{Identity, tokens};
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::keyring::Domain;
use crate::store::args;
use crate::vocabulary::ContactId;

impl Catalog {
    /// The contacts that have all of these values. Drains the outbox first, so that nobody who is
    /// held is missing; an index under other keys is rebuilt first.
    pub async fn candidates(
        &self,
        tenant: &TenantRef,
        values: &[Identity],
    ) -> Result<Vec<ContactId>, CatalogError> {
        loop {
            self.drain(tenant).await?;
            let keys = self.ready_keys(tenant).await?;
            let mut view = self.index.snapshot().await?;
            let ready = args![tenant.id, keys.id(), true];
            if view
                .fetch_optional(rows::INDEX_IS_READY, ready)
                .await?
                .is_none()
            {
                continue; // A rebuild began just now.
            }
            let mut found: Option<BTreeSet<ContactId>> = None;
            for (domain, token) in tokens(&keys, values) {
                let token = args![tenant.id, domain.code(), token];
                let mut rows = view
                    .fetch_all(rows::CONTACTS_OF_TOKEN, token.clone())
                    .await?;
                if domain == Domain::ExternalId {
                    // The first id of a contact is only reserved; it may be a further one of another.
                    rows.extend(view.fetch_all(rows::OWNER_OF_TOKEN, token).await?);
                }
                let ids: Result<BTreeSet<ContactId>, _> =
                    rows.iter().map(|row| row.id(0)).collect();
                let ids = ids?;
                found = Some(match found {
                    None => ids,
                    Some(before) => before.intersection(&ids).copied().collect(),
                });
            }
            view.rollback().await?;
            return Ok(found.unwrap_or_default().into_iter().collect());
        }
    }
}
