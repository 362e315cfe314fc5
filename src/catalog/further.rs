//! Several addresses, numbers and ids of one person.
//!
//! The first of each kind is the contact's `email`, `phone` and `external_id`; the further ones are a list
//! beside them, sealed with the profile. The person is found by any of them, and every one of them is
//! counted, handed out and erased.
//!
//! **What a contact is known by** ([`super::index::tokens::known_by`]) is its first id, without one its
//! first address, without that its first number; and every further id and address that nobody else is known
//! by. So a record that names a merged person as they were called before goes to them.
//!
//! **Why is an address not always put first where there is none?** Whoever is known by a number would be
//! known by the address from then on, and the next text message would make a second contact.

use super::index::tokens;
use super::types::{Category, Contact};
use super::write::ContactChange;
use crate::vocabulary::Personal;

/// How many further identifiers of a kind one contact may have. A record with more is a list of people.
pub const MOST: usize = 100;

/// The kinds of identifiers, in the order in which they say who a contact is.
pub const KINDS: [Category; 3] = [Category::ExternalId, Category::Email, Category::Phone];

/// Further addresses, numbers and ids, besides the first of each; as they were written.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(default, deny_unknown_fields)]
pub struct Further {
    /// E-mail addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Personal>,
    /// Telephone numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Personal>,
    /// Other systems' ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<Personal>,
}

/// There are more identifiers of a kind than one person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

impl Further {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        KINDS.iter().all(|kind| self.of(*kind).is_empty())
    }

    /// Those of a kind; a name is no identifier.
    pub fn of(&self, kind: Category) -> &[Personal] {
        match kind {
            Category::Email => &self.emails,
            Category::Phone => &self.phones,
            Category::ExternalId => &self.external_ids,
            Category::Name | Category::Message | Category::Attachment => &[],
        }
    }

    /// The list of a kind, to change it.
    pub fn list(&mut self, kind: Category) -> Option<&mut Vec<Personal>> {
        match kind {
            Category::Email => Some(&mut self.emails),
            Category::Phone => Some(&mut self.phones),
            Category::ExternalId => Some(&mut self.external_ids),
            Category::Name | Category::Message | Category::Attachment => None,
        }
    }

    /// Whether one kind has more than one person can have.
    pub fn is_too_long(&self) -> bool {
        KINDS.iter().any(|kind| self.of(*kind).len() > MOST)
    }

    /// Every one of them with its kind.
    pub fn all(&self) -> impl Iterator<Item = (Category, &Personal)> {
        let of = |kind: Category| self.of(kind).iter().map(move |value| (kind, value));
        KINDS.into_iter().flat_map(of)
    }
}

/// One text for all spellings of an identifier.
fn normal(kind: Category, value: &Personal, country: &str) -> Personal {
    let found = tokens::normal(kind, value, country);
    found.map_or_else(|| value.expose().trim().into(), |(_, normal)| normal)
}

/// Whether two spellings are one identifier.
pub(crate) fn same(kind: Category, one: &Personal, other: &Personal, country: &str) -> bool {
    one == other || normal(kind, one, country) == normal(kind, other, country)
}

impl Contact {
    /// The first of a kind; of a name the only one.
    pub fn first(&self, kind: Category) -> Option<&Personal> {
        match kind {
            Category::Name => self.name.as_ref(),
            Category::Email => self.email.as_ref(),
            Category::Phone => self.phone.as_ref(),
            Category::ExternalId => self.external_id.as_ref(),
            Category::Message | Category::Attachment => None,
        }
    }

    fn first_of(&mut self, kind: Category) -> Option<&mut Option<Personal>> {
        match kind {
            Category::Name => Some(&mut self.name),
            Category::Email => Some(&mut self.email),
            Category::Phone => Some(&mut self.phone),
            Category::ExternalId => Some(&mut self.external_id),
            Category::Message | Category::Attachment => None,
        }
    }

    /// All of a kind, the first one first.
    pub fn all(&self, kind: Category) -> impl Iterator<Item = &Personal> {
        self.first(kind).into_iter().chain(self.further.of(kind))
    }

    /// Every identifier with its kind.
    pub fn identifiers(&self) -> impl Iterator<Item = (Category, &Personal)> {
        let of = |kind: Category| self.all(kind).map(move |value| (kind, value));
        KINDS.into_iter().flat_map(of)
    }

    /// Whether it has this identifier, however it is spelled.
    pub fn has(&self, kind: Category, value: &Personal, country: &str) -> bool {
        self.all(kind).any(|own| same(kind, own, value, country))
    }

    /// Adds an identifier it does not have: as the first, unless the contact would be known by another
    /// kind from then on.
    pub(crate) fn add(
        &mut self,
        kind: Category,
        value: &Personal,
        country: &str,
    ) -> Result<(), TooMany> {
        if value.expose().trim().is_empty() || self.has(kind, value, country) {
            return Ok(());
        }
        let stays_known = match kind {
            Category::ExternalId => self.email.is_none() && self.phone.is_none(),
            Category::Email => self.external_id.is_some() || self.phone.is_none(),
            _ => true,
        };
        if let Some(first) = self.first_of(kind)
            && first.is_none()
            && stays_known
        {
            *first = Some(value.clone());
        } else if let Some(list) = self.further.list(kind) {
            list.push(value.clone());
            if list.len() > MOST {
                return Err(TooMany);
            }
        }
        Ok(())
    }

