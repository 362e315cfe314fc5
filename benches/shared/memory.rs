//! What another process takes of memory, in MiB.

/// In use now.
pub fn resident(process: u32) -> f64 {
    status(process, "VmRSS:")
}

/// The most that was in use since it began, or since [`forget_peak`].
pub fn peak(process: u32) -> f64 {
    status(process, "VmHWM:")
}

/// Counts the most from now on.
pub fn forget_peak(process: u32) {
    let forgotten = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
    forgotten.expect("the process is ours");
}

fn status(process: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|it| it.trim().strip_suffix(" kB"));
    let kilobytes: f64 = kilobytes.and_then(|it| it.parse().ok()).expect("a number");
    kilobytes / 1024.0
}
