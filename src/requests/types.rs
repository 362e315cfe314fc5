//! A request as the rest of the program sees it.

use crate::catalog::types::words;
use crate::vocabulary::{
    ContactId, Day, ErasureId, HoldId, Personal, RequestId, TenantId, Timestamp,
};

words! {
    /// A right under Arts 15 to 21.
    Right {
        /// Art. 15.
        Access = "access",
        /// Art. 16.
        Rectification = "rectification",
        /// Art. 17.
        Erasure = "erasure",
        /// Art. 18.
        Restriction = "restriction",
        /// Art. 20.
        Portability = "portability",
        /// Art. 21.
        Objection = "objection",
    }
    /// Where a request stands.
    State {
        /// It came in and its clock runs.
        Registered = "registered",
        /// The person was asked who they are; the clock stands still.
        AwaitingIdentity = "awaiting_identity",
        /// The client is to decide.
        AwaitingInstruction = "awaiting_instruction",
        /// The client has decided; it is to be carried out.
        Instructed = "instructed",
        /// Carried out.
        Fulfilled = "fulfilled",
        /// Refused by the client.
        Refused = "refused",
        /// Taken back by the person.
        Withdrawn = "withdrawn",
    }
    /// A step.
    Act {
        /// It was registered.
        Register = "register",
        /// It is doubted who the person is, and they were asked.
        Doubt = "doubt",
        /// It is known who the person is.
        Verify = "verify",
        /// The client was told.
        Forward = "forward",
        /// The client decided that it is to be carried out.
        Instruct = "instruct",
        /// The client takes longer, and says why.
        Extend = "extend",
        /// The client refuses, and says why.
        Refuse = "refuse",
        /// The data was put together for handing over.
        Package = "package",
        /// It was carried out and answered.
        Deliver = "deliver",
        /// The person took it back.
        Withdraw = "withdraw",
        /// It was taken up again.
        Reopen = "reopen",
    }
    /// Why an answer may take longer (Art. 12(3)); there are no other reasons.
    ExtensionReason {
        /// The request is complex.
        Complexity = "complexity",
        /// The person has made many.
        Number = "number",
    }
    /// Why a request may be refused.
    RefusalGround {
        /// It is about no personal data.
        NotPersonalData = "not_personal_data",
        /// Nobody can say who it is (Art. 11).
        Unidentifiable = "unidentifiable",
        /// Manifestly unfounded (Art. 12(5)).
        Unfounded = "unfounded",
        /// Excessive (Art. 12(5)).
        Excessive = "excessive",
        /// Others' rights (Art. 15(4)).
        OthersRights = "others_rights",
        /// Secrecy by law (dataskyddslagen 5 kap. 1 §).
        Secrecy = "secrecy",
        /// None of the grounds for erasure is met (Art. 17(1)).
        NoGround = "no_ground",
        /// A legal obligation to keep (Art. 17(3)(b)).
        LegalObligation = "legal_obligation",
        /// Legal claims (Art. 17(3)(e)).
        LegalClaims = "legal_claims",
        /// Compelling grounds (Art. 21(1)).
        Compelling = "compelling",
    }
}

/// By what a person is known, as they wrote it.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields, default)]
pub struct Identifiers {
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal>,
    /// A telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal>,
    /// Another system's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Personal>,
    /// A name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
}

/// A request to register.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Which rights; one message may ask for several.
    pub rights: Vec<Right>,
    /// How it came in.
    pub channel: crate::catalog::types::Channel,
    /// When it reached the support desk, in whatever channel.
    pub received_at: Timestamp,
    /// By what the person is known.
    pub identifiers: Identifiers,
    /// What the person wrote, word for word.
    pub text: Option<Personal>,
}

