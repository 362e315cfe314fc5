//! Help Scout: conversations with their threads, and customers, of its API in versions 1 and 2.

use super::object::Object;
use super::taken::{LINKED_FILES, Taken, case, message, text_of_html};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{CaseState, Channel, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::Personal;

pub(super) const FORMAT: Format = Format {
    name: "helpscout",
    about: "conversations with threads, and customers, of API 1 and 2",
    signs: &[
        &["primaryCustomer", "mailboxId"],
        &["customer", "threads", "createdAt"],
        &["_embedded", "firstName", "lastName"],
    ],
    framing: Framing::Objects {
        lists: &["items"],
        columns: &[
            "id",
            "firstName",
            "lastName",
            "first",
            "last",
            "phone",
            "email",
            "createdAt",
            "subject",
            "status",
            "type",
            "closedAt",
        ],
        reader: || Box::new(HelpScout),
    },
};

struct HelpScout;

impl Reader for HelpScout {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        let embedded = record.object("_embedded");
        let customer = ["primaryCustomer", "customer"]
            .iter()
            .find_map(|it| record.object(it));
        if let Some(item) = record.object("item") {
            self.read("", item, taken);
        } else if let Some(customer) = customer {
            conversation(record, customer, taken);
        } else if record.has("firstName") {
            let read = contact(record, false, taken);
            taken.add(record, read);
        } else if let Some(page) = embedded {
            for name in ["conversations", "customers"] {
                for record in page.objects(name) {
                    self.read(name, record, taken);
                }
            }
        } else if list != PAGE {
            taken.reject(Reason::UnknownRecord, record.to_bytes());
        }
    }
}

fn person(id: &str) -> String {
    format!("helpscout:{id}")
}

fn contact(
    customer: Object<'_>,
    embedded: bool,
    taken: &Taken<'_>,
) -> Result<ContactChange, Reason> {
    let id = customer.id("id").ok_or(Reason::NoPerson)?;
    let listed = |name: &str| -> Vec<Personal> {
        let within = customer.object("_embedded").unwrap_or(customer);
        let mut listed = within.texts(name);
        listed.extend(within.objects(name).filter_map(|it| it.personal("value")));
        listed
    };
    let (emails, phones) = (listed("emails"), listed("phones"));
    let name = customer.joined(&["firstName", "lastName"]);
    Ok(ContactChange {
        external_id: Some(person(&id).into()),
        name: name.or_else(|| customer.joined(&["first", "last"])),
        phone: customer.personal("phone").or(phones.first().cloned()),
        email: customer.personal("email").or(emails.first().cloned()),
        further: Further {
            emails,
            phones,
            external_ids: Vec::new(),
        },
        source: Some("helpscout".to_owned()),
        dated: customer.time("createdAt", taken.settings.zone)?,
        fill_in: embedded,
    })
}

fn conversation(record: Object<'_>, customer: Object<'_>, taken: &mut Taken<'_>) {
    let (Some(id), Some(requester)) = (record.id("id"), customer.id("id")) else {
        return taken.reject(Reason::NoPerson, record.to_bytes());
    };
    let read = contact(customer, true, taken);
    taken.add(customer, read);
    let zone = taken.settings.zone;
    let channel = channel_of(record);
    let read = || -> Result<CaseChange, Reason> {
        Ok(CaseChange {
            subject: record.personal("subject"),
            channel: Some(channel),
            state: record.text("status").and_then(state_of),
            opened_at: Some(record.needed_time("createdAt", zone)?),
            closed_at: record.time("closedAt", zone)?,
            ..case(person(&id), person(&requester))
        })
    };
    let read = read();
    let good = read.is_ok();
    taken.add(record, read);
    let within = record.object("_embedded").unwrap_or(record);
    for it in within.objects("threads").filter(|_| good) {
        if it.text("type") != Some("lineitem") {
            let read = thread(it, &id, &requester, channel, taken);
            taken.add(it, read);
        }
    }
}

fn thread(
    it: Object<'_>,
    conversation: &str,
    requester: &str,
    channel: Channel,
    taken: &mut Taken<'_>,
) -> Result<MessageChange, Reason> {
    let creator = it.object("createdBy");
    let by_customer = it.flag("createdByCustomer") == Some(true)
        || creator.and_then(|it| it.text("type")) == Some("customer");
    let direction = match it.text("type") {
        Some("note") => Direction::Note,
        Some("customer") => Direction::In,
        _ if by_customer => Direction::In,
        _ => Direction::Out,
    };
    let attached = it.object("_embedded").unwrap_or(it);
    for _ in attached.list("attachments") {
        taken.drop(LINKED_FILES);
    }
    // Another customer's thread is that customer's part of the conversation.
    let owner = match direction {
        Direction::In => creator.or(it.object("customer")).and_then(|it| it.id("id")),
        Direction::Out | Direction::Note => None,
    };
    let owner = owner.unwrap_or_else(|| requester.to_owned());
    let sent_at = it.needed_time("createdAt", taken.settings.zone)?;
    let name = |it: Object<'_>| -> Option<Personal> {
        let name = it.joined(&["firstName", "lastName"]);
        name.or_else(|| it.joined(&["first", "last"]))
            .or_else(|| it.personal("email"))
    };
    Ok(MessageChange {
        external_id: it
            .id("id")
            .map(|id| format!("helpscout:thread-{id}").into()),
        author: creator.and_then(name),
        body: it.text("body").map(text_of_html).unwrap_or_default(),
        ..message(
            person(conversation),
            person(&owner),
            direction,
            channel,
            sent_at,
        )
    })
}

fn state_of(status: &str) -> Option<CaseState> {
    match status {
        "active" | "open" => Some(CaseState::Open),
        "pending" => Some(CaseState::Pending),
        "closed" | "spam" => Some(CaseState::Closed),
        _ => None,
    }
}

fn channel_of(conversation: Object<'_>) -> Channel {
    match conversation.text("type") {
        Some("email") => Channel::Email,
        Some("chat") => Channel::Widget,
        Some("phone") => Channel::Phone,
        _ => Channel::Other,
    }
}
