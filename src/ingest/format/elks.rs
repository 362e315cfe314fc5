//! 46elks: lists of text messages. Its times have no zone and are UTC.

use super::object::Object;
use super::sms::Text;
use super::taken::{LINKED_FILES, Taken};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::types::Direction;
use crate::ingest::Reason;

pub(super) const FORMAT: Format = Format {
    name: "46elks",
    about: "46elks' list of messages",
    signs: &[&["direction", "created", "from", "to", "message"]],
    framing: Framing::Objects {
        lists: &["data"],
        columns: &["id", "from", "to", "message", "direction", "created"],
        reader: || Box::new(Elks),
    },
};

struct Elks;

impl Reader for Elks {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        if list == PAGE {
            return;
        }
        for _ in record.list("images") {
            taken.drop(LINKED_FILES);
        }
        match text(record).and_then(|it| it.changes(taken)) {
            Ok((contact, message)) => {
                taken.add(record, Ok(contact));
                taken.add(record, Ok(message));
            }
            Err(reason) => taken.reject(reason, record.to_bytes()),
        }
    }
}

fn text(record: Object<'_>) -> Result<Text<'_>, Reason> {
    Ok(Text {
        supplier: "46elks",
        id: record.id("id"),
        from: record.id("from"),
        to: record.id("to"),
        body: record.text("message").unwrap_or_default(),
        direction: match record.text("direction") {
            Some("incoming") => Direction::In,
            Some("outgoing") => Direction::Out,
            Some(_) => return Err(Reason::BadValue),
            None => return Err(Reason::UnknownRecord),
        },
        sent_at: record.needed_time("created", chrono_tz::Tz::UTC)?,
    })
}
