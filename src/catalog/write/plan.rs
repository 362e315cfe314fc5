//! Which ids the changes of a batch claim. Pure.

use std::collections::HashMap;

use super::change::{Change, ContactChange, ForwardingChange, MessageChange, Refusal};
use crate::catalog::index::suppression::Suppressed;
use crate::catalog::index::tokens::{self, Content, Identity, Token};
use crate::keyring::{Domain, IndexKeys, normalise};
use crate::vocabulary::{Neighbourhood, Personal, Random, Timestamp};

/// A token and the id it stands for, once that is fixed.
#[derive(Debug)]
pub(super) struct Claim {
    pub token: Token,
    /// The id it gets if nobody has it; afterwards the id it has.
    pub owner: [u8; 16],
    /// Whether to reserve it, or only to look.
    pub reserve: bool,
    /// Whether it was ours to fix: then nothing can be stored under it yet.
    pub fresh: bool,
    /// Whether anybody has it.
    pub owned: bool,
}

/// What is settled about a change before any row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Suppressed,
    Refused(Refusal),
}

/// A change's claims, as places in [`Plan::claims`].
#[derive(Debug)]
pub(super) struct Entry {
    pub contact: Option<usize>,
    pub case: Option<usize>,
    /// The message, forwarding or quarantined record itself.
    pub own: Option<usize>,
    /// The message that a forwarding names.
    pub message: Option<usize>,
    pub fate: Fate,
}

/// A batch's claims.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where the batch's new ids lie.
    pub ids: Neighbourhood,
    pub claims: Vec<Claim>,
    pub entries: Vec<Entry>,
    /// What history was kept out when this was planned.
    pub suppressed: Suppressed,
    by_token: HashMap<Token, usize>,
}

/// What a plan needs to know.
pub(super) struct Setting<'a> {
    pub keys: &'a IndexKeys,
    pub country: &'a str,
    pub random: &'a dyn Random,
    /// Up to when which identifiers are suppressed.
    pub suppressed: &'a Suppressed,
}

/// The identifiers by which a change may be known to be about an erased person, or to be a message
/// that was taken out or a line that was discarded, and its date. A record without a date counts as
/// old.
fn identifiers(change: &Change, country: &str) -> (Vec<Identity>, Option<Timestamp>) {
    let external = |id: &Personal| {
        let id = normalise::external_id(id.expose());
        id.map(|it| (Domain::ExternalId, it)).into_iter().collect()
    };
    match change {
        Change::Contact(it) => {
            let found = tokens::suppressible(it.identifiers(), country);
            (found, it.dated)
        }
        Change::Case(it) => (external(&it.contact), it.opened_at),
        Change::Message(it) => {
            let mut found: Vec<Identity> = external(&it.contact);
            found.push(message_identity(it));
            (found, Some(it.sent_at))
        }
        Change::Rejected(it) => {
            let content = Content::Discarded { record: &it.record };
            (vec![content.identity()], None)
        }
        Change::Forwarding(_) => (Vec::new(), None),
    }
}

/// The identifiers of every change.
pub(super) fn all_identifiers<'c>(
    changes: &'c [Change],
    country: &'c str,
) -> impl Iterator<Item = Identity> + 'c {
    changes.iter().flat_map(|it| identifiers(it, country).0)
}

/// What tells a message from every other: its external id, without one its content.
fn message_identity(it: &MessageChange) -> Identity {
    let own = it.external_id.as_ref();
    if let Some(id) = own.and_then(|it| normalise::external_id(it.expose())) {
        return (Domain::MessageExternalId, id);
    }
    let content = Content::Message {
        case: it.case.expose(),
        sent_at: it.sent_at,
        direction: it.direction.word(),
        channel: it.channel.word(),
        body: it.body.expose(),
    };
    content.identity()
}

impl Plan {
    pub fn new(changes: &[Change], setting: &Setting<'_>) -> Self {
        let mut plan = Plan {
            ids: Neighbourhood::draw(setting.random),
            claims: Vec::new(),
            entries: Vec::with_capacity(changes.len()),
            suppressed: Suppressed::default(),
            by_token: HashMap::new(),
        };
        for change in changes {
            let entry = plan.entry(change, setting);
            plan.entries.push(entry);
        }
        plan
    }

