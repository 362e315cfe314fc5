//! Who calls, and what the call may touch. Every route of the API takes a [`Caller`] and names its act:
//! there is no other way to the rooms behind.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::{Problem, problem};
use crate::app::App;
use crate::audit::Actor;
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::disclosure::Notices;
use crate::erasure::Eraser;
use crate::offboarding::Offboarder;
use crate::requests::Requests;
use crate::staff::{Act, BearerToken, Pass};

/// A caller with a good token.
pub struct Caller {
    /// The house.
    pub app: Arc<App>,
    /// What the token is for.
    pub pass: Pass,
    /// The token itself, from which keys are derived that are stored nowhere.
    pub token: BearerToken,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        let pass = app.tokens().check(&token).await?;
        Ok(Self {
            app: app.clone(),
            pass,
            token,
        })
    }
}

pub(super) fn bearer(headers: &HeaderMap) -> Result<BearerToken, Problem> {
    let missing = "send `Authorization: Bearer TOKEN`; `gallra token create` makes one";
    let value = headers.get(header::AUTHORIZATION);
    let value = value.ok_or_else(|| Problem::unauthorized(missing))?;
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        is_bearer
            .then(|| BearerToken::parse(token.trim()))
            .flatten()
    });
    token.ok_or_else(|| Problem::unauthorized(missing))
}

impl Caller {
    /// Goes on only when the role may do this.
    pub fn may(&self, act: Act) -> Result<(), Problem> {
        match self.pass.may(act) {
            true => Ok(()),
            false => {
                let role = self.pass.role.word();
                let detail = format!("a token of role {role} may not do this: use another");
                Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
            }
        }
    }

    /// Goes on only for a token that is not bound to one client.
    pub fn may_everywhere(&self, act: Act) -> Result<(), Problem> {
        match self.pass.tenant {
            Some(_) => Err(problem::nothing_here()),
            None => self.may(act),
        }
    }

    /// The client of this slug, when the token covers it and its role may do this. Another client's
    /// slug and one that nobody has are answered alike.
    pub async fn tenant(&self, slug: &str, act: Act) -> Result<TenantRef, Problem> {
        match self.app.catalog.tenant_ref(slug).await {
            Ok(tenant) if self.pass.covers(tenant.id) => self.may(act).map(|()| tenant),
            Ok(_) => Err(problem::nothing_here()),
            // Which client is being purged is nobody else's business.
            Err(CatalogError::TenantBeingErased) if self.pass.tenant.is_some() => {
                Err(problem::nothing_here())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The catalog, which writes down this token as the actor.
    pub fn catalog(&self) -> Catalog {
        self.app.catalog.acting_for(Actor::Token(self.pass.token.0))
    }

    /// Requests, on this token's behalf.
    pub fn requests(&self) -> Requests {
        Requests {
            eraser: self.eraser(),
        }
    }

    /// Notices, read on this token's behalf.
    pub fn notices(&self) -> Notices {
        Notices {
            catalog: self.catalog(),
            ..self.app.notices()
        }
    }

    /// Ending contracts, on this token's behalf.
    pub fn offboarder(&self) -> Offboarder {
        Offboarder {
            eraser: self.eraser(),
            ..self.app.offboarder()
        }
    }

    /// What the token is called: who approves, as far as a token can tell. Two tokens of one name are
    /// one approver.
    pub async fn pass_name(&self) -> Result<String, Problem> {
        let tokens = self.app.tokens().list().await?;
        let own = tokens.into_iter().find(|token| token.id == self.pass.token);
        Ok(own.ok_or_else(problem::nothing_here)?.name)
    }

    /// Erasing, on this token's behalf.
    pub fn eraser(&self) -> Eraser {
        Eraser {
            catalog: self.catalog(),
            ..self.app.eraser.clone()
        }
    }
}
