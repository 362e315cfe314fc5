//! How a file that is sent in is to be read: the command's options as a query.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;

use super::Problem;
use crate::ingest::upload::Wishes;
use crate::ingest::{Encoding, FORMATS};

/// The query of an import. It names nobody: of the desk's own addresses only the domains.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // What the description is made of; `map` and `own` may come several times.
pub struct Asked {
    /// gallra, csv, zendesk, freshdesk, zammad, chatwoot, helpscout, front, otrs, mail, twilio, 46elks;
    /// auto when not said: as the file begins.
    format: Option<String>,
    /// `true`: read and count, show what would be left out, and write nothing.
    dry_run: Option<bool>,
    /// Take a table's column as a field, `HEADER=FIELD`, with `-` for none; again for each column.
    map: Option<Vec<String>>,
    /// `utf-8` or `windows-1252`: the encoding of a table, when the one detected is wrong.
    encoding: Option<String>,
    /// The client's own domain, `@example.se`: mail from it went out; its address on record counts too.
    own: Option<Vec<String>>,
    /// Where clock times without a zone are from (IANA); the client's time zone when not said.
    zone: Option<String>,
}

/// How a file is to be read.
pub struct Reading {
    /// As which format, or `auto`.
    pub format: String,
    /// How else.
    pub wishes: Wishes,
}

impl Reading {
    /// What the query says.
    pub fn asked(
        asked: Result<Query<Vec<(String, String)>>, QueryRejection>,
    ) -> Result<Self, Problem> {
        let Query(asked) = asked.map_err(|_| unknown())?;
        let mut reading = Self {
            format: "auto".to_owned(),
            wishes: Wishes::default(),
        };
        for (name, value) in asked {
            reading.take(&name, value)?;
        }
        Ok(reading)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), Problem> {
        let wishes = &mut self.wishes;
        match name {
            "format" if value == "auto" || FORMATS.iter().any(|it| it.name == value) => {
                self.format = value;
            }
            "format" => {
                let names: Vec<_> = FORMATS.iter().map(|it| it.name).collect();
                return Err(unusable(&format!(
                    "format: choose auto, {}",
                    names.join(", ")
                )));
            }
            "dry_run" => {
                let said = value.parse();
                wishes.dry_run = said.map_err(|_| unusable("dry_run: true or false"))?;
            }
            "map" => {
                let column = value
                    .rsplit_once('=')
                    .map(|(it, field)| (it.to_owned(), field.to_owned()));
                let column = column.ok_or_else(|| unusable("map: write HEADER=FIELD"))?;
                wishes.columns.push(column);
            }
            "encoding" if Encoding::named(&value).is_some() => wishes.encoding = Some(value),
            "encoding" => return Err(unusable("encoding: choose utf-8 or windows-1252")),
            "own" if value.starts_with('@') => wishes.own.push(value),
            "own" => {
                let detail = "own: name a domain, such as @example.se; an address has no place in a URL, \
                    and the client's own is known";
                return Err(unusable(detail));
            }
            "zone" if value.parse::<chrono_tz::Tz>().is_ok() => wishes.zone = Some(value),
            "zone" => return Err(unusable("zone: an IANA name, such as Europe/Stockholm")),
            _ => return Err(unknown()),
        }
        Ok(())
    }
}

fn unknown() -> Problem {
    unusable("the query: format, dry_run, map, encoding, own and zone only")
}

fn unusable(detail: &str) -> Problem {
    Problem::unusable("", detail)
}
