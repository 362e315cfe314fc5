//! What a server does now and then, by the clock.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::App;
use crate::vocabulary::Timestamp;

/// How often days of requests are looked at.
const DAYS_AGAIN: Duration = Duration::from_secs(10 * 60);
/// When a server tries again to replace index keys after that failed.
const ROTATION_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);

impl App {
    /// Replaces index keys that are thirty days old, and looks again when the next are due: a tenant
    /// that is added meanwhile has newer ones. What anybody came for goes on when this fails: keys a
    /// day too old are no reason not to erase somebody. It is tried again a day later, as each try
    /// writes the tenant's suppressions once more.
    pub async fn keep_index_keys_young(&self) {
        let now = self.clock.now();
        if now.0 < self.rotation_due.load(Ordering::Relaxed) {
            return;
        }
        let due = match self.eraser.rotate_old_index_keys().await {
            Ok((tenants, due)) => {
                if tenants > 0 {
                    tracing::info!(tenants, "index keys were 30 days old and are replaced");
                }
                due
            }
            Err(error) => {
                tracing::warn!(%error, "old index keys are not replaced yet");
                Timestamp(now.0.saturating_add(ROTATION_AGAIN.as_micros() as i64))
            }
        };
        self.rotation_due.store(due.0, Ordering::Relaxed);
    }

    /// Tells other systems of requests whose day has come; looks every ten minutes.
    pub async fn tell_of_days(&self) {
        let now = self.clock.now();
        if now.0 < self.days_due.load(Ordering::Relaxed) {
            return;
        }
        let next = now.0.saturating_add(DAYS_AGAIN.as_micros() as i64);
        self.days_due.store(next, Ordering::Relaxed);
        if let Err(error) = self.requests().announce_due().await {
            tracing::warn!(%error, "nobody is told yet of requests that are due");
        }
    }
}
