//! The memory of processes, as Linux tells it.

use std::process::{Command, Stdio};

/// Bytes that process `id` has in memory.
pub(crate) fn resident(id: u32) -> f64 {
    field(id, "VmRSS:").expect("Linux tells the memory of a living process")
}

/// The most bytes that `command` had in memory before it ended, looked at all the time.
pub(crate) fn peak(mut command: Command) -> f64 {
    let mut process = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak: f64 = 0.0;
    // A process that has ended has no memory; what it had last was seen a moment before.
    while let Some(bytes) = field(process.id(), "VmHWM:") {
        peak = peak.max(bytes);
    }
    assert!(process.wait().expect("it ends").success());
    peak
}

fn field(id: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}
