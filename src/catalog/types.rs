//! What the catalog holds, as the rest of the program sees it: opened, typed, and shy in `Debug`.

use super::controller::Controller;
use super::further::Further;
use crate::vocabulary::{
    AttachmentId, CaseId, ContactId, ForwardingId, MessageId, Personal, TenantId, Timestamp,
};

/// An enum stored and written as one word per variant. (`tt`: a `literal` would hide the word from
/// the derive that describes it in OpenAPI.)
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:tt,)* })*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize,
            serde::Deserialize, utoipa::ToSchema,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every one of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$($name::$variant),*];

            /// The word that is stored and written.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// Reads the word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let words = [$($word),*].join(", ");
                Self::from_word(word).ok_or_else(|| format!("choose one of {words}"))
            }
        }
    )*};
}
pub(crate) use words;

words! {
    /// How a case or message came in or went out.
    Channel {
        /// E-mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// Telephone.
        Phone = "phone",
        /// Social media.
        Social = "social",
        /// Chat window on a website.
        Widget = "widget",
        /// The data subject's or client's portal.
        Portal = "portal",
        /// Klarna's merchant portal.
        Klarna = "klarna",
        /// Paper.
        Post = "post",
        /// Return slips, customs invoices and what goes with them.
        Returns = "returns",
        /// Anything else.
        Other = "other",
    }
    /// Which way a message went.
    Direction {
        /// From the contact.
        In = "in",
        /// To the contact.
        Out = "out",
        /// Written by staff about the case.
        Note = "note",
    }
    /// Who wrote a message. Staff are data subjects too, but no contacts of the tenant.
    AuthorKind {
        /// The contact, or another person outside.
        Contact = "contact",
        /// Somebody who works for the operator or the tenant.
        Staff = "staff",
        /// A machine.
        System = "system",
    }
    /// Where a case stands.
    CaseState {
        /// Being worked on.
        Open = "open",
        /// Waiting for somebody.
        Pending = "pending",
        /// Done.
        Closed = "closed",
    }
    /// Who has a case in their hands.
    Custody {
        /// The support company.
        Operator = "operator",
        /// The client.
        Tenant = "tenant",
        /// The client's second line.
        SecondLine = "second_line",
    }
    /// A kind of personal data.
    Category {
        /// A name.
        Name = "name",
        /// A telephone number.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
        /// Another system's id of the person.
        ExternalId = "external_id",
        /// What was written or said.
        Message = "message",
        /// A file sent along.
        Attachment = "attachment",
    }
}

/// A client company, without what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct TenantSummary {
    /// Its id.
    pub id: TenantId,
    /// Its short name in addresses.
    pub slug: String,
    /// The company's name.
    pub name: String,
    /// Its registration number.
    pub org_no: String,
    /// ISO 3166 code; telephone numbers are read as from there.
    pub country: String,
    /// ISO 639 codes, the first is the default.
    pub languages: Vec<String>,
    /// IANA time zone.
    pub timezone: String,
    /// `active`, or where its offboarding stands.
    pub state: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A client company with its contact address.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Tenant {
    /// What is not sealed.
    #[serde(flatten)]
    pub summary: TenantSummary,
    /// Where to write to.
    pub email: Personal,
    /// What its notice says of it besides.
    pub controller: Controller,
}

/// What is needed to add a tenant.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Lower-case letters, digits and hyphens.
    pub slug: String,
    /// The company's name.
    pub name: String,
    /// Its registration number.
    pub org_no: String,
    /// Where to write to.
    pub email: Personal,
    /// ISO 3166 code.
    pub country: String,
    /// ISO 639 codes, the first is the default.
    pub languages: Vec<String>,
    /// IANA time zone.
    pub timezone: String,
}

/// A contact's profile, opened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Contact {
    /// Gallra's id.
    pub id: ContactId,
    /// Another system's id.
    pub external_id: Option<Personal>,
    /// Name as written.
    pub name: Option<Personal>,
    /// Telephone number as written.
    pub phone: Option<Personal>,
    /// E-mail address as written.
    pub email: Option<Personal>,
    /// Further addresses, numbers and ids; absent when there are none.
    #[serde(default, skip_serializing_if = "Further::is_empty")]
    #[schema(required = false)]
    pub further: Further,
    /// Where the data came from.
    pub source: Option<String>,
    /// When Gallra first heard of the person.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
    /// Counts up with each change of the profile.
    pub version: u32,
}

/// A case, opened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Case {
    /// Gallra's id.
    pub id: CaseId,
    /// Whose case it is.
    pub requester: ContactId,
    /// Another system's id.
    pub external_id: Option<Personal>,
    /// What it is about.
    pub subject: Option<Personal>,
    /// How it came in.
    pub channel: String,
    /// Where it stands.
    pub state: String,
    /// Who has it.
    pub custody: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How often its sealed fields were written; part of its version.
    #[serde(skip)]
    pub sealed: u32,
}

/// A message, opened; `masked` when it is somebody else's and only its place in time is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Message {
    /// Gallra's id.
    pub id: MessageId,
    /// Another system's id.
    pub external_id: Option<Personal>,
    /// Who wrote it.
    pub author: Option<Personal>,
    /// Whether the contact, staff or a machine wrote it.
    pub author_kind: String,
    /// The text.
    pub body: Option<Personal>,
    /// Which way it went.
    pub direction: String,
    /// How.
    pub channel: String,
    /// When.
    pub sent_at: Timestamp,
    /// It belongs to another person and is not shown.
    pub masked: bool,
    /// Files sent along; of another person's message none is shown.
    pub attachments: Vec<Attachment>,
}

/// A file sent along with a message, without its content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Attachment {
    /// Gallra's id.
    pub id: AttachmentId,
    /// What it was called.
    pub name: Option<Personal>,
    /// What it said it was, such as `image/png`.
    pub media_type: Personal,
    /// How many bytes.
    pub size: u64,
}

/// Who was given what, opened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Forwarding {
    /// Gallra's id.
    pub id: ForwardingId,
    /// To whom.
    pub recipient: String,
    /// Why.
    pub reason: Option<Personal>,
    /// When.
    pub at: Timestamp,
    /// Which message, when it was one.
    pub message: Option<MessageId>,
}

impl AuthorKind {
    /// Who writes messages of this direction, where nothing else is known.
    pub const fn by(direction: Direction) -> Self {
        match direction {
            Direction::In => AuthorKind::Contact,
            Direction::Out | Direction::Note => AuthorKind::Staff,
        }
    }
}
