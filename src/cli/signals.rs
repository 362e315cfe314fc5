//! Signals: being asked to end, and being told that a file may not grow.

use rustix::process::Signal;
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

/// From here on a write beyond the limit on the size of files fails and is told with its remedy. By
/// itself the system ends a process there, without a word, and may keep its memory, with keys in it, in
/// a file.
pub fn outlive_file_limits() -> Result<(), Failure> {
    let failed = |error| Failure::from_error(Exit::Failed, &error);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_io().build().map_err(failed)?;
    let _inside = runtime.enter();
    // Taken once, a signal stays taken for as long as the process lives; nobody needs to listen.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
        .map(drop)
        .map_err(failed)
}
