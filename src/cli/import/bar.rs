//! Progress on standard error.

use std::io::IsTerminal;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncRead, ReadBuf};

use crate::cli::output::count;
use crate::ingest::Report;

/// Progress on standard error; hidden where that is no terminal.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar over so many bytes; nothing is shown with `--json`.
    pub fn new(length: Option<u64>, hidden: bool) -> Self {
        if hidden || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match length {
            Some(length) => (
                ProgressBar::new(length),
                "{bar:30} {percent:>3} %  {msg}  {eta} left",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes}  {msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Moves as this source is read.
    pub fn watch<R: AsyncRead + Unpin>(&self, source: R) -> Watched<R> {
        Watched {
            source,
            bar: self.0.clone(),
        }
    }

    /// Shows how far the records are.
    pub fn show(&self, report: &Report) {
        self.0
            .set_message(count(report.records, "record", "records"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A source that tells the bar how far it was read.
pub(super) struct Watched<R> {
    source: R,
    bar: ProgressBar,
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.source).poll_read(context, buffer);
        self.bar.inc((buffer.filled().len() - before) as u64);
        polled
    }
}
