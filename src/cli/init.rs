//! `gallra init`: a new installation.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use crate::app::App;
use crate::catalog::rules::check_org_no;
use crate::config::{NO_OPERATOR, Settings};
use crate::vocabulary::VaultId;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The support company's name, as receipts show it
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Its registration number
    #[arg(long, value_name = "NUMBER")]
    org_no: Option<String>,
    /// Where it is registered: how the number is checked
    #[arg(long, value_name = "CODE", default_value = "SE")]
    country: String,
    /// The address people will see; the log of receipts is named after it for good
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Arguments {
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let given = [
            ("operator", &self.operator),
            ("operator_org_no", &self.org_no),
            ("public_url", &self.public_url),
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
    /// What is missing, the gravest first.
    warnings: Vec<String>,
}

pub async fn run(arguments: Arguments, settings: Settings, output: Output) -> Result<(), Failure> {
    if !settings.operator_org_no.is_empty() {
        check_org_no(&settings.operator_org_no, &arguments.country)?;
    }
    let made = App::init(&settings).await?;
    let answer = Initialised {
        warnings: warnings(&settings, &made.origin),
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
        let text = Text::line("A new installation is ready.")
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
            .gap();
        let warnings = answer.warnings.iter();
        warnings
            .fold(text, |text, warning| text.paragraph(0, warning))
            .paragraph(
                0,
                "A disk failure loses all data until a mirror follows the vault: \
                 `gallra mirror --help`.",
            )
            .and("Next: gallra tenant add SLUG --name NAME --org-no NUMBER --email ADDRESS")
    })
}

/// What is better given at once: every receipt names the operator, and the log's name cannot be
/// changed once a receipt bears it.
fn warnings(settings: &Settings, origin: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if settings.public_url.is_none() {
        warnings.push(format!(
            "The log of receipts is called {origin} for good, as no public address was given. Before \
             anything is kept here, a new data directory and `gallra init --public-url URL` give it a \
             name of yours."
        ));
    }
    if settings.operator == NO_OPERATOR {
        warnings.push(
            "Receipts do not name the operator: set operator and operator_org_no in gallra.toml \
             before the first one."
                .to_owned(),
        );
    }
    warnings
}
