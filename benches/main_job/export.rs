//! The return of everything that is held of a client, encrypted, as a stream.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use reqwest::StatusCode;
use rustix::process::Signal;

use crate::packed::Unpacked;
use crate::served::{CLIENT, Served, installed, json, run as command};
use crate::shared::table::{Goal, Line, time};
use crate::shared::{Case, memory, records};

/// People, each with so many messages.
const PEOPLE: usize = 10_000;
const PEOPLE_OF_SCALE: usize = 100_000;
const MESSAGES: usize = 10;
/// MiB that the server may take more than before, however much it returns.
const CEILING: f64 = 64.0;

/// MB a second of what is in the archive, beside packing and encrypting the same files alone, and what
/// the export takes of the server's memory.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let people = if case.scale { PEOPLE_OF_SCALE } else { PEOPLE };
    let gallra = installed(case.bench);
    let file = case.bench.directory().join("people.ndjson");
    write(&file, people).expect("the file is written");
    let name = file.display().to_string();
    command(&gallra, &["import", "--tenant", "skor", &name]);
    let served = Served::start(&gallra);
    let choice = r#"{"choice":"return","contract_ends":"2026-01-31","instruction":"AVTAL-1"}"#;
    let path = format!("{CLIENT}/offboarding");
    let begun = served.post(&path, choice.to_owned()).await;
    json(begun, StatusCode::ACCEPTED).await;
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public();

    let resident = memory::resident(served.server.id());
    memory::forget_peak(served.server.id());
    let key = format!(r#"{{"recipient":"{recipient}"}}"#);
    let (took, archive) = time(exported(&served, key)).await;
    let peak = memory::peak(served.server.id());
    served.server.end(Signal::TERM);

    let plain = age::decrypt(&identity, &archive).expect("it opens");
    let files = Unpacked::open(&plain);
    let (sealing, _) = time(async { age::encrypt(&recipient, &plain) }).await;
    let alone = files.packing().await + sealing;
    let rate = |took: std::time::Duration| files.bytes as f64 / 1e6 / took.as_secs_f64();
    let messages = people * MESSAGES;
    let (ours, baseline) = (rate(took), rate(alone));
    let measure = format!("export of {messages} messages (baseline: packing and sealing alone)");
    let mut line = Line::rates(&measure, ours, baseline, Goal::Known);
    line.ours = format!("{ours:.1} MB/s");
    line.baseline = format!("{baseline:.1} MB/s");
    let measure = format!("server's memory while it exports {messages} messages");
    vec![line, Line::growth(&measure, resident, peak, CEILING)]
}

fn write(path: &Path, people: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut text = String::new();
    for person in 0..people {
        text.clear();
        records::correspondence(&mut text, person, MESSAGES);
        file.write_all(text.as_bytes())?;
    }
    file.flush()
}

/// The archive as the client gets it.
async fn exported(served: &Served, key: String) -> Vec<u8> {
    let path = format!("{CLIENT}/offboarding:export");
    let mut answer = served.post(&path, key).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut archive = Vec::new();
    while let Some(chunk) = answer.chunk().await.expect("it goes on") {
        archive.extend_from_slice(&chunk);
    }
    archive
}
