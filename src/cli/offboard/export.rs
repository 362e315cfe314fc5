//! `gallra offboard export`: the return.

use std::path::{Path, PathBuf};

use super::super::failure::Failure;
use super::super::output::{Output, Text, count};
use super::super::{new_file, secret_file};
use crate::offboarding::export::ExportKey;
use crate::offboarding::{Export, Offboarder};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The client's short name
    slug: String,
    /// The client's public key of age, age1…
    #[arg(long, value_name = "KEY", required_unless_present = "passphrase_file")]
    recipient: Option<String>,
    /// A file with a passphrase of 12 characters or more; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "recipient")]
    passphrase_file: Option<PathBuf>,
    /// The file to write; there must be none of this name
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub async fn run(
    arguments: Arguments,
    offboarder: &Offboarder,
    output: Output,
) -> Result<(), Failure> {
    let key = match (&arguments.recipient, &arguments.passphrase_file) {
        (Some(recipient), _) => ExportKey::recipient(recipient)?,
        (None, Some(path)) => ExportKey::passphrase(secret_file::read(path)?.to_string())?,
        (None, None) => return Err(Failure::usage("say --recipient or --passphrase-file")),
    };
    let client = offboarder.client(&arguments.slug).await?;
    let path = &arguments.out;
    let out = tokio::fs::File::from_std(new_file::create(path)?);
    let exported = Box::pin(offboarder.export(&client, key, out)).await;
    let export = new_file::end(path, exported.map_err(Failure::from))?;
    output.give(&export, |it| text(it, path))
}

fn text(it: &Export, path: &Path) -> Text {
    let mut pairs = vec![
        ("file", path.display().to_string()),
        ("sha256", it.returned.sha256.clone()),
        ("size", count(it.returned.bytes, "byte", "bytes")),
    ];
    for one in &it.returned.records {
        pairs.push(match one.category.as_str() {
            "contact" => ("contacts", one.records.to_string()),
            "case" => ("cases", one.records.to_string()),
            "message" => ("messages", one.records.to_string()),
            "forwarding" => ("forwardings", one.records.to_string()),
            "attachment" => ("attachments", one.records.to_string()),
            _ => ("quarantined", one.records.to_string()),
        });
    }
    Text::line("Everything is written, encrypted.")
        .gap()
        .pairs(pairs)
}
