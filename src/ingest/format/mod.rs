//! The systems whose exports are read: one file each.
//!
//! **To add one more**: a file here with a [`Reader`] (what a record means) and a `FORMAT` (its name,
//! how its sources are cut into records, by which names it is recognised), and its line in
//! [`FORMATS`]. The command line, `--format auto`, batches, quarantine, secrets, the fuzz test and the
//! story over every fixture take it from there; `docs/FORMATS.md` says what is read and what is not.
//!
//! A reader never fails: a record that cannot be read goes to quarantine with its reason, and the next
//! is read. Its external ids carry the system's name (`zendesk:17`), so that two systems' number 17
//! stay two people, and are derived from the record alone, so that the same file twice brings nothing
//! new.

mod chatwoot;
mod csv;
mod detect;
mod elks;
mod freshdesk;
mod front;
mod helpscout;
mod mail;
mod object;
mod otrs;
mod read;
mod remember;
mod secrets;
mod sms;
mod taken;
mod twilio;
mod zammad;
mod zendesk;

use std::path::Path;

use chrono_tz::Tz;

pub use detect::detect;
pub use read::Session;

use self::object::Object;
pub(super) use self::taken::Taken;
use super::source::Encoding;

/// Every format there is, in the order in which they are tried.
pub const FORMATS: &[Format] = &[
    Format {
        name: "gallra",
        about: "NDJSON of contacts, cases, messages and forwardings",
        signs: &[],
        framing: Framing::Gallra,
    },
    zendesk::FORMAT,
    freshdesk::FORMAT,
    zammad::FORMAT,
    chatwoot::FORMAT,
    helpscout::FORMAT,
    front::FORMAT,
    otrs::FORMAT,
    twilio::FORMAT,
    elks::FORMAT,
    mail::FORMAT,
    csv::FORMAT,
];

/// One format.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Names of fields that give it away: all of one set.
    signs: &'static [&'static [&'static str]],
    framing: Framing,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Format({})", self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|it| it.name == name)
    }

    /// The format that a file's name gives away, where its beginning may not: a mail of two lines.
    pub fn of_path(path: &Path) -> Option<&'static Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        matches!(extension.as_str(), "eml" | "mbox" | "mbx").then_some(&mail::FORMAT)
    }
}

/// How a source is cut into records.
enum Framing {
    /// Our own lines.
    Gallra,
    /// JSON, or the rows of a table whose header has the same names.
    Objects {
        /// Names under which a page holds records.
        lists: &'static [&'static str],
        /// The fields of a record that are read, as far as a table may have them.
        columns: &'static [&'static str],
        /// A new reader.
        reader: fn() -> Box<dyn Reader>,
    },
    /// The rows of a table with any header.
    Table,
    /// One mail or an mbox.
    Mail,
}

/// What the records of a system mean. One reader sees all sources of an import, in order.
trait Reader: Send {
    /// Reads one record; `list` is the name of the list it stood in, [`PAGE`] for what surrounds lists.
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>);
}

/// What of a page is left beside its lists.
const PAGE: &str = "\u{0}page";

/// How an import is set up, for every format.
#[derive(Debug, Clone)]
pub struct Settings {
    /// ISO 3166 code: telephone numbers are read as from there.
    pub country: String,
    /// Where clock times without a zone are from.
    pub zone: Tz,
    /// The desk's own addresses (`info@example.se`) and domains (`@example.se`): mail from them goes
    /// out.
    pub own: Vec<String>,
    /// Columns of a table: header, field.
    pub columns: Vec<(String, String)>,
    /// The encoding of a table, where it is not to be looked for.
    pub encoding: Option<Encoding>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            country: "SE".to_owned(),
            zone: Tz::Europe__Stockholm,
            own: Vec::new(),
            columns: Vec::new(),
            encoding: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The preview of a table says which columns are taken: what is said of one is true of its reader.
    #[test]
    fn every_column_that_is_named_is_read() {
        let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ingest/format");
        let mut looked_at = 0;
        for format in FORMATS {
            let Framing::Objects { columns, .. } = format.framing else {
                continue;
            };
            let name = format.name.trim_start_matches("46");
            let source = std::fs::read_to_string(sources.join(format!("{name}.rs"))).unwrap();
            for column in columns {
                let quoted = format!("\"{column}\"");
                let read = source.matches(&quoted).count();
                assert!(read > 1, "{name}: {column} is named and not read");
                looked_at += 1;
            }
        }
        assert!(looked_at > 100, "{looked_at}");
    }
}
