//! The words every other room speaks: identifiers, time, chance, language, secrets.
//!
//! Floor 0 of the house: this room imports nothing from the others. What the program may not reach
//! for by itself (the clock, random bytes) is a trait here, so that a test can state a date or a
//! seed and get the same run again.

mod day;
mod fail_point;
mod ids;
mod language;
mod likeness;
mod process;
mod random;
mod secret;
mod time;

pub use day::Day;
pub use fail_point::fail_point;
pub use ids::{
    AttachmentId, CaseId, ContactId, DeliveryId, EndpointId, ErasureId, EventId, ForwardingId,
    HoldId, HookEventId, HookSecretId, ImportId, InstanceId, JobId, LeaseId, MessageId, MirrorId,
    Neighbourhood, NoticeVersionId, OffboardingId, ParseIdError, QuarantineId, RecipientId,
    RequestId, RootId, TaskId, TenantId, TokenId, UnitId, VaultId,
};
pub use language::Lang;
pub use likeness::{Likeness, luhn};
pub use process::Process;
pub use random::{Random, SeededRandom, SystemRandom};
pub use secret::{Personal, Secret};
pub use time::{Clock, FixedClock, SystemClock, Timestamp};
