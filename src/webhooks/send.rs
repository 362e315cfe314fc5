//! One attempt: resolve, look at the address, connect to that very address, sign, post. Redirects are not
//! followed, and of the answer nothing but its status is read.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use super::address::{self, Target};
use super::{Delivery, Endpoint, WebhookError, Webhooks};
use crate::vocabulary::DeliveryId;

/// How long an endpoint may take to answer, from the first step to the status.
const LONGEST: Duration = Duration::from_secs(15);

impl Webhooks {
    /// Tries a delivery once and notes what came of it. A delivery whose endpoint is gone is none.
    pub async fn attempt(&self, id: DeliveryId) -> Result<(), WebhookError> {
        let Some(delivery) = self.delivery(id).await? else {
            return Ok(());
        };
        let endpoint = match self.endpoint(delivery.endpoint).await {
            Err(WebhookError::UnknownEndpoint(_)) => return Ok(()),
            endpoint => endpoint?,
        };
        let came = self.post(&endpoint, &delivery).await;
        self.note(id, &came).await?;
        came.map(drop)
    }

    async fn post(&self, endpoint: &Endpoint, delivery: &Delivery) -> Result<u16, WebhookError> {
        let url = address::read(endpoint.url.expose(), self.networks)?;
        let found = address::target(url, self.networks, self.resolver.as_ref());
        let found = tokio::time::timeout(LONGEST, found).await;
        let target = found.map_err(|_| WebhookError::Unresolved)??;
        let (now, body) = (self.clock.now(), delivery.body());
        let id = delivery.message_id();
        let signatures = endpoint.secrets(now).into_iter();
        let signatures: Vec<_> = signatures
            .map(|secret| secret.sign(&id, now, body.as_bytes()))
            .collect();
        let seconds = now.0.div_euclid(1_000_000);
        let sent = client(&target)?
            .post(target.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signatures.join(" "))
            .body(body)
            .send();
        // The answer's body is not read: dropped, its connection is closed.
        let status = sent.await.map_err(|_| WebhookError::Unreachable)?.status();
        match status {
            _ if status.is_success() => Ok(status.as_u16()),
            StatusCode::GONE => Err(WebhookError::Gone),
            _ => Err(WebhookError::Refused(status.as_u16())),
        }
    }
}

/// A client that knows one address and no other.
fn client(target: &Target) -> Result<Client, WebhookError> {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        // Another part of the program may have been first: the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let host = target.url.host_str().unwrap_or_default();
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(LONGEST)
        .user_agent(concat!("gallra/", env!("CARGO_PKG_VERSION")))
        .resolve(host, target.address)
        .build()
        .map_err(|_| WebhookError::Unreachable)
}
