//! Lets pods go that the webhook keeps from starting, once their secrets are there.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ObjectReference, Pod};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
    runtime::{WatchStreamExt, watcher},
};
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use secretwire_core::ObjectKey;
use secretwire_webhook::{
    Directory, PodStatus, Prefix, Readiness, RefKind, Reference, ResourceKey, is_ready,
};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    cluster::{Cluster, Scopes, key_of},
    events::{Note, Recorder, Severity},
};

const COMPONENT: &str = "secretwire";
/// Wait before a pod that could not be let go is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// Changes that come together are looked at together.
const SETTLE: Duration = Duration::from_millis(20);

/// Watches gated pods and releases them.
pub(crate) struct Gates {
    /// Watches and writes pods.
    pub(crate) kube: Client,
    /// Namespaces to watch.
    pub(crate) scopes: Scopes,
    /// Says when something changed.
    pub(crate) cluster: Arc<Cluster>,
    /// Says what is ready.
    pub(crate) directory: Arc<dyn Directory>,
    /// Names of label, annotation and gate.
    pub(crate) prefix: Prefix,
    /// Events.
    pub(crate) recorder: Recorder,
    /// Number of pods that wait.
    pub(crate) waiting: Gauge,
}

/// A pod that has our gate.
#[derive(Clone)]
struct Gated {
    uid: String,
    reference: ObjectReference,
    /// Has the gate and nothing else: is replaced rather than released.
    placeholder: bool,
    awaited: BTreeSet<Reference>,
    gate: usize,
    told: bool,
}

type Pods = Mutex<HashMap<ObjectKey, Gated>>;

/// The series of waiting pods.
pub(crate) fn gauge(registry: &mut Registry) -> Gauge {
    let gauge = Gauge::default();
    registry.register(
        "secretwire_gated_pods",
        "Pods that wait for a secret",
        gauge.clone(),
    );
    gauge
}

impl Gates {
    /// Releases pods until this future is dropped.
    pub(crate) async fn run(&self) {
        let pods = Pods::default();
        let moved = Notify::new();
        futures::join!(
            self.watch(&pods, &moved),
            self.release_when_ready(&pods, &moved)
        );
    }

    async fn watch(&self, pods: &Pods, moved: &Notify) {
        // Pods leave this selection as soon as they run.
        let config = watcher::Config::default()
            .labels(&format!("{}=true", self.prefix.wired_label()))
            .fields("status.phase=Pending");
        let streams = self
            .scopes
            .apis::<Pod>(&self.kube)
            .into_iter()
            .map(|api| watcher(api, config.clone()).default_backoff().boxed());
        let mut events = futures::stream::select_all(streams);
        while let Some(event) = events.next().await {
            match event {
                Ok(watcher::Event::Apply(pod) | watcher::Event::InitApply(pod)) => {
                    self.note(pods, &pod);
                }
                Ok(watcher::Event::Delete(pod)) => {
                    lock(pods).remove(&key_of(&pod));
                }
                Ok(watcher::Event::Init | watcher::Event::InitDone) => {}
                Err(error) => tracing::warn!(%error, "watching gated pods failed, trying again"),
            }
            self.waiting
                .set(i64::try_from(lock(pods).len()).unwrap_or(i64::MAX));
            moved.notify_one();
        }
    }

    /// Keeps a pod that has our gate, drops one that has it no longer.
    fn note(&self, pods: &Pods, pod: &Pod) {
        let key = key_of(pod);
        let mut pods = lock(pods);
        match self.gated(pod) {
            Some(mut gated) => {
                gated.told = pods
                    .get(&key)
                    .is_some_and(|known| known.uid == gated.uid && known.told);
                pods.insert(key, gated);
            }
            None => {
                pods.remove(&key);
            }
        }
    }

    fn gated(&self, pod: &Pod) -> Option<Gated> {
        let gates = pod.spec.as_ref()?.scheduling_gates.as_ref()?;
        let gate = gates
            .iter()
            .position(|gate| gate.name == self.prefix.gate())?;
        if pod.metadata.deletion_timestamp.is_some() {
            return None;
        }
        let status = PodStatus::parse(pod.annotations().get(&self.prefix.status())?)?;
        Some(Gated {
            uid: pod.uid()?,
            reference: pod.object_ref(&()),
            placeholder: status.incomplete,
            awaited: status.awaited(),
            gate,
            told: false,
        })
    }

