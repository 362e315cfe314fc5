//! Finding a person: what is held, across tenants or in one.

use std::collections::BTreeSet;

use super::held::{CategoryHeld, Terms};
use super::index::tokens::Identity;
use super::types::{Category, Contact};
use super::{Catalog, CatalogError, TenantRef};
use crate::audit::Action;
use crate::keyring::{Domain, normalise};
use crate::vocabulary::{ContactId, Personal, TenantId};

/// What a person is looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// An e-mail address.
    Email(Personal),
    /// A telephone number, read as from the tenant's country.
    Phone(Personal),
    /// Words of a name; all must be there.
    Name(Personal),
    /// Another system's id.
    ExternalId(Personal),
}

impl Identifier {
    /// Guesses what a person typed: with `@` an address, with digits only a number, else a name.
    pub fn guess(text: &str) -> Self {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let letters = text.chars().any(char::is_alphabetic);
        match text {
            _ if text.contains('@') => Identifier::Email(text.into()),
            _ if digits >= 5 && !letters => Identifier::Phone(text.into()),
            _ if digits > 0 => Identifier::ExternalId(text.into()),
            _ => Identifier::Name(text.into()),
        }
    }

    fn values(&self, country: &str) -> Vec<Identity> {
        let one =
            |domain, value: Option<Personal>| value.map(|it| (domain, it)).into_iter().collect();
        match self {
            Identifier::Email(it) => one(Domain::Email, normalise::email(it.expose())),
            Identifier::Phone(it) => one(Domain::Phone, normalise::phone(it.expose(), country)),
            Identifier::ExternalId(it) => {
                one(Domain::ExternalId, normalise::external_id(it.expose()))
            }
            Identifier::Name(it) => {
                let words = normalise::name_words(it.expose());
                words
                    .into_iter()
                    .map(|word| (Domain::NameWord, word))
                    .collect()
            }
        }
    }

    /// Whether an opened contact really is who was looked for: a token alone is no proof.
    fn fits(&self, contact: &Contact, country: &str) -> bool {
        type Make = fn(Personal) -> Identifier;
        let (kind, make): (_, Make) = match self {
            Identifier::Email(_) => (Category::Email, Identifier::Email),
            Identifier::Phone(_) => (Category::Phone, Identifier::Phone),
            Identifier::Name(_) => (Category::Name, Identifier::Name),
            Identifier::ExternalId(_) => (Category::ExternalId, Identifier::ExternalId),
        };
        let text = |values: Vec<Identity>| -> BTreeSet<String> {
            values
                .iter()
                .map(|(_, value)| value.expose().to_owned())
                .collect()
        };
        let wanted = text(self.values(country));
        let fits = |own: &Personal| wanted.is_subset(&text(make(own.clone()).values(country)));
        !wanted.is_empty() && contact.all(kind).any(fits)
    }
}

/// One contact of one tenant who fits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Match {
    /// In whose data, by slug.
    pub tenant: String,
    /// In whose data, by id.
    pub tenant_id: TenantId,
    /// The contact's id.
    pub id: ContactId,
    /// Another system's id.
    pub external_id: Option<Personal>,
    /// The name, to tell namesakes apart.
    pub name: Option<Personal>,
    /// What is held.
    pub categories: Vec<CategoryHeld>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// Who fits.
    pub matches: Vec<Match>,
    /// How many more candidates are being erased at this moment.
    pub being_erased: u64,
}

impl Catalog {
    /// Looks for a person in one tenant's data, or in everybody's. Besides the search itself, each contact
    /// that is shown has a row of its own: a person may ask who looked at their data (C-579/21).
    pub async fn find(
        &self,
        identifier: &Identifier,
        tenant: Option<&TenantRef>,
    ) -> Result<Finding, CatalogError> {
        let mut entry = self.entry(Action::ContactSearched);
        entry.tenant = tenant.map(|it| it.id);
        let shown = |finding: &Finding| {
            let shown = finding.matches.iter();
            let found = |it: &Match| {
                let entry = self.entry(Action::ContactFound).of(it.tenant_id);
                entry.to(it.id.as_bytes())
            };
            shown.map(found).collect()
        };
        self.confirmed_of(&entry, shown, || async move {
            let tenants = match tenant {
                Some(tenant) => vec![tenant.clone()],
                None => self.tenant_refs().await?,
            };
            let mut finding = Finding::default();
            for tenant in &tenants {
                self.find_in(identifier, tenant, &mut finding).await?;
            }
            Ok(finding)
        })
        .await
    }

    async fn find_in(
        &self,
        identifier: &Identifier,
        tenant: &TenantRef,
        finding: &mut Finding,
    ) -> Result<(), CatalogError> {
        let values = identifier.values(&tenant.country);
        if values.is_empty() {
            return Ok(());
        }
        let mut terms = None;
        for candidate in self.candidates(tenant, &values).await? {
            match self.open_contact(tenant, candidate).await {
                Ok(contact) if identifier.fits(&contact, &tenant.country) => {
                    let terms = match &mut terms {
                        Some(terms) => terms,
                        none => none.insert(self.terms(tenant).await?),
                    };
                    let found = self.matched(tenant, contact, terms).await?;
                    finding.matches.push(found);
                }
                // Another value since, or reserved by a writer that has not written yet.
                Ok(_) | Err(CatalogError::ContactUnknown(_)) => {}
                Err(CatalogError::ContactBeingErased(_)) => finding.being_erased += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn matched(
        &self,
        tenant: &TenantRef,
        contact: Contact,
        terms: &Terms,
    ) -> Result<Match, CatalogError> {
        Ok(Match {
            tenant: tenant.slug.clone(),
            tenant_id: tenant.id,
            id: contact.id,
            categories: self.categories_on(tenant, &contact, terms).await?,
            external_id: contact.external_id,
            name: contact.name,
        })
    }
}
