//! Metrics of the log's own witnesses, who cosign before a checkpoint is public.

use glasslog_log::cosigning::Standing;
use glasslog_log::sequencer::Status;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    name: String,
}

/// Adds the standing of each witness of the section `[witnesses]`; nothing for a log without one. `now` is in seconds since the
/// epoch.
pub(super) fn register(registry: &mut Registry, status: &Status, now: u64) {
    if status.witnesses.is_empty() {
        return;
    }
    registry.register(
        "quorum_met",
        "0 while entries wait because the last round of witnesses ended without a quorum",
        ConstGauge::new(u64::from(status.missing.is_empty())),
    );
    let gauge = |value: &dyn Fn(&Standing) -> u64| {
        let family: Family<Labels, Gauge> = Family::default();
        for standing in &status.witnesses {
            let value = i64::try_from(value(standing)).unwrap_or(i64::MAX);
            family.get_or_create(&labels(standing)).set(value);
        }
        family
    };
    let counter = |value: &dyn Fn(&Standing) -> u64| {
        let family: Family<Labels, Counter> = Family::default();
        for standing in &status.witnesses {
            family
                .get_or_create(&labels(standing))
                .inc_by(value(standing));
        }
        family
    };
    registry.register(
        "witness_size",
        "Size of the last checkpoint that the witness cosigned; 0 before the first",
        gauge(&|standing| standing.memory.size()),
    );
    registry.register_with_unit(
        "witness_failing",
        "Time since when the witness does not cosign; 0 if it does",
        Unit::Seconds,
        gauge(&|standing| {
            let failing = standing.memory.failing.as_ref();
            failing.map_or(0, |failing| now.saturating_sub(failing.since).max(1))
        }),
    );
    registry.register(
        "witness_alarm",
        "1 if the witness claims another history of the log than this server has",
        gauge(&|standing| {
            let failing = standing.memory.failing.as_ref();
            u64::from(failing.is_some_and(|failing| failing.is_alarm))
        }),
    );
    registry.register(
        "witness_requests",
        "Requests to the witness",
        counter(&|standing| standing.memory.requests),
    );
    registry.register(
        "witness_failures",
        "Times that the witness did not cosign",
        counter(&|standing| standing.memory.failures),
    );
}

fn labels(standing: &Standing) -> Labels {
    let name = standing.name.clone();
    Labels { name }
}
