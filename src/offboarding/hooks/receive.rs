//! Taking an event: checked, scheduled, stored.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::event::{self, At, Says};
use super::signature::{self, Headers};
use super::{HookError, NEEDS_A_PERSON, Source, rows};
use crate::audit::{Action, Actor};
use crate::catalog::{CatalogError, unit_kind};
use crate::keyring::{Padding, columns};
use crate::offboarding::{Client, OWN, Offboarder, OffboardingError, rules};
use crate::store::{StoreError, args};
use crate::vocabulary::{HookEventId, HookSecretId, TenantId};
use crate::webhooks;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is new and stored.
    New(HookEventId),
    /// It was there already, and nothing was done.
    Repeat(HookEventId),
}

impl Offboarder {
    /// Takes an event as it came. Whatever it says, it is stored; only an end of a contract of a client
    /// who is known schedules anything.
    pub async fn receive_hook(
        &self,
        source: Source,
        headers: Headers<'_>,
        body: &[u8],
    ) -> Result<Received, HookError> {
        let keys = self.hook_keys(source).await?;
        let now = self.eraser.catalog.clock.now();
        let secret = *signature::verify(source, headers, body, &keys, now)?;
        let room = self.acting_for(Actor::Hook(secret.0));
        let event = event::read(source, body);
        let id = event_id(source, secret, event.id.as_deref().or(headers.id), body);
        if room.is_repeat(id, body).await? {
            return Ok(Received::Repeat(id));
        }
        let (client, outcome) = room.schedule(source, &event.says).await?;
        match room.store_event(source, id, client, outcome, body).await {
            Ok(()) => Ok(Received::New(id)),
            // Somebody sent it twice at once.
            Err(HookError::Offboarding(OffboardingError::Store(StoreError::Duplicate {
                ..
            }))) => Ok(Received::Repeat(id)),
            Err(error) => Err(error),
        }
    }

    fn acting_for(&self, actor: Actor) -> Self {
        let mut room = self.clone();
        room.eraser.catalog = room.eraser.catalog.acting_for(actor);
        room
    }

    /// Whether this very event is stored. What is compared is the body itself, because a hash of it
    /// beside it would tell who guesses it.
    async fn is_repeat(&self, id: HookEventId, body: &[u8]) -> Result<bool, HookError> {
        match self.stored_body(id).await? {
            None => Ok(false),
            Some((_, None)) => Ok(true), // Its body is erased; that it came is known.
            Some((_, Some(stored))) => match bool::from(stored.ct_eq(body)) {
                true => Ok(true),
                false => Err(HookError::OtherBody),
            },
        }
    }

    /// Puts an announced end on record. Answers in whose data the event belongs, and in a word what
    /// became of it.
    async fn schedule(
        &self,
        source: Source,
        says: &Says,
    ) -> Result<(Option<Client>, &'static str), HookError> {
        let (slug, at) = match says {
            Says::Other => return Ok((None, "other")),
            Says::Unreadable => return Ok((None, "unreadable")),
            Says::Ends { tenant, at } => (tenant, Some(*at)),
            Says::Lapsed { tenant } => (tenant, None),
        };
        let slug = slug.as_deref().unwrap_or_default();
        let client = match self.client(slug).await {
            Ok(client) if client.slug != OWN => client,
            Ok(_) | Err(OffboardingError::Unknown(_)) => return Ok((None, "unknown-client")),
            Err(error) => return Err(error.into()),
        };
        if client.purging {
            return Ok((None, "too-late"));
        }
        let day = match at {
            Some(At::Day(day)) => day,
            Some(At::Moment(time)) => rules::day_of(time, &client.timezone),
            None => return Ok((Some(client), NEEDS_A_PERSON)),
        };
        if !rules::is_plausible(day) {
            return Ok((Some(client), "unreadable"));
        }
        let mut change = self.begin_change().await?;
        let newest = change.newest(client.id).await?;
        let id = match newest.filter(|it| it.ended_at.is_none()) {
            None => {
                let mut stored = self.new_record(&client, format!("hook:{}", source.word()));
                stored.record.contract_ends = day;
                change.insert(&stored, client.id).await?;
                stored.id
            }
            // What a person recorded, no event changes.
            Some(stored) if stored.record.choice.is_some() => return Ok((Some(client), "known")),
            Some(mut stored) => {
                stored.record.contract_ends = day;
                change.update(&stored).await?;
                stored.id
            }
        };
        change.commit().await?;
        self.noted(Action::OffboardingScheduled, client.id, id)
            .await?;
        let scheduled = webhooks::Kind::OffboardingScheduled;
        self.announce(scheduled, client.id, id).await?;
        Ok((Some(client), "scheduled"))
    }

    async fn store_event(
        &self,
        source: Source,
        id: HookEventId,
        client: Option<Client>,
        outcome: &str,
        body: &[u8],
    ) -> Result<(), HookError> {
        if let Some(client) = client {
            match self.seal_event(source, id, client.id, outcome, body).await {
                // Its purge began this moment: the event is the operator's to look at.
                Err(HookError::Offboarding(OffboardingError::Catalog(
                    CatalogError::TenantBeingErased,
                ))) => {}
                done => return done,
            }
        }
        let operator = &self.eraser.operator;
        let own = self
            .eraser
            .catalog
            .own_tenant(&operator.name, &operator.org_no)
            .await?;
        self.seal_event(source, id, own.id, outcome, body).await
    }

    async fn seal_event(
        &self,
        source: Source,
        id: HookEventId,
        tenant: TenantId,
        outcome: &str,
        body: &[u8],
    ) -> Result<(), HookError> {
        let catalog = &self.eraser.catalog;
        let unit = catalog.own_unit(tenant).await?;
        let field = columns::HOOK_EVENT_BODY.of(id.as_bytes(), 1);
        let sealed = unit
            .sealer
            .seal(field, body, Padding::Padme, catalog.random.as_ref());
        let mut tx = catalog.data.begin().await?;
        catalog
            .write_own_unit(&mut tx, tenant, &unit, unit_kind::HOOK_EVENT)
            .await?;
        let now = catalog.clock.now();
        let row = args![
            id,
            tenant,
            unit.unit,
            source.word(),
            outcome,
            now,
            sealed,
            1
        ];
        tx.execute(rows::INSERT_EVENT, row).await?;
        let entry = catalog
            .entry(Action::HookReceived)
            .of(tenant)
            .to(id.as_bytes());
        let (clock, random) = (catalog.clock.as_ref(), catalog.random.as_ref());
        crate::audit::record_in(&mut tx, &entry, clock, random).await?;
        Ok(tx.commit().await?)
    }
}

/// Where an event is stored: made of the source, the secret that signed it, and the sender's own id. One
/// without an id is known by its body.
fn event_id(source: Source, secret: HookSecretId, id: Option<&str>, body: &[u8]) -> HookEventId {
    let mut digest = Sha256::new()
        .chain_update(b"gallra hook event v1\0")
        .chain_update(source.word())
        .chain_update([0]);
    digest = match id {
        Some(id) => digest.chain_update([1]).chain_update(id),
        // The secret's id is drawn at random, so nobody can try bodies out on what is stored.
        None => digest
            .chain_update([2])
            .chain_update(secret.0)
            .chain_update(body),
    };
    let digest = digest.finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    HookEventId(id)
}
