//! Telling other systems what happened: Standard Webhooks, signed, with ids and nothing else in them.
//!
//! ```text
//! announce   event, one delivery and one job for each endpoint that wants it: in the transaction of
//!            whatever happened, so both are there or neither
//! send       a job: resolve, look at the address, connect to that very address, sign, post
//! ```
//!
//! | File | Holds |
//! |---|---|
//! | [`sign`] | secrets and signatures |
//! | [`address`] | where a webhook may go: nowhere inside a network |
//! | `endpoint` | who is told, and with which secret |
//! | `delivery` | one event on its way to one endpoint |
//! | `send` | the one attempt |
//!
//! **To announce one more thing**, add a line to [`Kind`] and call [`announce`] in the transaction in which it
//! happens. Its word and the name of its id are never changed afterwards.

pub mod address;
mod delivery;
mod endpoint;
mod error;
pub(crate) mod rows;
mod send;
pub mod sign;

use std::sync::Arc;

use serde_json::{Value as Json, json};

pub use address::{Networks, Resolve, SystemResolver};
pub use delivery::{Delivery, DeliveryState};
pub use endpoint::{Endpoint, NewEndpoint};
pub use error::WebhookError;

use crate::keyring::Keyring;
use crate::store::{Db, StoreError, Tx, args};
use crate::vocabulary::{Clock, EventId, Random, TenantId, Timestamp};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $id:literal;)*) => {
        /// What may be announced.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The word in `type`.
            pub const fn word(self) -> &'static str {
                match self { $(Kind::$name => $word,)* }
            }

            /// What the id of its object is called in `data`.
            pub const fn id(self) -> &'static str {
                match self { $(Kind::$name => $id,)* }
            }
        }
    };
}

events! {
    /// A receipt is issued, or will be within a moment: until then its address answers 202.
    ReceiptIssued = "erasure.receipt_issued", "receipt_id";
    /// Everything of a client is gone; the receipt says so.
    TenantPurged = "tenant.purged", "receipt_id";
    /// An import is taken in, cannot be, or broke off.
    ImportFinished = "import.finished", "import_id";
    /// A contract's end is scheduled, by a person or by an event.
    OffboardingScheduled = "offboarding.scheduled", "offboarding_id";
    /// It was called off.
    OffboardingCancelled = "offboarding.cancelled", "offboarding_id";
    /// A person's request is registered.
    RequestReceived = "request.received", "request_id";
    /// A request is to be answered within a week, as we aim to. Told once.
    RequestDueSoon = "request.due_soon", "request_id";
    /// The last day by law is over, and the request is not closed. Told once.
    RequestOverdue = "request.overdue", "request_id";
    /// Somebody tries an endpoint.
    Test = "endpoint.test", "endpoint_id";
}

impl Kind {
    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: Kind,
    /// In whose data; it is told to endpoints of this client, and to those of all clients.
    pub tenant: TenantId,
    /// What it happened to.
    pub object: [u8; 16],
}

/// The body that is signed and sent: ids, and nothing else.
fn payload(kind: Kind, tenant: Option<TenantId>, object: &[u8; 16], at: Timestamp) -> Json {
    let mut data = serde_json::Map::new();
    if let Some(tenant) = tenant {
        data.insert("tenant_id".to_owned(), json!(tenant));
    }
    data.insert(kind.id().to_owned(), json!(hex::encode(object)));
    json!({ "type": kind.word(), "timestamp": at, "data": data })
}

/// Announces something in the transaction in which it happens. What was announced before is left alone.
pub async fn announce(
    tx: &mut Tx,
    event: Event,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), StoreError> {
    let (id, now) = (EventId::generate(random), clock.now());
    let Event {
        kind,
        tenant,
        object,
    } = event;
    let row = args![id, kind.word(), tenant, object, now];
    if tx.execute(rows::INSERT_EVENT, row).await? == 0 {
        return Ok(());
    }
    for row in tx.fetch_all(rows::ENDPOINTS_OF, args![tenant]).await? {
        let wanted = row.text(1)?;
        if wanted.split(',').any(|word| word == kind.word()) {
            delivery::add_in(tx, row.id(0)?, id, None, clock, random).await?;
        }
    }
    Ok(())
}

/// The endpoints of a house and what is sent to them. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    /// The data store.
    pub data: Db,
    /// Keys: secrets and addresses are sealed.
    pub keyring: Keyring,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Names to addresses.
    pub resolver: Arc<dyn Resolve>,
    /// Where webhooks may go.
    pub networks: Networks,
}
