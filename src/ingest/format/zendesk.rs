//! Zendesk: users, tickets, comments and audits, as its API and its account export give them.
//!
//! A ticket's `description` is its first comment again. Comments have no external id here: what they
//! say, when, and on which ticket makes them one and the same, wherever it stands (trap 1).

use super::object::Object;
use super::remember::Remembered;
use super::taken::{DELETED_THERE, LINKED_FILES, STAFF, Taken, case, message, text_of_html};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{AuthorKind, CaseState, Channel, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::{Personal, Timestamp};

pub(super) const FORMAT: Format = Format {
    name: "zendesk",
    about: "users, tickets, comments and audits: API answers or the account export",
    signs: &[
        &["requester_id", "submitter_id"],
        &["ticket_restriction", "role"],
        &["user_id", "type", "value", "verified"],
        &["ticket_id", "author_id", "events"],
        &["author_id", "html_body", "plain_body"],
        &["ticket_id", "user_id", "public", "body"],
    ],
    framing: Framing::Objects {
        lists: &["users", "identities", "tickets", "audits", "ticket_audits"],
        columns: &[
            "id",
            "name",
            "phone",
            "email",
            "role",
            "requester_id",
            "submitter_id",
            "raw_subject",
            "subject",
            "status",
            "description",
            "created_at",
            "ticket_id",
            "author_id",
            "user_id",
            "body",
            "plain_body",
            "html_body",
            "public",
            "created",
        ],
        reader: || Box::new(Zendesk::default()),
    },
};

/// Reported as dropped: what is no address and no number.
const OTHER_IDENTITIES: &str = "identities other than addresses and numbers";

#[derive(Default)]
struct Zendesk {
    /// Who is staff, by id.
    staff: Remembered,
    /// Who is a customer, by id.
    customers: Remembered,
    /// Whose a ticket is.
    requesters: Remembered,
}

impl Reader for Zendesk {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        match list {
            "users" => self.user(record, false, taken),
            "identities" => self.identity(record, taken),
            "tickets" => self.ticket(record, taken),
            "audits" | "ticket_audits" => self.audit(record, taken),
            _ if record.has("requester_id") => self.ticket(record, taken),
            _ if record.has("events") => self.audit(record, taken),
            _ if record.has("role") => self.user(record, false, taken),
            _ if !record.list("comments").is_empty() => {
                for comment in record.objects("comments") {
                    self.comment(comment, None, None, taken);
                }
            }
            _ if record.has("author_id") || is_row(record) => {
                self.comment(record, None, None, taken);
            }
            PAGE => {}
            _ => taken.reject(Reason::UnknownRecord, record.to_bytes()),
        }
    }
}

/// Whether it is a row of a table of comments, as tools that copy an account write it.
fn is_row(record: Object<'_>) -> bool {
    record.has("ticket_id") && record.has("user_id") && record.has("public")
}

fn person(id: &str) -> String {
    format!("zendesk:{id}")
}

/// Further addresses and numbers, where the export has a person's identities beside the profile. What is
/// there under `phone` as well is no second number.
fn identities(user: Object<'_>) -> Further {
    let of = |kind: &str| -> Vec<Personal> {
        let all = user.objects("identities");
        let all = all.filter(|it| it.text("type") == Some(kind));
        all.filter_map(|it| it.personal("value")).collect()
    };
    Further {
        emails: of("email"),
        phones: of("phone_number"),
        external_ids: Vec::new(),
    }
}

impl Zendesk {
    /// An address or number that stands apart from its profile.
    fn identity(&self, record: Object<'_>, taken: &mut Taken<'_>) {
        let Some(user) = record.id("user_id") else {
            return taken.reject(Reason::NoPerson, record.to_bytes());
        };
        let value = || record.personal("value");
        let (email, phone) = match record.text("type") {
            _ if self.staff.get(&user).is_some() => return taken.drop(STAFF),
            Some("email") => (value(), None),
            Some("phone_number") => (None, value()),
            _ => return taken.drop(OTHER_IDENTITIES),
        };
        let dated = record.time("created_at", taken.settings.zone);
        let change = dated.map(|dated| ContactChange {
            external_id: Some(person(&user).into()),
            email,
            phone,
            source: Some("zendesk".to_owned()),
            dated,
            fill_in: true,
            ..ContactChange::default()
        });
        taken.add(record, change);
    }

