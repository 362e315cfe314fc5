//! What can be asked for, and what became of it.

use crate::catalog::further::Further;
use crate::catalog::types::{AuthorKind, CaseState, Channel, Custody, Direction};
use crate::vocabulary::{CaseId, ContactId, Personal, Timestamp};

/// A contact to create or change, known by its external id; without one by e-mail, then phone. What
/// is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactChange {
    /// Another system's id.
    pub external_id: Option<Personal>,
    /// Name as written.
    pub name: Option<Personal>,
    /// Telephone number as written.
    pub phone: Option<Personal>,
    /// E-mail address as written.
    pub email: Option<Personal>,
    /// Further addresses, numbers and ids: added to those that are there.
    pub further: Further,
    /// Where the data came from.
    pub source: Option<String>,
    /// How old the record is, as far as known.
    pub dated: Option<Timestamp>,
    /// Fill in what is absent, add addresses and numbers, and change nothing: for what was seen in
    /// passing, such as the name beside an address, which may be another in each mail.
    pub fill_in: bool,
}

/// A case to create or change, known by its external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseChange {
    /// Another system's id.
    pub external_id: Personal,
    /// The requester's external id.
    pub contact: Personal,
    /// What it is about.
    pub subject: Option<Personal>,
    /// How it came in.
    pub channel: Option<Channel>,
    /// Where it stands.
    pub state: Option<CaseState>,
    /// Who has it.
    pub custody: Option<Custody>,
    /// When it began.
    pub opened_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// A message to record; creates its contact and case when they are not there. Known by its external
/// id, without one by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageChange {
    /// The case's external id.
    pub case: Personal,
    /// The contact's external id.
    pub contact: Personal,
    /// Another system's id.
    pub external_id: Option<Personal>,
    /// The subject, for a case that is not there yet.
    pub subject: Option<Personal>,
    /// Who wrote it.
    pub author: Option<Personal>,
    /// Whether that was the contact, staff or a machine; absent, the direction says it.
    pub author_kind: Option<AuthorKind>,
    /// The text.
    pub body: Personal,
    /// Which way it went.
    pub direction: Direction,
    /// How.
    pub channel: Channel,
    /// When.
    pub sent_at: Timestamp,
    /// Files sent along: written with the message, and left alone when it is there already.
    pub attachments: Vec<NewAttachment>,
}

/// A file sent along with a message.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// What it was called.
    pub name: Option<Personal>,
    /// What it says it is.
    pub media_type: Personal,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for NewAttachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewAttachment({} bytes)", self.content.len())
    }
}

/// A forwarding to record: what of a case went to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardingChange {
    /// The case's external id.
    pub case: Personal,
    /// To whom.
    pub recipient: String,
    /// Why.
    pub reason: Option<Personal>,
    /// When.
    pub at: Timestamp,
    /// The message's external id, when it was one.
    pub message: Option<Personal>,
}

/// A record that could not be read, kept sealed until a person looks at it.
#[derive(Clone, PartialEq, Eq)]
pub struct RejectedRecord {
    /// Which import; no file name, which may be a person's.
    pub source: String,
    /// The line's number.
    pub line: u64,
    /// What is wrong, in the program's own words.
    pub reason: &'static str,
    /// Its bytes.
    pub record: Vec<u8>,
}

impl std::fmt::Debug for RejectedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RejectedRecord(line {}: {})", self.line, self.reason)
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A contact.
    Contact(ContactChange),
    /// A case.
    Case(CaseChange),
    /// A message.
    Message(MessageChange),
    /// A forwarding.
    Forwarding(ForwardingChange),
    /// A record that could not be read.
    Rejected(RejectedRecord),
}

/// Which rows a change concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// The contact.
    pub contact: Option<ContactId>,
    /// The case.
    pub case: Option<CaseId>,
    /// The row itself: contact, case, message, forwarding or quarantined record.
    pub row: [u8; 16],
    /// Whether its contact was made for it, bare, because nothing had described it yet.
    pub made_contact: bool,
    /// Whether its case was opened for it, likewise.
    pub made_case: bool,
}

impl Ids {
    /// Of a change that made nothing but its own row.
    pub(super) fn of(contact: Option<ContactId>, case: Option<CaseId>, row: [u8; 16]) -> Self {
        Self {
            contact,
            case,
            row,
            made_contact: false,
            made_case: false,
        }
    }
}

/// Why a change was not made though nothing is wrong with its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No external id, e-mail or phone says who it is.
    NoIdentifier,
    /// A forwarding of a case that is not here.
    UnknownCase,
    /// More addresses, numbers or ids than one person has.
    TooManyIdentifiers,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new row.
    Created(Ids),
    /// A row has other content now.
    Changed(Ids),
    /// It was all there already.
    Unchanged(Ids),
    /// It is about a person who was erased, and dated before.
    Suppressed,
    /// Its contact or case is being erased at this moment.
    BeingErased,
    /// It cannot be made.
    Refused(Refusal),
}

impl Outcome {
    /// The rows it concerned, if it was made or was there already.
    pub fn ids(&self) -> Option<Ids> {
        match self {
            Outcome::Created(ids) | Outcome::Changed(ids) | Outcome::Unchanged(ids) => Some(*ids),
            _ => None,
        }
    }
}
