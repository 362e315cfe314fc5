//! Freshdesk: contacts, tickets and conversations, as its API gives them.
//!
//! A ticket carries its first message as `description_text`; a web chat repeats it as its first
//! conversation (trap 1).

use super::object::Object;
use super::remember::Remembered;
use super::taken::{
    DELETED_THERE, LINKED_FILES, REPEATED, STAFF, Taken, case, message, text_of_html,
};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{CaseState, Channel, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::Personal;

pub(super) const FORMAT: Format = Format {
    name: "freshdesk",
    about: "contacts, tickets and conversations of API v2",
    signs: &[
        &["fr_escalated", "requester_id"],
        &["body_text", "incoming", "private"],
        &["job_title", "mobile", "time_zone", "twitter_id"],
    ],
    framing: Framing::Objects {
        lists: &["contacts", "tickets", "results", "agents"],
        columns: &[
            "id",
            "name",
            "phone",
            "mobile",
            "email",
            "helpdesk_agent",
            "deleted",
            "spam",
            "created_at",
            "requester_id",
            "subject",
            "status",
            "source",
            "description_text",
            "description",
            "ticket_id",
            "user_id",
            "incoming",
            "private",
            "body_text",
            "body",
            "from_email",
        ],
        reader: || Box::new(Freshdesk::default()),
    },
};

#[derive(Default)]
struct Freshdesk {
    /// Whose a ticket is.
    requesters: Remembered,
    /// Who is staff, by id.
    staff: Remembered,
}

impl Reader for Freshdesk {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        match record.object("ticket") {
            Some(ticket) => self.ticket(ticket, record, taken),
            None if record.has("requester_id") => self.ticket(record, record, taken),
            None if record.has("incoming") => self.conversation(record, None, None, taken),
            None if list == "agents" || record.has("ticket_scope") => {
                self.staff
                    .set(record.id("id").unwrap_or_default(), String::new());
                taken.drop(STAFF);
            }
            None if record.has("mobile") || record.has("phone") || record.has("email") => {
                self.contact(record, false, taken);
            }
            None if list == PAGE => {}
            None => taken.reject(Reason::UnknownRecord, record.to_bytes()),
        }
    }
}

fn person(id: &str) -> String {
    format!("freshdesk:{id}")
}

impl Freshdesk {
    fn contact(&mut self, contact: Object<'_>, embedded: bool, taken: &mut Taken<'_>) {
        let Some(id) = contact.id("id") else {
            return taken.reject(Reason::NoPerson, contact.to_bytes());
        };
        if contact.flag("helpdesk_agent") == Some(true) {
            self.staff.set(id, String::new());
            return taken.drop(STAFF);
        }
        if contact.flag("deleted") == Some(true) {
            taken.remark(DELETED_THERE);
        }
        let dated = contact.time("created_at", taken.settings.zone);
        let change = dated.map(|dated| ContactChange {
            external_id: Some(person(&id).into()),
            name: contact.personal("name"),
            phone: contact.first_personal(&["phone", "mobile"]),
            email: contact.personal("email"),
            further: Further {
                emails: contact.texts("other_emails"),
                phones: [
                    contact.further(&["phone", "mobile"]),
                    contact.texts("other_phone_numbers"),
                ]
                .concat(),
                external_ids: Vec::new(),
            },
            source: Some("freshdesk".to_owned()),
            dated,
            fill_in: embedded,
        });
        taken.add(contact, change);
    }

