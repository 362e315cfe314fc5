//! The `gallra` program.

fn main() {}
