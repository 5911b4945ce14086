use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use secretwire_core::ObjectKey;
use secretwire_vault::{Observer, Operation, Outcome};

/// Requests to Vault, under the names that dashboards for VSO ask for.
#[derive(Clone)]
pub(crate) struct VaultMetrics {
    operations: Family<Labels, Counter>,
    errors: Family<Labels, Counter>,
    time: Family<Labels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    operation: OperationLabel,
    vault_connection: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct OperationLabel(Operation);

impl EncodeLabelValue for OperationLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.as_str().encode(encoder)
    }
}

/// Seconds; a request within a cluster takes some milliseconds.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl VaultMetrics {
    /// Families in `registry`.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            operations: Family::default(),
            errors: Family::default(),
            time: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        };
        registry.register(
            "vso_client_operations",
            "Requests to Vault",
            metrics.operations.clone(),
        );
        registry.register(
            "vso_client_operations_errors",
            "Requests to Vault that failed",
            metrics.errors.clone(),
        );
        registry.register(
            "vso_client_operations_time_seconds",
            "Time that requests to Vault took",
            metrics.time.clone(),
        );
        metrics
    }

    /// Counts the requests of one connection.
    pub(crate) fn observer(&self, connection: &ObjectKey) -> ConnectionObserver {
        ConnectionObserver {
            metrics: self.clone(),
            connection: connection.to_string(),
        }
    }
}

/// Counts the requests of one connection.
pub(crate) struct ConnectionObserver {
    metrics: VaultMetrics,
    connection: String,
}

impl Observer for ConnectionObserver {
    fn request(&self, operation: Operation, outcome: Outcome, elapsed: Duration) {
        let labels = Labels {
            operation: OperationLabel(operation),
            vault_connection: self.connection.clone(),
        };
        self.metrics.operations.get_or_create(&labels).inc();
        if outcome != Outcome::Ok {
            self.metrics.errors.get_or_create(&labels).inc();
        }
        self.metrics
            .time
            .get_or_create(&labels)
            .observe(elapsed.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_moves_the_series_of_its_connection() {
        let mut registry = Registry::default();
        let metrics = VaultMetrics::register(&mut registry);
        metrics.observer(&ObjectKey::new("ns", "vault")).request(
            Operation::Read,
            Outcome::Ok,
            Duration::from_millis(3),
        );
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(text.contains(
            r#"vso_client_operations_total{operation="read",vault_connection="ns/vault"} 1"#
        ));
    }
}
