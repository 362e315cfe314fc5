//! The package of Art. 15 by the API: for people with few messages and with many.

use std::fmt::Write;

use reqwest::StatusCode;
use rustix::process::Signal;

use crate::packed::Unpacked;
use crate::served::{Served, installed, json, run as command};
use crate::shared::table::{Goal, Line, median, time};
use crate::shared::{Case, memory, records};

/// Messages of a person, and how many packages of theirs are asked for.
const SIZES: [(usize, usize); 3] = [(10, 60), (100, 30), (10_000, 3)];
/// MiB that a server may take more than before, while it packs the largest.
const CEILING: f64 = 64.0;

/// Packages a second that one client gets, beside packing the same files alone; and what the largest
/// takes of the server's memory.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let gallra = installed(case.bench);
    let mut text = String::new();
    for (person, (messages, _)) in SIZES.into_iter().enumerate() {
        records::correspondence(&mut text, person, messages);
    }
    let file = case.bench.directory().join("people.ndjson");
    std::fs::write(&file, text).expect("the file is written");
    let file = file.display().to_string();
    command(&gallra, &["import", "--tenant", "skor", &file]);
    let served = Served::start(&gallra);
    let mut lines = Vec::new();
    for (person, (messages, packages)) in SIZES.into_iter().enumerate() {
        let path = requested(&served, person).await;
        let resident = memory::resident(served.server.id());
        memory::forget_peak(served.server.id());
        let (mut ours, mut packing) = (Vec::new(), Vec::new());
        for _ in 0..packages {
            let (took, package) = time(package(&served, &path)).await;
            ours.push(1.0 / took.as_secs_f64());
            let files = Unpacked::open(&package);
            packing.push(1.0 / files.packing().await.as_secs_f64());
        }
        let measure = format!("package of {messages} messages (baseline: packing alone)");
        let (ours, packing) = (median(&ours), median(&packing));
        let mut line = Line::rates(&measure, ours, packing, Goal::Known);
        line.ours = format!("{ours:.1}/s");
        line.baseline = format!("{packing:.1}/s");
        lines.push(line);
        let peak = memory::peak(served.server.id());
        if person + 1 == SIZES.len() {
            let measure = format!("server's memory while it packs {messages} messages");
            lines.push(Line::growth(&measure, resident, peak, CEILING));
        }
    }
    served.server.end(Signal::TERM);
    lines
}

/// Registers a person's request and the client's instruction; where the package is.
async fn requested(served: &Served, person: usize) -> String {
    let email = records::email(person);
    let body = format!(
        r#"{{"tenant":"skor","rights":["access"],"channel":"email","received_at":"2026-01-20T09:00:00Z","identifiers":{{"email":"{email}"}}}}"#
    );
    let answer = served.post("/api/v1/requests", body).await;
    let request = json(answer, StatusCode::CREATED).await;
    let mut path = format!("/api/v1/requests/{}", request["id"].as_str().expect("id"));
    let instruction = r#"{"instruction":"A-1"}"#.to_owned();
    let instructed = served.post(&format!("{path}:instruct"), instruction).await;
    json(instructed, StatusCode::OK).await;
    write!(path, "/package").expect("memory takes it");
    path
}

async fn package(served: &Served, path: &str) -> Vec<u8> {
    let answer = served.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.bytes().await.expect("it is whole").to_vec()
}
