//! How a file that is sent in is to be read: what the command line's options say for a file at hand.

use crate::catalog::{Tenant, TenantRef};
use crate::ingest::{Encoding, Options, Settings};

/// How a file is to be read. No personal data: of the desk's own addresses only the domains.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(default)]
pub struct Wishes {
    /// Read and count, and write nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Columns of a table: header, field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<(String, String)>,
    /// The encoding of a table, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The client's own domains, `@example.se`: mail from them went out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<String>,
    /// Where clock times without a zone are from, by its IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl Wishes {
    /// How the import is set up for this client.
    pub fn settings(&self, tenant: &TenantRef, client: &Tenant) -> Settings {
        let zone = self.zone.as_deref().unwrap_or(&client.summary.timezone);
        let mut own = self.own.clone();
        own.push(client.email.expose().to_owned());
        Settings {
            country: tenant.country.clone(),
            zone: zone.parse().unwrap_or(chrono_tz::Tz::UTC),
            own,
            columns: self.columns.clone(),
            encoding: self.encoding.as_deref().and_then(Encoding::named),
        }
    }

    /// How it goes about it.
    pub fn options(&self) -> Options {
        Options {
            named_lines: super::NAMED_REJECTS,
            dry_run: self.dry_run,
            ..Options::default()
        }
    }
}
