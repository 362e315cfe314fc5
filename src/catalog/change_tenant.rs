//! Changing what is known of a client.

use super::opened::UnitRow;
use super::types::{NewTenant, Tenant, TenantSummary};
use super::{Catalog, CatalogError, Expected, rows, rules};
use crate::audit::{self, Action};
use crate::keyring::{Padding, columns};
use crate::store::args;
use crate::vocabulary::Personal;

/// What is to change; what is absent stays. Slug and country stay: addresses are made of the one, and the
/// search index of telephone numbers read by the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantPatch {
    /// The company's name.
    pub name: Option<String>,
    /// Its registration number.
    pub org_no: Option<String>,
    /// Where to write to.
    pub email: Option<Personal>,
    /// ISO 639 codes of its notices.
    pub languages: Option<Vec<String>>,
    /// IANA time zone.
    pub timezone: Option<String>,
}

impl TenantPatch {
    fn applied_to(self, before: &Tenant) -> NewTenant {
        let it = &before.summary;
        NewTenant {
            slug: it.slug.clone(),
            name: (self.name).map_or_else(|| it.name.clone(), |name| name.trim().to_owned()),
            org_no: self.org_no.unwrap_or_else(|| it.org_no.clone()),
            email: self.email.unwrap_or_else(|| before.email.clone()),
            country: it.country.clone(),
            languages: self.languages.unwrap_or_else(|| it.languages.clone()),
            timezone: self.timezone.unwrap_or_else(|| it.timezone.clone()),
        }
    }
}

impl Catalog {
    /// Changes a client; refused when it is not as the caller has seen it.
    pub async fn change_tenant(
        &self,
        slug: &str,
        patch: TenantPatch,
        expected: &Expected,
    ) -> Result<Tenant, CatalogError> {
        let unknown = || CatalogError::TenantUnknown(slug.to_owned());
        let row = self.tenant_row(slug).await?.ok_or_else(unknown)?;
        let sealer = self.sealer(&UnitRow::read(row.id(0)?, &row, 12)?).await?;
        let mut tx = self.data.begin().await?;
        let taken = tx.fetch_optional(rows::TAKE_TENANT, args![slug]).await?;
        taken.ok_or(CatalogError::TenantBeingErased)?;
        let row = tx.fetch_optional(rows::TENANT_BY_SLUG, args![slug]).await?;
        let row = row.ok_or_else(unknown)?;
        let (summary, sealed) = (super::show_tenants::summary(&row)?, row.u32(11)?);
        let id = summary.id;
        let field = |version| columns::TENANT_EMAIL.of(id.as_bytes(), version);
        let email = sealer.open_text(field(sealed), &row.blob(10)?)?;
        let controller = self.open_controller(id, &sealer).await?;
        let before = Tenant {
            summary,
            email,
            controller,
        };
        expected.check(&before.version())?;
        let new = patch.applied_to(&before);
        rules::check_tenant(&new)?;
        let plain = new.email.expose().as_bytes();
        let random = self.random.as_ref();
        let email = sealer.seal(field(sealed + 1), plain, Padding::Short, random);
        let languages = new.languages.join(",");
        let (name, org_no, timezone) = (&new.name, &new.org_no, &new.timezone);
        let arguments = args![name, org_no, languages, timezone, email, sealed + 1, id];
        tx.execute(rows::SET_TENANT, arguments).await?;
        let entry = self.entry(Action::TenantChanged).of(id);
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), random).await?;
        tx.commit().await?;
        let summary = TenantSummary {
            name: new.name,
            org_no: new.org_no,
            languages: new.languages,
            timezone: new.timezone,
            ..before.summary
        };
        Ok(Tenant {
            summary,
            email: new.email,
            controller: before.controller,
        })
    }
}
