//! Twilio: lists of messages, as JSON or as the CSV of its console, and stored webhook bodies.
//!
//! A webhook body has no time of its own: without one it goes to quarantine.

use super::object::Object;
use super::sms::Text;
use super::taken::{LINKED_FILES, Taken};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::types::Direction;
use crate::ingest::Reason;
use crate::vocabulary::Timestamp;

pub(super) const FORMAT: Format = Format {
    name: "twilio",
    about: "Twilio's messages: JSON list, CSV or webhook bodies",
    signs: &[
        &["account_sid", "num_segments"],
        &["num_segments", "from", "to", "body"],
        &["MessageSid", "From"],
        &["SmsMessageSid", "From"],
        &["NumSegments", "From", "To", "Body"],
    ],
    framing: Framing::Objects {
        lists: &["messages"],
        columns: &[
            "sid",
            "Sid",
            "MessageSid",
            "SmsMessageSid",
            "SmsSid",
            "id",
            "direction",
            "Direction",
            "from",
            "From",
            "to",
            "To",
            "body",
            "Body",
            "date_sent",
            "DateSent",
            "SentDate",
            "date_created",
            "created_at",
        ],
        reader: || Box::new(Twilio),
    },
};

struct Twilio;

impl Reader for Twilio {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        if list == PAGE {
            return;
        }
        let media = ["num_media", "NumMedia"]
            .iter()
            .find_map(|it| record.number(it));
        for _ in 0..media.unwrap_or(0).clamp(0, 10) {
            taken.drop(LINKED_FILES);
        }
        match text(record, taken).and_then(|it| it.changes(taken)) {
            Ok((contact, message)) => {
                taken.add(record, Ok(contact));
                taken.add(record, Ok(message));
            }
            Err(reason) => taken.reject(reason, record.to_bytes()),
        }
    }
}

fn text<'a>(record: Object<'a>, taken: &Taken<'_>) -> Result<Text<'a>, Reason> {
    let id = |names: &[&str]| names.iter().find_map(|it| record.id(it));
    let sid = id(&["sid", "Sid", "MessageSid", "SmsMessageSid", "SmsSid", "id"]);
    let direction = match record.first_text(&["direction", "Direction"]) {
        Some(text) if text.starts_with("inbound") => Direction::In,
        Some(text) if text.starts_with("outbound") => Direction::Out,
        Some(_) => return Err(Reason::BadValue),
        None if record.has("MessageSid") || record.has("SmsMessageSid") => Direction::In,
        None => return Err(Reason::UnknownRecord),
    };
    Ok(Text {
        supplier: "twilio",
        id: sid,
        from: id(&["from", "From"]),
        to: id(&["to", "To"]),
        body: record.first_text(&["body", "Body"]).unwrap_or_default(),
        direction,
        sent_at: sent_at(record, taken)?,
    })
}

fn sent_at(record: Object<'_>, taken: &Taken<'_>) -> Result<Timestamp, Reason> {
    for name in [
        "date_sent",
        "DateSent",
        "SentDate",
        "date_created",
        "created_at",
    ] {
        if let Some(time) = record.time(name, taken.settings.zone)? {
            return Ok(time);
        }
    }
    Err(Reason::NoDate)
}
