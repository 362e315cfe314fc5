//! What a person reads. Each answer is a snapshot, the same on both engines, with ids, times and the
//! test's own directory taken out.

use crate::both_engines;
use crate::desk::{Desk, text};

/// Takes out what differs from run to run: ids and salts, times, the directory.
pub fn stable(output: &str, desk: &Desk) -> String {
    let output = output.replace(desk.path("").trim_end_matches('/'), "[dir]");
    let hidden = |word: &str| -> Option<&'static str> {
        let is_hex = |length| word.len() == length && word.bytes().all(|b| b.is_ascii_hexdigit());
        match () {
            () if is_hex(32) => Some("[id]"),
            () if is_hex(64) => Some("[salt]"),
            () if word.len() >= 20 && word.ends_with('Z') && word.contains('T') => Some("[time]"),
            () => None,
        }
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-:.".contains(c);
    let mut stable = String::new();
    let mut rest = output.as_str();
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, taken) = match length {
            0 => (&rest[..first.len_utf8()], first.len_utf8()),
            length => (&rest[..length], length),
        };
        let bare = word.trim_end_matches(['.', ':']);
        match hidden(bare) {
            Some(name) => stable.push_str(&word.replace(bare, name)),
            None => stable.push_str(word),
        }
        rest = &rest[taken..];
    }
    without_dates(&stable)
}

/// `2026-03-01 09:30 UTC` and `2026-03-01`, wherever they stand.
fn without_dates(text: &str) -> String {
    let is_date = |word: &str| {
        word.len() == 10
            && word.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    let is_time = |word: &str| word.len() == 5 && word.as_bytes()[2] == b':';
    let words = text.split(' ').map(|word| match word {
        word if is_date(word) => "[date]",
        word if is_time(word) => "[time]",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn narrow(output: &str, but: &[&str]) {
    for line in output
        .lines()
        .filter(|line| !but.iter().any(|part| line.contains(part)))
    {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
}

macro_rules! shows {
    ($desk:expr, $name:literal, $command:expr) => {{
        let output = $desk.text($command);
        let directory = $desk.path("");
        narrow(
            &output,
            &[directory.trim_end_matches('/'), "copy elsewhere"],
        );
        insta::assert_snapshot!($name, stable(&output, &$desk));
    }};
}

both_engines! {
    async fn each_answer_can_be_read(bench) {
        let desk = Desk::new(bench);
        shows!(desk, "tenant-list-empty", ["tenant", "list"]);
        shows!(desk, "receipt-list-empty", ["receipt", "list"]);
        let add = ["tenant", "add", "norrsken", "--name", "Norrsken Sport AB"];
        let rest = ["--org-no", "556677-8899", "--email", "kund@norrsken.se"];
        shows!(desk, "tenant-add", [&add[..], &rest].concat());
        shows!(desk, "tenant-list", ["tenant", "list"]);
        shows!(desk, "tenant-show", ["tenant", "show", "norrsken"]);
        shows!(desk, "hold-list-empty", ["hold", "list"]);
        shows!(desk, "root-rotate", ["root", "rotate"]);
        shows!(desk, "find-nobody", ["find", "anna@example.se"]);
        shows!(desk, "reconcile-nothing", ["reconcile"]);
        shows!(desk, "verify-all", ["verify", "--all"]);
    }

    async fn each_answer_about_people_can_be_read(bench) {
        let desk = Desk::with_people(bench);
        let more = desk.file("more.ndjson", "what?\n{\"type\":\"contact\",\"external_id\":\"c1\",\"name\":\"Åsa Öberg\"}\n{\"type\":\"forwarding\",\"case\":\"k9\",\"recipient\":\"X\",\"at\":\"2026-02-02T10:00:00Z\"}\n");
        shows!(desk, "import-dry-run", ["import", "--tenant", "norrsken", "--dry-run", &more]);
        shows!(desk, "import", ["import", "--tenant", "norrsken", &more]);
        shows!(desk, "find", ["find", "Åsa Öberg"]);
        shows!(desk, "hold-add", ["hold", "add", "--tenant", "norrsken", "--reason", "TVIST-3"]);
        shows!(desk, "hold-list", ["hold", "list"]);
        let hold = text(&desk.json(["hold", "list"])["items"][0]["id"]);
        shows!(desk, "hold-release", ["hold", "release", &hold]);
        let backup = desk.path("backup");
        shows!(desk, "backup", ["backup", &backup]);
        let erase = ["erase", "--tenant", "norrsken", "--phone", "070-1234567"];
        let erase = [&erase[..], &["--instruction", "A-17"]].concat();
        shows!(desk, "erase-dry-run", [&erase[..], &["--dry-run"]].concat());
        shows!(desk, "erase", &erase);
        desk.end_contract("brygga");
        shows!(desk, "purge-dry-run", ["purge", "brygga", "--dry-run"]);
        shows!(desk, "purge", ["purge", "brygga", "--confirm", "Brygga Kaffe AB"]);
        shows!(desk, "receipt-list", ["receipt", "list"]);
        shows!(desk, "restore", ["restore", &backup]);
    }
}

#[test]
fn the_help_names_every_command() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gallra"));
    command.env_clear().arg("--help");
    let help = crate::desk::reading(command, "").succeeded().stdout;
    narrow(&help, &[]);
    insta::assert_snapshot!("help", help);
}

#[test]
fn what_differs_from_run_to_run_is_taken_out() {
    let hex = "0123456789abcdef".repeat(2);
    let text =
        format!("contact {hex}: at 2026-03-01T09:00:00.123Z, 2026-03-01 09:00 UTC, {hex}{hex}.");
    let bench = tempfile::tempdir().unwrap();
    let desk = Desk::in_directory(bench.path());
    assert_eq!(
        stable(&text, &desk),
        "contact [id]: at [time], [date] [time] UTC, [salt]."
    );
}
