//! What the webhooks room refuses or fails at, each with its remedy.

use crate::keyring::{KeyringError, SealError};
use crate::store::StoreError;
use crate::vocabulary::{DeliveryId, EndpointId};

/// Anything the webhooks room refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Something else than an endpoint's URL.
    #[error("the url must be https, without user or fragment, such as https://example.com/hooks")]
    Url,
    /// The name leads nowhere.
    #[error("the url's name has no address: check its spelling, and that it is in the DNS")]
    Unresolved,
    /// The name leads into a network.
    #[error(
        "the url leads to an address that is not of the public internet: webhooks go to public \
         addresses only"
    )]
    Inside,
    /// A word that is no event.
    #[error("events: choose from {}", words())]
    Event,
    /// There is no such endpoint.
    #[error("no webhook endpoint {0}: `gallra webhook list` shows them")]
    UnknownEndpoint(EndpointId),
    /// There is no such delivery.
    #[error("no delivery {0} of this endpoint: `gallra webhook deliveries` shows them")]
    UnknownDelivery(DeliveryId),
    /// The endpoint did not take it.
    #[error("the endpoint answered {0}: it is to answer 2xx")]
    Refused(u16),
    /// The endpoint wants no more.
    #[error("the endpoint answered 410: it is gone, and nothing more is sent until somebody asks")]
    Gone,
    /// The endpoint did not answer.
    #[error("the endpoint could not be reached, or did not answer in time")]
    Unreachable,
    /// A word that this release does not know.
    #[error("a stored webhook does not read: run a newer release, or `gallra doctor`")]
    Stored,
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A sealed field.
    #[error(transparent)]
    Seal(#[from] SealError),
}

fn words() -> String {
    let words: Vec<_> = super::Kind::ALL.iter().map(|kind| kind.word()).collect();
    words.join(", ")
}
