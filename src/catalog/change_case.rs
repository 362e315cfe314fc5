//! Changing what of a case is not sealed: where it stands, who has it, when it was closed.

use super::opened::CaseRow;
use super::types::{CaseState, Custody};
use super::{Catalog, CatalogError, Expected, TenantRef, rows};
use crate::audit::{self, Action};
use crate::store::args;
use crate::vocabulary::{CaseId, Timestamp};

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CasePatch {
    /// Where it stands. Closing without a time closes it now.
    pub state: Option<CaseState>,
    /// Who has it.
    pub custody: Option<Custody>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

impl Catalog {
    /// Changes a case; refused when it is not as the caller has seen it.
    pub async fn change_case(
        &self,
        tenant: &TenantRef,
        case: CaseId,
        patch: CasePatch,
        expected: &Expected,
    ) -> Result<(), CatalogError> {
        let mut tx = self.data.begin().await?;
        let taken = tx
            .fetch_optional(rows::TAKE_CASE, args![tenant.id, case])
            .await?;
        let row = tx
            .fetch_optional(rows::CASE, args![tenant.id, case])
            .await?;
        let row = row.ok_or(CatalogError::CaseUnknown(case))?;
        if taken.is_none() {
            return Err(CatalogError::CaseBeingErased(case));
        }
        let stored = CaseRow::read(&row)?;
        expected.check(&stored.case_version())?;
        let closed_at = match (patch.state, patch.closed_at) {
            (_, Some(at)) => Some(at),
            (Some(CaseState::Closed), None) => stored.closed_at.or(Some(self.clock.now())),
            (Some(CaseState::Open | CaseState::Pending), None) => None,
            (None, None) => stored.closed_at,
        };
        let state = patch.state.map_or(stored.state, |it| it.word().to_owned());
        let custody = patch
            .custody
            .map_or(stored.custody, |it| it.word().to_owned());
        tx.execute(
            rows::SET_CASE_STATE,
            args![state, custody, closed_at, tenant.id, case],
        )
        .await?;
        let entry = self
            .entry(Action::CaseChanged)
            .of(tenant.id)
            .to(case.as_bytes());
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), self.random.as_ref()).await?;
        Ok(tx.commit().await?)
    }

    /// Closes a case now.
    pub async fn close_case(&self, tenant: &TenantRef, case: CaseId) -> Result<(), CatalogError> {
        let state = Some(CaseState::Closed);
        self.change_case(
            tenant,
            case,
            CasePatch {
                state,
                ..CasePatch::default()
            },
            &Expected::Any,
        )
        .await
    }
}
