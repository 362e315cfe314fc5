//! What events are signed with. Several of a source may be in force, so that one can follow another
//! without a gap; one that was ended stays ended through every restore.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{HookError, Source, rows, signature};
use crate::audit::Action;
use crate::catalog::unit_kind;
use crate::keyring::{Padding, columns};
use crate::offboarding::Offboarder;
use crate::store::args;
use crate::vocabulary::{HookSecretId, Secret, Timestamp};

/// A secret, without itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HookSecret {
    /// Its id.
    pub id: HookSecretId,
    /// Of which source.
    pub source: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// A secret that was just added.
pub struct Added {
    /// Its id.
    pub id: HookSecretId,
    /// The secret as it was made here, to be shown once; nothing when the other side made it.
    pub made: Option<Zeroizing<String>>,
}

impl Offboarder {
    /// Adds a secret: the one the other side made, or a new one.
    pub async fn add_hook_secret(
        &self,
        source: Source,
        given: Option<Zeroizing<String>>,
    ) -> Result<Added, HookError> {
        let catalog = &self.eraser.catalog;
        let (secret, made) = match given {
            Some(given) if signature::key(source, &given).is_some() => (given, None),
            Some(_) => {
                return Err(HookError::Secret(
                    "this is no secret of this source: whsec_ and Base64 of 24 to 64 bytes; of Stripe's \
                     the text as Stripe shows it",
                ));
            }
            None if source == Source::Stripe => {
                return Err(HookError::Secret(
                    "Stripe makes the secret: give it with --secret-file FILE, or - for standard input",
                ));
            }
            None => {
                let bytes: Secret<32> = Secret::generate(catalog.random.as_ref());
                let made = Zeroizing::new(signature::written(bytes.expose()));
                (made.clone(), Some(made))
            }
        };
        let operator = &self.eraser.operator;
        let own = catalog.own_tenant(&operator.name, &operator.org_no).await?;
        let id = HookSecretId::generate(catalog.random.as_ref());
        let unit = catalog.own_unit(own.id).await?;
        let field = columns::HOOK_SECRET.of(id.as_bytes(), 1);
        let sealed = unit.sealer.seal(
            field,
            secret.as_bytes(),
            Padding::Short,
            catalog.random.as_ref(),
        );
        let mut tx = catalog.data.begin().await?;
        catalog
            .write_own_unit(&mut tx, own.id, &unit, unit_kind::HOOK_SECRET)
            .await?;
        let now = catalog.clock.now();
        let row = args![id, own.id, unit.unit, source.word(), sealed, now, 1];
        tx.execute(rows::INSERT_SECRET, row).await?;
        tx.commit().await?;
        self.note(Action::HookSecretAdded, own.id, id.as_bytes())
            .await?;
        Ok(Added { id, made })
    }

    /// Ends a secret: what is signed with it is refused from now on.
    pub async fn end_hook_secret(&self, id: HookSecretId) -> Result<(), HookError> {
        let catalog = &self.eraser.catalog;
        let known = catalog
            .data
            .fetch_optional(rows::KNOWN_SECRET, args![id])
            .await?;
        let tenant = known.ok_or(HookError::UnknownSecret(id))?.id(0)?;
        let mut tx = catalog.keyring.begin_vault().await?;
        let version = catalog.keyring.take_head(&mut tx).await?;
        let row = args![id, catalog.clock.now(), catalog.actor.to_string(), version];
        tx.execute(rows::vault::END_SECRET, row).await?;
        tx.commit().await?;
        self.eraser.note_vault_version().await?;
        Ok(self
            .note(Action::HookSecretEnded, tenant, id.as_bytes())
            .await?)
    }

    /// Every secret, in force or ended, without itself.
    pub async fn hook_secrets(&self) -> Result<Vec<HookSecret>, HookError> {
        let ended = self.ended_secrets().await?;
        let found = self
            .eraser
            .catalog
            .data
            .fetch_all(rows::SECRETS, args![])
            .await?;
        let read = found.iter().map(|row| {
            let id: HookSecretId = row.id(0)?;
            Ok(HookSecret {
                id,
                source: row.text(1)?,
                created_at: row.timestamp(2)?,
                ended_at: ended.get(&id).copied(),
            })
        });
        read.collect()
    }

    /// The keys of a source that are in force.
    pub(super) async fn hook_keys(
        &self,
        source: Source,
    ) -> Result<Vec<(HookSecretId, Vec<u8>)>, HookError> {
        let ended = self.ended_secrets().await?;
        let catalog = &self.eraser.catalog;
        let mut keys = Vec::new();
        for row in &catalog
            .data
            .fetch_all(rows::SECRETS_OF, args![source.word()])
            .await?
        {
            let id: HookSecretId = row.id(0)?;
            if ended.contains_key(&id) {
                continue;
            }
            if let Some(sealer) = catalog.own_sealer(row.id(1)?, row, 4).await? {
                let field = columns::HOOK_SECRET.of(id.as_bytes(), row.u32(3)?);
                let opened = sealer.open(field, &row.blob(2)?)?;
                let secret = std::str::from_utf8(&opened).unwrap_or_default();
                keys.extend(signature::key(source, secret).map(|key| (id, key)));
            }
        }
        Ok(keys)
    }

    async fn ended_secrets(&self) -> Result<BTreeMap<HookSecretId, Timestamp>, HookError> {
        let mut tx = self.eraser.catalog.keyring.snapshot_vault().await?;
        let ended = tx.fetch_all(rows::vault::ENDED_SECRETS, args![]).await?;
        tx.rollback().await?;
        let read = ended.iter().map(|row| Ok((row.id(0)?, row.timestamp(1)?)));
        read.collect()
    }
}
