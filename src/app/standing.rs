//! How the house stands, in numbers: for `/metrics`.

use std::time::Duration;

use super::{App, AppError};
use crate::queue::Depth;

/// How the house stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether this process may decrypt.
    pub lease_valid: bool,
    /// Whether the data is in line with the vault.
    pub reconciled: bool,
    /// Live copies of the vault that have followed at least once.
    pub mirrors: u64,
    /// Erasures that were accepted and whose keys are not destroyed.
    pub erasures_unfinished: u64,
    /// Erasures whose receipt is not issued.
    pub receipts_due: u64,
    /// Whether queued work waits for a person.
    pub queue_paused: bool,
    /// How much work there is.
    pub queue: Depth,
    /// For how long the oldest work has been due.
    pub oldest_due: Duration,
}

impl App {
    /// How the house stands.
    pub async fn standing(&self) -> Result<Standing, AppError> {
        let mirrors = self.keyring.mirrors().await?;
        let (erasures_unfinished, receipts_due) = self.eraser.unfinished().await?;
        let queue = self.queue().depth().await?;
        let overdue = queue.oldest_due.map_or(0, |due| self.clock.now().0 - due.0);
        Ok(Standing {
            lease_valid: self.keyring.begin_read().await.is_ok(),
            reconciled: !self.eraser.is_restored().await?,
            mirrors: mirrors.iter().filter(|it| it.epoch > 0).count() as u64,
            erasures_unfinished,
            receipts_due,
            queue_paused: self.queue().is_paused().await?,
            queue,
            oldest_due: Duration::from_micros(u64::try_from(overdue).unwrap_or(0)),
        })
    }
}
