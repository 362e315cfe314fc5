//! What the pages say in short: about the person, the processing, a day.

use tokio::io::AsyncWrite;

use super::Packing;
use super::pages::{Held, Pairs};
use crate::catalog::CategoryHeld;
use crate::catalog::types::{Case, Category};
use crate::disclosure::words::{self, capital, date};
use crate::requests::deadlines::local_day;
use crate::vocabulary::{Lang, Timestamp};

impl<W: AsyncWrite + Unpin + Send> Packing<'_, W> {
    /// What a case is called.
    pub(super) fn title(&self, case: &Case) -> String {
        if case.requester != self.contact.id {
            return self.words.anothers_case.to_owned();
        }
        let subject = case.subject.as_ref().map_or("", |it| it.expose().trim());
        match subject {
            "" => self.words.no_subject.to_owned(),
            subject => subject.to_owned(),
        }
    }

    pub(super) fn profile_facts(&self) -> Pairs {
        let (w, it) = (self.words, &self.contact);
        let kinds = [
            (w.name, Category::Name),
            (w.email, Category::Email),
            (w.phone, Category::Phone),
            (w.external_id, Category::ExternalId),
        ];
        let mut facts = Pairs::new();
        for (label, kind) in kinds {
            facts.extend(it.all(kind).map(|value| (label, value.expose().to_owned())));
        }
        let source = it.source.as_deref().unwrap_or(w.source_unknown);
        facts.push((w.source, source.to_owned()));
        facts.push((w.since, self.moment(it.created_at)));
        facts.push((w.changed, self.moment(it.updated_at)));
        facts
    }

    pub(super) fn information_facts(&self) -> Pairs {
        let (w, operator) = (self.words, &self.room.eraser.operator);
        let mut facts = vec![
            (
                w.controller,
                format!("{}, {}", self.client.name, self.client.org_no),
            ),
            (w.processor, operator.name.clone()),
            (w.snapshot, self.moment(self.snapshot)),
            (w.found_by, w.searched.to_owned()),
        ];
        let source = self.contact.source.as_deref().unwrap_or(w.source_unknown);
        facts.push((w.source, source.to_owned()));
        if let (Some(oldest), Some(newest)) = (self.seen.oldest, self.seen.newest) {
            let (from, to) = (self.day(oldest), self.day(newest));
            let span = match from == to {
                true => from,
                false => format!("{from} – {to}"),
            };
            facts.push((w.from_to, span));
        }
        facts
    }

    pub(super) fn held_table(&self) -> Vec<Held> {
        let told = words::Words::of(self.lang);
        let row = |it: &CategoryHeld| {
            let rule = self.rule(it.category);
            let category = match it.category {
                Category::Name => self.words.name,
                Category::Phone => self.words.phone,
                Category::Email => self.words.email,
                Category::ExternalId => self.words.external_id,
                Category::Message => self.words.category_message,
                Category::Attachment => self.words.category_attachment,
            };
            Held {
                category: capital(category),
                records: it.records,
                kept: rule.map_or(String::new(), |it| told.kept(it.period, it.starts)),
            }
        };
        self.held.iter().map(row).collect()
    }

    /// A day where the client is, in words.
    pub(super) fn day(&self, at: Timestamp) -> String {
        date(local_day(at, &self.client.timezone).0, self.lang)
    }

    /// A day and a time where the client is, with the zone.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        let time = at.to_utc();
        let form = match self.lang {
            Lang::Sv => "kl. %H.%M (%Z)",
            Lang::En => "at %H:%M %Z",
        };
        let time = match self.client.timezone.parse::<chrono_tz::Tz>() {
            Ok(zone) => time.with_timezone(&zone).format(form).to_string(),
            Err(_) => time.format(form).to_string(),
        };
        format!("{} {time}", self.day(at))
    }
}
