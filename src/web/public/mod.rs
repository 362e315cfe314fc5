//! What anybody may read without a token: clients' notices.

pub mod notice;
