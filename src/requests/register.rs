//! A request comes in: its clock has started already, and its data is held from here on.

use std::collections::BTreeSet;

use super::deadlines::{Calendar, due, local_day};
use super::stored::Stored;
use super::types::{Act, Identifiers, NewRequest, Request, State};
use super::{RequestError, Requests, rows, rules};
use crate::catalog::{Identifier, TenantRef, rules::check_text, unit_kind};
use crate::keyring::{Padding, Sealer, columns};
use crate::store::{Tx, args};
use crate::vocabulary::{ContactId, HoldId, Personal, RequestId, Timestamp, UnitId};
use crate::webhooks;

/// The longest text, in bytes: what a person writes and a few forwarded mails.
const LONGEST_TEXT: usize = 1024 * 1024;
/// How far another machine's clock may be ahead of ours.
const CLOCKS_APART: i64 = 5 * 60 * 1_000_000;
/// Letters of a case number: none that is taken for another when it is read out.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

impl Identifiers {
    /// The identifiers that tell one person from another; a name only where there is nothing else.
    pub(super) fn searched(&self) -> Vec<Identifier> {
        let own = [
            self.email.clone().map(Identifier::Email),
            self.phone.clone().map(Identifier::Phone),
            self.external_id.clone().map(Identifier::ExternalId),
        ];
        let own: Vec<Identifier> = own.into_iter().flatten().collect();
        match own.is_empty() {
            true => self
                .name
                .clone()
                .map(Identifier::Name)
                .into_iter()
                .collect(),
            false => own,
        }
    }

    /// What a receipt commits to: how the person named themselves.
    pub(super) fn first(&self) -> Option<&Personal> {
        let own = [&self.email, &self.phone, &self.external_id, &self.name];
        own.into_iter().find_map(Option::as_ref)
    }
}

/// Checks what can be checked without looking anywhere.
fn check(new: &NewRequest, now: Timestamp) -> Result<(), RequestError> {
    let invalid = |field, reason| Err(RequestError::Invalid { field, reason });
    if new.rights.is_empty() {
        return invalid("rights", "are missing: name one or more, such as access");
    }
    let it = &new.identifiers;
    let all = [&it.email, &it.phone, &it.external_id, &it.name];
    for text in all.into_iter().flatten() {
        check_text("identifiers", text.expose())?;
    }
    if all
        .iter()
        .all(|it| it.as_ref().is_none_or(|it| it.expose().trim().is_empty()))
    {
        let reason =
            "are missing: give an e-mail address, a telephone number, an external id or a name";
        return invalid("identifiers", reason);
    }
    if new
        .text
        .as_ref()
        .is_some_and(|it| it.expose().len() > LONGEST_TEXT)
    {
        return invalid(
            "text",
            "is longer than 1 MiB: keep the beginning, and import the rest as a case",
        );
    }
    if new.received_at.0 > now.0.saturating_add(CLOCKS_APART) {
        return invalid(
            "received_at",
            "lies in the future: give the time at which it came in",
        );
    }
    Ok(())
}

impl Requests {
    /// Registers a request. Whom it is about is looked for at once; where the answer is made of the
    /// data, a hold keeps them.
    pub async fn register(
        &self,
        tenant: &TenantRef,
        mut new: NewRequest,
    ) -> Result<Request, RequestError> {
        let catalog = self.catalog();
        let now = catalog.clock.now();
        check(&new, now)?;
        new.rights.sort();
        new.rights.dedup();
        let found = self.candidates(tenant, &new.identifiers).await?;
        let contact = match found.len() {
            1 => found.first().copied(),
            _ => None,
        };
        let timezone = catalog.timezone(tenant).await?;
        let received_day = local_day(new.received_at, &timezone);
        let days = due(received_day, false, &[], Calendar::of(&tenant.country));
        let id = RequestId::generate(catalog.random.as_ref());
        let case_no = case_no(id, received_day);
        let mut stored = Stored {
            id,
            tenant: tenant.id,
            unit: UnitId::generate(catalog.random.as_ref()),
            case_no,
            rights: new.rights.clone(),
            channel: new.channel.word().to_owned(),
            state: State::Registered,
            contact,
            candidates: found.len() as u64,
            hold: None,
            received_at: new.received_at,
            registered_at: now,
            received_day,
            timezone,
            legal_due: days.legal,
            safe_due: days.safe,
            due_date: days.target,
            extended_at: None,
            instruction: None,
            packaged_at: None,
            delivered_at: None,
            erasure: None,
            closed_at: None,
            closed_late: None,
        };
        // The hold first: a crash leaves a hold without a request, which a person sees and releases,
        // and never a request whose data is erased under it.
        stored.hold = self.hold_for(&stored).await?;
        self.insert(tenant, &stored, &new).await?;
        Ok(stored.seen(tenant))
    }

    /// Who fits these identifiers.
    pub(super) async fn candidates(
        &self,
        tenant: &TenantRef,
        identifiers: &Identifiers,
    ) -> Result<BTreeSet<ContactId>, RequestError> {
        let mut found = BTreeSet::new();
        for identifier in identifiers.searched() {
            let finding = self.catalog().find(&identifier, Some(tenant)).await?;
            found.extend(finding.matches.iter().map(|it| it.id));
        }
        Ok(found)
    }

