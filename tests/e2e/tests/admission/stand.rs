//! A namespace of the shared stage in which pods are made, with nothing that retries between them and the test.

use std::{
    fs,
    ops::Deref,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use kube::{
    Api, Client, Config,
    api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use secretwire_e2e::{DEADLINE, Leaks, Space, Stage, secret_value, shared};
use secretwire_lab::{Lab, await_condition};
use serde_json::{Value, json};

use super::objects::{elements, is_gated, name};

/// A [`Space`] for pods.
pub(crate) struct Stand<'a> {
    space: Space<'a>,
    client: Client,
    files: AtomicU32,
}

/// What kubectl said.
pub(crate) struct Said {
    /// Whether the API server took the object.
    pub(crate) accepted: bool,
    /// Standard output and standard error.
    pub(crate) words: String,
}

/// Runs a test in a namespace of the shared stage. Afterwards everything in it is searched for secret values.
pub(crate) fn on_stage(
    prefix: &str,
    test: impl AsyncFnOnce(&Stand<'_>) -> Result<()>,
) -> Result<()> {
    shared(async |stage| {
        let stand = Stand::open(stage, prefix).await?;
        test(&stand).await?;
        stand.search().await
    })
}

/// The administrator's client, which tells of every refusal: the usual one tries again by itself.
pub(crate) async fn plain_client(lab: &Lab) -> Result<Client> {
    let kubeconfig = Kubeconfig::read_from(lab.apiserver().kubeconfig_path())?;
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}

impl<'a> Stand<'a> {
    pub(crate) async fn open(stage: &'a Stage, prefix: &str) -> Result<Self> {
        Ok(Self {
            space: stage.space(prefix).await?,
            client: plain_client(stage.lab()).await?,
            files: AtomicU32::new(0),
        })
    }

    /// The administrator's client of this stand.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Writes `username` and `password` to Vault.
    pub(crate) async fn put_credentials(&self, name: &str) -> Result<()> {
        let data = json!({"username": secret_value("user"), "password": secret_value("password")});
        self.space.put(name, &data).await.map(drop)
    }

    /// A `VaultStaticSecret` of this name that is synced, with the keys `username` and `password`.
    pub(crate) async fn synced(&self, name: &str) -> Result<()> {
        self.put_credentials(name).await?;
        self.space.sync(name, json!({})).await?;
        self.space.await_synced(name).await.map(drop)
    }

    /// Objects of a kind in this namespace.
    pub(crate) fn of_kind(&self, kind: &str) -> Api<DynamicObject> {
        let (group, version) = match kind {
            "Deployment" | "ReplicaSet" | "StatefulSet" => ("apps", "v1"),
            "Job" | "CronJob" => ("batch", "v1"),
            _ => ("", "v1"),
        };
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.client.clone(), self.space.name(), &resource)
    }

    /// Creates a pod or workload by a plain API call.
    pub(crate) async fn make(&self, object: &Value) -> Result<Value, kube::Error> {
        let kind = object["kind"].as_str().unwrap_or_default();
        let object: DynamicObject =
            serde_json::from_value(object.clone()).map_err(kube::Error::SerdeError)?;
        let made = self
            .of_kind(kind)
            .create(&PostParams::default(), &object)
            .await?;
        serde_json::to_value(made).map_err(kube::Error::SerdeError)
    }

    /// What the API server says when it refuses an object.
    pub(crate) async fn refusal(&self, object: &Value) -> Result<kube::core::Status> {
        match self.make(object).await {
            Err(kube::Error::Api(status)) => {
                Leaks::new().check("a refusal", &format!("{status:?}"))?;
                Ok(*status)
            }
            Err(error) => Err(error.into()),
            Ok(made) => Err(anyhow!("accepted: {made}")),
        }
    }

    /// Has the object as it is now.
    pub(crate) async fn read(&self, kind: &str, name: &str) -> Result<Value> {
        let found = self.of_kind(kind).get(name).await;
        Ok(serde_json::to_value(
            found.with_context(|| format!("{kind} {name}"))?,
        )?)
    }

    /// All objects of a kind with the label `app`.
    pub(crate) async fn list(&self, kind: &str, app: &str) -> Result<Vec<Value>> {
        let selected = ListParams::default().labels(&format!("app={app}"));
        let found = self.of_kind(kind).list(&selected).await?;
        found
            .into_iter()
            .map(|object| Ok(serde_json::to_value(object)?))
            .collect()
    }

    /// `kubectl apply` as a user runs it.
    pub(crate) async fn apply(&self, object: &Value) -> Result<Said> {
        self.apply_with(object, &[]).await
    }

    /// `kubectl apply` with more arguments.
    pub(crate) async fn apply_with(&self, object: &Value, arguments: &[&str]) -> Result<Said> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let file = format!("{}-{number}.json", self.space.name());
        let file = self.space.lab().path().join(file);
        fs::write(&file, object.to_string())?;
        let file = file.to_string_lossy();
        let command = [
            "--namespace",
            self.space.name(),
            "apply",
            "--filename",
            &file,
        ];
        let output = self
            .space
            .lab()
            .kubectl(&[&command, arguments].concat())
            .await?;
        let words = [output.stdout, output.stderr].concat();
        let words = String::from_utf8_lossy(&words).into_owned();
        Leaks::new().check("kubectl", &words)?;
        Ok(Said {
            accepted: output.status.success(),
            words,
        })
    }

    /// Waits until the pods of `app` that are not going away are as `wanted` says.
    pub(crate) async fn await_pods(
        &self,
        app: &str,
        what: &str,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Result<Vec<Value>> {
        let what = format!("pods of {}/{app}: {what}", self.space.name());
        await_condition(&what, DEADLINE, async || {
            let mut pods = self.list("Pod", app).await?;
            pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
            if wanted(&pods) {
                return Ok(Some(pods));
            }
            let seen = pods.iter().map(|pod| (name(pod).to_owned(), is_gated(pod)));
            Err(anyhow!("(name, gated): {:?}", seen.collect::<Vec<_>>()))
        })
        .await
    }

    /// Waits for the one pod of `app` that is as `wanted` says.
    pub(crate) async fn await_pod(
        &self,
        app: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let pods = self.await_pods(app, what, |pods| matches!(pods, [pod] if wanted(pod)));
        pods.await?.pop().context("no pod")
    }

    /// Waits for an Event of this reason about an object whose name begins so, with all these words.
    pub(crate) async fn await_event(
        &self,
        about: &str,
        reason: &str,
        words: &[&str],
    ) -> Result<()> {
        let what = format!("Event {reason} about {about} with {words:?}");
        await_condition(&what, DEADLINE, async || {
            let selected = ListParams::default().fields(&format!("reason={reason}"));
            let events = self.of_kind("Event").list(&selected).await?;
            let events = serde_json::to_value(events.items)?;
            let told: Vec<_> = elements(&events)
                .filter(|event| {
                    let object = event["involvedObject"]["name"].as_str();
                    object.is_some_and(|object| object.starts_with(about))
                })
                .filter_map(|event| event["message"].as_str())
                .collect();
            ensure!(
                told.iter()
                    .any(|message| words.iter().all(|word| message.contains(word))),
                "{told:?}"
            );
            Ok(Some(()))
        })
        .await
    }

    /// Searches everything that anybody may read for secret values.
    pub(crate) async fn search(&self) -> Result<()> {
        let kinds = ["Pod", "Deployment", "ReplicaSet", "StatefulSet", "Job"];
        for kind in kinds {
            let found = self.of_kind(kind).list(&ListParams::default()).await?;
            Leaks::new().check(kind, &serde_json::to_string(&found.items)?)?;
        }
        self.space.search().await
    }
}

impl<'a> Deref for Stand<'a> {
    type Target = Space<'a>;

    fn deref(&self) -> &Space<'a> {
        &self.space
    }
}
