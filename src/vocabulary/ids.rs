//! Identifiers: sixteen random bytes, written as 32 lower-case hexadecimal digits.
//!
//! Each kind is its own type, so a contact's id never passes for a case's. They carry no meaning
//! and no personal data, so they may stand in URLs, logs and receipts.

use std::fmt;
use std::str::FromStr;

use super::Random;

/// The text was not 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 32 hexadecimal digits")]
pub struct ParseIdError;

/// The one shape of every id in OpenAPI.
fn hexadecimal() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .pattern(Some("^[0-9a-f]{32}$"))
        .into()
}

/// Ids of rows that are written together begin with the same six random bytes, so that they lie
/// together in every index: five hundred ids drawn alone lie on five hundred pages. The other eighty
/// bits are each id's own: enough to be unique and not to be guessed, though no id opens anything.
///
/// The beginning tells that rows came in one batch. Rows tell that by when they were created, and
/// the ledger, which keeps an erased person's id for ever, by the block of the destroyed key, which
/// those who came together share. The time as a beginning would tell more: when they came.
#[derive(Debug, Clone, Copy)]
pub struct Neighbourhood([u8; 6]);

impl Neighbourhood {
    /// Draws the common beginning.
    pub fn draw(random: &dyn Random) -> Self {
        let mut beginning = [0; 6];
        random.fill(&mut beginning);
        Self(beginning)
    }

    /// Draws one id.
    pub fn id(&self, random: &dyn Random) -> [u8; 16] {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&self.0);
        random.fill(&mut id[6..]);
        id
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Draws a new id.
            pub fn generate(random: &dyn Random) -> Self {
                let mut bytes = [0; 16];
                random.fill(&mut bytes);
                Self(bytes)
            }

            /// The sixteen bytes, as they are stored and authenticated.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads an id from stored bytes.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseIdError> {
                bytes.try_into().map(Self).map_err(|_| ParseIdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let mut bytes = [0; 16];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseIdError)?;
                Ok(Self(bytes))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                hexadecimal()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A client company of the operator: the controller, Art. 4(7).
    TenantId,
    /// A person who wrote or called, per tenant: the data subject.
    ContactId,
    /// One matter from first message to closing.
    CaseId,
    /// One message of a case.
    MessageId,
    /// One file sent along with a message.
    AttachmentId,
    /// One handing-over of a case or message to somebody else.
    ForwardingId,
    /// One record that an import could not read.
    QuarantineId,
    /// One import over HTTP.
    ImportId,
    /// One piece of work in the queue.
    JobId,
    /// One worker's hold on a piece of work.
    LeaseId,
    /// Something that happened and is announced.
    EventId,
    /// One address that is told of events.
    EndpointId,
    /// One event on its way to one address.
    DeliveryId,
    /// What is erased as one and has one data key.
    UnitId,
    /// One erasure or purge; its receipt bears the same id.
    ErasureId,
    /// A reason why something may not be erased yet.
    HoldId,
    /// Somebody who may be given data: a company or a role.
    RecipientId,
    /// A data subject's request under Arts 15 to 22.
    RequestId,
    /// The end of one client's contract.
    OffboardingId,
    /// A copy elsewhere that somebody must see to.
    TaskId,
    /// One stored event of a contract or billing system.
    HookEventId,
    /// One version of a client's notice.
    NoticeVersionId,
    /// One secret that such events are signed with.
    HookSecretId,
    /// One bearer token of the API.
    TokenId,
    /// One running process and its lease.
    InstanceId,
    /// One live copy of the vault with a root of its own.
    MirrorId,
    /// One value of the epoch key.
    RootId,
    /// One vault for its whole life; data and root name the vault they belong to.
    VaultId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::SeededRandom;

    #[test]
    fn an_id_survives_text_and_json() {
        let id = ContactId::generate(&SeededRandom::new(1));
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<ContactId>(&json).unwrap(), id);
    }

    #[test]
    fn neighbours_begin_alike_and_are_not_the_same() {
        let random = SeededRandom::new(1);
        let neighbourhood = Neighbourhood::draw(&random);
        let [one, other] = [neighbourhood.id(&random), neighbourhood.id(&random)];
        assert_eq!(one[..6], other[..6]);
        assert_ne!(one[6..], other[6..]);
        assert_ne!(Neighbourhood::draw(&random).id(&random)[..6], one[..6]);
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "00",
            "zz000000000000000000000000000000",
            "000000000000000000000000000000000",
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(ParseIdError));
        }
    }
}
