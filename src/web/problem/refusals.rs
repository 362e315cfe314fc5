//! What each room refuses or fails at, as a caller reads it. What is not named here is our own fault, and
//! hidden.

use axum::http::StatusCode;

use super::{Problem, causes, nothing_here};
use crate::app::AppError;
use crate::catalog::CatalogError;
use crate::disclosure::DisclosureError;
use crate::erasure::EraseError;
use crate::keyring::KeyringError;
use crate::offboarding::OffboardingError;
use crate::offboarding::hooks::HookError;
use crate::receipts::ReceiptError;
use crate::requests::RequestError;
use crate::staff::StaffError;
use crate::store::StoreError;
use crate::webhooks::WebhookError;

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Erase(error) => error.into(),
            AppError::Staff(error) => error.into(),
            AppError::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match &error {
            CatalogError::TenantUnknown(_)
            | CatalogError::ContactUnknown(_)
            | CatalogError::CaseUnknown(_) => nothing_here(),
            CatalogError::TenantBeingErased
            | CatalogError::ContactBeingErased(_)
            | CatalogError::CaseBeingErased(_) => Self::gone(None),
            CatalogError::ChangedMeanwhile => {
                let status = StatusCode::PRECONDITION_FAILED;
                Self::new(status, "changed-meanwhile", error.to_string())
            }
            CatalogError::IdentifierTaken(other) => {
                let detail = format!("contact {other} is known by this: merge the two instead");
                Self::new(StatusCode::CONFLICT, "identifier-taken", detail)
            }
            CatalogError::OtherMessage(_) => {
                Self::new(StatusCode::CONFLICT, "other-content", error.to_string())
            }
            CatalogError::SlugTaken(_) => {
                let detail = "a client with this slug exists: choose another, or change that one";
                Self::new(StatusCode::CONFLICT, "slug-taken", detail)
            }
            CatalogError::SuppressionsLost(_) => {
                let detail = "the search index was lost, and with it by what erased people are known \
                    again: ask the operator to allow imports";
                Self::new(StatusCode::CONFLICT, "suppressions-lost", detail)
            }
            CatalogError::Invalid { field, reason } => {
                Self::unusable(format!("/{field}"), format!("{field}: {reason}"))
            }
            CatalogError::Store(StoreError::NulInText { .. }) => {
                Self::unusable("", "a text holds a NUL character: leave it out")
            }
            CatalogError::CaseUnknownByExternalId => {
                Self::unusable("/case", "no such case: record its first message before")
            }
            CatalogError::BeingErased => {
                let detail = "the contact or case is being erased: wait for the receipt; recorded \
                    again then, it gets new keys";
                Self::new(StatusCode::CONFLICT, "being-erased", detail)
            }
            error if error.is_transient() => {
                tracing::warn!(%error, causes = ?causes(error), "busy");
                Self::try_again("other work came first: send this again")
            }
            _ => match error {
                CatalogError::Keyring(error) => error.into(),
                error => Self::hidden(&error),
            },
        }
    }
}

impl From<DisclosureError> for Problem {
    fn from(error: DisclosureError) -> Self {
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug, error.to_string());
        match error {
            DisclosureError::NoVersion(_) => nothing_here(),
            DisclosureError::NotApproved(_) | DisclosureError::VersionEnded(_) => {
                conflict("wrong-state")
            }
            DisclosureError::Incomplete(_) => conflict("notice-incomplete"),
            DisclosureError::Catalog(error) => error.into(),
            DisclosureError::Store(error) => CatalogError::from(error).into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug, error.to_string());
        match error {
            RequestError::Unknown => nothing_here(),
            RequestError::WrongState { .. } => conflict("wrong-state"),
            RequestError::NotInstructed | RequestError::InstructionMissing => {
                let detail = "the client has not instructed this: only the client decides it; give its \
                    instruction as a reference";
                Self::new(StatusCode::CONFLICT, "not-instructed", detail)
            }
            RequestError::NotPackaged => {
                let detail =
                    "the person asked for the data and nobody has taken it out: GET …/package";
                Self::new(StatusCode::CONFLICT, "not-packaged", detail)
            }
            RequestError::SeveralFit(several) => {
                let detail = format!("{several} contacts fit: choose one with POST …:verify");
                Self::new(StatusCode::CONFLICT, "several-fit", detail)
            }
            RequestError::TooLate(_) => conflict("too-late"),
            RequestError::NotAsShown => conflict("not-as-shown"),
            RequestError::InTheWay(_) => conflict("in-the-way"),
            RequestError::Invalid { field, reason } => {
                Self::unusable(format!("/{field}"), format!("{field}: {reason}"))
            }
            RequestError::Reference(error @ ReceiptError::Reference(_)) => {
                Self::unusable("", error.to_string())
            }
            RequestError::Reference(error) => error.into(),
            RequestError::Catalog(error) => error.into(),
            RequestError::Erase(error) => error.into(),
            RequestError::Keyring(error) => error.into(),
            RequestError::Disclosure(error) => error.into(),
            RequestError::Store(error) => CatalogError::from(error).into(),
            error => Self::hidden(&error),
        }
    }
}

