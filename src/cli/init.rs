//! `gallra init`: a new installation.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use crate::app::App;
use crate::config::Settings;
use crate::vocabulary::VaultId;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The support company's name, as receipts show it
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Its registration number
    #[arg(long, value_name = "NUMBER")]
    org_no: Option<String>,
}

impl Arguments {
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let given = [
            ("operator", &self.operator),
            ("operator_org_no", &self.org_no),
        ];
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

#[derive(Debug, Serialize)]
struct Initialised {
    vault: VaultId,
    origin: String,
    data_dir: String,
    data: String,
    vault_store: String,
    index: String,
    root: String,
    signing_key: String,
}

pub async fn run(settings: Settings, output: Output) -> Result<(), Failure> {
    let made = App::init(&settings).await?;
    let answer = Initialised {
        vault: made.vault,
        origin: made.origin,
        data_dir: settings.data_dir.display().to_string(),
        data: made.data,
        vault_store: made.vault_store,
        index: made.index,
        root: settings.root.display().to_string(),
        signing_key: settings.signing_key().display().to_string(),
    };
    output.give(&answer, |answer| {
        Text::line("A new installation is ready.")
            .gap()
            .pairs([
                (
                    "data",
                    format!("{}  (back this up: `gallra backup DIR`)", answer.data),
                ),
                (
                    "signing key",
                    format!("{}  (back this up, apart)", answer.signing_key),
                ),
                ("vault", format!("{}  (never copy)", answer.vault_store)),
                ("index", format!("{}  (never copy)", answer.index)),
                ("root", format!("{}  (never copy)", answer.root)),
            ])
            .gap()
            .paragraph(
                0,
                "A disk failure loses all data until a mirror follows the vault: \
                 `gallra mirror --help`.",
            )
            .and("Next: gallra tenant add SLUG --name NAME --org-no NUMBER --email ADDRESS")
    })
}
