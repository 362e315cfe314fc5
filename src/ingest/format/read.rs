//! Reading a source of any format to its end.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tokio::io::AsyncBufRead;

use super::object::Object;
use super::taken::Taken;
use super::{Format, Framing, PAGE, Reader, Settings, csv, detect, mail, secrets};
use crate::catalog::{Catalog, TenantRef};
use crate::ingest::intake::Intake;
use crate::ingest::report::{Column, TableReport};
use crate::ingest::source::{Beginning, Element, Elements, Mail, Mails, Row, Rows, Table, open};
use crate::ingest::{IngestError, Options, Reason, Report, gallra};

/// One import of one or more sources, whose readers remember what they saw: that an author is staff,
/// whose a ticket is.
pub struct Session<'a> {
    /// Nowhere, when it only reads.
    into: Option<(&'a Catalog, &'a TenantRef)>,
    settings: Settings,
    readers: HashMap<&'static str, Box<dyn Reader>>,
}

impl<'a> Session<'a> {
    /// Begins an import.
    pub fn new(catalog: &'a Catalog, tenant: &'a TenantRef, settings: Settings) -> Self {
        Self {
            into: Some((catalog, tenant)),
            ..Self::reading(settings)
        }
    }

    /// Begins one that only reads and counts.
    pub fn reading(settings: Settings) -> Self {
        Self {
            into: None,
            settings,
            readers: HashMap::new(),
        }
    }

    /// Imports a source. Without a format its beginning says which one it has. `progress` is called
    /// after each batch.
    pub async fn import<R: AsyncBufRead + Unpin>(
        &mut self,
        source: R,
        format: Option<&'static Format>,
        options: Options,
        mut progress: impl FnMut(&Report),
    ) -> Result<Report, IngestError> {
        let mut intake = match self.into {
            Some((catalog, tenant)) => Intake::new(catalog, tenant, options),
            None => Intake::reading(options),
        };
        self.read(source, format, &mut intake, &mut progress)
            .await?;
        let report = intake.finish().await?;
        progress(&report);
        Ok(report)
    }

    /// Reads one of the sources of an import into its intake; the caller finishes that.
    pub async fn read<R: AsyncBufRead + Unpin>(
        &mut self,
        source: R,
        format: Option<&'static Format>,
        intake: &mut Intake<'_>,
        mut progress: impl FnMut(&Report),
    ) -> Result<(), IngestError> {
        let failed = |cause| IngestError::Source { line: 0, cause };
        let (beginning, source) = open(source).await.map_err(failed)?;
        let format = match format {
            Some(format) => format,
            None => detect(&beginning)?,
        };
        intake.of_format(format.name);
        let settings = &self.settings;
        match format.framing {
            Framing::Gallra => gallra::lines(source, intake, &mut progress).await?,
            Framing::Mail => mails(&beginning, source, settings, intake, &mut progress).await?,
            Framing::Table => {
                let (mut rows, progress) = (csv::Csv::new(settings), &mut progress);
                table(&beginning, source, &mut rows, settings, intake, progress).await?;
            }
            Framing::Objects {
                lists,
                columns,
                reader,
            } => {
                let reader = self.readers.entry(format.name).or_insert_with(reader);
                if is_json(&beginning.bytes) {
                    let elements = Elements::new(&beginning, source, lists);
                    objects(elements, reader.as_mut(), settings, intake, &mut progress).await?;
                } else {
                    let reader = reader.as_mut();
                    let mut rows = NamedRows { reader, columns };
                    let progress = &mut progress;
                    table(&beginning, source, &mut rows, settings, intake, progress).await?;
                }
            }
        }
        Ok(())
    }
}

/// Whether objects follow, or nothing at all; else it is a table of the same fields.
fn is_json(beginning: &[u8]) -> bool {
    matches!(beginning.trim_ascii().first(), None | Some(b'{' | b'['))
}

async fn hand_over(
    intake: &mut Intake<'_>,
    taken: Taken<'_>,
    progress: &mut impl FnMut(&Report),
) -> Result<(), IngestError> {
    if intake.take(taken).await? {
        progress(intake.report());
    }
    Ok(())
}

async fn objects<R: AsyncBufRead + Unpin>(
    mut elements: Elements<R>,
    reader: &mut dyn Reader,
    settings: &Settings,
    intake: &mut Intake<'_>,
    progress: &mut impl FnMut(&Report),
) -> Result<(), IngestError> {
    loop {
        let next = elements.next().await;
        let line = intake.report().lines;
        let Some(element) = next.map_err(|cause| IngestError::Source { line, cause })? else {
            return Ok(());
        };
        intake.line();
        let mut taken = Taken::new(settings);
        match element {
            Element::Of(list, bytes) => element_of(list, bytes, reader, &mut taken),
            Element::Page(bytes) => element_of(PAGE, bytes, reader, &mut taken),
            Element::TooLong(bytes) => taken.reject(Reason::RecordTooLong, bytes),
            Element::CutOff(bytes) => taken.reject(Reason::CutOff, bytes),
        }
        hand_over(intake, taken, progress).await?;
    }
}

