//! Who is told, and with which secret. Address and secrets are sealed under a unit of the operator's own,
//! so a backup of the data holds neither in the clear, and what a purged client's systems are told at the
//! end can still be signed.

use std::time::Duration;

use zeroize::Zeroizing;

use super::sign::SigningSecret;
use super::{Kind, WebhookError, Webhooks, address, delivery, rows};
use crate::keyring::{Column, KeyRef, KeyringError, Padding, Place, Sealer, columns};
use crate::store::{Row, Value, args};
use crate::vocabulary::{DeliveryId, EndpointId, EventId, Personal, TenantId, Timestamp, UnitId};

/// Where the operator's own secrets stand in the key tree. It is no client, and no client's id is drawn as
/// words.
const OPERATOR: TenantId = TenantId(*b"gallra operator ");
/// What an endpoint's unit is in `unit.kind`.
const UNIT_KIND: i64 = 21;
/// For how long the secret before signs too.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// An endpoint to make.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where to post.
    pub url: Personal,
    /// Of which client; `None`: of all.
    pub tenant: Option<TenantId>,
    /// Of what it is told.
    pub events: Vec<Kind>,
}

/// An endpoint, opened.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Of which client; `None`: of all.
    pub tenant: Option<TenantId>,
    /// Where to post. It may hold a secret of its own, so it is not logged.
    pub url: Personal,
    /// Of what it is told.
    pub events: Vec<Kind>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when the secret before signs too.
    pub old_until: Option<Timestamp>,
    pub(super) secret: SigningSecret,
    pub(super) old_secret: Option<SigningSecret>,
    version: u32,
    sealer: std::sync::Arc<Sealer>,
}

impl Endpoint {
    /// The secret that signs now, for who has just made it.
    pub fn secret(&self) -> &SigningSecret {
        &self.secret
    }

    /// The secrets that sign at this time, the newest first.
    pub(super) fn secrets(&self, now: Timestamp) -> Vec<&SigningSecret> {
        let old = self.old_secret.as_ref();
        let old = old.filter(|_| self.old_until.is_some_and(|until| now < until));
        std::iter::once(&self.secret).chain(old).collect()
    }
}

impl Webhooks {
    /// Makes an endpoint; its secret can be read from the answer only, and never again.
    pub async fn add(&self, new: NewEndpoint) -> Result<(EndpointId, SigningSecret), WebhookError> {
        let url = address::read(new.url.expose(), self.networks)?;
        address::target(url, self.networks, self.resolver.as_ref()).await?;
        if new.events.is_empty() {
            return Err(WebhookError::Event);
        }
        let (unit, key, sealer) = self.new_unit().await?;
        let id = EndpointId::generate(self.random.as_ref());
        let secret = SigningSecret::generate(self.random.as_ref());
        let seal = |column: Column, plain: &[u8]| {
            let field = column.of(id.as_bytes(), 1);
            sealer.seal(field, plain, Padding::Short, self.random.as_ref())
        };
        let now = self.clock.now();
        let mut words: Vec<_> = new.events.iter().map(|kind| kind.word()).collect();
        words.sort_unstable();
        words.dedup();
        let endpoint = args![
            id,
            new.tenant,
            unit,
            seal(columns::WEBHOOK_URL, new.url.expose().as_bytes()),
            seal(columns::WEBHOOK_SECRET, secret.expose()),
            words.join(","),
            now,
            1,
        ];
        let (block, leaf) = (key.block as i64, key.leaf);
        let row = args![
            unit,
            OPERATOR,
            UNIT_KIND,
            block,
            leaf,
            sealer.commitment(),
            now
        ];
        let mut tx = self.data.begin().await?;
        tx.execute(rows::INSERT_UNIT, row).await?;
        tx.execute(rows::INSERT_ENDPOINT, endpoint).await?;
        tx.commit().await?;
        Ok((id, secret))
    }

    async fn new_unit(&self) -> Result<(UnitId, KeyRef, Sealer), WebhookError> {
        match self.keyring.add_tenant(OPERATOR).await {
            Ok(()) | Err(KeyringError::TenantExists) => {}
            Err(error) => return Err(error.into()),
        }
        let leased = self.keyring.lease(OPERATOR, 1).await?.pop();
        let leased = leased.ok_or(WebhookError::Stored)?;
        let unit = UnitId::generate(self.random.as_ref());
        let place = Place {
            tenant: OPERATOR,
            unit,
            key: leased.key_ref,
        };
        Ok((unit, leased.key_ref, Sealer::new(place, &leased.key)))
    }

