//! `/n/{slug}`, and the same as `.html`, `.md` and `.txt`.

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
    let shown = found(&app, &name, wanted, &headers).await;
    shown.unwrap_or_else(|problem| missing::instead_of(problem, &headers))
}

/// In the language that was asked for, else in one the reader understands, else in the client's own.
async fn found(
    app: &App,
    name: &str,
    wanted: Wanted,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let (slug, format) = match name.rsplit_once('.') {
        None => (name, Format::Html),
        Some((_, form)) if LACKING.contains(&form) => return Err(Problem::not_built(form)),
        Some((slug, form)) => (slug, form.parse().map_err(|_| problem::nothing_here())?),
    };
    let asked = wanted.lang.and_then(|code| code.parse().ok());
    let lang = asked.or_else(|| understood(headers));
    let notice = match app.notices().show(slug, lang).await {
        // Who is a client no more, or is being purged, is nobody's business.
        Err(DisclosureError::Catalog(CatalogError::TenantBeingErased)) => {
            return Err(problem::nothing_here());
        }
        notice => notice?,
    };
    let mut answer = answer(&notice, format, Some(&links(slug, notice.lang)))?;
    let vary = HeaderValue::from_static("accept-language");
    answer.headers_mut().insert(header::VARY, vary);
    let known = headers.get(header::IF_NONE_MATCH);
    if known.is_some() && known == answer.headers().get(header::ETAG) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = axum::body::Body::empty();
    }
    Ok(answer)
}

fn links(slug: &str, lang: Lang) -> Links {
    let other = match lang {
        Lang::Sv => Lang::En,
        Lang::En => Lang::Sv,
    };
    Links {
        other_language: format!("/n/{slug}?lang={}", other.code()),
        markdown: format!("/n/{slug}.md?lang={}", lang.code()),
        text: format!("/n/{slug}.txt?lang={}", lang.code()),
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
