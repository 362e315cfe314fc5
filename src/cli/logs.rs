//! Logs and panics: to standard error, never with personal data.

use std::io::{self, IsTerminal};
use std::panic;

use tracing_subscriber::EnvFilter;

use super::failure::Failure;

/// Text on a terminal, JSON lines elsewhere.
pub fn begin(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        let remedy = "write error, warn, info, debug or trace, or target=level";
        Failure::usage(format!("GALLRA_LOG is not understood ({error}): {remedy}"))
    })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A second call, in a test of several commands in one process, changes nothing.
    let _ = match io::stderr().is_terminal() {
        true => logs.with_target(false).compact().try_init(),
        false => logs.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Replaces the panic message, which could quote a value, by the place of the fault.
pub fn hide_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        if tracing::event_enabled!(tracing::Level::ERROR) {
            tracing::error!(place, "a fault in Gallra: report it with this place");
        } else {
            eprintln!("gallra: a fault in Gallra at {place}: report it with this place");
        }
    }));
}
