//! What kinds of work there are, and how patiently each is tried.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, [$($wait:expr),* $(,)?];)*) => {
        /// A kind of work.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The word that is stored and shown.
            pub const fn word(self) -> &'static str {
                match self { $(Kind::$name => $word,)* }
            }

            /// How long is waited after each attempt that failed; it is given up after one more.
            pub const fn waits(self) -> &'static [Duration] {
                match self { $(Kind::$name => const { &[$(Duration::from_secs($wait)),*] },)* }
            }
        }
    };
}

kinds! {
    /// Takes in what was uploaded. What fails here is a store or a key, which come back.
    Import = "import", [5, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR];
    /// Destroys an uploaded file once it is taken in. A hold may stand in the way for long.
    ClearImport = "import.clear", [5, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, WEEK, 2 * WEEK];
    /// Tells an endpoint of an event: the schedule of Standard Webhooks, about 76 hours.
    Deliver = "webhook.deliver",
        [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY];
}

impl Kind {
    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}
