//! What was met on the first walk, for the pages that sum it up.

use std::collections::BTreeSet;

use super::words::Words;
use crate::catalog::types::{Channel, Message};
use crate::catalog::{CategoryHeld, Holdings};
use crate::vocabulary::Timestamp;

/// Counts, channels and recipients: small, however much there is.
#[derive(Debug, Default)]
pub struct Seen {
    pub cases: u64,
    pub messages: u64,
    pub masked: u64,
    pub attachments: u64,
    pub forwardings: u64,
    pub oldest: Option<Timestamp>,
    pub newest: Option<Timestamp>,
    channels: BTreeSet<Channel>,
    recipients: BTreeSet<String>,
}

impl Seen {
    /// A message of anybody.
    pub fn message(&mut self, it: &Message) {
        if it.masked {
            self.masked += 1;
            return;
        }
        self.messages += 1;
        self.attachments += it.attachments.len() as u64;
        self.channels
            .insert(Channel::from_word(&it.channel).unwrap_or(Channel::Other));
        let time = Some(it.sent_at);
        self.oldest = self.oldest.min(time).or(time);
        self.newest = self.newest.max(time);
    }

    /// Something that was passed on.
    pub fn forwarding(&mut self, recipient: &str) {
        self.forwardings += 1;
        if !self.recipients.contains(recipient) {
            self.recipients.insert(recipient.to_owned());
        }
    }

    /// What the notice for this person is made of.
    pub fn holdings(&self, held: &[CategoryHeld]) -> Holdings {
        Holdings {
            categories: held.iter().map(|it| it.category).collect(),
            channels: self.channels.iter().copied().collect(),
            given_to: self.recipients.iter().cloned().collect(),
        }
    }

    /// `3 ärenden, 12 meddelanden`.
    pub fn summary(&self, words: &Words) -> String {
        let w = words;
        let all = [
            (self.cases, w.one_case, w.several_cases),
            (self.messages, w.one_message, w.several_messages),
            (self.attachments, w.one_file, w.several_files),
            (self.forwardings, w.one_forwarding, w.several_forwardings),
        ];
        let there = all.iter().enumerate();
        let there = there.filter(|(at, it)| *at < 2 || it.0 > 0);
        let counted: Vec<String> = there
            .map(|(_, (number, one, several))| match number {
                1 => format!("1 {one}"),
                _ => format!("{number} {several}"),
            })
            .collect();
        counted.join(", ")
    }
}
