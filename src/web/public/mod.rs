//! What anybody may read without a token: clients' notices.

mod missing;
pub mod notice;
