//! What admission counts. Labels are closed sets, never names of objects.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::admission::{Hook, Outcome};
use crate::problem::Code;
use crate::review::Operation;

/// The metrics of all hooks.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    duration: Family<HookLabels, Histogram>,
    hold: Histogram,
    holds_in_flight: Gauge,
    patch: Histogram,
}

impl Metrics {
    /// Makes the metrics and registers them; `registry` carries the operator's prefix already.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.0001, 3.0, 11))
            }),
            hold: Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
            holds_in_flight: Gauge::default(),
            patch: Histogram::new(exponential_buckets(256.0, 4.0, 7)),
        };
        registry.register(
            "admission_requests",
            "Admission requests answered, by what came of them",
            metrics.requests.clone(),
        );
        let duration = metrics.duration.clone();
        registry.register_with_unit(
            "admission_duration",
            "Time to an answer, holds included",
            Unit::Seconds,
            duration,
        );
        let hold = metrics.hold.clone();
        registry.register_with_unit(
            "hold",
            "Time pods were held within admission",
            Unit::Seconds,
            hold,
        );
        registry.register(
            "holds_in_flight",
            "Pods held within admission now",
            metrics.holds_in_flight.clone(),
        );
        registry.register_with_unit(
            "patch",
            "Size of patches on the wire",
            Unit::Bytes,
            metrics.patch.clone(),
        );
        metrics
    }

    pub(crate) fn answered(&self, answer: &Answered) {
        let hook = answer.hook.as_str();
        let labels = RequestLabels {
            hook,
            op: answer.operation.as_str(),
            outcome: answer.outcome.as_str(),
            code: answer.code.map_or("", Code::as_str),
        };
        self.requests.get_or_create(&labels).inc();
        self.duration
            .get_or_create(&HookLabels { hook })
            .observe(answer.took.as_secs_f64());
        if answer.patch_length > 0 {
            #[allow(
                clippy::cast_precision_loss,
                reason = "a patch is far smaller than 2^52 bytes"
            )]
            self.patch.observe(answer.patch_length as f64);
        }
    }

    /// Counts a hold for as long as the guard lives.
    pub(crate) fn hold(&self) -> HoldGuard<'_> {
        self.holds_in_flight.inc();
        HoldGuard {
            metrics: self,
            since: tokio::time::Instant::now(),
        }
    }
}

/// One answered request.
pub(crate) struct Answered {
    pub(crate) hook: Hook,
    pub(crate) operation: Operation,
    pub(crate) outcome: Outcome,
    pub(crate) code: Option<Code>,
    pub(crate) took: Duration,
    pub(crate) patch_length: usize,
}

/// A hold in flight.
pub(crate) struct HoldGuard<'a> {
    metrics: &'a Metrics,
    since: tokio::time::Instant,
}

impl Drop for HoldGuard<'_> {
    fn drop(&mut self) {
        self.metrics.holds_in_flight.dec();
        self.metrics
            .hold
            .observe(self.since.elapsed().as_secs_f64());
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    hook: &'static str,
    op: &'static str,
    outcome: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HookLabels {
    hook: &'static str,
}
