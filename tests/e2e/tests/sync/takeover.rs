//! Taking over from a running Vault Secrets Operator, with what a real one left behind.
//!
//! `_raw` of KV version 2 holds the time at which Vault stored the secret, which no other Vault can be made to repeat. So
//! Vault is played here by a server that repeats the recorded answer, and nothing may change by as much as a byte.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result, ensure};
use axum::{Json, Router, http::StatusCode, routing::any};
use k8s_openapi::api::core::v1::Secret;
use secretwire_e2e::{DEADLINE, Data as _, Space, Stage, alone, secret_value};
use secretwire_lab::{User, await_condition};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

const STATE: &str = "../fixtures/vso-1.4/state.json";
/// The resources whose Secrets were in order; `broken` names a path that does not exist.
const SYNCED: [&str; 4] = ["existing", "no-hmac", "plain", "templated"];

#[test]
fn a_take_over_from_vso_rewrites_no_secret_restarts_nothing_and_releases_its_finalizers()
-> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let space = stage.empty_space("takeover").await?;
        let left = LeftBehind::read()?;
        let vault = RecordedVault::start(left.answer()?).await?;
        left.load(&space, &vault.address).await?;
        let before = secrets(&space).await?;
        let mark = stage.lab().apiserver().mark();

        // Waits first until the Lease of the VSO that died has run out.
        let operator = stage.operator().await?;
        for name in SYNCED {
            await_taken_over(&space, name).await?;
        }
        space.await_failure("broken", &["takeover/none"]).await?;
        assert_eq!(secrets(&space).await?, before);
        assert_eq!(restarts(&space).await?, json!(1));
        for name in SYNCED {
            let status = space
                .static_secret(name)
                .await?
                .status
                .context("no status")?;
            let mac = left.object("VaultStaticSecret", name)?["status"]["secretMAC"].as_str();
            assert_eq!(status.secret_mac.as_deref(), mac, "{name}");
        }

        // It is at work: what changes from here on arrives, once.
        space.edit("plain", json!({"refreshAfter": "1s"})).await?;
        space.await_synced("plain").await?;
        assert_eq!(secrets(&space).await?, before);
        vault.answer_with(
            json!({"data": {"username": secret_value("taken-over")}, "metadata": {"version": 2}}),
        );
        space
            .await_value("plain", "username", &secret_value("taken-over"))
            .await?;
        await_condition("the one restart", DEADLINE, async || {
            Ok((restarts(&space).await? == json!(2)).then_some(()))
        })
        .await?;
        let written = stage.writes(&mark, "secrets")?.into_iter();
        let written: Vec<_> = written
            .filter(|write| write.namespace == space.name())
            .map(|write| write.name)
            .collect();
        assert_eq!(written, ["plain"]);

        // Finalizers that VSO left hold up nobody, even without Vault.
        vault.stop().await;
        let deleted = SYNCED.map(|name| ("VaultStaticSecret", name));
        for (kind, name) in deleted
            .into_iter()
            .chain([("VaultAuth", "auth"), ("VaultConnection", "vault")])
        {
            let object = space.object(kind, name).await?.context("it is not there")?;
            ensure!(
                object["metadata"]["finalizers"][0].is_string(),
                "{kind} {name} has no finalizer of VSO"
            );
            space.delete(kind, name).await?;
            await_condition(&format!("the end of {kind} {name}"), DEADLINE, async || {
                Ok(space.object(kind, name).await?.is_none().then_some(()))
            })
            .await?;
        }
        ensure!(
            !operator.log()?.contains("correct horse"),
            "the operator logged a recorded value"
        );
        operator.terminate().await?;
        stage.stop().await
    })
}

async fn secrets(space: &Space<'_>) -> Result<Vec<Secret>> {
    let mut secrets = Vec::new();
    for name in SYNCED {
        secrets.push(space.secret(name).await?);
    }
    Ok(secrets)
}

async fn restarts(space: &Space<'_>) -> Result<Value> {
    let deployment = space
        .object("Deployment", "app")
        .await?
        .context("no Deployment")?;
    Ok(deployment["metadata"]["generation"].clone())
}

/// Only our status says which Secret a resource was seen in order with.
async fn await_taken_over(space: &Space<'_>, name: &str) -> Result<()> {
    await_condition(&format!("the take-over of {name}"), DEADLINE, async || {
        let status = space
            .static_secret(name)
            .await?
            .status
            .context("no status")?;
        Ok(status.destination.map(drop))
    })
    .await
}

/// What VSO left behind.
struct LeftBehind(Value);

impl LeftBehind {
    fn read() -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(STATE);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    fn objects(&self) -> Result<&Vec<Value>> {
        self.0["objects"].as_array().context("no objects")
    }

