//! The key tree and its mirrors: what is erased stays erased, what is not stays readable, and
//! everything that is out of order is refused.

#[path = "../support/mod.rs"]
mod support;

mod child;
mod following;
mod inside;
mod mirrors;
mod promotion;
mod refused;
mod tools;
mod tree;
mod units;
