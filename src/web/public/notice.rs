//! `/n/{slug}`, and the same as `.html`, `.md` and `.txt`: what is in force, or before the first publication
//! what is true now. `/n/{slug}/v/{n}` is one version that was in force.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::super::{Address, Problem, problem};
use super::missing;
use crate::app::App;
use crate::catalog::CatalogError;
use crate::disclosure::{DisclosureError, Format, Links, Notice, STYLE};
use crate::vocabulary::Lang;

/// Forms that another build may have and this one lacks.
pub const LACKING: [&str; 2] = ["pdf", "docx"];

/// The query; what else stands there is not ours and does not matter.
#[derive(Debug, serde::Deserialize)]
pub struct Wanted {
    lang: Option<String>,
}

/// A client's notice. Who reads pages is told on a page that there is none.
pub async fn show(
    State(app): State<Arc<App>>,
    Address(name): Address<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let shown = found(&app, &name, &wanted, &headers).await;
    shown.unwrap_or_else(|problem| missing::instead_of(problem, &headers))
}

/// One version, while it is in force and ever after.
pub async fn version(
    State(app): State<Arc<App>>,
    Address((slug, name)): Address<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let shown = found_version(&app, &slug, &name, &wanted, &headers).await;
    shown.unwrap_or_else(|problem| missing::instead_of(problem, &headers))
}

async fn found(
    app: &App,
    name: &str,
    wanted: &Wanted,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (slug, format) = form(name)?;
    let notice = in_force(app, slug, wanted.language(headers)).await;
    give(
        &notice.map_err(public)?,
        format,
        &format!("/n/{slug}"),
        headers,
    )
}

async fn in_force(app: &App, slug: &str, lang: Option<Lang>) -> Result<Notice, DisclosureError> {
    let notices = app.notices();
    match notices.in_force(slug).await? {
        Some(written) => Ok(written.in_language(lang)),
        None => notices.show(slug, lang).await,
    }
}

async fn found_version(
    app: &App,
    slug: &str,
    name: &str,
    wanted: &Wanted,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (number, format) = form(name)?;
    let number: u64 = number.parse().map_err(|_| problem::nothing_here())?;
    let written = app.notices().written(slug, number).await.map_err(public)?;
    if written.version.published_at.is_none() {
        return Err(problem::nothing_here()); // What was never published is nobody's business.
    }
    let notice = written.in_language(wanted.language(headers));
    give(&notice, format, &format!("/n/{slug}/v/{number}"), headers)
}

impl Wanted {
    /// The language that was asked for, else one the reader understands.
    fn language(&self, headers: &HeaderMap) -> Option<Lang> {
        let asked = self.lang.as_ref().and_then(|code| code.parse().ok());
        asked.or_else(|| understood(headers))
    }
}

/// What is named before the form, and the form; a page where none is said.
fn form(name: &str) -> Result<(&str, Format), Problem> {
    match name.rsplit_once('.') {
        None => Ok((name, Format::Html)),
        Some((_, form)) if LACKING.contains(&form) => Err(Problem::not_built(form)),
        Some((name, form)) => Ok((name, form.parse().map_err(|_| problem::nothing_here())?)),
    }
}

/// Who is a client no more, or is being purged, is nobody's business.
fn public(error: DisclosureError) -> Problem {
    match error {
        DisclosureError::Catalog(CatalogError::TenantBeingErased) => problem::nothing_here(),
        error => error.into(),
    }
}

/// The answer, or that the reader has it already.
fn give(
    notice: &Notice,
    format: Format,
    at: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let mut answer = answer(notice, format, Some(&links(at, notice.lang)))?;
    let vary = HeaderValue::from_static("accept-language");
    answer.headers_mut().insert(header::VARY, vary);
    let known = headers.get(header::IF_NONE_MATCH);
    if known.is_some() && known == answer.headers().get(header::ETAG) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = axum::body::Body::empty();
    }
    Ok(answer)
}

fn links(at: &str, lang: Lang) -> Links {
    let other = match lang {
        Lang::Sv => Lang::En,
        Lang::En => Lang::Sv,
    };
    Links {
        other_language: format!("{at}?lang={}", other.code()),
        markdown: format!("{at}.md?lang={}", lang.code()),
        text: format!("{at}.txt?lang={}", lang.code()),
    }
}

/// The first language of the reader's that there is.
pub(in crate::web) fn understood(headers: &HeaderMap) -> Option<Lang> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    accepted.split(',').find_map(|one| {
        let code = one.split([';', '-']).next()?.trim().to_lowercase();
        code.parse().ok()
    })
}

/// The notice as an answer, which a browser shows and does nothing else with.
pub fn answer(notice: &Notice, format: Format, links: Option<&Links>) -> Result<Response, Problem> {
    let body = notice.written(format, links)?;
    let kind = match format {
        Format::Html => "text/html; charset=utf-8",
        Format::Md => "text/markdown; charset=utf-8",
        Format::Txt => "text/plain; charset=utf-8",
    };
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
    let head = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_LANGUAGE, notice.lang.code().to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
    ];
    Ok((head, body).into_response())
}

/// Nothing is loaded, nothing runs; the one style sheet is known by its hash.
pub(super) fn policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_first_known_language() {
        let of = |accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            understood(&headers)
        };
        assert_eq!(of("de, en-GB;q=0.8, sv"), Some(Lang::En));
        assert_eq!(of("SV-se"), Some(Lang::Sv));
        assert_eq!(of("de"), None);
        assert_eq!(understood(&HeaderMap::new()), None);
    }
}
