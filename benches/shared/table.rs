//! Figures, their medians, and the table they are printed in.

use std::time::Duration;

use gallra::vocabulary::{Clock, SystemClock};

/// One line of the table.
pub struct Line {
    /// What was measured.
    pub measure: String,
    /// Ours.
    pub ours: String,
    /// What it is held against, measured in the same run.
    pub baseline: String,
    /// One by the other.
    pub ratio: Option<f64>,
    /// What is wanted of it.
    pub goal: Goal,
}

/// What is wanted of a ratio.
#[derive(Clone, Copy)]
pub enum Goal {
    /// None: the figure is to be known.
    Known,
    /// At least so much of the baseline's speed.
    AtLeast(f64),
    /// At most so many times the baseline.
    AtMost(f64),
}

impl Line {
    /// A line without goal.
    pub fn known(measure: &str, ours: String, baseline: String) -> Self {
        Self {
            measure: measure.to_owned(),
            ours,
            baseline,
            ratio: None,
            goal: Goal::Known,
        }
    }

    /// Two rates side by side.
    pub fn rates(measure: &str, ours: f64, baseline: f64, goal: Goal) -> Self {
        Self {
            measure: measure.to_owned(),
            ours: format!("{ours:.0}/s"),
            baseline: format!("{baseline:.0}/s"),
            ratio: Some(ours / baseline),
            goal,
        }
    }

    /// Two durations side by side.
    pub fn times(measure: &str, ours: Duration, baseline: Duration, goal: Goal) -> Self {
        Self {
            measure: measure.to_owned(),
            ours: milliseconds(ours),
            baseline: milliseconds(baseline),
            ratio: Some(ours.as_secs_f64() / baseline.as_secs_f64()),
            goal,
        }
    }

    /// How much more memory, in MiB, than a process had before, beside what it may take.
    pub fn growth(measure: &str, before: f64, peak: f64, ceiling: f64) -> Self {
        let growth = (peak - before).max(0.0);
        Self {
            measure: format!("{measure} (peak {peak:.0} MiB)"),
            ours: format!("+{growth:.1} MiB"),
            baseline: format!("{ceiling} MiB"),
            ratio: Some(growth / ceiling),
            goal: Goal::AtMost(1.0),
        }
    }

    fn verdict(&self) -> String {
        let met = |met: bool| if met { "met" } else { "NOT MET" };
        match (self.goal, self.ratio) {
            (Goal::AtLeast(least), Some(ratio)) => format!("≥ {least}: {}", met(ratio >= least)),
            (Goal::AtMost(most), Some(ratio)) => format!("≤ {most}: {}", met(ratio <= most)),
            _ => String::new(),
        }
    }
}

const WIDTHS: [usize; 4] = [74, 20, 20, 7];

/// Prints the head of the table.
pub fn heading() {
    row(["measure", "ours", "baseline", "ratio"], "goal");
}

fn row(cells: [&str; 4], goal: &str) {
    let [measure, ours, baseline, ratio] = cells;
    let [first, second, third, fourth] = WIDTHS;
    println!("  {measure:<first$} {ours:>second$} {baseline:>third$} {ratio:>fourth$}  {goal}");
}

/// Prints lines of the table.
pub fn print(lines: &[Line]) {
    for line in lines {
        let ratio = line.ratio.map(|it| format!("{it:.2}")).unwrap_or_default();
        let cells = [&line.measure, &line.ours, &line.baseline, &ratio];
        row(cells.map(String::as_str), &line.verdict());
    }
}

/// How long something took.
pub async fn time<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let before = SystemClock.uptime();
    let done = work.await;
    (SystemClock.uptime() - before, done)
}

/// A duration for people.
pub fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// The value that so many in a hundred do not exceed.
pub fn percentile(times: &[Duration], of_hundred: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() - 1) * of_hundred / 100]
}

/// The middle of several figures.
pub fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The middle of several durations.
pub fn middle(times: &[Duration]) -> Duration {
    percentile(times, 50)
}
