//! Files that leave the house: a zip written as a stream, tables, and messages as mails. Plaintext is in
//! memory only, a page at a time, whoever makes it: the return of a client's data, or a person's package.

pub(crate) mod archive;
pub(crate) mod mbox;

use std::io;

use zeroize::Zeroizing;

/// One line of a table: RFC 4180, UTF-8.
pub(crate) fn row(cells: &[&str]) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    line.write_record(cells)?;
    let line = line.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(Zeroizing::new(line))
}
