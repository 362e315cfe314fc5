//! What of a batch is new and what changes. Pure: it reads what was loaded and writes nothing.

use std::collections::{BTreeMap, HashSet};

use super::change::{
    CaseChange, Change, ContactChange, ForwardingChange, Ids, MessageChange, Outcome, Refusal,
};
use super::load::Loaded;
use super::merge;
use super::plan::{Entry, Fate, Plan};
use crate::catalog::further::Further;
use crate::catalog::types::{Case, CaseState, Channel, Contact, Custody};
use crate::vocabulary::{CaseId, ContactId, Personal, Random, Timestamp, UnitId};

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    New,
    Stored,
    Changed,
}

/// A contact or case with its unit.
pub(super) struct Held<T> {
    pub row: Row,
    pub unit: UnitId,
    /// The `sealed_version` to write.
    pub version: u32,
    pub it: T,
}

impl<T> Held<T> {
    /// Whether there is anything to write.
    pub fn is_written(&self) -> bool {
        self.row != Row::Stored
    }

    /// Notes a change: a stored row is sealed anew under the next version, once a batch.
    fn change(&mut self) {
        if self.row == Row::Stored {
            self.row = Row::Changed;
            self.version += 1;
        }
    }
}

/// A message, forwarding or quarantined record to write: which change, and where it belongs.
pub(super) struct Addition {
    pub change: usize,
    pub id: [u8; 16],
    pub case: CaseId,
    pub contact: ContactId,
    pub unit: UnitId,
    /// The message that a forwarding names.
    pub message: Option<[u8; 16]>,
}

/// A batch, decided.
pub(super) struct Decision<'a> {
    plan: &'a Plan,
    loaded: &'a Loaded,
    country: &'a str,
    now: Timestamp,
    random: &'a dyn Random,
    pub contacts: BTreeMap<ContactId, Held<Contact>>,
    pub cases: BTreeMap<CaseId, Held<Case>>,
    /// Parts, new and stored, that something is written under.
    pub parts: BTreeMap<(CaseId, ContactId), (UnitId, Row)>,
    pub messages: Vec<Addition>,
    pub forwardings: Vec<Addition>,
    pub quarantined: Vec<Addition>,
    added: HashSet<[u8; 16]>,
    pub outcomes: Vec<Outcome>,
}

impl<'a> Decision<'a> {
    /// Decides a batch.
    pub fn make(
        changes: &[Change],
        plan: &'a Plan,
        loaded: &'a Loaded,
        country: &'a str,
        now: Timestamp,
        random: &'a dyn Random,
    ) -> Self {
        let mut decision = Decision {
            plan,
            loaded,
            country,
            now,
            random,
            contacts: BTreeMap::new(),
            cases: BTreeMap::new(),
            parts: BTreeMap::new(),
            messages: Vec::new(),
            forwardings: Vec::new(),
            quarantined: Vec::new(),
            added: HashSet::new(),
            outcomes: Vec::with_capacity(changes.len()),
        };
        for (number, (change, entry)) in changes.iter().zip(&plan.entries).enumerate() {
            let outcome = decision.one(number, change, entry);
            decision.outcomes.push(outcome);
        }
        decision
    }

    fn one(&mut self, number: usize, change: &Change, entry: &Entry) -> Outcome {
        match entry.fate {
            Fate::Suppressed => return Outcome::Suppressed,
            Fate::Refused(refusal) => return Outcome::Refused(refusal),
            Fate::Open => {}
        }
        let erased =
            |id: Option<[u8; 16]>| id.is_some_and(|it| self.loaded.being_erased.contains(&it));
        if erased(self.owner(entry.contact)) || erased(self.owner(entry.case)) {
            return Outcome::BeingErased;
        }
        let outcome = match change {
            Change::Contact(it) => self.contact(it, entry),
            Change::Case(it) => self.case(it, entry),
            Change::Message(it) => self.message(number, it, entry),
            Change::Forwarding(it) => self.forwarding(number, it, entry),
            Change::Rejected(_) => self.rejected(number, entry),
        };
        outcome.unwrap_or(Outcome::Refused(Refusal::NoIdentifier))
    }