    /// A profile; one embedded in a ticket only fills in.
    fn user(&mut self, user: Object<'_>, embedded: bool, taken: &mut Taken<'_>) {
        let Some(id) = user.id("id") else {
            return taken.reject(Reason::NoPerson, user.to_bytes());
        };
        if matches!(user.text("role"), Some("agent" | "admin")) {
            self.staff.set(id, String::new());
            return taken.drop(STAFF);
        }
        let dated = user.time("created_at", taken.settings.zone);
        let external_id = Some(person(&id).into());
        let contact = dated.map(|dated| ContactChange {
            external_id,
            name: user.personal("name"),
            phone: user.personal("phone"),
            email: user.personal("email"),
            further: identities(user),
            source: Some("zendesk".to_owned()),
            dated,
            fill_in: embedded,
        });
        self.customers.set(id, String::new());
        taken.add(user, contact);
    }

    fn ticket(&mut self, ticket: Object<'_>, taken: &mut Taken<'_>) {
        let (Some(id), Some(requester)) = (ticket.id("id"), ticket.id("requester_id")) else {
            return taken.reject(Reason::NoPerson, ticket.to_bytes());
        };
        if let Some(user) = ticket.object("requester") {
            self.user(user, true, taken);
        }
        self.requesters.set(id.clone(), requester.clone());
        let channel = ticket.object("via").map_or(Channel::Other, channel_of);
        let opened_at = match ticket.needed_time("created_at", taken.settings.zone) {
            Ok(time) => time,
            Err(reason) => return taken.reject(reason, ticket.to_bytes()),
        };
        if ticket.text("status") == Some("deleted") {
            taken.remark(DELETED_THERE);
        }
        taken.add(
            ticket,
            Ok(self.case(ticket, &id, &requester, channel, opened_at)),
        );
        let mut comments = ticket.objects("comments").peekable();
        if comments.peek().is_some() {
            for comment in comments {
                self.comment(comment, Some(&id), Some(channel), taken);
            }
        } else if let Some(text) = ticket.text("description") {
            let submitter = ticket
                .id("submitter_id")
                .unwrap_or_else(|| requester.clone());
            let direction = match submitter != requester && self.staff.get(&submitter).is_some() {
                true => Direction::Out,
                false => Direction::In,
            };
            let message = MessageChange {
                body: text.into(),
                ..message(
                    person(&id),
                    person(&requester),
                    direction,
                    channel,
                    opened_at,
                )
            };
            taken.add(ticket, Ok(message));
        }
    }

    fn case(
        &self,
        ticket: Object<'_>,
        id: &str,
        requester: &str,
        channel: Channel,
        opened_at: Timestamp,
    ) -> CaseChange {
        CaseChange {
            subject: ticket.first_personal(&["raw_subject", "subject"]),
            channel: Some(channel),
            state: ticket.text("status").and_then(state_of),
            opened_at: Some(opened_at),
            ..case(person(id), person(requester))
        }
    }

    fn audit(&mut self, audit: Object<'_>, taken: &mut Taken<'_>) {
        let Some(ticket) = audit.id("ticket_id") else {
            return taken.reject(Reason::UnknownRecord, audit.to_bytes());
        };
        // The first audit of a ticket says whose it is.
        for event in audit.objects("events") {
            if event.text("field_name") == Some("requester_id")
                && let Some(requester) = event.id("value")
            {
                self.requesters.set(ticket.clone(), requester);
            }
        }
        for event in audit.objects("events") {
            if event.text("type") == Some("Comment") {
                let read = self.message(event, Some(&ticket), audit, taken);
                taken.add(event, read);
            }
        }
    }

