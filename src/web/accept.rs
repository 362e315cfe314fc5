//! Which of the forms there are somebody wants: `Accept`, read as RFC 9110 (12.5.1) says.

use axum::http::{HeaderMap, StatusCode, header};

use super::Problem;

/// Forms that other builds may have and this one lacks, by media type: what to ask for instead.
const LACKING: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
];

/// One of the forms that somebody takes, and how gladly: 0 to 1000.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("q")
                .then_some(value.trim())
        });
        let weight = weight.map_or(1.0, |it| it.parse().unwrap_or(0.0_f32));
        Some(Self {
            kind,
            subtype,
            weight: (weight.clamp(0.0, 1.0) * 1000.0).round() as u16,
        })
    }

    /// How closely a form is meant, the closer the higher; `None` when it is not.
    fn closeness(&self, form: &str) -> Option<u8> {
        let (kind, subtype) = form.split_once('/')?;
        let is = |ours: &str, theirs: &str| ours.eq_ignore_ascii_case(theirs);
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (theirs, "*") if is(kind, theirs) => Some(1),
            (theirs, other) if is(kind, theirs) && is(subtype, other) => Some(2),
            _ => None,
        }
    }
}

/// The form that is wanted most; the first where nothing is said. Of those wanted as much, the one that
/// is meant most closely, then the one that is named first.
pub fn best<'f>(headers: &HeaderMap, forms: &[&'f str]) -> Result<&'f str, Problem> {
    let said: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .collect();
    let said = said.join(",");
    let ranges: Vec<Range> = said.split(',').filter_map(Range::read).collect();
    if ranges.is_empty() {
        return forms.first().copied().ok_or_else(|| refused(&[], forms));
    }
    let wanted = |form: &&'f str| {
        let meant = ranges.iter().enumerate();
        let meant = meant.filter_map(|(at, it)| Some((it.closeness(form)?, at, it.weight)));
        let (closeness, at, weight) =
            meant.max_by_key(|(closeness, at, _)| (*closeness, usize::MAX - at))?;
        (weight > 0).then_some((weight, closeness, usize::MAX - at, *form))
    };
    // The first of equals: `max_by_key` would take the last.
    let best = forms.iter().rev().filter_map(wanted);
    let best = best.max_by_key(|(weight, closeness, at, _)| (*weight, *closeness, *at));
    best.map(|(.., form)| form)
        .ok_or_else(|| refused(&ranges, forms))
}

/// 501 for what another build could give, 406 for what nobody gives.
fn refused(ranges: &[Range], forms: &[&str]) -> Problem {
    let lacking = LACKING.iter().find(|(form, _)| {
        let mut ranges = ranges.iter();
        ranges.any(|it| it.weight > 0 && it.closeness(form) == Some(2))
    });
    match lacking {
        Some((_, name)) => Problem::not_built(name),
        None => {
            let detail = format!("this comes as {}", forms.join(", "));
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: &[&str] = &["application/json", "application/x-ndjson", "text/csv"];

    fn best_of(accept: &str) -> Result<&'static str, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        best(&headers, FORMS).map_err(|problem| serde_json::to_string(&problem).unwrap())
    }

    #[test]
    fn the_form_that_is_wanted_most() {
        for (accept, form) in [
            ("*/*", "application/json"),
            ("text/*", "text/csv"),
            ("application/x-ndjson", "application/x-ndjson"),
            ("text/csv;q=0.1, application/json", "application/json"),
            ("text/html, text/csv;q=0.9, */*;q=0.8", "text/csv"),
            ("text/html, text/csv, */*", "text/csv"),
            (
                "*/*, application/json;q=0, text/csv;q=0.5",
                "application/x-ndjson",
            ),
            ("Text/CSV ; Q=1.0", "text/csv"),
            ("application/json;charset=utf-8", "application/json"),
            ("text/csv, application/json", "text/csv"),
        ] {
            assert_eq!(best_of(accept).as_deref(), Ok(form), "{accept}");
        }
        assert_eq!(best(&HeaderMap::new(), FORMS).unwrap(), "application/json");
    }

    #[test]
    fn what_is_not_there_is_refused_with_the_way_out() {
        for (accept, code, words) in [
            ("image/png", 406, "text/csv"),
            ("*/*;q=0", 406, "text/csv"),
            ("application/json;q=0", 406, "text/csv"),
            ("application/pdf, image/png", 501, "html"),
        ] {
            let said = best_of(accept).unwrap_err();
            let code = format!("\"status\":{code}");
            assert!(
                said.contains(&code) && said.contains(words),
                "{accept}: {said}"
            );
        }
    }
}
