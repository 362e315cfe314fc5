//! Finishing what a crash interrupted, for commands; a server does it at start and all the time.

use std::time::Duration;

use super::App;
use crate::erasure::{Eraser, Report, Standing};

impl App {
    /// Finishes what a crash interrupted, before a command writes more. Waits for no late mirror, and
    /// what the command came for goes on when this fails: it may be what mends it.
    pub async fn recover(&self) {
        let eraser = Eraser {
            mirror_patience: Duration::ZERO,
            ..self.eraser.clone()
        };
        let finished = async {
            match eraser.standing().await? {
                Standing::Settled => Ok(Report::default()),
                Standing::Behind | Standing::Restored => eraser.settle().await,
            }
        };
        match finished.await {
            Ok(report) => tracing::info!(
                carried_out = report.carried_out,
                receipts = report.receipts,
                "unfinished erasures are finished"
            ),
            Err(error) => tracing::warn!(%error, "unfinished erasures are not finished yet"),
        }
    }
}
