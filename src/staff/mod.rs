//! Who may come in: the bearer tokens of the API, their roles, and what each role may do.
//!
//! A token is 32 random bytes, shown once and kept as its SHA-256 only. It stands in the vault beside
//! the holds: whoever restores old data brings no revoked token back.
//!
//! A call with an `Idempotency-Key` is remembered for a day in the data (`calls.rs`).
//!
//! **To add a role**, add it to [`Role`] and to the table in `rules.rs`; its test shows the table whole.
//! **To guard a new kind of act**, add an [`Act`] and say in the table who may.

mod calls;
mod error;
pub(crate) mod rows;
pub mod rules;
mod tokens;

pub use calls::{Call, Calls, Made};
pub use error::StaffError;
pub use rules::{Act, may};
pub use tokens::{BearerToken, NewToken, Token, Tokens};

use crate::vocabulary::{TenantId, TokenId};

/// What a caller is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sets the service up.
    Admin,
    /// The operator's data protection officer.
    Dpo,
    /// One client's own system or people.
    Tenant,
    /// A billing or contract system.
    Hook,
    /// Whoever checks that all of it is true.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Admin,
        Role::Dpo,
        Role::Tenant,
        Role::Hook,
        Role::Auditor,
    ];

    /// The word that is stored, typed and answered.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Dpo => "dpo",
            Role::Tenant => "tenant",
            Role::Hook => "hook",
            Role::Auditor => "auditor",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let words = Role::ALL.map(Role::word).join(", ");
        Role::from_word(word).ok_or_else(|| format!("choose one of {words}"))
    }
}

/// A caller whose token was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Which token.
    pub token: TokenId,
    /// What for.
    pub role: Role,
    /// The one client it acts for; `None`: all.
    pub tenant: Option<TenantId>,
}

impl Pass {
    /// Whether it opens this client's rooms at all.
    pub fn covers(&self, tenant: TenantId) -> bool {
        self.tenant.is_none_or(|own| own == tenant)
    }

    /// Whether its role may do this.
    pub fn may(&self, act: Act) -> bool {
        may(self.role, act)
    }
}
