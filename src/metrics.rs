//! Series of the controllers. Labels are names of kinds and outcomes, never of objects.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::sync::Syncable;

/// Seconds that a visit with a Vault read may take.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// Series of the syncs.
#[derive(Clone)]
pub(crate) struct SyncMetrics {
    reconciles: Family<ReconcileLabels, Counter>,
    duration: Family<ControllerLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReconcileLabels {
    controller: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: String,
}

impl SyncMetrics {
    /// Families in `registry`, under the names that dashboards for VSO ask for.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        };
        registry.register(
            "controller_runtime_reconcile",
            "Visits that did something, by outcome",
            metrics.reconciles.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Time that such visits took",
            metrics.duration.clone(),
        );
        metrics
    }

    /// A visit to a resource of kind `K` ended.
    pub(crate) fn synced<K: Syncable>(&self, success: bool, elapsed: Duration) {
        let controller = K::KIND.to_lowercase();
        let labels = ReconcileLabels {
            controller: controller.clone(),
            result: if success { "success" } else { "error" },
        };
        self.reconciles.get_or_create(&labels).inc();
        self.duration
            .get_or_create(&ControllerLabels { controller })
            .observe(elapsed.as_secs_f64());
    }
}

/// Whether this process leads, under the name that dashboards ask for.
pub(crate) fn leadership(registry: &mut Registry) -> Gauge {
    let gauge = Gauge::default();
    registry.register(
        "leader_election_master_status",
        "1 while this process runs the controllers",
        gauge.clone(),
    );
    gauge
}
