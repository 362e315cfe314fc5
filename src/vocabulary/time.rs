//! Time as an argument.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};

/// An instant in UTC, in whole microseconds since 1970: what the databases store and JSON shows as
/// RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The same instant as a calendar date and time.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Reads RFC 3339 with any offset; `None` for text that names no single instant, and for one that no
    /// desk has to do with: what is read here is written again, in every form that we hand out, and some
    /// of these end at the years 1 and 9999, or know no 61st second.
    pub fn parse(text: &str) -> Option<Self> {
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        let within = (1900..2200).contains(&time.to_utc().year());
        let leaps = time.nanosecond() >= 1_000_000_000;
        (within && !leaps).then(|| Self(time.timestamp_micros()))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with a `Z`, fractions only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "RFC 3339, of the years 1900 to 2199, without leap seconds",
            ))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "not an RFC 3339 time of the years 1900 to 2199, such as 2026-03-01T09:30:00Z",
            )
        })
    }
}

/// The only source of time.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump; use it for what people read, never to measure.
    fn now(&self) -> Timestamp;

    /// Time since the machine started, counting suspension, so that a lease held by a sleeping
    /// laptop or a stopped process is over when it wakes (CLOCK_BOOTTIME).
    fn uptime(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // The one place that may.
    fn now(&self) -> Timestamp {
        Utc::now().into()
    }

    fn uptime(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(
            time.tv_sec.unsigned_abs(),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct FixedClock(Mutex<(Timestamp, Duration)>);

impl FixedClock {
    /// A clock standing at this RFC 3339 time.
    ///
    /// # Panics
    /// When the text is no RFC 3339 time; this is a test's own mistake.
    pub fn at(text: &str) -> Self {
        let now = Timestamp::parse(text).expect("a test states its date in RFC 3339");
        Self(Mutex::new((now, Duration::from_secs(1_000))))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        state.0.0 += i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        state.1 += by;
    }

    /// Sets the wall clock, as an administrator or a bad time server does; uptime goes on.
    pub fn set(&self, now: Timestamp) {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .0 = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .0
    }

    fn uptime(&self) -> Duration {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .1
    }
}
