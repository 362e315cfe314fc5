//! What a power cut does to changes that were not durable yet.

use super::super::chance::Chance;
use super::trace::{Event, Kind};

const SECTOR: usize = 512;

/// What becomes of the changes that were not yet durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// All are lost.
    Nothing,
    /// All are kept, as after a kill: the disk had caught up.
    Everything,
    /// Each meets its own fate, repeatable by the seed.
    Seeded(u64),
}

/// Does a write, sector by sector where `keep` says so, or a truncation.
pub(super) fn change_content(
    content: &mut Vec<u8>,
    event: &Event,
    mut keep: impl FnMut(usize) -> bool,
) {
    let offset = usize::try_from(event.number).unwrap();
    if event.kind == Kind::Truncate {
        content.resize(offset, 0);
        return;
    }
    let end = offset + event.data.len();
    let mut at = offset;
    while at < end {
        let next = ((at / SECTOR + 1) * SECTOR).min(end);
        if keep(at / SECTOR) {
            if content.len() < next {
                content.resize(next, 0);
            }
            content[at..next].copy_from_slice(&event.data[at - offset..next - offset]);
        }
        at = next;
    }
}

/// The dice of one power cut.
pub(super) enum Fate {
    All(bool),
    /// With the share of changes that survive whole; each disk is lucky in its own measure.
    Dice(Chance, u64),
}

impl Fate {
    pub(super) fn new(survival: Survival) -> Self {
        match survival {
            Survival::Nothing => Self::All(false),
            Survival::Everything => Self::All(true),
            Survival::Seeded(seed) => {
                let mut chance = Chance::new(seed);
                let luck = [10, 50, 85][chance.below(3) as usize];
                Self::Dice(chance, luck)
            }
        }
    }

    /// How many of a directory's pending changes survive, counted from the first.
    pub(super) fn beginning(&mut self, pending: usize) -> usize {
        match self {
            Self::All(true) => pending,
            Self::All(false) => 0,
            Self::Dice(chance, _) => chance.below(pending as u64 + 1) as usize,
        }
    }

    pub(super) fn decide(&mut self, content: &mut Vec<u8>, event: &Event) {
        match self {
            Self::All(true) => change_content(content, event, |_| true),
            Self::All(false) => {}
            Self::Dice(chance, luck) => {
                if chance.percent(*luck) {
                    change_content(content, event, |_| true);
                } else if event.kind == Kind::Write && chance.percent(50) {
                    // Torn. The size may have been written though the bytes were not.
                    let end = event.number as usize + event.data.len();
                    if content.len() < end && chance.percent(50) {
                        content.resize(end, 0);
                    }
                    change_content(content, event, |_| chance.percent(50));
                }
            }
        }
    }
}
