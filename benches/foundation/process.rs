//! The program as a process: how soon it answers, and what it takes while it does nothing.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::shared::process::Gallra;
use crate::shared::serving::Server;
use crate::shared::table::{Goal, Line, median, middle, milliseconds, time};
use crate::shared::{Case, memory};

const STARTS: usize = 11;
/// How long a server does nothing before its memory is looked at.
const IDLE: Duration = Duration::from_secs(2);
/// MiB that an idle server may take.
const MOST_MEMORY: f64 = 30.0;

/// Start-up of a command and of the server, and the server's memory.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let gallra = Gallra::at(case.bench).with("GALLRA_LOG", "error");
    let run = |words: &[&str]| {
        let status = gallra.command(words).stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|it| it.success()), "gallra {words:?}");
    };
    run(&[
        "init",
        "--operator",
        "Exempel AB",
        "--org-no",
        "556000-0001",
    ]);
    let (mut commands, mut servers, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for start in 0..STARTS {
        let list = async { run(&["tenant", "list"]) };
        commands.push(time(list).await.0);
        let (took, server) = time(async { Server::start(&gallra) }).await;
        servers.push(took);
        if start < 3 {
            std::thread::sleep(IDLE);
            resident.push(memory::resident(server.id()));
        }
        server.end(Signal::TERM);
    }
    let memory = median(&resident);
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
