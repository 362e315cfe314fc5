//! The program as a process: how soon it answers, and what it takes while it does nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gallra::store::Role;
use rustix::process::{Pid, Signal, kill_process};

use crate::Case;
use crate::table::{Goal, Line, median, middle, milliseconds, time};

const STARTS: usize = 11;
/// How long a server does nothing before its memory is looked at.
const IDLE: Duration = Duration::from_secs(2);
/// MiB that an idle server may take.
const MOST_MEMORY: f64 = 30.0;
const GALLRA: &str = env!("CARGO_BIN_EXE_gallra");

/// Start-up of a command and of the server, and the server's memory.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let directory = case.bench.directory().join("house");
    let init = [
        "init",
        "--operator",
        "Exempel AB",
        "--org-no",
        "556000-0001",
    ];
    let run = |words: &[&str]| {
        let status = gallra(case, &directory, words).status();
        assert!(status.is_ok_and(|it| it.success()), "gallra {words:?}");
    };
    run(&init);
    let (mut commands, mut servers, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for start in 0..STARTS {
        let list = async { run(&["tenant", "list", "--json"]) };
        commands.push(time(list).await.0);
        let (took, server) = time(async { serve(case, &directory) }).await;
        servers.push(took);
        if start < 3 {
            std::thread::sleep(IDLE);
            memory.push(resident(&server));
        }
        end(server);
    }
    let memory = median(&memory);
    let none = String::new;
    vec![
        Line::known(
            "`gallra tenant list`, start to end",
            milliseconds(middle(&commands)),
            none(),
        ),
        Line::known(
            "`gallra serve`, start to listening",
            milliseconds(middle(&servers)),
            none(),
        ),
        Line {
            measure: "memory of an idle `gallra serve`".to_owned(),
            ours: format!("{memory:.1} MiB"),
            baseline: format!("{MOST_MEMORY} MiB"),
            ratio: Some(memory / MOST_MEMORY),
            goal: Goal::AtMost(1.0),
        },
    ]
}

fn gallra(case: &Case<'_>, directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(GALLRA);
    command
        .args(words)
        .env("GALLRA_DATA_DIR", directory)
        .env("DATABASE_URL", case.bench.url(Role::Data))
        .env("VAULT_URL", case.bench.url(Role::Vault))
        .env("INDEX_URL", case.bench.url(Role::Index))
        .env("GALLRA_LOG", "error")
        .stdout(Stdio::null());
    command
}

/// Starts a server and returns when it listens.
fn serve(case: &Case<'_>, directory: &Path) -> Child {
    let words = ["serve", "--listen", "127.0.0.1:0", "--json"];
    let mut command = gallra(case, directory, &words);
    let mut server = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("gallra starts");
    let answers = server.stdout.take().expect("its answers are piped");
    let mut line = String::new();
    let read = BufReader::new(answers).read_line(&mut line);
    assert!(
        read.is_ok() && line.contains("listening"),
        "it listens: {line}"
    );
    server
}

/// MiB of memory that a process has in use.
fn resident(process: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|it| it.trim().strip_suffix(" kB"));
    let kilobytes: f64 = kilobytes.and_then(|it| it.parse().ok()).expect("a number");
    kilobytes / 1024.0
}

fn end(mut process: Child) {
    let _ = kill_process(Pid::from_child(&process), Signal::TERM);
    process.wait().expect("it ends");
}