/// A request, without who asked and what was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// What people call it.
    pub case_no: String,
    /// At which client, by slug.
    pub tenant: String,
    /// At which client, by id.
    pub tenant_id: TenantId,
    /// Which rights.
    pub rights: Vec<Right>,
    /// How it came in.
    pub channel: String,
    /// Where it stands.
    pub state: State,
    /// Whom it is about, once that is known.
    pub contact: Option<ContactId>,
    /// How many contacts fitted when it came in.
    pub candidates: u64,
    /// When it reached the support desk.
    pub received_at: Timestamp,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When we want to have answered.
    pub due_date: Day,
    /// The last day by law.
    pub legal_due: Day,
    /// The earliest day that any reading of the law gives.
    pub safe_due: Day,
    /// When the client took longer.
    pub extended_at: Option<Timestamp>,
    /// The client's instruction.
    pub instruction: Option<String>,
    /// The hold that keeps the data until they are delivered.
    pub hold: Option<HoldId>,
    /// When the data was put together for handing over.
    pub packaged_at: Option<Timestamp>,
    /// When the answer was delivered.
    pub delivered_at: Option<Timestamp>,
    /// The receipt of the erasure.
    pub receipt_id: Option<ErasureId>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Whether that was after the last day by law.
    pub closed_late: Option<bool>,
}

/// One step of a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// On whose behalf.
    pub actor: String,
    /// Which.
    pub act: String,
    /// Where the request stood then.
    pub state: String,
    /// The client's instruction.
    pub instruction: Option<String>,
    /// The reason, where a step has one.
    pub detail: Option<String>,
}

/// A request with everything there is about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct RequestInFull {
    /// What the list shows of it.
    #[serde(flatten)]
    pub request: Request,
    /// By what the person is known.
    pub identifiers: Identifiers,
    /// What the person wrote.
    pub text: Option<Personal>,
    /// The last day to tell that it takes longer, or that it is refused.
    pub notice_due: Day,
    /// How the last day by law came about.
    pub calculation: String,
    /// Every step.
    pub events: Vec<Event>,
}

/// A step that anybody may take, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is doubted who the person is: why, as a reference that names nobody.
    Doubt {
        /// Why.
        reason: String,
    },
    /// It is known who the person is.
    Verify {
        /// Which contact, where several fitted or none.
        contact: Option<ContactId>,
    },
    /// The client was told.
    Forward,
    /// The client decided that it is to be carried out.
    Instruct {
        /// The client's instruction.
        instruction: Option<String>,
    },
    /// The client takes longer.
    Extend {
        /// The client's instruction.
        instruction: Option<String>,
        /// Why.
        reason: ExtensionReason,
        /// What is complex about it, in words that name nobody.
        facts: String,
    },
    /// The client refuses.
    Refuse {
        /// The client's instruction.
        instruction: Option<String>,
        /// Why.
        ground: RefusalGround,
    },
    /// The person took it back.
    Withdraw,
    /// It is taken up again.
    Reopen {
        /// Why, as a reference that names nobody.
        reason: String,
    },
}

impl Step {
    /// Which step it is.
    pub const fn act(&self) -> Act {
        match self {
            Step::Doubt { .. } => Act::Doubt,
            Step::Verify { .. } => Act::Verify,
            Step::Forward => Act::Forward,
            Step::Instruct { .. } => Act::Instruct,
            Step::Extend { .. } => Act::Extend,
            Step::Refuse { .. } => Act::Refuse,
            Step::Withdraw => Act::Withdraw,
            Step::Reopen { .. } => Act::Reopen,
        }
    }

    /// The client's instruction, where it carries one.
    pub fn instruction(&self) -> Option<&str> {
        match self {
            Step::Instruct { instruction }
            | Step::Extend { instruction, .. }
            | Step::Refuse { instruction, .. } => instruction.as_deref(),
            _ => None,
        }
    }

    /// What the event keeps besides.
    pub fn detail(&self) -> Option<String> {
        match self {
            Step::Doubt { reason } | Step::Reopen { reason } => Some(reason.clone()),
            Step::Extend { reason, facts, .. } => Some(format!("{}: {facts}", reason.word())),
            Step::Refuse { ground, .. } => Some(ground.word().to_owned()),
            _ => None,
        }
    }
}
