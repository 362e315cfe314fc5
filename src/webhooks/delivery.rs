//! One event on its way to one endpoint, tried for about 76 hours.

use super::{Kind, WebhookError, Webhooks, payload, rows};
use crate::queue::{self, Kind as Work, NewJob};
use crate::store::{Row, StoreError, Tx, Value, args};
use crate::vocabulary::{Clock, DeliveryId, EndpointId, EventId, Random, TenantId, Timestamp};

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried, or tried again.
    Waiting,
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    const fn word(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
        }
    }

    fn from_word(word: &str) -> Result<Self, WebhookError> {
        match word {
            "waiting" => Ok(DeliveryState::Waiting),
            "delivered" => Ok(DeliveryState::Delivered),
            "failed" => Ok(DeliveryState::Failed),
            _ => Err(WebhookError::Stored),
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub endpoint: EndpointId,
    /// What; the same for every attempt, and when it is sent again.
    pub event: EventId,
    /// The delivery that somebody had sent again.
    pub repeat_of: Option<DeliveryId>,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// What the endpoint answered last.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub reason: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What happened.
    pub kind: Kind,
    tenant: Option<TenantId>,
    object: [u8; 16],
    at: Timestamp,
}

impl Delivery {
    fn read(row: &Row) -> Result<Self, WebhookError> {
        let status = row.opt_i64(6)?;
        Ok(Self {
            id: row.id(0)?,
            endpoint: row.id(1)?,
            event: row.id(2)?,
            repeat_of: row.opt_id(3)?,
            state: DeliveryState::from_word(&row.text(4)?)?,
            attempts: row.u32(5)?,
            status: status.and_then(|it| u16::try_from(it).ok()),
            reason: row.opt_text(7)?,
            created_at: row.timestamp(8)?,
            ended_at: row.opt_timestamp(9)?,
            kind: Kind::from_word(&row.text(10)?).ok_or(WebhookError::Stored)?,
            tenant: row.opt_id(11)?,
            object: row.bytes(12)?,
            at: row.timestamp(13)?,
        })
    }

    /// What `webhook-id` says: the same for every attempt, so that the other side takes it once.
    pub fn message_id(&self) -> String {
        format!("msg_{}", self.event)
    }

    /// The body: ids, and nothing else.
    pub fn body(&self) -> String {
        let object = match self.kind {
            Kind::Test => &self.endpoint.0,
            _ => &self.object,
        };
        payload(self.kind, self.tenant, object, self.at).to_string()
    }
}

/// Puts an event on its way to an endpoint, in a transaction.
pub(super) async fn add_in(
    tx: &mut Tx,
    endpoint: EndpointId,
    event: EventId,
    repeat_of: Option<DeliveryId>,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<DeliveryId, StoreError> {
    let (id, now) = (DeliveryId::generate(random), clock.now());
    let waiting = DeliveryState::Waiting.word();
    let row = args![id, endpoint, event, repeat_of, waiting, now];
    tx.execute(rows::INSERT_DELIVERY, row).await?;
    let job = NewJob {
        kind: Work::Deliver,
        tenant: None,
        object: id.0,
        due: now,
    };
    queue::add_in(tx, job, clock, random).await?;
    Ok(id)
}

impl Webhooks {
    /// One delivery; `None` when its endpoint is gone.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, WebhookError> {
        let row = self.data.fetch_optional(rows::DELIVERY, args![id]).await?;
        row.as_ref().map(Delivery::read).transpose()
    }

    /// Deliveries of an endpoint in order of id, after one.
    pub async fn deliveries(
        &self,
        endpoint: EndpointId,
        after: DeliveryId,
        limit: u16,
    ) -> Result<Vec<Delivery>, WebhookError> {
        let page = args![endpoint, after, limit];
        let found = self.data.fetch_all(rows::DELIVERIES, page).await?;
        found.iter().map(Delivery::read).collect()
    }

    /// Sends what was sent before once more, as the same message.
    pub async fn redeliver(
        &self,
        endpoint: EndpointId,
        delivery: DeliveryId,
    ) -> Result<DeliveryId, WebhookError> {
        let before = self.delivery(delivery).await?;
        let before = before.filter(|it| it.endpoint == endpoint);
        let before = before.ok_or(WebhookError::UnknownDelivery(delivery))?;
        let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
        let mut tx = self.data.begin().await?;
        let again = add_in(
            &mut tx,
            endpoint,
            before.event,
            Some(delivery),
            clock,
            random,
        );
        let again = again.await?;
        tx.commit().await?;
        Ok(again)
    }

    /// Notes what an attempt came to.
    pub(super) async fn note(
        &self,
        id: DeliveryId,
        came: &Result<u16, WebhookError>,
    ) -> Result<(), WebhookError> {
        let (state, status, reason) = match came {
            Ok(status) => (DeliveryState::Delivered, Some(*status), None),
            Err(error) => {
                let status = match error {
                    WebhookError::Refused(status) => Some(*status),
                    WebhookError::Gone => Some(410),
                    _ => None,
                };
                (DeliveryState::Waiting, status, Some(error.to_string()))
            }
        };
        let ended = match came {
            Ok(_) => self.clock.now().into(),
            Err(_) => Value::NullI64,
        };
        let arguments = args![state.word(), status, reason, ended, id];
        self.data.execute(rows::NOTE_ATTEMPT, arguments).await?;
        Ok(())
    }

    /// Notes that a delivery was tried for the last time.
    pub async fn give_up(&self, id: DeliveryId) -> Result<(), WebhookError> {
        let arguments = args![DeliveryState::Failed.word(), self.clock.now(), id];
        self.data.execute(rows::GIVE_UP_DELIVERY, arguments).await?;
        Ok(())
    }
}
