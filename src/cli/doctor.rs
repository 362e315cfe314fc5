//! `gallra doctor`: what is wrong, and what to do about it.

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use crate::app::{Finding, Health, examine};
use crate::config::Settings;

#[derive(Debug, Serialize)]
struct Report {
    health: Health,
    findings: Vec<Finding>,
}

pub async fn run(settings: Settings, output: Output) -> Result<(), Failure> {
    let findings = examine(&settings).await;
    let health = findings
        .iter()
        .map(|it| it.health)
        .max()
        .unwrap_or(Health::Ok);
    let report = Report { health, findings };
    output.give(&report, text_of)?;
    match health {
        Health::Failed => Err(Failure::silent(Exit::Failed)),
        Health::Ok | Health::Warning => Ok(()),
    }
}

fn text_of(report: &Report) -> Text {
    let text = report.findings.iter().fold(Text::default(), |text, it| {
        let sign = match it.health {
            Health::Ok => "ok",
            Health::Warning => "WARNING",
            Health::Failed => "FAILED",
        };
        text.labelled(&format!("{sign:<8} {}", it.part), 22, &it.detail)
    });
    text.gap().and(match report.health {
        Health::Ok => "Everything is in order.",
        Health::Warning => "It works; see the warnings.",
        Health::Failed => "Something does not work; begin with the first FAILED.",
    })
}
