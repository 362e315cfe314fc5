//! `gallra demo`: one command to see it work. A fictional operator with three clients, a running server,
//! and the fire drill: an old backup is restored and brings nobody back.
//!
//! | File | Does |
//! |---|---|
//! | `house` | the installation: clients, their cases, the server |
//! | `drill` | the fire drill, step by step |
//! | `pages` | what there is to open in a browser |

mod drill;
mod house;
mod pages;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::house::House;
use self::pages::Page;
use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use super::signals;
use crate::vocabulary::ErasureId;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Address and port of the server
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Leave the data directory behind at the end
    #[arg(long)]
    keep: bool,
    /// End after the fire drill instead of serving until Ctrl-C
    #[arg(long)]
    once: bool,
}

/// Instead of files that are gone when the demo is.
const LEFT_NOTHING: &str =
    "\nWith --keep the certificate and the receipt's file stay for you to open.\n";

/// What the demo shows, for scripts.
#[derive(Debug, Serialize)]
struct Shown {
    address: String,
    token: String,
    data_dir: String,
    /// What opened in a browser before the drill.
    before: Vec<Page>,
    /// What opens after it.
    after: Vec<Page>,
    /// What `gallra verify` reads.
    receipt_file: String,
    drill: Drill,
}

/// What the fire drill found.
#[derive(Debug, Serialize)]
pub(super) struct Drill {
    /// The purge's receipt.
    receipt_id: ErasureId,
    /// Whether the receipt was verified from its file alone.
    verified: bool,
    /// People of the purged client that the old backup holds as ciphertext.
    in_the_backup: u64,
    /// How many of them open in a copy of that backup, with every key there is: none.
    opened: u64,
    /// How many people of the other clients open in the same copy: all, or it would show nothing.
    others_opened: u64,
    /// How many of the purged are found after the restore: none.
    found_again: u64,
    /// People of the other clients, before and after.
    others: u64,
    /// Whether everything held about those is the same as before, byte for byte.
    others_intact: bool,
}

impl Drill {
    fn passed(&self) -> bool {
        let nobody = self.in_the_backup > 0 && self.opened == 0 && self.found_again == 0;
        let others = self.others > 0 && self.others_opened == self.others && self.others_intact;
        self.verified && nobody && others
    }
}

pub async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let directory = tempfile::Builder::new()
        .prefix("gallra-demo-")
        .tempdir()
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let path = directory.path().to_owned();
    if arguments.keep {
        let _ = directory.keep(); // Its path is all that is needed.
        return show(&arguments, &path, output).await;
    }
    let shown = show(&arguments, &path, output).await;
    drop(directory);
    shown
}

async fn show(arguments: &Arguments, path: &Path, output: Output) -> Result<(), Failure> {
    let told = |text: &str| {
        if !output.json {
            let _ = output.raw(text.as_bytes()); // Nobody may be reading any more.
        }
    };
    told("Setting up Exempel Support AB with three clients …\n");
    let ended = signals::ended()?;
    let house = House::build(path, &arguments.listen).await?;
    let before = pages::of_server(&house).await?;
    told(&house.welcome(&before));
    let (house, drill) = drill::run(house, &path.join("backup"), &told).await?;
    let passed = drill.passed();
    let mut after = pages::certificates(&house, drill.receipt_id, path).await?;
    after.extend(pages::of_server(&house).await?);
    let receipt = pages::receipt(&house, drill.receipt_id, path).await?;
    if arguments.once && !arguments.keep {
        told(LEFT_NOTHING);
    } else {
        let changed: Vec<Page> = after
            .iter()
            .filter(|it| !before.contains(it))
            .cloned()
            .collect();
        told(&pages::after(&house, &drill, &changed, &receipt).to_string());
    }
    if output.json {
        output.document(&Shown {
            address: house.address(),
            token: house.token.clone(),
            data_dir: path.display().to_string(),
            before,
            after,
            receipt_file: receipt.display().to_string(),
            drill,
        })?;
    }
    if passed && !arguments.once {
        told(&format!(
            "\nThe server goes on at {}; end it with Ctrl-C.\n",
            house.address()
        ));
        ended.await;
    }
    house.close().await?;
    if arguments.keep {
        told(&kept(path));
    }
    match passed {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Unverified,
            "the fire drill failed: please report it",
        )),
    }
}

fn kept(path: &Path) -> String {
    let path: PathBuf = path.to_owned();
    let command = format!("gallra --data-dir {} tenant list", path.display());
    Text::line("")
        .and("The data directory stays; look around with:")
        .and(command)
        .to_string()
}
