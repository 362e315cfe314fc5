//! Creating and reading contacts over HTTP, by one client, by 16 and by 128 at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use gallra::vocabulary::{Clock, SystemClock};
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::Value;

use crate::served::{CLIENT, Served, installed, json};
use crate::shared::Case;
use crate::shared::plain::Plain;
use crate::shared::records;
use crate::shared::table::{Goal, Line, median, time};

const CLIENTS: [usize; 3] = [1, 16, 128];
const ROUNDS: usize = 3;
/// How long a round begins new calls.
const ROUND: Duration = Duration::from_secs(1);

/// Calls a second beside the same durable transactions through sqlx alone: a contact with its search
/// rows and an audit row; a read with its audit row. One call that fails ends the benchmark.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let served = Served::start(&installed(case.bench));
    let plain = Plain::new(case.bench).await;
    let mut lines = Vec::new();
    let (people, ids) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let person = || {
        let mut text = String::new();
        records::contact(&mut text, people.fetch_add(1, Ordering::Relaxed));
        text
    };
    let create = async |_| {
        let id = created(&served, &person()).await;
        ids.lock().unwrap().push(id);
    };
    let insert = async |_| plain.import(&person()).await;
    for clients in CLIENTS {
        let (ours, baseline) = in_turns(clients, &create, &insert).await;
        lines.push(line("create", clients, ours, baseline));
    }
    let (ids, raw) = (ids.into_inner().unwrap(), plain.contacts().await);
    let read = async |at: usize| {
        let path = format!("{CLIENT}/contacts/{}", ids[at * 7919 % ids.len()]);
        json(served.get(&path).await, StatusCode::OK).await;
    };
    let select = async |at: usize| {
        drop(plain.read(&raw[at * 7919 % raw.len()]).await);
        plain.note().await;
    };
    for clients in CLIENTS {
        let (ours, baseline) = in_turns(clients, &read, &select).await;
        lines.push(line("read", clients, ours, baseline));
    }
    served.server.end(Signal::TERM);
    plain.remove().await;
    lines
}

fn line(what: &str, clients: usize, ours: f64, baseline: f64) -> Line {
    let word = if clients == 1 { "client" } else { "clients" };
    let measure = format!("HTTP {what} a contact, {clients} {word}, no error");
    Line::rates(&measure, ours, baseline, Goal::AtLeast(0.5))
}

/// Records a contact, and gives its id.
async fn created(served: &Served, line: &str) -> String {
    let mut record: Value = serde_json::from_str(line).expect("a record");
    let record = record.as_object_mut().expect("an object");
    // Words of an import that a call does not have.
    record.remove("type");
    record.remove("created_at");
    let body = serde_json::to_string(record).expect("JSON");
    let answer = served.post(&format!("{CLIENT}/contacts"), body).await;
    let contact = json(answer, StatusCode::CREATED).await;
    contact["id"].as_str().expect("an id").to_owned()
}

/// Calls a second of two kinds, measured in turns.
async fn in_turns(
    clients: usize,
    ours: &impl AsyncFn(usize),
    baseline: &impl AsyncFn(usize),
) -> (f64, f64) {
    let mut rates: [Vec<f64>; 2] = Default::default();
    for _ in 0..ROUNDS {
        rates[0].push(rate(clients, ours).await);
        rates[1].push(rate(clients, baseline).await);
    }
    let [ours, baseline] = rates.map(|it| median(&it));
    (ours, baseline)
}

/// Calls a second while so many clients call, each one call after the other.
async fn rate(clients: usize, call: &impl AsyncFn(usize)) -> f64 {
    let (begun, calls) = (SystemClock.uptime(), AtomicUsize::new(0));
    let client = async || {
        while SystemClock.uptime() - begun < ROUND {
            call(calls.fetch_add(1, Ordering::Relaxed)).await;
        }
    };
    let (took, _) = time(join_all((0..clients).map(|_| client()))).await;
    calls.into_inner() as f64 / took.as_secs_f64()
}
