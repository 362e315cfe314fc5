//! Text messages: what every supplier's list has in common.

use super::taken::{Taken, by_phone, message};
use crate::catalog::types::{Channel, Direction};
use crate::catalog::write::{ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::Timestamp;

/// One text message.
pub(super) struct Text<'a> {
    /// The supplier.
    pub supplier: &'static str,
    /// Its id there.
    pub id: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub body: &'a str,
    pub direction: Direction,
    pub sent_at: Timestamp,
}

impl Text<'_> {
    /// Its contact and message. A list of text messages knows no cases: one calendar month of one number
    /// with one of the desk's numbers is one, so that old ones can be erased while the contact stays.
    pub fn changes(self, taken: &Taken<'_>) -> Result<(ContactChange, MessageChange), Reason> {
        let (person, own) = match self.direction {
            Direction::In => (self.from, self.to),
            Direction::Out | Direction::Note => (self.to, self.from),
        };
        let country = &taken.settings.country;
        let number = person.ok_or(Reason::NoPerson)?;
        let person = by_phone(&number, country).ok_or(Reason::NoPerson)?;
        let own = own
            .and_then(|it| by_phone(&it, country))
            .unwrap_or_default();
        let month = self.sent_at.to_utc().format("%Y-%m");
        let case = format!("{}:{own}:{person}:{month}", self.supplier);
        let contact = ContactChange {
            external_id: Some(person.as_str().into()),
            phone: person.strip_prefix("tel:").map(Into::into),
            source: Some(self.supplier.to_owned()),
            dated: Some(self.sent_at),
            fill_in: true,
            ..ContactChange::default()
        };
        let text = MessageChange {
            external_id: self.id.map(|it| format!("{}:{it}", self.supplier).into()),
            body: self.body.into(),
            ..message(case, person, self.direction, Channel::Sms, self.sent_at)
        };
        Ok((contact, text))
    }
}