    /// Puts an identifier first. One that was a further one changes places with the first; a new one
    /// takes the place of the first, which was wrong or is out of use.
    pub(crate) fn put_first(&mut self, kind: Category, value: &Personal, country: &str) {
        let place = self.further.of(kind).iter();
        let place = place
            .clone()
            .position(|own| same(kind, own, value, country));
        let known = self.first(kind).cloned();
        let is_first = known
            .as_ref()
            .is_some_and(|own| same(kind, own, value, country));
        if let (Some(place), Some(list), false) = (place, self.further.list(kind), is_first) {
            list.remove(place);
            list.extend(known);
        }
        if let Some(first) = self.first_of(kind) {
            *first = Some(value.clone());
        }
    }

    /// Takes an identifier out, however it is spelled; whether it was there.
    pub(crate) fn take_out(&mut self, kind: Category, value: &Personal, country: &str) -> bool {
        let had = self.has(kind, value, country);
        let is_it = |own: &Personal| same(kind, own, value, country);
        if let Some(first) = self.first_of(kind)
            && first.as_ref().is_some_and(is_it)
        {
            *first = None;
        }
        if let Some(list) = self.further.list(kind) {
            list.retain(|own| !is_it(own));
        }
        had
    }
}

impl ContactChange {
    /// Every identifier that a record gives, with its kind.
    pub fn identifiers(&self) -> impl Iterator<Item = (Category, &Personal)> {
        let firsts = [
            (Category::ExternalId, &self.external_id),
            (Category::Email, &self.email),
            (Category::Phone, &self.phone),
        ];
        let firsts = firsts.into_iter();
        let firsts = firsts.filter_map(|(kind, value)| Some((kind, value.as_ref()?)));
        firsts.chain(self.further.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{ContactId, Timestamp};

    fn eva() -> Contact {
        Contact {
            id: ContactId([1; 16]),
            external_id: Some("K-1".into()),
            name: None,
            phone: None,
            email: Some("eva@example.se".into()),
            further: Further::default(),
            source: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            version: 1,
        }
    }

    fn emails(it: &Contact) -> Vec<&str> {
        it.all(Category::Email).map(Personal::expose).collect()
    }

    #[test]
    fn the_same_address_in_another_spelling_is_no_further_one() {
        let mut it = eva();
        it.add(Category::Email, &"EVA@Example.SE".into(), "SE")
            .unwrap();
        it.add(Category::Phone, &"070-174 06 05".into(), "SE")
            .unwrap();
        it.add(Category::Phone, &"+46701740605".into(), "SE")
            .unwrap();
        it.add(Category::Phone, &"  ".into(), "SE").unwrap();
        assert_eq!(emails(&it), ["eva@example.se"]);
        assert_eq!(it.phone, Some("070-174 06 05".into()));
        assert!(it.further.is_empty());
    }

    #[test]
    fn a_further_address_changes_places_and_a_new_one_takes_the_place() {
        let mut it = eva();
        it.add(Category::Email, &"eva.ek@example.se".into(), "SE")
            .unwrap();
        assert_eq!(emails(&it), ["eva@example.se", "eva.ek@example.se"]);
        it.put_first(Category::Email, &"eva.ek@example.se".into(), "SE");
        assert_eq!(emails(&it), ["eva.ek@example.se", "eva@example.se"]);
        it.put_first(Category::Email, &"ny@example.se".into(), "SE");
        assert_eq!(emails(&it), ["ny@example.se", "eva@example.se"]);
        assert!(it.take_out(Category::Email, &"Eva@example.se".into(), "SE"));
        assert!(!it.take_out(Category::Email, &"eva@example.se".into(), "SE"));
        assert_eq!(emails(&it), ["ny@example.se"]);
    }

    #[test]
    fn whoever_is_known_by_a_number_stays_known_by_it() {
        let mut it = Contact {
            external_id: None,
            email: None,
            phone: Some("070-174 06 05".into()),
            ..eva()
        };
        it.add(Category::Email, &"eva@example.se".into(), "SE")
            .unwrap();
        it.add(Category::ExternalId, &"K-1".into(), "SE").unwrap();
        assert_eq!((it.email.clone(), it.external_id.clone()), (None, None));
        assert_eq!(it.identifiers().count(), 3);
    }

    #[test]
    fn a_list_of_people_is_no_person() {
        let mut it = eva();
        let mut added = 0;
        while it
            .add(Category::ExternalId, &format!("L-{added}").into(), "SE")
            .is_ok()
        {
            added += 1;
        }
        assert_eq!(added, MOST);
    }
}
