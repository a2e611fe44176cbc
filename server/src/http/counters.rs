//! Counters of connections, the same for every server.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// Counters of connections.
#[derive(Debug)]
pub(crate) struct ConnectionCounters {
    /// Open connections.
    pub(crate) open: Gauge,
    turned_away: Family<ReasonLabels, Counter>,
}

impl ConnectionCounters {
    /// Adds the counters to a registry, all at zero.
    pub(crate) fn registered(registry: &mut Registry) -> Self {
        let counters = Self {
            open: Gauge::default(),
            turned_away: Family::default(),
        };
        for reason in ["all", "client"] {
            let _ = counters.turned_away.get_or_create(&ReasonLabels { reason });
        }
        registry.register("connections", "Open connections", counters.open.clone());
        registry.register(
            "connections_turned_away",
            "Connections over a limit",
            counters.turned_away.clone(),
        );
        counters
    }

    /// Counts a connection that was refused.
    pub(crate) fn turned_away(&self, reason: &'static str) {
        let labels = ReasonLabels { reason };
        self.turned_away.get_or_create(&labels).inc();
    }
}
