//! A unit for a record of another room: its key is leased and its row written in that room's own
//! transaction.

use super::{Catalog, CatalogError, rows};
use crate::keyring::{Place, Sealer};
use crate::store::{Tx, Value, args};
use crate::vocabulary::{TenantId, UnitId};

impl Catalog {
    /// Makes a unit that is no contact's, behind one of the tenant's gates.
    pub async fn lease_unit(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        unit: UnitId,
        kind: i64,
    ) -> Result<Sealer, CatalogError> {
        self.pass_a_gate(tx, tenant).await?;
        let leased = self.keyring.lease(tenant, 1).await?.pop();
        let leased = leased.ok_or(CatalogError::Contended)?;
        let place = Place {
            tenant,
            unit,
            key: leased.key_ref,
        };
        let sealer = Sealer::new(place, &leased.key);
        let row = args![
            unit,
            tenant,
            kind,
            Value::NullBlob,
            Value::NullBlob,
            leased.key_ref.block as i64,
            leased.key_ref.leaf,
            sealer.commitment(),
            self.clock.now(),
        ];
        tx.execute_many(&rows::INSERT_UNITS, args![], vec![row])
            .await?;
        Ok(sealer)
    }
}
