//! Keys and what is done with them: fields are sealed here, words become search tokens here, and the
//! key tree that lets both be destroyed stands here.
//!
//! | File | Holds |
//! |---|---|
//! | [`place`] | what a sealed field is bound to: unit, key, table, row, column, version |
//! | [`padding`] | how its length is hidden |
//! | [`seal`] | the field format: a data key, its commitment, sealing and opening |
//! | [`tokens`] | index tokens for exact search, suppression tokens against re-import |
//! | [`normalise`] | what makes two spellings of an address, number or name one value |
//!
//! **To seal one more column**, add a constant to [`columns`] with the next free number of its table
//! and write its value through [`Sealer::seal`]. A number is part of what is authenticated, so it is
//! never changed and never used again. **To search one more kind of value**, add a [`Domain`] with
//! the next free code and a function in [`normalise`]. Both are then pinned by a line in
//! `tests/vectors/`, which is never edited afterwards: stored bytes must open for ever.

pub mod normalise;
pub mod padding;
pub mod place;
pub mod seal;
pub mod tokens;

pub use padding::Padding;
pub use place::{Column, Field, KeyRef, Place, columns};
pub use seal::{DataKey, SealError, Sealer};
pub use tokens::{Domain, IndexKeys, TokenError, carry_over};
