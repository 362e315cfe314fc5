//! A client's notice, for the client's own systems; people read it at `/n/{slug}`.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;

use super::super::public;
use super::{Address, Caller, Problem};
use crate::disclosure::Format;
use crate::staff::Act;
use crate::vocabulary::Lang;

/// In which language and form.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `sv` or `en`; the client's first language when not said.
    lang: Option<String>,
    /// `html`, `md` or `txt`; a page when not said.
    format: Option<String>,
}

impl Wanted {
    /// Language and form, or what is wrong with the query.
    pub(super) fn read(
        wanted: Result<Query<Self>, QueryRejection>,
    ) -> Result<(Option<Lang>, Format), Problem> {
        let unusable = |detail: String| Problem::unusable("", detail);
        let Query(Self { lang, format }) =
            wanted.map_err(|_| unusable("the query: lang and format only".to_owned()))?;
        let lang = lang.map(|it| it.parse()).transpose().map_err(unusable)?;
        let lacking = format
            .as_deref()
            .filter(|it| public::notice::LACKING.contains(it));
        if let Some(lacking) = lacking {
            return Err(Problem::not_built(lacking));
        }
        let format = format.map(|it| it.parse()).transpose();
        Ok((lang, format.map_err(unusable)?.unwrap_or(Format::Html)))
    }
}

/// The notice as it is now
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/notice", tag = "clients",
    params(("slug" = String, Path), Wanted), responses(
    (status = 200, body = String, content_type = "text/html"),
    (status = 501, body = Problem, description = "this build makes no pdf and no docx"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address(slug): Address<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    caller.tenant(&slug, Act::SeeTenants).await?;
    let (lang, format) = Wanted::read(wanted)?;
    let notice = caller.notices().show(&slug, lang).await?;
    public::notice::answer(&notice, format, None)
}