fn element_of(list: &str, bytes: Vec<u8>, reader: &mut dyn Reader, taken: &mut Taken<'_>) {
    if bytes.contains(&0) || bytes.windows(6).any(|it| it == b"\\u0000") {
        return taken.reject(Reason::Nul, bytes);
    }
    if std::str::from_utf8(&bytes).is_err() {
        return taken.reject(Reason::NotUtf8, bytes);
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return taken.reject(Reason::BrokenJson, bytes);
    };
    drop(bytes);
    secrets::strip(&mut value, &mut taken.dropped);
    match Object::new(&value) {
        Some(record) => reader.read(list, record, taken),
        None => taken.reject(Reason::BrokenJson, value.to_string().into_bytes()),
    }
}

/// What is made of the rows of a table.
pub(super) trait TableReader: Send {
    /// Reads the header: what each column is taken as, or why none can be.
    fn header(&mut self, names: &[String]) -> Result<Vec<Column>, IngestError>;
    /// Reads a row, by the names of the header.
    fn row(&mut self, row: Object<'_>, taken: &mut Taken<'_>);
}

/// The rows of a table whose header has the names of a system's own fields.
struct NamedRows<'a> {
    reader: &'a mut dyn Reader,
    /// Those that it reads.
    columns: &'static [&'static str],
}

impl TableReader for NamedRows<'_> {
    fn header(&mut self, names: &[String]) -> Result<Vec<Column>, IngestError> {
        let column = |name: &String| Column {
            header: name.clone(),
            field: self.columns.contains(&name.as_str()).then(|| name.clone()),
        };
        Ok(names.iter().map(column).collect())
    }

    fn row(&mut self, row: Object<'_>, taken: &mut Taken<'_>) {
        self.reader.read("", row, taken);
    }
}

async fn table<R: AsyncBufRead + Unpin>(
    beginning: &Beginning,
    source: R,
    reader: &mut dyn TableReader,
    settings: &Settings,
    intake: &mut Intake<'_>,
    progress: &mut impl FnMut(&Report),
) -> Result<(), IngestError> {
    if beginning.is_utf16() {
        return Err(IngestError::Utf16);
    }
    let mut table = Table::detect(beginning);
    table.encoding = settings.encoding.unwrap_or(table.encoding);
    let mut rows = Rows::new(source, table);
    let mut header: Option<Vec<String>> = None;
    loop {
        let next = rows.next().await;
        let line = rows.line();
        let Some(row) = next.map_err(|cause| IngestError::Source { line, cause })? else {
            return Ok(());
        };
        intake.at_line(rows.line());
        let mut taken = Taken::new(settings);
        match (row, &header) {
            (Row::Fields(names), None) => {
                let names: Vec<_> = names.iter().map(|it| it.trim().to_owned()).collect();
                intake.table(TableReport {
                    encoding: table.encoding.name(),
                    delimiter: char::from(table.delimiter),
                    columns: reader.header(&names)?,
                });
                header = Some(names);
            }
            (Row::Bad(..), None) => return Err(IngestError::NoColumns),
            (Row::Bad(reason, bytes), Some(_)) => taken.reject(reason, bytes),
            (Row::Fields(fields), Some(names)) => row_of(names, fields, reader, &mut taken),
        }
        hand_over(intake, taken, progress).await?;
    }
}

fn row_of(
    names: &[String],
    fields: Vec<String>,
    reader: &mut dyn TableReader,
    taken: &mut Taken<'_>,
) {
    let nul = fields.iter().any(|it| it.contains('\0'));
    let more: Vec<_> = fields.iter().skip(names.len()).cloned().collect();
    let mut row = Map::new();
    for (name, field) in names.iter().zip(fields) {
        // Of two columns with one name the first counts.
        if !name.is_empty() {
            row.entry(name.as_str()).or_insert(Value::String(field));
        }
    }
    let too_many = more.iter().any(|it| !it.trim().is_empty());
    if too_many {
        row.insert("(more)".to_owned(), more.into());
    }
    let mut row = Value::Object(row);
    secrets::strip(&mut row, &mut taken.dropped);
    let Some(record) = Object::new(&row).filter(|it| !it.is_blank()) else {
        return; // Spreadsheets end in rows of empty fields.
    };
    match (too_many, nul) {
        (true, _) => taken.reject(Reason::FieldCount, record.to_bytes()),
        (_, true) => taken.reject(Reason::Nul, record.to_bytes()),
        _ => reader.row(record, taken),
    }
}

async fn mails<R: AsyncBufRead + Unpin>(
    beginning: &Beginning,
    source: R,
    settings: &Settings,
    intake: &mut Intake<'_>,
    progress: &mut impl FnMut(&Report),
) -> Result<(), IngestError> {
    let mut mails = Mails::new(beginning, source);
    loop {
        let next = mails.next().await;
        let line = intake.report().lines;
        let Some(mail) = next.map_err(|cause| IngestError::Source { line, cause })? else {
            return Ok(());
        };
        intake.line();
        let mut taken = Taken::new(settings);
        match mail {
            Mail::TooLong(bytes) => taken.reject(Reason::MailTooLong, bytes),
            Mail::Whole { bytes, stamp } => mail::read(bytes, stamp.as_deref(), &mut taken),
        }
        hand_over(intake, taken, progress).await?;
    }
}