    fn comment(
        &mut self,
        comment: Object<'_>,
        ticket: Option<&str>,
        channel: Option<Channel>,
        taken: &mut Taken<'_>,
    ) {
        let read = self.message(comment, ticket, comment, taken);
        let read = read.map(|it| MessageChange {
            channel: channel.unwrap_or(it.channel),
            ..it
        });
        taken.add(comment, read);
    }

    /// A comment; `dated` is what says when and by which channel: itself, or the audit it is in.
    fn message(
        &self,
        comment: Object<'_>,
        ticket: Option<&str>,
        dated: Object<'_>,
        taken: &mut Taken<'_>,
    ) -> Result<MessageChange, Reason> {
        let ticket = ticket
            .map(str::to_owned)
            .or_else(|| comment.id("ticket_id"));
        let ticket = ticket.ok_or(Reason::NoRequester)?;
        let author = comment.id("author_id").or_else(|| dated.id("author_id"));
        let author = author.or_else(|| comment.id("user_id"));
        let author = author.ok_or(Reason::NoPerson)?;
        let is_staff = self.staff.get(&author).is_some();
        let requester = self.requesters.get(&ticket);
        if requester.is_none() && is_row(comment) {
            return Err(Reason::NoRequester); // Nothing in a row says whether staff wrote it.
        }
        // A colleague of the requester may answer too, in a part of the case that is the colleague's.
        let by_contact = Some(author.as_str()) == requester
            || self.customers.get(&author).is_some()
            || requester.is_none() && !is_staff;
        let direction = match (comment.flag("public"), by_contact) {
            (Some(false), _) => Direction::Note,
            (_, true) => Direction::In,
            (_, false) if requester.is_some() => Direction::Out,
            _ => return Err(Reason::NoRequester),
        };
        let owner = match by_contact {
            true => author.as_str(),
            false => requester.ok_or(Reason::NoRequester)?,
        };
        let channel = dated.object("via").map_or(Channel::Other, channel_of);
        let zone = taken.settings.zone;
        let sent_at = match dated.time("created_at", zone)? {
            Some(time) => time,
            None => dated.needed_time("created", zone)?,
        };
        for _ in comment.list("attachments") {
            taken.drop(LINKED_FILES);
        }
        let text = comment.first_text(&["body", "plain_body"]).map(Into::into);
        let text = text.or_else(|| comment.text("html_body").map(text_of_html));
        Ok(MessageChange {
            body: text.unwrap_or_default(),
            author_kind: Some(match by_contact {
                true => AuthorKind::Contact,
                false => AuthorKind::Staff,
            }),
            ..message(person(&ticket), person(owner), direction, channel, sent_at)
        })
    }
}

fn state_of(status: &str) -> Option<CaseState> {
    match status {
        "new" | "open" => Some(CaseState::Open),
        "pending" | "hold" => Some(CaseState::Pending),
        "solved" | "closed" | "deleted" => Some(CaseState::Closed),
        _ => None,
    }
}

/// `via.channel` is a word, in older exports a number.
fn channel_of(via: Object<'_>) -> Channel {
    let channel = via.id("channel").unwrap_or_default();
    match channel.as_str() {
        "email" | "4" => Channel::Email,
        "sms" | "57" => Channel::Sms,
        "voice" | "33" | "34" | "35" | "44" | "45" => Channel::Phone,
        "facebook" | "twitter" | "twitter_dm" | "instagram_dm" | "whatsapp" | "line"
        | "any_channel" | "23" | "26" | "30" | "38" => Channel::Social,
        "chat" | "web_widget" | "native_messaging" | "web_messaging" | "29" => Channel::Widget,
        "web" | "help_center" | "mobile" | "mobile_sdk" | "0" => Channel::Portal,
        _ => Channel::Other,
    }
}