    fn owner(&self, claim: Option<usize>) -> Option<[u8; 16]> {
        self.plan.claims.get(claim?).map(|claim| claim.owner)
    }

    fn contact(&mut self, it: &ContactChange, entry: &Entry) -> Option<Outcome> {
        let id = ContactId(self.owner(entry.contact)?);
        let existed = self.contacts.contains_key(&id) || self.loaded.contacts.contains(&id);
        let bare = self.bare(id, it.external_id.as_ref());
        let (now, country) = (self.now, self.country);
        let held = self.hold_contact(id, bare);
        let Ok(merged) = merge::contact(&held.it, it, country) else {
            return Some(Outcome::Refused(Refusal::TooManyIdentifiers));
        };
        let altered = merged != held.it;
        if altered {
            held.it = merged;
            held.change();
            held.it.version = held.version;
            held.it.updated_at = now;
        }
        let ids = Ids::of(Some(id), None, id.0);
        Some(match (existed, altered) {
            (false, _) => Outcome::Created(ids),
            (true, true) => Outcome::Changed(ids),
            (true, false) => Outcome::Unchanged(ids),
        })
    }

    /// The contact as this batch holds it so far; `new` if it is nowhere yet.
    fn hold_contact(&mut self, id: ContactId, new: Contact) -> &mut Held<Contact> {
        let (plan, loaded, random) = (self.plan, self.loaded, self.random);
        self.contacts
            .entry(id)
            .or_insert_with(|| match loaded.opened.get(&id) {
                Some((unit, contact)) => Held {
                    row: Row::Stored,
                    unit: *unit,
                    version: contact.version,
                    it: contact.clone(),
                },
                None => Held {
                    row: Row::New,
                    unit: UnitId(plan.ids.id(random)),
                    version: 1,
                    it: new,
                },
            })
    }

