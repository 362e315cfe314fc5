//! A table with any header: contacts, cases or messages.
//!
//! Each column is taken as a field by its name, in Swedish or English, or as `--map` says; what that
//! gave is in the report, before anything is written with `--dry-run`. With a text in each row the
//! rows are messages, with a case but no text they are cases, else they are contacts.

mod headers;

use self::headers::{FIELDS, field_of, names_rows};
use super::object::Object;
use super::read::TableReader;
use super::taken::{Taken, by_email, by_phone, case, message};
use super::{Format, Framing, Settings};
use crate::catalog::further::Further;
use crate::catalog::types::{CaseState, Channel, Custody, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::report::Column;
use crate::ingest::{IngestError, Reason};
use crate::vocabulary::Personal;

pub(super) const FORMAT: Format = Format {
    name: "csv",
    about: "a table with a header: contacts, cases or messages",
    signs: &[],
    framing: Framing::Table,
};

/// Reads a table by its header.
pub(super) struct Csv<'a> {
    settings: &'a Settings,
    /// Header and field of every column that is taken in.
    columns: Vec<(String, &'static str)>,
}

impl<'a> Csv<'a> {
    pub fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            columns: Vec::new(),
        }
    }

    fn has(&self, field: &str) -> bool {
        self.columns.iter().any(|(_, it)| *it == field)
    }

    /// What `--map` says, checked.
    fn named(&self, names: &[String]) -> Result<Vec<(String, Option<&'static str>)>, IngestError> {
        let mut named = Vec::new();
        for (header, field) in &self.settings.columns {
            let wrong = |what| IngestError::Map {
                header: header.clone(),
                field: field.clone(),
                what,
            };
            if !names.contains(header) {
                return Err(wrong("a column that the table does not have"));
            }
            let known = FIELDS.iter().find(|(it, _)| it == field).map(|(it, _)| *it);
            if known.is_none() && field != "-" {
                return Err(wrong("a field that there is not"));
            }
            named.push((header.clone(), known));
        }
        Ok(named)
    }

    fn contact(&self, row: Fields<'_>) -> Result<ContactChange, Reason> {
        Ok(ContactChange {
            external_id: row.personal("id"),
            name: row.name(),
            phone: row.personal("phone").or_else(|| row.personal("mobile")),
            email: row.personal("email"),
            further: row.further(),
            source: row.source()?,
            dated: row.time("date", self.settings)?,
            fill_in: false,
        })
    }

    /// Who a row is about, as cases and messages name people.
    fn person(&self, row: Fields<'_>) -> Result<String, Reason> {
        let country = &self.settings.country;
        let phone = || row.text("phone").or_else(|| row.text("mobile"));
        row.text("id")
            .map(str::to_owned)
            .or_else(|| by_email(row.text("email")?))
            .or_else(|| by_phone(phone()?, country))
            .ok_or(Reason::NoPerson)
    }

    fn message(&self, row: Fields<'_>, person: &str) -> Result<MessageChange, Reason> {
        let sent_at = row.time("date", self.settings)?.ok_or(Reason::NoDate)?;
        let channel = row.text("channel").map_or(Channel::Other, channel_of);
        let direction = match row.text("direction") {
            None => Direction::In,
            Some(text) => direction_of(text).ok_or(Reason::BadValue)?,
        };
        // Without a case of its own each month of a person's messages is one.
        let of_month = || format!("csv:{person}:{}", sent_at.to_utc().format("%Y-%m"));
        let case = row.text("case").map_or_else(of_month, str::to_owned);
        Ok(MessageChange {
            external_id: row.personal("message_id"),
            subject: row.personal("subject"),
            author: row.personal("author"),
            body: row.text("text").unwrap_or_default().into(),
            ..message(case, person.to_owned(), direction, channel, sent_at)
        })
    }

    fn case(&self, row: Fields<'_>, person: &str) -> Result<CaseChange, Reason> {
        let external_id = row.text("case").ok_or(Reason::MissingField)?;
        Ok(CaseChange {
            subject: row.personal("subject"),
            channel: row.text("channel").map(channel_of),
            state: row.text("state").and_then(state_of),
            custody: row.text("custody").and_then(Custody::from_word),
            opened_at: row.time("date", self.settings)?,
            ..case(external_id.to_owned(), person.to_owned())
        })
    }
}

impl TableReader for Csv<'_> {
    fn header(&mut self, names: &[String]) -> Result<Vec<Column>, IngestError> {
        let named = self.named(names)?;
        let mut taken: Vec<&str> = named.iter().filter_map(|(_, field)| *field).collect();
        let mut columns = Vec::new();
        let own_id = names_rows(names);
        for name in names {
            let by_user = named.iter().find(|(header, _)| header == name);
            let field = match by_user {
                Some((_, field)) => *field,
                None if own_id == Some(name) => Some("message_id"),
                None => field_of(name).and_then(|it| next(it, &taken)),
            };
            if let Some(field) = field {
                taken.push(field);
                self.columns.push((name.clone(), field));
            }
            columns.push(Column {
                header: name.clone(),
                field: field.map(str::to_owned),
            });
        }
        let identifying = ["id", "email", "phone", "mobile"];
        match identifying.iter().any(|it| self.has(it)) {
            true => Ok(columns),
            false => Err(IngestError::NoColumns),
        }
    }

    fn row(&mut self, row: Object<'_>, taken: &mut Taken<'_>) {
        let fields = Fields {
            row,
            columns: &self.columns,
        };
        let of_contacts = !self.has("text") && !self.has("case");
        let person = match self.person(fields) {
            Ok(person) => person,
            Err(reason) => return taken.reject(reason, row.to_bytes()),
        };
        if of_contacts {
            return taken.add(row, self.contact(fields));
        }
        if [
            "name",
            "first_name",
            "last_name",
            "email",
            "phone",
            "mobile",
            "further_email",
            "further_phone",
        ]
        .iter()
        .any(|it| fields.text(it).is_some())
        {
            let contact = self.contact(fields).map(|it| ContactChange {
                external_id: Some(person.as_str().into()),
                fill_in: true,
                ..it
            });
            // A bad date is the message's: it is said once.
            if let Ok(contact) = contact {
                taken.add(row, Ok(contact));
            }
        }
        match fields.text("text").is_some() || !self.has("case") {
            true => taken.add(row, self.message(fields, &person)),
            false => taken.add(row, self.case(fields, &person)),
        }
    }
}

