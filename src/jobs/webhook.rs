//! Telling an endpoint of an event.

use super::Failure;
use crate::queue::Lease;
use crate::vocabulary::DeliveryId;
use crate::webhooks::{WebhookError, Webhooks};

/// Tries a delivery; after the last try, or when the endpoint wants no more, it is given up.
pub async fn deliver(webhooks: &Webhooks, lease: &Lease) -> Result<(), Failure> {
    let id = DeliveryId(lease.object);
    let Err(error) = webhooks.attempt(id).await else {
        return Ok(());
    };
    let gone = matches!(error, WebhookError::Gone);
    if gone || lease.is_last_try() {
        webhooks.give_up(id).await.map_err(Failure::for_now)?;
    }
    match gone {
        true => Err(Failure::for_good(error)),
        false => Err(Failure::for_now(error)),
    }
}
