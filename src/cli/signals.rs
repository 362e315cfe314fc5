//! Being asked to end.

use tokio::signal::unix::{SignalKind, signal};

use super::failure::{Exit, Failure};

/// Completes at SIGTERM or SIGINT. Listening begins here and not at the first poll, so that a signal
/// during start-up is not lost.
pub fn ended() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::from_error(Exit::Failed, &error));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