fn held() -> Problem {
    let detail = "a hold stands in the way: GET /api/v1/holds shows it";
    Problem::new(StatusCode::CONFLICT, "held", detail)
}

impl From<KeyringError> for Problem {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Held(_) => held(),
            KeyringError::EpochChanged
            | KeyringError::IndexKeysChanged
            | KeyringError::RootBusy(_)
            | KeyringError::VaultBusy(_)
            | KeyringError::BarrierTimeout(_) => {
                tracing::warn!(%error, "busy with keys");
                Self::try_again("keys are being replaced at this moment: send this again")
            }
            KeyringError::Overlooked(_) => {
                tracing::error!(%error, "not ready");
                let detail = "not ready; the server's log says why, `gallra doctor` what to do";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", detail)
            }
            error => Self::hidden(&error),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::UnknownContact(_)
            | EraseError::UnknownMessage(_)
            | EraseError::UnknownTenant => nothing_here(),
            EraseError::Held(_) => held(),
            EraseError::Changed { .. } | EraseError::NotConfirmed(_) => {
                Self::new(StatusCode::CONFLICT, "refused", error.to_string())
            }
            EraseError::BeingRehoused => Self::try_again(error.to_string()),
            EraseError::Receipt(error @ ReceiptError::Reference(_)) => {
                Self::unusable("/instruction", error.to_string())
            }
            EraseError::Catalog(error) => error.into(),
            EraseError::Keyring(error) => error.into(),
            EraseError::Receipt(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NoSuchTile => {
                Self::new(StatusCode::NOT_FOUND, "no-such-tile", error.to_string())
            }
            ReceiptError::Unknown(_) => nothing_here(),
            error => Self::hidden(&error),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::UnknownEndpoint(_) | WebhookError::UnknownDelivery(_) => nothing_here(),
            WebhookError::Url | WebhookError::Unresolved | WebhookError::Inside => {
                Self::unusable("/url", error.to_string())
            }
            WebhookError::Event => Self::unusable("/events", error.to_string()),
            WebhookError::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<OffboardingError> for Problem {
    fn from(error: OffboardingError) -> Self {
        use OffboardingError as E;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug, error.to_string());
        match error {
            E::Unknown(_) | E::UnknownTask { .. } | E::NoHold(_) => nothing_here(),
            E::NotBegun(_) | E::NeedsAPerson { .. } => conflict("not-begun"),
            E::OwnData | E::Refused { .. } => conflict("refused"),
            E::TooLate(_) => conflict("too-late"),
            E::SamePerson { .. } => conflict("same-person"),
            E::Grace => Self::unusable("/grace_days", error.to_string()),
            E::Day => Self::unusable("/contract_ends", error.to_string()),
            E::Recipient => Self::unusable("/recipient", error.to_string()),
            E::Passphrase => Self::unusable("/passphrase", error.to_string()),
            E::Text { field, .. } => Self::unusable(format!("/{field}"), error.to_string()),
            E::Erase(error) => error.into(),
            E::Catalog(error) => error.into(),
            E::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<HookError> for Problem {
    fn from(error: HookError) -> Self {
        let answer = |status, slug| Self::new(status, slug, error.to_string());
        match error {
            HookError::Signature => answer(StatusCode::UNAUTHORIZED, "bad-signature"),
            HookError::Late => answer(StatusCode::BAD_REQUEST, "late"),
            HookError::OtherBody => answer(StatusCode::CONFLICT, "other-body"),
            HookError::Offboarding(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::NotKnown | StaffError::Revoked | StaffError::Expired => {
                Self::unauthorized(error.to_string())
            }
            StaffError::StillRunning => {
                Self::new(StatusCode::CONFLICT, "still-running", error.to_string())
            }
            StaffError::OtherRequest => Self::unusable("", error.to_string()),
            StaffError::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}
