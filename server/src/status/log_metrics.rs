//! Metrics of the log's status, read when they are requested.

use crate::app::App;
use crate::leadership::role::Role;
use glasslog_log::sequencer::Status;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

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
    }
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
    if let Some(last) = status.last_publish {
        registry.register_with_unit(
            "last_publish_time",
            "Time of the last published checkpoint, in seconds since the epoch",
            Unit::Seconds,
            ConstGauge::new(last),
        );
    }
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
