//! Metrics of the process and its machine: version, memory, disk. Read when they are requested.

use crate::app::App;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fs;

/// Adds what the operating system tells; a number that it does not tell is left out.
pub(super) fn register(registry: &mut Registry, app: &App) {
    registry.register(
        "build",
        "Version of the server",
        Info::new([("version", env!("CARGO_PKG_VERSION"))]),
    );
    let mut bytes = Vec::new();
    if let Some(memory) = resident_memory() {
        bytes.push(("memory", "Memory of the process", memory));
    }
    if let Ok(disk) = rustix::fs::statvfs(&app.directory) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let size = disk.f_blocks.saturating_mul(disk.f_frsize);
        bytes.push(("disk_free", "Free space where the log directory is", free));
        bytes.push(("disk_size", "Space where the log directory is", size));
    }
    for (name, help, value) in bytes {
        registry.register_with_unit(name, help, Unit::Bytes, ConstGauge::new(value));
    }
}

/// Returns the resident memory of this process in bytes, from Linux's `/proc`.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1_024)
}
