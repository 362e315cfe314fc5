//! How a command fails: what a person reads, and the exit code a script reads.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use crate::app::AppError;
use crate::catalog::CatalogError;
use crate::config::ConfigError;
use crate::disclosure::DisclosureError;
use crate::erasure::EraseError;
use crate::ingest::IngestError;
use crate::keyring::KeyringError;
use crate::keyring::mirror::MirrorError;
use crate::offboarding::OffboardingError;
use crate::offboarding::hooks::HookError;
use crate::queue::QueueError;
use crate::receipts::ReceiptError;
use crate::requests::RequestError;
use crate::staff::StaffError;
use crate::store::StoreError;
use crate::webhooks::WebhookError;

/// The exit codes of CONTRACT; 0 is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Refused by a rule: a hold, a missing approval.
    Refused = 3,
    /// Verification failed.
    Unverified = 4,
}

impl Exit {
    fn word(self) -> &'static str {
        match self {
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::Refused => "refused",
            Exit::Unverified => "unverified",
        }
    }
}

/// Why a command ends without success.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is wrong and the remedy. Empty when standard output has said it already.
    message: String,
    /// What lies behind it, outermost first.
    causes: Vec<String>,
}

impl Failure {
    /// A failure with a message of its own.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
        }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The answer on standard output says it already; only the exit code is missing.
    pub fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// A room's error, with everything behind it that it does not say itself.
    pub fn from_error(exit: Exit, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !failure.message.contains(&text) {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }

    /// Reports the failure, and gives the exit code.
    pub fn end(&self, json: bool) -> ExitCode {
        self.report(json);
        ExitCode::from(self.exit as u8)
    }

    /// Writes the failure to standard error: one JSON line `{"error":{…}}` with `--json`, otherwise
    /// text.
    fn report(&self, json: bool) {
        if self.message.is_empty() {
            return;
        }
        let mut lines = String::new();
        if json {
            let error = json!({
                "kind": self.exit.word(),
                "exit": self.exit as u8,
                "message": self.message,
                "causes": self.causes,
            });
            lines += &format!("{}\n", json!({ "error": error }));
        } else {
            lines += &format!("gallra: {}\n", self.message);
            for cause in &self.causes {
                lines += &format!("  because: {cause}\n");
            }
        }
        // It may be a file that can grow no more, and then the exit code has to do.
        let _ = io::stderr().write_all(lines.as_bytes());
    }
}

/// Room errors that always mean the same exit code.
macro_rules! failures {
    ($($error:ty => $exit:expr),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let exit: fn(&$error) -> Exit = $exit;
                Self::from_error(exit(&error), &error)
            }
        }
    )*};
}

failures! {
    ConfigError => |_| Exit::Usage,
    AppError => |error| match error {
        AppError::Staff(error) => staff(error),
        AppError::Erase(error) => erase(error),
        AppError::Keyring(error) => keyring(error),
        _ => Exit::Failed,
    },
    CatalogError => |error| catalog(error),
    DisclosureError => |error| match error {
        DisclosureError::Catalog(CatalogError::Invalid { .. }) | DisclosureError::Reference(_) => {
            Exit::Usage
        }
        DisclosureError::NotApproved(_) | DisclosureError::Incomplete(_) => Exit::Refused,
        _ => Exit::Failed,
    },
    EraseError => |error| erase(error),
    IngestError => |error| match error {
        IngestError::Catalog(error) => catalog(error),
        _ => Exit::Failed,
    },
    KeyringError => |error| keyring(error),
    HookError => |error| match error {
        HookError::Secret(_) => Exit::Usage,
        HookError::Offboarding(error) => offboarding(error),
        _ => Exit::Failed,
    },
    OffboardingError => |error| offboarding(error),
    MirrorError => |_| Exit::Failed,
    QueueError => |_| Exit::Failed,
    WebhookError => |error| match error {
        WebhookError::Url | WebhookError::Inside | WebhookError::Event => Exit::Usage,
        _ => Exit::Failed,
    },
    ReceiptError => |error| match error {
        ReceiptError::Reference(_) | ReceiptError::Policy { .. } => Exit::Usage,
        _ => Exit::Failed,
    },
    RequestError => |error| match error {
        error if error.is_refusal() => Exit::Refused,
        RequestError::Erase(EraseError::Held(_)) => Exit::Refused,
        RequestError::Invalid { .. }
        | RequestError::Reference(ReceiptError::Reference(_))
        | RequestError::Catalog(CatalogError::Invalid { .. }) => Exit::Usage,
        _ => Exit::Failed,
    },
    StaffError => |error| staff(error),
    StoreError => |_| Exit::Failed,
}

fn catalog(error: &CatalogError) -> Exit {
    match error {
        CatalogError::Invalid { .. } => Exit::Usage,
        CatalogError::SuppressionsLost(_) => Exit::Refused,
        CatalogError::Keyring(error) => keyring(error),
        _ => Exit::Failed,
    }
}

fn keyring(error: &KeyringError) -> Exit {
    match error {
        KeyringError::Held(_) => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn offboarding(error: &OffboardingError) -> Exit {
    match error {
        OffboardingError::NotBegun(_)
        | OffboardingError::OwnData
        | OffboardingError::Refused { .. }
        | OffboardingError::SamePerson { .. }
        | OffboardingError::TooLate(_) => Exit::Refused,
        OffboardingError::Grace
        | OffboardingError::Day
        | OffboardingError::Passphrase
        | OffboardingError::Recipient
        | OffboardingError::Text { .. } => Exit::Usage,
        OffboardingError::Erase(error) => erase(error),
        _ => Exit::Failed,
    }
}

fn erase(error: &EraseError) -> Exit {
    match error {
        EraseError::Held(_)
        | EraseError::NotConfirmed(_)
        | EraseError::BeingRehoused
        | EraseError::Changed { .. } => Exit::Refused,
        EraseError::Catalog(CatalogError::IdentifierTaken(_)) => Exit::Refused,
        EraseError::Keyring(error) => keyring(error),
        EraseError::Receipt(ReceiptError::Reference(_))
        | EraseError::Catalog(CatalogError::Invalid { .. }) => Exit::Usage,
        _ => Exit::Failed,
    }
}

fn staff(error: &StaffError) -> Exit {
    match error {
        StaffError::Name | StaffError::TenantMissing(_) | StaffError::Expiry => Exit::Usage,
        _ => Exit::Failed,
    }
}