    /// A new contact of which only the id is known.
    fn bare(&self, id: ContactId, external_id: Option<&Personal>) -> Contact {
        Contact {
            id,
            external_id: external_id.cloned(),
            name: None,
            phone: None,
            email: None,
            further: Further::default(),
            source: None,
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    /// Whether nothing has described the contact of a change yet.
    fn is_unknown_contact(&self, entry: &Entry) -> bool {
        let id = self.owner(entry.contact).map(ContactId);
        id.is_some_and(|id| !self.contacts.contains_key(&id) && !self.loaded.contacts.contains(&id))
    }

    /// A contact that a case or message names: made bare if it is nowhere yet.
    fn named_contact(&mut self, external_id: &Personal, entry: &Entry) -> Option<ContactId> {
        let id = ContactId(self.owner(entry.contact)?);
        if !self.loaded.contacts.contains(&id) {
            let bare = self.bare(id, Some(external_id));
            self.hold_contact(id, bare);
        }
        Some(id)
    }

    fn case(&mut self, it: &CaseChange, entry: &Entry) -> Option<Outcome> {
        let id = CaseId(self.owner(entry.case)?);
        let existed = self.cases.contains_key(&id) || self.loaded.cases.contains(&id);
        let made_contact = !existed && self.is_unknown_contact(entry);
        if !existed {
            let contact = self.named_contact(&it.contact, entry)?;
            let opened_at = it.opened_at.unwrap_or(self.now);
            let channel = it.channel.unwrap_or(Channel::Other);
            self.open_case(id, contact, &it.external_id, channel, opened_at);
        } else if let Some((unit, case, version)) = self.loaded.opened_cases.get(&id) {
            self.cases.entry(id).or_insert_with(|| Held {
                row: Row::Stored,
                unit: *unit,
                version: *version,
                it: case.clone(),
            });
        }
        let held = self.cases.get_mut(&id)?;
        let altered = merge::case(&mut held.it, it);
        if altered {
            held.change();
        }
        let ids = Ids {
            made_contact,
            ..Ids::of(Some(held.it.requester), Some(id), id.0)
        };
        Some(match (existed, altered) {
            (false, _) => Outcome::Created(ids),
            (true, true) => Outcome::Changed(ids),
            (true, false) => Outcome::Unchanged(ids),
        })
    }

    fn open_case(
        &mut self,
        id: CaseId,
        requester: ContactId,
        external_id: &Personal,
        channel: Channel,
        opened_at: Timestamp,
    ) {
        let unit = self.part(id, requester);
        let it = Case {
            id,
            requester,
            external_id: Some(external_id.clone()),
            subject: None,
            channel: channel.word().to_owned(),
            state: CaseState::Open.word().to_owned(),
            custody: Custody::Operator.word().to_owned(),
            opened_at,
            closed_at: None,
            sealed: 1,
        };
        let (row, version) = (Row::New, 1);
        self.cases.insert(
            id,
            Held {
                row,
                unit,
                version,
                it,
            },
        );
    }

    /// The unit of one contact's part of one case.
    fn part(&mut self, case: CaseId, contact: ContactId) -> UnitId {
        let stored = self.loaded.parts.get(&(case, contact));
        let (ids, random) = (self.plan.ids, self.random);
        let new = || match stored {
            Some(unit) => (*unit, Row::Stored),
            None => (UnitId(ids.id(random)), Row::New),
        };
        self.parts.entry((case, contact)).or_insert_with(new).0
    }

    fn message(&mut self, change: usize, it: &MessageChange, entry: &Entry) -> Option<Outcome> {
        let id = self.owner(entry.own)?;
        let case = CaseId(self.owner(entry.case)?);
        let mut ids = Ids::of(self.owner(entry.contact).map(ContactId), Some(case), id);
        if self.loaded.stored.contains(&id) || !self.added.insert(id) {
            return Some(Outcome::Unchanged(ids));
        }
        ids.made_contact = self.is_unknown_contact(entry);
        let contact = self.named_contact(&it.contact, entry)?;
        ids.made_case = !self.cases.contains_key(&case) && !self.loaded.cases.contains(&case);
        if ids.made_case {
            self.open_case(case, contact, &it.case, it.channel, it.sent_at);
            if let Some(held) = self.cases.get_mut(&case) {
                held.it.subject.clone_from(&it.subject);
            }
        }
        let unit = self.part(case, contact);
        self.messages.push(Addition {
            change,
            id,
            case,
            contact,
            unit,
            message: None,
        });
        Some(Outcome::Created(ids))
    }

    fn forwarding(
        &mut self,
        change: usize,
        _it: &ForwardingChange,
        entry: &Entry,
    ) -> Option<Outcome> {
        let case = CaseId(self.owner(entry.case)?);
        let known = self.cases.get(&case).map(|held| held.it.requester);
        let stored = self.loaded.opened_cases.get(&case);
        let requester = known.or_else(|| stored.map(|(_, case, _)| case.requester));
        let Some(contact) = requester else {
            return Some(Outcome::Refused(Refusal::UnknownCase));
        };
        let id = self.owner(entry.own)?;
        let ids = Ids::of(Some(contact), Some(case), id);
        if self.loaded.stored.contains(&id) || !self.added.insert(id) {
            return Some(Outcome::Unchanged(ids));
        }
        let unit = self.part(case, contact);
        let message = entry.message.and_then(|it| self.plan.claims.get(it));
        self.forwardings.push(Addition {
            change,
            id,
            case,
            contact,
            unit,
            message: message.filter(|it| it.owned).map(|it| it.owner),
        });
        Some(Outcome::Created(ids))
    }

    fn rejected(&mut self, change: usize, entry: &Entry) -> Option<Outcome> {
        let id = self.owner(entry.own)?;
        let ids = Ids::of(None, None, id);
        if self.loaded.stored.contains(&id) || !self.added.insert(id) {
            return Some(Outcome::Unchanged(ids));
        }
        self.quarantined.push(Addition {
            change,
            id,
            case: CaseId([0; 16]),
            contact: ContactId([0; 16]),
            unit: UnitId(self.plan.ids.id(self.random)),
            message: None,
        });
        Some(Outcome::Created(ids))
    }
}