    /// A hold on the person, where the answer is made of the data and there is none yet.
    pub(super) async fn hold_for(&self, it: &Stored) -> Result<Option<HoldId>, RequestError> {
        if it.hold.is_some() || it.delivered_at.is_some() || !rules::needs_hold(&it.rights) {
            return Ok(it.hold);
        }
        let Some(contact) = it.contact else {
            return Ok(None);
        };
        let reason = format!("request {}", it.case_no);
        let hold = self.eraser.add_hold(it.tenant, Some(contact), &reason);
        Ok(Some(hold.await?))
    }

    async fn insert(
        &self,
        tenant: &TenantRef,
        it: &Stored,
        new: &NewRequest,
    ) -> Result<(), RequestError> {
        let catalog = self.catalog();
        let mut tx = catalog.data.begin().await?;
        let kind = unit_kind::REQUEST;
        let sealer = catalog
            .lease_unit(&mut tx, it.tenant, it.unit, kind)
            .await?;
        self.insert_row(&mut tx, tenant, it, new, &sealer).await?;
        self.note(&mut tx, it, Act::Register, None).await?;
        self.announce(&mut tx, webhooks::Kind::RequestReceived, it.tenant, it.id)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn insert_row(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        it: &Stored,
        new: &NewRequest,
        sealer: &Sealer,
    ) -> Result<(), RequestError> {
        let random = self.catalog().random.as_ref();
        let seal = |column: crate::keyring::Column, text: &str| {
            let field = column.of(it.id.as_bytes(), 1);
            sealer.seal(field, text.as_bytes(), Padding::Padme, random)
        };
        let identifiers = serde_json::to_string(&new.identifiers).map_err(RequestError::Stored)?;
        let identifiers = zeroize::Zeroizing::new(identifiers);
        let text = new.text.as_ref();
        let text = text.map(|it| seal(columns::REQUEST_TEXT, it.expose()));
        let rights: Vec<&str> = it.rights.iter().map(|right| right.word()).collect();
        let row = args![
            it.id,
            it.tenant,
            it.unit,
            &it.case_no,
            rights.join(","),
            &it.channel,
            it.state.word(),
            seal(columns::REQUEST_IDENTIFIERS, &identifiers),
            text,
            it.contact,
            it.candidates as i64,
            it.hold,
            it.received_at,
            it.registered_at,
            it.received_day.stored(),
            &it.timezone,
            Calendar::of(&tenant.country).word(),
            it.legal_due.stored(),
            it.safe_due.stored(),
            it.due_date.stored(),
            1,
            0,
        ];
        tx.execute(rows::INSERT, row).await?;
        Ok(())
    }
}

/// `2026-7KQ2MX`: the year and thirty bits of the id, which a restore never gives to another.
fn case_no(id: RequestId, received: crate::vocabulary::Day) -> String {
    let mut bits = id.0[..4]
        .iter()
        .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
    let mut letters = String::new();
    for _ in 0..6 {
        letters.push(char::from(LETTERS[(bits & 31) as usize]));
        bits >>= 5;
    }
    format!("{}-{letters}", received.0.format("%Y"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::types::Channel;
    use crate::requests::Right;

    fn request() -> NewRequest {
        NewRequest {
            rights: vec![Right::Access],
            channel: Channel::Email,
            received_at: Timestamp(0),
            identifiers: Identifiers {
                email: Some("asa@example.se".into()),
                ..Identifiers::default()
            },
            text: None,
        }
    }

    fn refused(change: impl Fn(&mut NewRequest)) -> &'static str {
        let mut new = request();
        change(&mut new);
        match check(&new, Timestamp(0)) {
            Err(RequestError::Invalid { field, .. }) => field,
            other => panic!("refused as invalid: {other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_registered_is_told() {
        assert!(check(&request(), Timestamp(0)).is_ok());
        assert_eq!(refused(|it| it.rights.clear()), "rights");
        assert_eq!(
            refused(|it| it.identifiers = Identifiers::default()),
            "identifiers"
        );
        assert_eq!(
            refused(|it| it.identifiers.email = Some("  ".into())),
            "identifiers"
        );
        assert_eq!(
            refused(|it| it.text = Some("a".repeat(LONGEST_TEXT + 1).into())),
            "text"
        );
        assert_eq!(
            refused(|it| it.received_at = Timestamp(CLOCKS_APART + 1)),
            "received_at"
        );
    }

    #[test]
    fn a_name_is_searched_only_where_nothing_else_is_known() {
        let mut it = request().identifiers;
        it.name = Some("Åsa".into());
        assert_eq!(it.searched(), [Identifier::Email("asa@example.se".into())]);
        it.email = None;
        assert_eq!(it.searched(), [Identifier::Name("Åsa".into())]);
    }

    #[test]
    fn a_case_number_can_be_read_out() {
        let number = case_no(RequestId([0xff; 16]), "2026-03-01".parse().unwrap());
        assert_eq!(number, "2026-ZZZZZZ");
        let number = case_no(RequestId([0; 16]), "2026-03-01".parse().unwrap());
        assert_eq!(number, "2026-222222");
    }
}
