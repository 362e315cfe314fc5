//! Why a record could not be read. The words are the program's own and hold nothing of the record.

use crate::catalog::write::{Flaw, What};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $words:literal,)*) => {
        /// Why a record could not be read. The words hold nothing of the record itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// The words that are stored and reported.
            pub const fn words(self) -> &'static str {
                match self { $(Reason::$name => $words,)* }
            }
        }
    };
}

reasons! {
    /// Longer than a line may be.
    TooLong = "longer than 1 MiB; the first 64 KiB are kept",
    /// Longer than a line of our own format may be.
    LineTooLong = "longer than 32 MiB; the first 64 KiB are kept",
    /// Likewise, of another system's export.
    RecordTooLong = "longer than 16 MiB, or of over 250,000 values; the first 64 KiB are kept",
    /// Longer than a mail may be.
    MailTooLong = "a mail longer than 32 MiB; the first 64 KiB are kept",
    /// A text longer than a message may be.
    LongBody = "its text is longer than 1 MiB",
    /// Not UTF-8.
    NotUtf8 = "not UTF-8",
    /// Bytes that the encoding of the file does not have.
    NotInEncoding = "has bytes that are neither UTF-8 nor the encoding of the file: name it with --encoding",
    /// A NUL character in a text.
    Nul = "contains a NUL character",
    /// Not one JSON object.
    NotJson = "not one JSON object on one line",
    /// No JSON that could be read.
    BrokenJson = "no valid JSON object, or nested deeper than 127",
    /// The source ends within it.
    CutOff = "the source ends in the middle of it: import the whole file, nothing is taken in twice",
    /// `type` is missing or unknown.
    UnknownType = "type is not contact, case, message or forwarding",
    /// A record of a kind that this format is not known to have.
    UnknownRecord = "no record of a kind that is read from this system",
    /// A field this type does not have.
    UnknownField = "has a field that its type does not have",
    /// A field that must be there is not.
    MissingField = "lacks a field that its type must have",
    /// A value of another kind: a number for a text, an unknown word, no RFC 3339 time.
    BadValue = "has a value of the wrong kind, an unknown word or no RFC 3339 time of 1900 to 2199",
    /// A recipient or source with a control character, or too long.
    BadText = "recipient or source has a control character or over 1000 bytes",
    /// A list of people, not one.
    TooManyIdentifiers = "has more than 100 further addresses, numbers or ids",
    /// No date at all.
    NoDate = "has no date",
    /// A date in no style that is read.
    BadDate = "its date is in no accepted style (docs/FORMATS.md) or not between 1990 and 2100",
    /// Nothing says whom it is about.
    NoPerson = "nothing says whom it is about: no id, address or number",
    /// A message of a case whose requester is unknown.
    NoRequester = "whose case it is cannot be seen: import the tickets before it in the same command",
    /// A quotation mark that is never closed.
    OpenQuote = "a quotation mark in it is never closed",
    /// More or fewer fields than the header.
    FieldCount = "has more fields than the header",
    /// No mail that could be read.
    NoMail = "no mail: it has no header lines",
    /// Parts in parts in parts.
    TooNested = "a mail nested deeper than 16, or of over 1000 parts",
}

impl From<Flaw> for Reason {
    fn from(flaw: Flaw) -> Self {
        match flaw.what {
            What::Nul => Reason::Nul,
            What::TooLong => Reason::LongBody,
            What::NoLine => Reason::BadText,
            What::TooMany => Reason::TooManyIdentifiers,
        }
    }
}