    fn object(&self, kind: &str, name: &str) -> Result<&Value> {
        let mut objects = self.objects()?.iter();
        objects
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
            .with_context(|| format!("no {kind} {name} was recorded"))
    }

    /// `data` of the answer that VSO got: its Secrets hold it as `_raw`.
    fn answer(&self) -> Result<Value> {
        let secret: Secret = serde_json::from_value(self.object("Secret", "plain")?.clone())?;
        Ok(serde_json::from_str(
            secret.text("_raw").context("no _raw")?,
        )?)
    }

    /// Puts everything where this operator finds it. UIDs are the API server's to give, so references to them are mapped.
    async fn load(&self, space: &Space<'_>, vault: &str) -> Result<()> {
        let mut uids = HashMap::new();
        for object in self.objects()? {
            if matches!(
                text(object, "/kind"),
                "VaultConnection" | "VaultAuth" | "VaultStaticSecret"
            ) {
                let uid = load_resource(space, object, vault).await?;
                uids.insert(text(object, "/metadata/uid").to_owned(), uid);
            }
        }
        for object in self.objects()? {
            let owner = object
                .pointer("/metadata/ownerReferences/0/uid")
                .and_then(Value::as_str);
            match text(object, "/kind") {
                "Secret" if text(object, "/metadata/name") == "vso-cc-storage-hmac-key" => {
                    load_of_operator(space.stage(), object).await?;
                }
                "Lease" => load_of_operator(space.stage(), object).await?,
                // The owner of the one that is left out is of a kind that is not served.
                "Secret" if owner.is_none_or(|owner| uids.contains_key(owner)) => {
                    let mut text = serde_json::to_string(&portable(object))?;
                    for (old, new) in &uids {
                        text = text.replace(old, new);
                    }
                    space.create(serde_json::from_str(&text)?).await?;
                }
                "Deployment" => space.create(portable(object)).await.map(drop)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Creates a resource with spec, finalizers, generation and status as recorded, and returns its UID.
async fn load_resource(space: &Space<'_>, object: &Value, vault: &str) -> Result<String> {
    let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
    let mut spec = object["spec"].clone();
    if kind == "VaultConnection" {
        spec["address"] = json!(vault);
    }
    if kind == "VaultAuth" {
        spec["kubernetes"]["role"] = json!(space.name());
    }
    let mut created = portable(object);
    created["spec"] = spec.clone();
    let edited = object["metadata"]["generation"] == json!(2);
    if edited {
        // VSO wrote to the spec itself, which counts as an edit.
        created["spec"]["refreshAfter"] = json!("2h");
    }
    let created = space.create(created).await?;
    if edited {
        space.patch(kind, name, &json!({"spec": spec})).await?;
    }
    let status = json!({"status": object["status"]});
    space.patch_status(kind, name, &status).await?;
    Ok(text(&created, "/metadata/uid").to_owned())
}

/// Puts an object of VSO's namespace into that of the operator.
async fn load_of_operator(stage: &Stage, object: &Value) -> Result<()> {
    let mut object = portable(object);
    object["metadata"]["namespace"] = json!(User::OPERATOR_NAMESPACE);
    stage.lab().apply(&object.to_string()).await.map(drop)
}

/// The object without what the API server gives, and without its namespace.
fn portable(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|field, _| {
            !matches!(
                field.as_str(),
                "creationTimestamp" | "generation" | "namespace" | "resourceVersion" | "uid"
            )
        });
    }
    object
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Plays the Vault that VSO had read.
struct RecordedVault {
    address: String,
    answer: Arc<Mutex<Value>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl RecordedVault {
    async fn start(answer: Value) -> Result<Self> {
        let answer = Arc::new(Mutex::new(answer));
        let read = {
            let answer = Arc::clone(&answer);
            async move || {
                Json(json!({"data": *answer.lock().unwrap_or_else(PoisonError::into_inner)}))
            }
        };
        let login = json!({"auth": {
            "client_token": "recorded", "accessor": "recorded", "lease_duration": 3600, "renewable": true,
        }});
        let seal = json!({"initialized": true, "sealed": false});
        let router = Router::new()
            .route(
                "/v1/auth/kubernetes/login",
                any(async move || Json(login.clone())),
            )
            .route("/v1/sys/seal-status", any(async move || Json(seal.clone())))
            .route("/v1/kv-v2/data/takeover/app", any(read))
            .fallback(async || (StatusCode::NOT_FOUND, Json(json!({"errors": []}))));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            address,
            answer,
            server,
        })
    }

    fn answer_with(&self, answer: Value) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    /// Ends it: nobody listens any more.
    async fn stop(self) {
        self.server.abort();
        // Ended by what was just asked for.
        let _ = self.server.await;
    }
}