    /// Every endpoint.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, WebhookError> {
        let mut found = Vec::new();
        for row in self.data.fetch_all(rows::ENDPOINTS, args![]).await? {
            found.push(self.open(&row).await?);
        }
        Ok(found)
    }

    /// One endpoint.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, WebhookError> {
        let row = self.data.fetch_optional(rows::ENDPOINT, args![id]).await?;
        self.open(&row.ok_or(WebhookError::UnknownEndpoint(id))?)
            .await
    }

    async fn open(&self, row: &Row) -> Result<Endpoint, WebhookError> {
        let place = Place {
            tenant: OPERATOR,
            unit: row.id(9)?,
            key: KeyRef {
                block: row.u64(10)?,
                leaf: u16::try_from(row.i64(11)?).unwrap_or(u16::MAX),
            },
        };
        let sealer = self.keyring.sealer(place).await?;
        sealer.check(&row.blob(12)?)?;
        let (id, version): (EndpointId, u32) = (row.id(0)?, row.u32(8)?);
        let field = |column: Column| column.of(id.as_bytes(), version);
        let secret = |column, sealed: &[u8]| {
            let bytes: Zeroizing<Vec<u8>> = sealer.open(field(column), sealed)?;
            Ok::<_, WebhookError>(SigningSecret::from_bytes(bytes))
        };
        let old = row.opt_blob(4)?;
        let old = old.map(|sealed| secret(columns::WEBHOOK_OLD_SECRET, &sealed));
        let words = row.text(6)?;
        Ok(Endpoint {
            id,
            tenant: row.opt_id(1)?,
            url: sealer.open_text(field(columns::WEBHOOK_URL), &row.blob(2)?)?,
            events: words.split(',').filter_map(Kind::from_word).collect(),
            created_at: row.timestamp(7)?,
            old_until: row.opt_timestamp(5)?,
            secret: secret(columns::WEBHOOK_SECRET, &row.blob(3)?)?,
            old_secret: old.transpose()?,
            version,
            sealer: sealer.into(),
        })
    }

    /// Gives an endpoint another secret. The one before signs too for a day, so that nothing is refused
    /// while the other side changes over.
    pub async fn rotate_secret(&self, id: EndpointId) -> Result<SigningSecret, WebhookError> {
        let before = self.endpoint(id).await?;
        let secret = SigningSecret::generate(self.random.as_ref());
        let version = before.version + 1;
        let seal = |column: Column, plain: &[u8]| {
            let field = column.of(id.as_bytes(), version);
            let random = self.random.as_ref();
            before.sealer.seal(field, plain, Padding::Short, random)
        };
        let until = Timestamp(self.clock.now().0 + OVERLAP.as_micros() as i64);
        let arguments = args![
            seal(columns::WEBHOOK_URL, before.url.expose().as_bytes()),
            seal(columns::WEBHOOK_SECRET, secret.expose()),
            seal(columns::WEBHOOK_OLD_SECRET, before.secret.expose()),
            until,
            version,
            id,
            before.version,
        ];
        match self.data.execute(rows::SET_SECRET, arguments).await? {
            0 => Box::pin(self.rotate_secret(id)).await,
            _ => Ok(secret),
        }
    }

    /// Forgets an endpoint and what was on its way to it.
    pub async fn remove(&self, id: EndpointId) -> Result<(), WebhookError> {
        let mut tx = self.data.begin().await?;
        tx.execute(rows::DELETE_DELIVERIES, args![id]).await?;
        let gone = tx.execute(rows::DELETE_ENDPOINT, args![id]).await?;
        tx.commit().await?;
        match gone {
            0 => Err(WebhookError::UnknownEndpoint(id)),
            _ => Ok(()),
        }
    }

    /// Sends an endpoint something to try it with.
    pub async fn test(&self, id: EndpointId) -> Result<DeliveryId, WebhookError> {
        self.endpoint(id).await?;
        let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
        let event = EventId::generate(random);
        let kind = Kind::Test.word();
        // Each try is an event of its own, told by its own id; `data` names the endpoint's all the same.
        let row = args![event, kind, Value::NullBlob, event.0, clock.now()];
        let mut tx = self.data.begin().await?;
        tx.execute(rows::INSERT_EVENT, row).await?;
        let delivery = delivery::add_in(&mut tx, id, event, None, clock, random).await?;
        tx.commit().await?;
        Ok(delivery)
    }
}
