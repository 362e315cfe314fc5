//! Cutting a stream into records: lines, table rows, JSON elements, mails. Each holds one record in
//! memory, and no more of it than its limit.

mod beginning;
mod elements;
mod lines;
mod mails;
mod table;

pub use beginning::{Beginning, open};
pub use elements::{Element, Elements};
pub use lines::{LONGEST_RECORD, Line, Lines};
pub use mails::{Mail, Mails};
pub use table::{Encoding, Row, Rows, Table};

/// A record of another system may be this long; of a longer one only the beginning is kept.
pub const LONGEST_ELEMENT: usize = 16 << 20;
/// A mail may be this long with everything attached to it.
pub const LONGEST_MAIL: usize = 32 << 20;
/// How much of an over-long record goes to quarantine.
pub(super) const KEPT: usize = 64 << 10;
