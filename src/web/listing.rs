//! Lists: page by page, as JSON, NDJSON or CSV.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Problem, accept};

/// Items on a page when nobody says.
const USUAL: u16 = 50;
/// Items on a page at most.
const MOST: u16 = 500;

/// Which page of a list is wanted, and in which form.
pub struct Wanted {
    /// At most so many items.
    pub limit: u16,
    /// Where it begins: the `next_cursor` of the page before.
    cursor: Option<String>,
    form: Form,
    path: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Lines,
    Csv,
}

/// The query of every list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items on a page, 50 when not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<PageQuery>::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(|_| {
            Problem::unusable(
                "",
                "the query: limit is a number, cursor a text, nothing else",
            )
        })?;
        let limit = query.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::unusable("", format!("limit: choose 1 to {MOST}")));
        }
        Ok(Self {
            limit,
            cursor: query.cursor,
            form: form(&parts.headers)?,
            path: parts.uri.path().to_owned(),
        })
    }
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let forms = ["application/json", "application/x-ndjson", "text/csv"];
    Ok(match accept::best(headers, &forms)? {
        "application/x-ndjson" => Form::Lines,
        "text/csv" => Form::Csv,
        _ => Form::Json,
    })
}

/// A page as JSON answers it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Listing<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

impl Wanted {
    /// After which item the page begins; at the beginning without a cursor.
    pub fn after<I: std::str::FromStr>(&self, beginning: I) -> Result<I, Problem> {
        match &self.cursor {
            None => Ok(beginning),
            Some(cursor) => cursor.parse().map_err(|_| {
                Problem::unusable("", "cursor: take it from next_cursor of the page before")
            }),
        }
    }

    /// A page of a short list that is there as a whole.
    pub fn part_of<T: Serialize>(&self, all: Vec<T>) -> Result<Response, Problem> {
        let from: usize = self.after(0)?;
        let until = from.saturating_add(usize::from(self.limit));
        let next = (all.len() > until).then(|| until.to_string());
        let items = all.into_iter().skip(from).take(usize::from(self.limit));
        Ok(self.answer(items.collect(), next))
    }

    /// The answer, in the form that was asked for.
    pub fn answer<T: Serialize>(&self, items: Vec<T>, next: Option<String>) -> Response {
        let link = next.as_ref().map(|cursor| {
            format!(
                "<{}?limit={}&cursor={cursor}>; rel=\"next\"",
                self.path, self.limit
            )
        });
        let listing = Listing {
            items,
            next_cursor: next,
        };
        let (kind, body) = match self.form {
            Form::Json => ("application/json", serde_json::to_vec(&listing).ok()),
            Form::Lines => ("application/x-ndjson", lines(&listing.items)),
            Form::Csv => (CSV, table(&listing.items)),
        };
        let Some(body) = body else {
            return Problem::hidden(&std::fmt::Error).into_response();
        };
        let mut answer = ([(header::CONTENT_TYPE, kind)], body).into_response();
        if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
            answer.headers_mut().insert(header::LINK, link);
        }
        answer
    }
}

fn lines<T: Serialize>(items: &[T]) -> Option<Vec<u8>> {
    items.iter().try_fold(Vec::new(), |mut text, item| {
        serde_json::to_writer(&mut text, item).ok()?;
        text.push(b'\n');
        Some(text)
    })
}

/// What a table is called.
pub const CSV: &str = "text/csv; charset=utf-8; header=present";

/// One column per field, by the first item's fields and whatever later ones add; what is nested
/// stands in its cell as JSON.
pub fn table<T: Serialize>(items: &[T]) -> Option<Vec<u8>> {
    let rows: Option<Vec<Map<String, Value>>> = items
        .iter()
        .map(|item| match serde_json::to_value(item).ok()? {
            Value::Object(row) => Some(row),
            _ => None,
        })
        .collect();
    let rows = rows?;
    let mut names: Vec<&String> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    if !names.is_empty() {
        table.write_record(&names).ok()?;
    }
    for row in &rows {
        table
            .write_record(names.iter().map(|name| cell(row.get(*name))))
            .ok()?;
    }
    table.into_inner().ok()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_has_a_column_for_every_field() {
        let items = [
            json!({"a": "x;y", "b": null}),
            json!({"a": "é\"", "c": [1]}),
        ];
        let text = String::from_utf8(table(&items).unwrap()).unwrap();
        assert_eq!(text, "a,b,c\nx;y,,\n\"é\"\"\",,[1]\n");
        assert_eq!(table::<Value>(&[]).unwrap(), b"");
    }
}