    fn entry(&mut self, change: &Change, setting: &Setting<'_>) -> Entry {
        let mut entry = Entry {
            contact: None,
            case: None,
            own: None,
            message: None,
            fate: Fate::Open,
        };
        if is_suppressed(change, setting) {
            entry.fate = Fate::Suppressed;
            return entry;
        }
        let claimed = match change {
            Change::Contact(it) => self.contact(it, setting).map(|it| entry.contact = Some(it)),
            Change::Case(it) => {
                entry.case = self.external(Domain::CaseExternalId, &it.external_id, setting);
                entry.contact = self.external(Domain::ExternalId, &it.contact, setting);
                entry.case.and(entry.contact).map(drop)
            }
            Change::Message(it) => {
                entry.case = self.external(Domain::CaseExternalId, &it.case, setting);
                entry.contact = self.external(Domain::ExternalId, &it.contact, setting);
                let (domain, own) = message_identity(it);
                let token = (domain, setting.keys.token(domain, own.expose()));
                entry.own = Some(self.claim(token, true, setting.random));
                entry.case.and(entry.contact).map(drop)
            }
            Change::Forwarding(it) => self.forwarding(it, &mut entry, setting),
            Change::Rejected(it) => {
                let content = Content::Quarantined {
                    source: &it.source,
                    line: it.line,
                    record: &it.record,
                };
                entry.own = Some(self.claim(content.token(setting.keys), true, setting.random));
                Some(())
            }
        };
        if claimed.is_none() {
            entry.fate = Fate::Refused(Refusal::NoIdentifier);
        }
        entry
    }

    /// A forwarding hangs on a case that is there; it makes none.
    fn forwarding(
        &mut self,
        it: &ForwardingChange,
        entry: &mut Entry,
        setting: &Setting<'_>,
    ) -> Option<()> {
        let look = |plan: &mut Self, domain, id: &Personal| {
            let id = normalise::external_id(id.expose())?;
            let token = (domain, setting.keys.token(domain, id.expose()));
            Some(plan.claim(token, false, setting.random))
        };
        entry.case = look(self, Domain::CaseExternalId, &it.case);
        let message = it.message.as_ref();
        entry.message = message.and_then(|it| look(self, Domain::MessageExternalId, it));
        let content = Content::Forwarding {
            case: it.case.expose(),
            recipient: &it.recipient,
            at: it.at,
        };
        entry.own = Some(self.claim(content.token(setting.keys), true, setting.random));
        entry.case.map(drop)
    }

    fn contact(&mut self, it: &ContactChange, setting: &Setting<'_>) -> Option<usize> {
        let (id, phone, email) = (&it.external_id, &it.phone, &it.email);
        let country = setting.country;
        let (domain, value) =
            tokens::identity(id.as_ref(), phone.as_ref(), email.as_ref(), country)?;
        let token = (domain, setting.keys.token(domain, value.expose()));
        Some(self.claim(token, true, setting.random))
    }

    fn external(&mut self, domain: Domain, id: &Personal, setting: &Setting<'_>) -> Option<usize> {
        let id = normalise::external_id(id.expose())?;
        let token = (domain, setting.keys.token(domain, id.expose()));
        Some(self.claim(token, true, setting.random))
    }

    fn claim(&mut self, token: Token, reserve: bool, random: &dyn Random) -> usize {
        let (claims, ids) = (&mut self.claims, self.ids);
        let place = *self.by_token.entry(token).or_insert_with(|| {
            claims.push(Claim {
                token,
                owner: ids.id(random),
                reserve: false,
                fresh: false,
                owned: false,
            });
            claims.len() - 1
        });
        self.claims[place].reserve |= reserve;
        place
    }

    /// The claim of a token that a statement answered with.
    pub fn of_token(&mut self, token: &Token) -> Option<&mut Claim> {
        let place = *self.by_token.get(token)?;
        self.claims.get_mut(place)
    }
}

fn is_suppressed(change: &Change, setting: &Setting<'_>) -> bool {
    if setting.suppressed.cutoffs.is_empty() {
        return false;
    }
    let (identifiers, dated) = identifiers(change, setting.country);
    identifiers.into_iter().any(|(domain, value)| {
        let known = (domain, value.expose().to_owned());
        let cutoff = setting.suppressed.cutoffs.get(&known);
        cutoff.is_some_and(|cutoff| dated.is_none_or(|dated| dated <= *cutoff))
    })
}
