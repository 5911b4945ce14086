//! Kubernetes Events, so few that they never become a load of their own.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client, Resource,
    runtime::events::{Event, EventType, Recorder as KubeRecorder, Reporter},
};
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use tokio::sync::mpsc;

/// Notes that may wait to be written.
const QUEUE: usize = 256;
/// Events of one reason in a row before they are spread out.
const BURST: f64 = 25.0;
/// Events of one reason a second in the long run.
const RATE: f64 = 1.0;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// As it should be.
    Normal,
    /// Someone should look.
    Warning,
}

/// What is to be told of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    severity: Severity,
    reason: &'static str,
    message: String,
}

impl Note {
    /// A note of these parts.
    pub(crate) fn new(severity: Severity, reason: &'static str, message: String) -> Self {
        Self {
            severity,
            reason,
            message,
        }
    }
}

struct Addressed {
    object: ObjectReference,
    component: &'static str,
    note: Note,
}

/// Takes notes without waiting.
#[derive(Clone)]
pub(crate) struct Recorder {
    notes: mpsc::Sender<Addressed>,
    dropped: Counter,
}

/// Writes the notes as Events.
pub(crate) struct Writer {
    notes: mpsc::Receiver<Addressed>,
    dropped: Counter,
    kube: Client,
    instance: String,
}

/// A recorder, and what writes for it.
pub(crate) fn recorder(
    kube: Client,
    instance: &str,
    registry: &mut Registry,
) -> (Recorder, Writer) {
    let dropped = Counter::default();
    registry.register(
        "secretwire_events_dropped",
        "Events that were not written, as there were too many",
        dropped.clone(),
    );
    let (sender, receiver) = mpsc::channel(QUEUE);
    let recorder = Recorder {
        notes: sender,
        dropped: dropped.clone(),
    };
    let writer = Writer {
        notes: receiver,
        dropped,
        kube,
        instance: instance.to_owned(),
    };
    (recorder, writer)
}

impl Recorder {
    /// Notes something about an object; `component` is who says so.
    pub(crate) fn record<K: Resource<DynamicType = ()>>(
        &self,
        object: &K,
        component: &'static str,
        note: Note,
    ) {
        self.record_reference(object.object_ref(&()), component, note);
    }

    /// As [`Self::record`], for an object that is known by reference.
    pub(crate) fn record_reference(
        &self,
        object: ObjectReference,
        component: &'static str,
        note: Note,
    ) {
        let addressed = Addressed {
            object,
            component,
            note,
        };
        if self.notes.try_send(addressed).is_err() {
            self.dropped.inc();
        }
    }
}

impl Writer {
    /// Writes until every recorder is gone.
    pub(crate) async fn run(mut self) {
        let mut recorders: HashMap<&'static str, KubeRecorder> = HashMap::new();
        // One a reason: a mass of good news must not cost anybody the bad.
        let mut budgets: HashMap<&'static str, Budget> = HashMap::new();
        while let Some(Addressed {
            object,
            component,
            note,
        }) = self.notes.recv().await
        {
            let now = Instant::now();
            let budget = budgets
                .entry(note.reason)
                .or_insert_with(|| Budget::new(now));
            if !budget.spend(now) {
                self.dropped.inc();
                continue;
            }
            let recorder = recorders.entry(component).or_insert_with(|| {
                let reporter = Reporter {
                    controller: component.to_owned(),
                    instance: Some(self.instance.clone()),
                };
                KubeRecorder::new(self.kube.clone(), reporter)
            });
            let event = Event {
                type_: match note.severity {
                    Severity::Normal => EventType::Normal,
                    Severity::Warning => EventType::Warning,
                },
                reason: note.reason.to_owned(),
                note: Some(note.message),
                action: "Sync".to_owned(),
                secondary: None,
            };
            if let Err(error) = recorder.publish(&event, &object).await {
                tracing::debug!(%error, "writing an Event failed");
            }
        }
    }
}

/// A token bucket: a small installation sees every Event, a mass sync does not
/// double its writes.
struct Budget {
    tokens: f64,
    filled: Instant,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled: now,
        }
    }

    fn spend(&mut self, now: Instant) -> bool {
        let gained = now
            .saturating_duration_since(self.filled)
            .min(Duration::from_secs(3600));
        self.tokens = (self.tokens + gained.as_secs_f64() * RATE).min(BURST);
        self.filled = now;
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_is_spread() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let passed = (0..1000).filter(|_| budget.spend(start)).count();
        assert_eq!(passed, 25);
        assert!(budget.spend(start + Duration::from_secs(1)));
        assert!(!budget.spend(start + Duration::from_secs(1)));
    }
}
