//! Chatwoot: contacts, conversations and messages, as its API gives them.

use super::object::Object;
use super::remember::Remembered;
use super::taken::{LINKED_FILES, Taken, message};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{AuthorKind, Channel, Direction};
use crate::catalog::write::{ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::Personal;

pub(super) const FORMAT: Format = Format {
    name: "chatwoot",
    about: "contacts, conversations and messages of the API",
    signs: &[
        &["message_type", "conversation_id", "content"],
        &["message_type", "inbox_id", "content"],
        &["phone_number", "identifier", "thumbnail"],
    ],
    framing: Framing::Objects {
        lists: &["payload"],
        columns: &[
            "id",
            "name",
            "phone_number",
            "email",
            "created_at",
            "conversation_id",
            "content",
            "content_type",
            "message_type",
            "private",
        ],
        reader: || Box::new(Chatwoot::default()),
    },
};

/// Reported as dropped: "Anna assigned this to Bo".
const ACTIVITY: &str = "lines about the handling of a conversation, written by the system";

#[derive(Default)]
struct Chatwoot {
    /// Whose a conversation is.
    requesters: Remembered,
    /// Which conversations are by e-mail.
    by_email: Remembered,
}

impl Reader for Chatwoot {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        if record.has("message_type") {
            self.message(record, taken);
        } else if record.has("messages") {
            self.conversation(record, taken);
        } else if record.has("phone_number") || record.has("identifier") {
            contact(record, false, taken);
        } else if let Some(data) = record.object("data") {
            for record in data.objects("payload") {
                self.read("payload", record, taken);
            }
        } else if list != PAGE {
            taken.reject(Reason::UnknownRecord, record.to_bytes());
        }
    }
}

fn person(id: &str) -> String {
    format!("chatwoot:{id}")
}

fn contact(contact: Object<'_>, embedded: bool, taken: &mut Taken<'_>) {
    let Some(id) = contact.id("id") else {
        return taken.reject(Reason::NoPerson, contact.to_bytes());
    };
    let change = contact
        .time("created_at", taken.settings.zone)
        .map(|dated| ContactChange {
            external_id: Some(person(&id).into()),
            name: contact.personal("name"),
            phone: contact.personal("phone_number"),
            email: contact.personal("email"),
            further: further(contact),
            source: Some("chatwoot".to_owned()),
            dated,
            fill_in: embedded,
        });
    taken.add(contact, change);
}

/// Addresses and numbers of accounts that were merged there.
fn further(contact: Object<'_>) -> Further {
    let attributes = contact.object("additional_attributes");
    Further {
        emails: attributes.map_or_else(Vec::new, |it| it.texts("emails")),
        phones: attributes.map_or_else(Vec::new, |it| it.texts("phone_numbers")),
        external_ids: Vec::new(),
    }
}

impl Chatwoot {
    fn conversation(&mut self, conversation: Object<'_>, taken: &mut Taken<'_>) {
        let sender = conversation
            .object("meta")
            .and_then(|it| it.object("sender"));
        if let (Some(id), Some(sender)) = (conversation.id("id"), sender) {
            contact(sender, true, taken);
            self.requesters.set(id, sender.id("id").unwrap_or_default());
        }
        for message in conversation.objects("messages") {
            self.message(message, taken);
        }
    }

    fn message(&mut self, message: Object<'_>, taken: &mut Taken<'_>) {
        let kind = match (message.number("message_type"), message.text("message_type")) {
            (Some(0), _) | (_, Some("incoming")) => Some((Direction::In, AuthorKind::Contact)),
            (Some(1), _) | (_, Some("outgoing")) => Some((Direction::Out, AuthorKind::Staff)),
            (Some(3), _) | (_, Some("template")) => Some((Direction::Out, AuthorKind::System)),
            (Some(2), _) | (_, Some("activity")) => return taken.drop(ACTIVITY),
            _ => None,
        };
        let read = match kind {
            Some(kind) => self.understand(message, kind, taken),
            None => Err(Reason::BadValue),
        };
        taken.add(message, read);
    }

    fn understand(
        &mut self,
        it: Object<'_>,
        (direction, kind): (Direction, AuthorKind),
        taken: &mut Taken<'_>,
    ) -> Result<MessageChange, Reason> {
        let conversation = it.id("conversation_id").ok_or(Reason::NoRequester)?;
        let sent_at = it.needed_time("created_at", taken.settings.zone)?;
        let sender = it.object("sender");
        if direction == Direction::In
            && let Some(sender) = sender
            && let Some(id) = sender.id("id")
        {
            contact(sender, true, taken);
            self.requesters.set(conversation.clone(), id);
        }
        let attributes = it.object("content_attributes");
        let email = attributes.and_then(|it| it.object("email"));
        if email.is_some() || it.text("content_type") == Some("incoming_email") {
            self.by_email.set(conversation.clone(), String::new());
        }
        let channel = match self.by_email.get(&conversation) {
            Some(_) => Channel::Email,
            None => Channel::Widget,
        };
        for _ in it.list("attachments") {
            taken.drop(LINKED_FILES);
        }
        let owner = self.requesters.get(&conversation);
        let owner = owner.ok_or(Reason::NoRequester)?;
        let direction = match it.flag("private") {
            Some(true) => Direction::Note,
            _ => direction,
        };
        Ok(MessageChange {
            external_id: it.id("id").map(|id| format!("chatwoot:{id}").into()),
            subject: email.and_then(|it| it.personal("subject")),
            author: sender.and_then(|it| it.first_personal(&["name", "email"])),
            author_kind: Some(kind),
            body: text_of(it, email).unwrap_or_default(),
            ..message(
                person(&conversation),
                person(owner),
                direction,
                channel,
                sent_at,
            )
        })
    }
}

/// What was written; of a mail all of it, where it is there.
fn text_of(message: Object<'_>, email: Option<Object<'_>>) -> Option<Personal> {
    let full = email.and_then(|it| it.object("text_content")?.personal("full"));
    full.or_else(|| message.personal("content"))
}
