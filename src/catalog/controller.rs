//! What a client's notice says of the client besides its name: where it can be reached, and by whom.
//! It is published, and yet it may name a person (a data protection officer's address), so it is
//! sealed under the client's profile and goes with it.

use super::opened::UnitRow;
use super::processing::rows;
use super::types::Tenant;
use super::write::pass_gate;
use super::{Catalog, CatalogError, TenantRef, rules};
use crate::audit::{self, Action};
use crate::keyring::{Padding, Sealer, columns};
use crate::store::args;
use crate::vocabulary::{Personal, TenantId};

/// Declares the values, and everything that goes through all of them.
macro_rules! details {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        /// The controller's values for its notice. What is absent is not known.
        #[derive(
            Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(deny_unknown_fields, default)]
        pub struct Controller {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<Personal>,)+
        }

        impl Controller {
            /// Every value by its name, in the order in which they are shown.
            pub fn values(&self) -> Vec<(&'static str, Option<&Personal>)> {
                vec![$((stringify!($name), self.$name.as_ref())),+]
            }

            /// Takes over what a change names; an empty text takes a value out.
            fn take_over(&mut self, change: Controller) {
                $(if let Some(value) = change.$name {
                    let kept = Some(value).filter(|it| !it.expose().trim().is_empty());
                    self.$name = kept;
                })+
            }
        }
    };
}

details! {
    /// Postal address on one line.
    address;
    /// Telephone number.
    phone;
    /// Its website.
    website;
    /// Where data subjects write to, when that is not the client's own address.
    rights_email;
    /// A page where data subjects make their requests.
    rights_url;
    /// The data protection officer's e-mail address.
    dpo_email;
    /// The data protection officer's telephone number.
    dpo_phone;
    /// ISO 3166 code of the country where the data is stored.
    stored_in;
}

impl Controller {
    /// Checks every value that is there.
    fn check(&self) -> Result<(), CatalogError> {
        for (name, value) in self.values() {
            let Some(text) = value.map(Personal::expose) else {
                continue;
            };
            rules::check_text(name, text)?;
            if text.is_empty() {
                continue;
            }
            let reason = match name {
                "rights_email" | "dpo_email" => {
                    rules::check_email(name, text)?;
                    continue;
                }
                "website" | "rights_url" if !is_web_address(text) => {
                    "is no address of a page: write one that begins with https://"
                }
                "stored_in" if !is_country(text) => {
                    "is no ISO 3166 code: write two letters such as SE"
                }
                _ => continue,
            };
            return Err(CatalogError::Invalid {
                field: name,
                reason,
            });
        }
        Ok(())
    }
}

/// Whether a browser may be sent there: nothing but a plain page.
fn is_web_address(text: &str) -> bool {
    let read = url::Url::parse(text);
    read.is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

/// Two capital letters.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl Catalog {
    /// Changes the values that a client's notice shows; what is absent stays.
    pub async fn change_controller(
        &self,
        tenant: &TenantRef,
        change: Controller,
    ) -> Result<Tenant, CatalogError> {
        change.check()?;
        let mut tx = self.data.begin().await?;
        let mut gate = [0];
        self.random.fill(&mut gate);
        pass_gate(&mut tx, tenant.id, gate[0].into()).await?;
        let taken = tx
            .fetch_optional(rows::TAKE_TENANT, args![tenant.id])
            .await?;
        let taken = taken.ok_or(CatalogError::TenantBeingErased)?;
        let sealer = self.sealer(&UnitRow::read(tenant.id, &taken, 0)?).await?;
        let stored = tx
            .fetch_optional(rows::CONTROLLER, args![tenant.id])
            .await?;
        let version = stored.as_ref().map_or(Ok(0), |row| row.u32(1))?;
        let sealed = stored.map(|row| row.blob(0)).transpose()?;
        let mut controller = open(&sealer, tenant.id, version, sealed.as_deref())?;
        controller.take_over(change);
        let text = serde_json::to_string(&controller).map_err(CatalogError::Stored)?;
        let field = columns::CONTROLLER_DETAILS.of(tenant.id.as_bytes(), version + 1);
        let random = self.random.as_ref();
        let details = sealer.seal(field, text.as_bytes(), Padding::Padme, random);
        tx.execute(rows::SET_CONTROLLER, args![tenant.id, details, version + 1])
            .await?;
        let entry = self.entry(Action::ProcessingChanged).of(tenant.id);
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), random).await?;
        tx.commit().await?;
        self.show_tenant(&tenant.slug).await
    }

    /// The values, for a call that audits and confirms by itself.
    pub(super) async fn open_controller(
        &self,
        tenant: TenantId,
        sealer: &Sealer,
    ) -> Result<Controller, CatalogError> {
        let row = self.data.fetch_optional(rows::CONTROLLER, args![tenant]);
        match row.await? {
            Some(row) => open(sealer, tenant, row.u32(1)?, Some(&row.blob(0)?)),
            None => Ok(Controller::default()),
        }
    }
}

fn open(
    sealer: &Sealer,
    tenant: TenantId,
    version: u32,
    sealed: Option<&[u8]>,
) -> Result<Controller, CatalogError> {
    let Some(sealed) = sealed else {
        return Ok(Controller::default());
    };
    let field = columns::CONTROLLER_DETAILS.of(tenant.as_bytes(), version);
    let text = sealer.open_text(field, sealed)?;
    serde_json::from_str(text.expose()).map_err(CatalogError::Stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_changed_taken_out_or_left_alone() {
        let mut kept = Controller {
            address: Some("Storgatan 1".into()),
            phone: Some("08-1".into()),
            ..Controller::default()
        };
        kept.take_over(Controller {
            phone: Some("".into()),
            website: Some("https://a.example".into()),
            ..Controller::default()
        });
        let values: Vec<_> = kept
            .values()
            .into_iter()
            .filter(|it| it.1.is_some())
            .collect();
        assert_eq!(values.len(), 2);
        assert_eq!(values[0].0, "address");
        assert_eq!(values[1].0, "website");
    }

    #[test]
    fn what_is_published_is_checked() {
        let website = |text: &str| Controller {
            website: Some(text.into()),
            ..Controller::default()
        };
        assert!(website("https://example.se/a").check().is_ok());
        assert!(website("").check().is_ok(), "taken out");
        for bad in ["javascript:alert(1)", "example.se", "https://", "a\nb"] {
            assert!(website(bad).check().is_err(), "{bad}");
        }
        let stored_in = Controller {
            stored_in: Some("Sverige".into()),
            ..Controller::default()
        };
        assert!(stored_in.check().is_err());
    }
}
