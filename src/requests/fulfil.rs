//! Carrying a request out: handing out what is held, and erasing it. Both only on the client's
//! instruction; where both are asked for, handing out comes first.

use super::deadlines::local_day;
use super::package::PackageOrder;
use super::stored::Stored;
use super::types::{Act, Request, Right, State};
use super::{RequestError, Requests, rules};
use crate::catalog::{AccessRecord, TenantRef};
use crate::erasure::{EraseRequest, Outcome};
use crate::vocabulary::{ContactId, Personal, RequestId};

/// A request that was carried out.
#[derive(Debug)]
pub struct Delivered {
    /// The request.
    pub request: Request,
    /// The erasure, where one was asked for and somebody was there to erase.
    pub erased: Option<Outcome>,
}

impl Requests {
    /// Everything held about the person, for handing over; noted, so that the request can be answered.
    /// `None` where nobody is held.
    pub async fn package(
        &self,
        tenant: &TenantRef,
        id: RequestId,
    ) -> Result<Option<AccessRecord>, RequestError> {
        let record = match self.packageable(tenant, id).await? {
            Some(order) => Some(self.catalog().access(tenant, order.contact).await?),
            None => None,
        };
        self.packaged(id).await?;
        Ok(record)
    }

    /// Whose package would be written for a request, and how; refused where it is not its turn. `None`
    /// where nobody is held.
    pub async fn packageable(
        &self,
        tenant: &TenantRef,
        id: RequestId,
    ) -> Result<Option<PackageOrder>, RequestError> {
        let stored = self.stored(id).await?;
        rules::after(Act::Package, stored.state)?;
        if !rules::needs_package(&stored.rights) {
            return Err(RequestError::Invalid {
                field: "rights",
                reason: "ask for no data: there is nothing to hand out",
            });
        }
        let person = self.person(tenant, &stored).await?;
        Ok(person.map(|contact| PackageOrder {
            tenant: tenant.clone(),
            contact,
            lang: None,
            case_no: Some(stored.case_no),
        }))
    }

    /// Notes that everything held about the person was taken out, to the last byte, so that the
    /// request can be answered.
    pub async fn packaged(&self, id: RequestId) -> Result<(), RequestError> {
        let mut tx = self.catalog().data.begin().await?;
        let mut it = self.take(&mut tx, id).await?;
        it.state = rules::after(Act::Package, it.state)?;
        it.packaged_at = Some(self.catalog().clock.now());
        self.end_step(tx, &it, Act::Package, None).await
    }

    /// Carries the request out and closes it. Called again after it broke off, it goes on.
    pub async fn deliver(
        &self,
        tenant: &TenantRef,
        id: RequestId,
    ) -> Result<Delivered, RequestError> {
        let stored = self.stored(id).await?;
        rules::after(Act::Deliver, stored.state)?;
        let person = self.person(tenant, &stored).await?;
        if rules::needs_package(&stored.rights) && stored.packaged_at.is_none() {
            return Err(RequestError::NotPackaged);
        }
        let instruction = stored
            .instruction
            .clone()
            .ok_or(RequestError::NotInstructed)?;
        self.end_hold(&stored).await?;
        let erased = match person.filter(|_| stored.rights.contains(&Right::Erasure)) {
            Some(contact) => Some(self.erase(&stored, contact, instruction).await?),
            None => None,
        };
        let mut tx = self.catalog().data.begin().await?;
        let mut it = self.take(&mut tx, id).await?;
        it.state = rules::after(Act::Deliver, it.state)?;
        let now = self.catalog().clock.now();
        it.hold = None;
        it.delivered_at = it.delivered_at.or(Some(now));
        it.erasure = erased.as_ref().map(|it| it.erasure);
        it.close(now, local_day(now, &it.timezone));
        self.end_step(tx, &it, Act::Deliver, None).await?;
        Ok(Delivered {
            request: it.seen(tenant),
            erased,
        })
    }

    /// Whom a request is about; nobody only where nobody fits now either.
    async fn person(
        &self,
        tenant: &TenantRef,
        it: &Stored,
    ) -> Result<Option<ContactId>, RequestError> {
        if it.contact.is_some() || it.state == State::Fulfilled {
            return Ok(it.contact);
        }
        let identifiers = self.open(it.id).await?.identifiers;
        match self.candidates(tenant, &identifiers).await?.len() as u64 {
            0 => Ok(None),
            several => Err(RequestError::SeveralFit(several)),
        }
    }

    /// Notes that the answer was delivered, and then lets go of the data.
    async fn end_hold(&self, stored: &Stored) -> Result<(), RequestError> {
        let Some(hold) = stored.hold else {
            return Ok(());
        };
        let mut tx = self.catalog().data.begin().await?;
        let mut it = self.take(&mut tx, stored.id).await?;
        rules::after(Act::Deliver, it.state)?;
        it.delivered_at = Some(self.catalog().clock.now());
        self.end_step(tx, &it, Act::Deliver, None).await?;
        self.eraser.release_hold(hold).await?;
        Ok(())
    }

    async fn erase(
        &self,
        it: &Stored,
        contact: ContactId,
        instruction: String,
    ) -> Result<Outcome, RequestError> {
        let identifiers = self.open(it.id).await?.identifiers;
        let by_id = || Personal::new(contact.to_string());
        let request = EraseRequest {
            tenant: it.tenant,
            contact,
            named_by: identifiers.first().cloned().unwrap_or_else(by_id),
            instruction,
            strict: false,
        };
        Ok(self.eraser.erase_contact(request).await?)
    }
}
