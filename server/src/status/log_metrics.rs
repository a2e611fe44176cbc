//! Metrics of the log's status, read when they are requested.

use super::witness_metrics;
use crate::app::App;
use crate::leadership::role::Role;
use glasslog_log::index;
use glasslog_log::sequencer::Status;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::time::{SystemTime, UNIX_EPOCH};

/// Adds the log's status, if it is sequenced here, and the bytes that requests hold.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let role = app.role();
    let gauges = [
        (
            "ready",
            "1 if this server takes or forwards entries",
            app.is_ready(),
        ),
        (
            "leader",
            "1 if this server sequences the log",
            role == Role::Leader,
        ),
    ];
    for (name, help, value) in gauges {
        registry.register(name, help, ConstGauge::new(u64::from(value)));
    }
    registry.register_with_unit(
        "queue",
        "Bytes of submissions that are being read, queued or in work",
        Unit::Bytes,
        ConstGauge::new(app.intake.waiting_bytes() as u64),
    );
    if let Some(status) = app.intake.status() {
        register_log(registry, &status);
        witness_metrics::register(registry, &status, now());
        if let Some(unindexed) = app.intake.unindexed() {
            register_index(registry, &unindexed.index(), status.published);
        }
    }
}

fn register_index(registry: &mut Registry, index: &index::Status, published: u64) {
    let indexed = index.indexed.unwrap_or(0);
    let lag = published.saturating_sub(indexed);
    registry.register(
        "index_size",
        "Entries that the index covers",
        ConstGauge::new(indexed),
    );
    registry.register(
        "index_lag_entries",
        "Public entries that are not in the index yet",
        ConstGauge::new(lag),
    );
    let since = index.indexed_at.filter(|_| lag > 0);
    let age = since.map_or(0, |since| now().saturating_sub(since));
    registry.register_with_unit(
        "index_lag",
        "Age of the index while it lacks public entries, otherwise 0",
        Unit::Seconds,
        ConstGauge::new(age),
    );
    registry.register(
        "index_failures",
        "Failed attempts to extend the index",
        ConstCounter::new(index.failures),
    );
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}

fn register_log(registry: &mut Registry, status: &Status) {
    let gauges = [
        ("entries", "Entries that are durable", status.size),
        (
            "checkpoint_size",
            "Entries of the public checkpoint",
            status.published,
        ),
        (
            "backlog_entries",
            "Entries that are durable but not yet public",
            status.backlog(),
        ),
        (
            "queue_submissions",
            "Submissions that wait to be admitted",
            status.waiting as u64,
        ),
        (
            "partials",
            "Partial files that wait for their full ones",
            status.partials as u64,
        ),
    ];
    for (name, help, value) in gauges {
        registry.register(name, help, ConstGauge::new(value));
    }
    registry.register_with_unit(
        "backlog",
        "Bytes of entries that are durable but not yet public",
        Unit::Bytes,
        ConstGauge::new(status.backlog_bytes),
    );
    let lag = ConstGauge::new(status.lag.as_secs_f64());
    registry.register_with_unit(
        "publish_lag",
        "Age of the oldest entry that is durable but not yet public",
        Unit::Seconds,
        lag,
    );
    registry.register_with_unit(
        "last_publish_time",
        "Time of the last checkpoint that this server published, in seconds since the epoch; 0 before the first",
        Unit::Seconds,
        ConstGauge::new(status.last_publish.unwrap_or(0)),
    );
    let counters = status.counters;
    let counts = [
        (
            "admitted_entries",
            "Entries that were given an index",
            counters.entries,
        ),
        (
            "duplicate_entries",
            "Entries that already had an index",
            counters.duplicates,
        ),
        (
            "busy",
            "Submissions that the log refused as busy",
            counters.busy,
        ),
        (
            "groups",
            "Groups of entries that were judged together",
            counters.groups,
        ),
        (
            "commits",
            "Groups of entries that were made durable together, with one sync of the journal each",
            counters.commits,
        ),
        (
            "publishes",
            "Checkpoints that were made public",
            counters.publishes,
        ),
        (
            "settlements",
            "Times that public files were made durable",
            counters.syncs,
        ),
        (
            "partials_removed",
            "Superseded partial files that were removed",
            counters.partials_removed,
        ),
    ];
    for (name, help, value) in counts {
        registry.register(name, help, ConstCounter::new(value));
    }
    let times = [
        (
            "commit_time",
            "Time spent making entries durable",
            counters.commit_time,
        ),
        (
            "publish_time",
            "Time spent making checkpoints public",
            counters.publish_time,
        ),
    ];
    for (name, help, value) in times {
        let seconds = ConstCounter::new(value.as_secs_f64());
        registry.register_with_unit(name, help, Unit::Seconds, seconds);
    }
}
