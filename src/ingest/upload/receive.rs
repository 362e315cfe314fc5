//! A file coming in: cut into pieces, each sealed before it is written.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{Ended, UploadState, Uploads, Wishes, rows};
use crate::audit::{self, Action};
use crate::catalog::{CatalogError, GATES, TenantRef, rows as catalog_rows, unit_kind};
use crate::keyring::{KeyRef, Padding, Place, Sealer, columns};
use crate::queue::{self, Kind, NewJob};
use crate::store::{Value, args};
use crate::vocabulary::{ImportId, TenantId, Timestamp, UnitId};

/// The largest file that is taken: larger ones go through the command line, or in parts.
pub const LARGEST: u64 = 1 << 30;
/// How much is sealed at a time.
const PIECE: usize = 1 << 20;
/// After how long a silent upload counts as broken off.
const SILENT: Duration = Duration::from_secs(10 * 60);

/// A file coming in.
pub struct Receiving {
    uploads: Uploads,
    id: ImportId,
    tenant: TenantId,
    unit: UnitId,
    sealer: Sealer,
    piece: Zeroizing<Vec<u8>>,
    bytes: u64,
}

impl Uploads {
    /// Begins an upload: its key first, then its row, and the job that takes it in or clears it away.
    pub async fn begin(
        &self,
        tenant: &TenantRef,
        format: &str,
        wishes: &Wishes,
    ) -> Result<Receiving, CatalogError> {
        let catalog = &self.catalog;
        let leased = catalog.keyring.lease(tenant.id, 1).await?.pop();
        let leased = leased.ok_or(CatalogError::Contended)?;
        let unit = UnitId::generate(catalog.random.as_ref());
        let place = Place {
            tenant: tenant.id,
            unit,
            key: leased.key_ref,
        };
        let receiving = Receiving {
            uploads: self.clone(),
            id: ImportId::generate(catalog.random.as_ref()),
            tenant: tenant.id,
            unit,
            sealer: Sealer::new(place, &leased.key),
            piece: Zeroizing::new(Vec::with_capacity(PIECE)),
            bytes: 0,
        };
        receiving.note(leased.key_ref, format, wishes).await?;
        Ok(receiving)
    }
}

impl Receiving {
    /// Writes that it has begun: past a gate of its client, so that no purge misses it.
    async fn note(&self, key: KeyRef, format: &str, wishes: &Wishes) -> Result<(), CatalogError> {
        let wishes = serde_json::to_string(wishes).ok();
        let catalog = &self.uploads.catalog;
        let (clock, random) = (catalog.clock.as_ref(), catalog.random.as_ref());
        let (id, tenant, now) = (self.id, self.tenant, clock.now());
        let mut tx = catalog.data.begin().await?;
        let gate = args![tenant, i64::from(id.0[0]) % GATES, false];
        let gate = tx.fetch_optional(catalog_rows::PASS_GATE, gate).await?;
        gate.ok_or(CatalogError::TenantBeingErased)?;
        let row = args![
            self.unit,
            tenant,
            unit_kind::UPLOAD,
            Value::NullBlob,
            Value::NullBlob,
            key.block as i64,
            key.leaf,
            self.sealer.commitment(),
            now,
        ];
        tx.execute_many(&catalog_rows::INSERT_UNITS, args![], vec![row])
            .await?;
        let state = UploadState::Receiving.word();
        let row = args![id, tenant, self.unit, format, state, now, wishes];
        tx.execute(rows::INSERT_IMPORT, row).await?;
        let job = NewJob {
            kind: Kind::Import,
            tenant: Some(tenant),
            object: id.0,
            due: silent_at(now),
        };
        queue::add_in(&mut tx, job, clock, random).await?;
        let entry = catalog.entry(Action::ImportReceived).of(tenant).to(&id.0);
        audit::record_in(&mut tx, &entry, clock, random).await?;
        Ok(tx.commit().await?)
    }

    /// Its id.
    pub fn id(&self) -> ImportId {
        self.id
    }

    /// How much has come in.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next bytes.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), CatalogError> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = PIECE - self.piece.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE {
                self.write().await?;
            }
        }
        Ok(())
    }

    /// The file is whole: it is taken in as soon as a worker is free.
    pub async fn finish(mut self) -> Result<ImportId, CatalogError> {
        if !self.piece.is_empty() {
            self.write().await?;
        }
        let (from, to) = (UploadState::Receiving, UploadState::Received);
        let nothing = Value::NullText;
        let arguments = args![
            to.word(),
            nothing.clone(),
            nothing,
            Value::NullI64,
            self.id,
            from.word()
        ];
        let mut tx = self.uploads.catalog.data.begin().await?;
        let moved = tx.fetch_optional(rows::MOVE_IMPORT, arguments).await?;
        moved.ok_or(CatalogError::TenantBeingErased)?;
        let now = self.uploads.catalog.clock.now();
        queue::move_in(&mut tx, Kind::Import, self.id.0, now).await?;
        tx.commit().await?;
        Ok(self.id)
    }

    /// The file broke off: nothing of it is taken in, and what came is destroyed.
    pub async fn cut_off(self, why: &'static str) -> Result<(), CatalogError> {
        self.uploads.end(self.id, Ended::CutOff(why)).await?;
        Ok(())
    }

    async fn write(&mut self) -> Result<(), CatalogError> {
        let catalog = &self.uploads.catalog;
        let mut id = [0; 16];
        catalog.random.fill(&mut id);
        let field = columns::IMPORT_CHUNK.of(&id, 1);
        let random = catalog.random.as_ref();
        let sealed = self.sealer.seal(field, &self.piece, Padding::Padme, random);
        let length = self.piece.len() as i64;
        let mut tx = catalog.data.begin().await?;
        let receiving = UploadState::Receiving.word();
        let grown = tx
            .fetch_optional(rows::GROW_IMPORT, args![length, self.id, receiving])
            .await?;
        let number = grown.ok_or(CatalogError::TenantBeingErased)?.i64(0)?;
        let piece = args![id, self.tenant, self.id, self.unit, number, sealed];
        tx.execute(rows::INSERT_CHUNK, piece).await?;
        let silent = silent_at(catalog.clock.now());
        queue::move_in(&mut tx, Kind::Import, self.id.0, silent).await?;
        tx.commit().await?;
        // Overwritten, and its room kept.
        zeroize::Zeroize::zeroize(self.piece.as_mut_slice());
        self.piece.clear();
        Ok(())
    }
}

fn silent_at(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_add(SILENT.as_micros() as i64))
}
