//! Whether this process can work: what a load balancer asks every second.

use std::time::Duration;

use tokio::sync::Mutex;

use super::{App, AppError};
use crate::erasure;
use crate::keyring::KeyringError;
use crate::store::StoreError;
use crate::vocabulary::Clock;

/// For how long it is believed that the stores can be written.
const BELIEVED: Duration = Duration::from_secs(1);

/// When the stores were last found to let themselves be written. Whoever asks has no token and asks as
/// often as they like, and each look takes the writers' turn.
#[derive(Default)]
pub(super) struct Writable(Mutex<Option<Duration>>);

impl Writable {
    async fn look(&self, app: &App, clock: &dyn Clock) -> Result<(), StoreError> {
        let mut found = self.0.lock().await;
        let now = clock.uptime();
        if found.is_some_and(|at| now.saturating_sub(at) < BELIEVED) {
            return Ok(());
        }
        for store in [&app.data, &app.vault, &app.index] {
            store.begin().await?.rollback().await?;
        }
        *found = Some(now);
        Ok(())
    }
}

impl App {
    /// Whether this process can answer: lease valid, data reconciled, every store can be written.
    pub async fn readiness(&self) -> Result<(), AppError> {
        let epoch = self.keyring.begin_read().await?;
        if self.eraser.standing().await? == erasure::Standing::Restored {
            return Err(AppError::NotReconciled);
        }
        self.writable.look(self, self.clock.as_ref()).await?;
        match self.keyring.confirm(epoch).await {
            Ok(()) | Err(KeyringError::EpochChanged) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