    async fn release_when_ready(&self, pods: &Pods, moved: &Notify) {
        let mut changes = self.cluster.changes();
        let mut failed = false;
        loop {
            tokio::select! {
                () = moved.notified() => {}
                alive = changes.changed() => if alive.is_err() { return },
                () = tokio::time::sleep(RETRY), if failed => {}
            }
            failed = false;
            tokio::time::sleep(SETTLE).await;
            changes.borrow_and_update();
            let waiting: Vec<_> = lock(pods)
                .iter()
                .map(|(key, gated)| (key.clone(), gated.clone()))
                .collect();
            for (key, gated) in waiting {
                if is_ready(&*self.directory, &key.namespace, &gated.awaited) {
                    failed |= self.let_go(pods, key, gated).await.is_err();
                } else if !gated.told {
                    self.tell(pods, &key, &gated);
                }
            }
        }
    }

    /// Fails when it is worth another attempt.
    async fn let_go(&self, pods: &Pods, key: ObjectKey, gated: Gated) -> Result<(), ()> {
        let api: Api<Pod> = Api::namespaced(self.kube.clone(), &key.namespace);
        let done = if gated.placeholder {
            let delete = DeleteParams {
                preconditions: Some(Preconditions {
                    uid: Some(gated.uid.clone()),
                    resource_version: None,
                }),
                ..Default::default()
            };
            api.delete(&key.name, &delete).await.map(drop)
        } else {
            self.remove_gate(&api, &key, &gated).await
        };
        match done {
            Ok(()) => self.tell_ready(&key, &gated),
            // Gone, or changed by someone else: the watch tells if it still waits.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409 | 422) => {
                tracing::debug!(pod = %key, "the pod changed before it could be let go");
            }
            Err(error) => {
                tracing::warn!(pod = %key, %error, "letting a pod go failed, trying again");
                return Err(());
            }
        }
        lock(pods).remove(&key);
        Ok(())
    }

    fn tell_ready(&self, key: &ObjectKey, gated: &Gated) {
        let message = if gated.placeholder {
            "All secrets are there: replacing this pod by one that has them"
        } else {
            "All secrets are there: the pod may be scheduled"
        };
        tracing::info!(pod = %key, placeholder = gated.placeholder, "secrets are ready, pod let go");
        let note = Note::new(Severity::Normal, "SecretsReady", message.to_owned());
        self.recorder
            .record_reference(gated.reference.clone(), COMPONENT, note);
    }

    async fn remove_gate(
        &self,
        api: &Api<Pod>,
        key: &ObjectKey,
        gated: &Gated,
    ) -> Result<(), kube::Error> {
        let pointer = format!("/spec/schedulingGates/{}", gated.gate);
        let operations = json!([
            {"op": "test", "path": "/metadata/uid", "value": gated.uid},
            {"op": "test", "path": format!("{pointer}/name"), "value": self.prefix.gate()},
            {"op": "remove", "path": pointer},
        ]);
        let patch = serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
        api.patch(
            &key.name,
            &PatchParams::default(),
            &Patch::<()>::Json(patch),
        )
        .await
        .map(drop)
    }

    /// Says once what a pod waits for, as a gated pod shows no reason by itself.
    fn tell(&self, pods: &Pods, key: &ObjectKey, gated: &Gated) {
        if let Some(known) = lock(pods).get_mut(key) {
            known.told = true;
        }
        let reasons: Vec<_> = gated
            .awaited
            .iter()
            .filter_map(|reference| self.state(&key.namespace, reference))
            .collect();
        let note = Note::new(
            Severity::Normal,
            "WaitingForSecret",
            format!("Waiting for {}", reasons.join("; ")),
        );
        self.recorder
            .record_reference(gated.reference.clone(), COMPONENT, note);
    }

    fn state(&self, namespace: &str, reference: &Reference) -> Option<String> {
        let kind = reference.kind.unwrap_or(RefKind::VaultStaticSecret);
        let key = ResourceKey {
            kind,
            name: reference.name.clone(),
        };
        let named = format!("{kind} {:?}", reference.name);
        match self
            .directory
            .find(namespace, &key)
            .map(|seen| seen.readiness)
        {
            Some(Readiness::Ready) => None,
            Some(Readiness::Pending { message } | Readiness::Failed { message }) => {
                Some(format!("{named}: {message}"))
            }
            None => Some(format!("{named}: does not exist")),
        }
    }
}

fn lock(pods: &Pods) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Gated>> {
    pods.lock().unwrap_or_else(PoisonError::into_inner)
}
