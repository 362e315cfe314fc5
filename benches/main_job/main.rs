//! Benchmarks of the main job: what a support desk and its clients wait for.
//!
//! ```text
//! cargo bench --bench main_job                every benchmark on both engines
//! cargo bench -- http                         those whose name contains `http`
//! cargo bench --bench main_job -- --scale     a million messages, a million contacts
//! ```
//!
//! Nothing here fails because it is slow: each line says whether its goal was met. What was measured
//! where and when stands in `docs/BENCHMARKS.md`.

#[path = "../shared/mod.rs"]
mod shared;
#[path = "../../tests/support/mod.rs"]
mod support;

mod access;
mod export;
mod find;
mod formats;
mod http;
mod multiplied;
mod packed;
mod served;

use shared::Named;

const ALL: &[Named] = &[
    ("http", |case| Box::pin(http::run(case))),
    ("formats", |case| Box::pin(formats::run(case))),
    ("access", |case| Box::pin(access::run(case))),
    ("export", |case| Box::pin(export::run(case))),
    ("find", |case| Box::pin(find::run(case))),
];

fn main() {
    shared::run(ALL);
}
