//! How a person is named on the command line, and finding the one contact that is meant.

use std::io::{self, Read};

use super::failure::{Exit, Failure};
use crate::catalog::{Catalog, Finding, Identifier, TenantRef};
use crate::vocabulary::{ContactId, Personal};

/// Longest identifier that is read from standard input.
const LONGEST: u64 = 4096;

/// One of the ways to name a contact.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Named {
    /// By Gallra's id
    #[arg(long, value_name = "ID")]
    contact: Option<ContactId>,
    /// By e-mail address, or `-`
    #[arg(long, value_name = "ADDRESS")]
    email: Option<Typed>,
    /// By telephone number, or `-`
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    phone: Option<Typed>,
    /// By the id in the system the data came from, or `-`
    #[arg(long, value_name = "ID")]
    external_id: Option<Typed>,
}

/// An identifier as typed. Personal, so `Debug` and errors do not show it.
#[derive(Debug, Clone)]
pub struct Typed(Personal);

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Self(Personal::from(text))
    }
}

impl Typed {
    /// The identifier; `-` reads it from standard input.
    pub fn read(&self) -> Result<Personal, Failure> {
        match self.0.expose() {
            "-" => from_stdin(),
            text if text.trim().is_empty() => Err(Failure::usage(
                "the identifier is empty: name an address, a number or an id",
            )),
            _ => Ok(self.0.clone()),
        }
    }
}

fn from_stdin() -> Result<Personal, Failure> {
    let mut text = String::new();
    let read = io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    let text = zeroize::Zeroizing::new(text);
    match read {
        Err(_) => Err(Failure::usage(
            "standard input is not text: give the identifier as UTF-8",
        )),
        Ok(_) if text.trim().is_empty() => Err(Failure::usage(
            "standard input is empty: give the identifier there",
        )),
        Ok(_) => Ok(Personal::new(text.trim())),
    }
}

/// Who was meant, and the identifier as it was given.
pub struct LookedUp {
    pub named_by: Personal,
    /// The one contact, or why there is none.
    pub contact: Result<ContactId, Failure>,
}

impl Named {
    /// The contact that is meant.
    pub async fn resolve(
        &self,
        catalog: &Catalog,
        tenant: &TenantRef,
    ) -> Result<ContactId, Failure> {
        self.look_up(catalog, tenant).await?.contact
    }

    /// The same for whoever has something to say also when nobody is there.
    pub async fn look_up(
        &self,
        catalog: &Catalog,
        tenant: &TenantRef,
    ) -> Result<LookedUp, Failure> {
        if let Some(contact) = self.contact {
            return Ok(LookedUp {
                named_by: Personal::new(contact.to_string()),
                contact: Ok(contact),
            });
        }
        let (identifier, named_by) = self.identifier()?;
        let finding = catalog.find(&identifier, Some(tenant)).await?;
        Ok(LookedUp {
            named_by,
            contact: only_match(&finding, tenant),
        })
    }

    fn identifier(&self) -> Result<(Identifier, Personal), Failure> {
        type Make = fn(Personal) -> Identifier;
        let ways: [(&Option<Typed>, Make); 3] = [
            (&self.email, Identifier::Email),
            (&self.phone, Identifier::Phone),
            (&self.external_id, Identifier::ExternalId),
        ];
        let given = ways
            .into_iter()
            .find_map(|(typed, make)| Some((typed.as_ref()?, make)));
        let (typed, make) = given
            .ok_or_else(|| Failure::usage("name the person: --contact, --email or --phone"))?;
        let given = typed.read()?;
        Ok((make(given.clone()), given))
    }
}

fn only_match(finding: &Finding, tenant: &TenantRef) -> Result<ContactId, Failure> {
    let message = match &finding.matches[..] {
        [only] => return Ok(only.id),
        [] if finding.being_erased > 0 => {
            "this person is being erased: `gallra reconcile` finishes it, `gallra receipt list` shows \
             the receipt"
                .to_owned()
        }
        [] => format!(
            "{} holds nobody by this identifier: try `gallra find`",
            tenant.slug
        ),
        several => {
            let ids: Vec<_> = several.iter().map(|found| found.id.to_string()).collect();
            format!(
                "several contacts fit: choose one with --contact: {}",
                ids.join(", ")
            )
        }
    };
    Err(Failure::new(Exit::Failed, message))
}