    /// A ticket; its conversations stand in `around`, beside it or within.
    fn ticket(&mut self, ticket: Object<'_>, around: Object<'_>, taken: &mut Taken<'_>) {
        let (Some(id), Some(requester)) = (ticket.id("id"), ticket.id("requester_id")) else {
            return taken.reject(Reason::NoPerson, ticket.to_bytes());
        };
        self.requesters.set(id.clone(), requester.clone());
        if let Some(contact) = ticket.object("requester").or(around.object("requester")) {
            self.contact(contact, true, taken);
        }
        if ticket.flag("deleted") == Some(true) || ticket.flag("spam") == Some(true) {
            taken.remark(DELETED_THERE);
        }
        let opened_at = match ticket.needed_time("created_at", taken.settings.zone) {
            Ok(time) => time,
            Err(reason) => return taken.reject(reason, ticket.to_bytes()),
        };
        let channel = channel_of(ticket);
        let change = CaseChange {
            subject: ticket.personal("subject"),
            channel: Some(channel),
            state: ticket.number("status").and_then(state_of),
            opened_at: Some(opened_at),
            ..case(person(&id), person(&requester))
        };
        taken.add(ticket, Ok(change));
        for _ in ticket.list("attachments") {
            taken.drop(LINKED_FILES);
        }
        let direction = match ticket.number("source") {
            Some(10) => Direction::Out,
            _ => Direction::In,
        };
        let text = text_of(ticket, "description_text", "description");
        if let Some(body) = text.clone() {
            let (case, owner) = (person(&id), person(&requester));
            let first = MessageChange {
                external_id: Some(format!("freshdesk:ticket-{id}").into()),
                body,
                ..message(case, owner, direction, channel, opened_at)
            };
            taken.add(ticket, Ok(first));
        }
        for (number, conversation) in around.objects("conversations").enumerate() {
            let again = number == 0 && text_of(conversation, "body_text", "body") == text;
            if again && text.is_some() {
                taken.drop(REPEATED);
                continue;
            }
            self.conversation(conversation, Some(&id), Some(channel), taken);
        }
    }

    fn conversation(
        &mut self,
        conversation: Object<'_>,
        ticket: Option<&str>,
        channel: Option<Channel>,
        taken: &mut Taken<'_>,
    ) {
        let read = self.message(conversation, ticket, channel, taken);
        taken.add(conversation, read);
    }

    fn message(
        &self,
        it: Object<'_>,
        ticket: Option<&str>,
        channel: Option<Channel>,
        taken: &mut Taken<'_>,
    ) -> Result<MessageChange, Reason> {
        let ticket = ticket.map(str::to_owned).or_else(|| it.id("ticket_id"));
        let ticket = ticket.ok_or(Reason::NoRequester)?;
        let requester = self.requesters.get(&ticket).map(str::to_owned);
        let direction = match (it.flag("private"), it.flag("incoming")) {
            (Some(true), _) => Direction::Note,
            (_, Some(true)) => Direction::In,
            _ => Direction::Out,
        };
        let author = it.id("user_id");
        let from_outside = author.filter(|it| self.staff.get(it).is_none());
        let owner = match direction {
            Direction::In => from_outside.or(requester),
            Direction::Out | Direction::Note => requester,
        };
        let owner = owner.ok_or(Reason::NoRequester)?;
        let sent_at = it.needed_time("created_at", taken.settings.zone)?;
        for _ in it.list("attachments") {
            taken.drop(LINKED_FILES);
        }
        let channel = channel.unwrap_or(Channel::Other);
        Ok(MessageChange {
            external_id: it
                .id("id")
                .map(|id| format!("freshdesk:conversation-{id}").into()),
            author: it.personal("from_email"),
            body: text_of(it, "body_text", "body").unwrap_or_default(),
            ..message(person(&ticket), person(&owner), direction, channel, sent_at)
        })
    }
}

fn text_of(record: Object<'_>, text: &str, html: &str) -> Option<Personal> {
    let plain = record.personal(text);
    plain.or_else(|| record.text(html).map(text_of_html))
}

fn state_of(status: i64) -> Option<CaseState> {
    match status {
        2 => Some(CaseState::Open),
        3 | 6 | 7 => Some(CaseState::Pending),
        4 | 5 => Some(CaseState::Closed),
        _ => None,
    }
}

fn channel_of(ticket: Object<'_>) -> Channel {
    match ticket.number("source") {
        Some(1 | 10) => Channel::Email,
        Some(2) => Channel::Portal,
        Some(3) => Channel::Phone,
        Some(5 | 6 | 13) => Channel::Social,
        Some(7 | 9) => Channel::Widget,
        _ => Channel::Other,
    }
}