/// A row by field.
#[derive(Clone, Copy)]
struct Fields<'a> {
    row: Object<'a>,
    columns: &'a [(String, &'static str)],
}

impl<'a> Fields<'a> {
    fn text(self, field: &str) -> Option<&'a str> {
        let mut columns = self.columns.iter().filter(|(_, it)| *it == field);
        let text = columns.find_map(|(header, _)| self.row.text(header))?;
        Some(text.trim())
    }

    fn personal(self, field: &str) -> Option<Personal> {
        self.text(field).map(Into::into)
    }

    /// Every address and number of the row; several may stand in one field of further ones. Which of them
    /// is the first does not matter: nobody is given the same one twice.
    fn further(self) -> Further {
        let all = |fields: &[&str]| -> Vec<Personal> {
            let columns = self.columns.iter();
            let columns = columns.filter(|(_, field)| fields.contains(field));
            let values =
                columns.filter_map(|(header, field)| Some((self.row.text(header)?, field)));
            let values = values.flat_map(|(text, field)| {
                let among = |it: char| field.starts_with("further") && "\n;,".contains(it);
                text.split(among)
            });
            let values = values.map(str::trim).filter(|it| !it.is_empty());
            values.map(Into::into).collect()
        };
        Further {
            emails: all(&["email", "further_email"]),
            phones: all(&["phone", "mobile", "further_phone"]),
            external_ids: Vec::new(),
        }
    }

    fn name(self) -> Option<Personal> {
        self.personal("name").or_else(|| {
            let words = [self.text("first_name"), self.text("last_name")];
            let words: Vec<_> = words.into_iter().flatten().collect();
            (!words.is_empty()).then(|| words.join(" ").into())
        })
    }

    /// Where the person came from is a word of the system, not of the person, and not sealed.
    fn source(self) -> Result<Option<String>, Reason> {
        match self.text("source") {
            Some(text) if text.len() > 100 || text.chars().any(char::is_control) => {
                Err(Reason::BadText)
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    fn time(
        self,
        field: &str,
        settings: &Settings,
    ) -> Result<Option<crate::vocabulary::Timestamp>, Reason> {
        match self.text(field) {
            None => Ok(None),
            Some(text) => match crate::ingest::times::read(text, settings.zone) {
                Some(time) => Ok(Some(time)),
                None => Err(Reason::BadDate),
            },
        }
    }
}

/// What a column is taken as when there is one of its kind already: people have several addresses and
/// numbers, but one of everything else.
fn next(field: &'static str, taken: &[&str]) -> Option<&'static str> {
    match field {
        it if !taken.contains(&it) => Some(it),
        "email" | "further_email" => Some("further_email"),
        "phone" | "mobile" | "further_phone" => Some("further_phone"),
        _ => None,
    }
}

fn direction_of(text: &str) -> Option<Direction> {
    match text.to_lowercase().as_str() {
        "in" | "incoming" | "inbound" | "inkommande" => Some(Direction::In),
        "out" | "outgoing" | "outbound" | "utgående" => Some(Direction::Out),
        "note" | "internal" | "private" | "anteckning" => Some(Direction::Note),
        _ => None,
    }
}

fn channel_of(text: &str) -> Channel {
    match text.to_lowercase().as_str() {
        "email" | "e-mail" | "mail" | "e-post" | "epost" => Channel::Email,
        "sms" | "mms" => Channel::Sms,
        "phone" | "voice" | "telefon" | "call" => Channel::Phone,
        "facebook" | "instagram" | "twitter" | "social" | "sociala medier" => Channel::Social,
        "chat" | "chatt" | "widget" | "website" | "webbplats" => Channel::Widget,
        "web" | "portal" => Channel::Portal,
        "klarna" => Channel::Klarna,
        "post" | "brev" | "letter" => Channel::Post,
        "returns" | "return" | "retur" | "returer" | "customs" | "tull" => Channel::Returns,
        _ => Channel::Other,
    }
}

fn state_of(text: &str) -> Option<CaseState> {
    match text.to_lowercase().as_str() {
        "new" | "open" | "ny" | "öppen" | "öppet" => Some(CaseState::Open),
        "pending" | "hold" | "väntar" | "vilande" => Some(CaseState::Pending),
        "solved" | "resolved" | "closed" | "deleted" | "stängd" | "stängt" | "löst" => {
            Some(CaseState::Closed)
        }
        _ => None,
    }
}
