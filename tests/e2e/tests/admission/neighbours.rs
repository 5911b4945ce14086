//! Other webhooks that change the same pods.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use anyhow::{Result, ensure};
use axum::{Json, Router, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use secretwire_e2e::DEADLINE;
use secretwire_lab::await_condition;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{
    objects::{
        container, container_of, elements, is_gated, pod, secret_mounts, secret_variables,
        secret_volumes,
    },
    stand::{Stand, on_stage},
};

/// A webhook that gives each pod a container `late`, as a service mesh does. It ends when this is dropped.
struct Neighbour {
    _server: JoinSet<()>,
}

impl Neighbour {
    /// Serves it, and registers it for one namespace under a name that decides when it is called.
    async fn register(stand: &Stand<'_>, name: &str) -> Result<Self> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("https://{}/", listener.local_addr()?);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, TlsAcceptor::from(Arc::new(tls))));
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": format!("{name}-{}", stand.name())},
            "webhooks": [{
                "name": "late.example.com",
                "clientConfig": {"url": url, "caBundle": STANDARD.encode(cert.pem())},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": stand.name()}},
                "reinvocationPolicy": "IfNeeded",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }],
        });
        stand.lab().apply(&configuration.to_string()).await?;
        Ok(Self { _server: server })
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    let app = Router::new().route("/", post(answer));
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, app) = (acceptor.clone(), app.clone());
        connections.spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let service = TowerToHyperService::new(app);
                let stream = TokioIo::new(stream);
                // An API server that hangs up is no failure.
                let _ = Builder::new(TokioExecutor::new())
                    .serve_connection(stream, service)
                    .await;
            }
        });
    }
}

async fn answer(Json(review): Json<Value>) -> Json<Value> {
    let request = &review["request"];
    let mut response = json!({"uid": request["uid"], "allowed": true});
    let mut containers = elements(&request["object"]["spec"]["containers"]);
    if containers.all(|container| container["name"] != "late") {
        let patch =
            json!([{"op": "add", "path": "/spec/containers/-", "value": container("late")}]);
        response["patchType"] = json!("JSONPatch");
        response["patch"] = json!(STANDARD.encode(patch.to_string()));
    }
    Json(
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}),
    )
}

/// Makes pods until one has been seen by the neighbour: a configuration is in force a moment after it is written.
async fn seen_by_both(stand: &Stand<'_>, annotations: &[(&str, &str)]) -> Result<Value> {
    let looks = AtomicU32::new(0);
    await_condition("the neighbour to be called", DEADLINE, async || {
        let look = looks.fetch_add(1, Ordering::Relaxed);
        let made = stand
            .make(&pod(&format!("api-{look}"), annotations))
            .await?;
        let seen = container_of(&made, "late").is_ok();
        Ok(seen.then_some(made))
    })
    .await
}

/// Called before ours or after, its container gets what the others have, once.
#[test]
fn a_container_that_another_webhook_adds_is_wired_too() -> Result<()> {
    for name in ["aa-late", "zz-late"] {
        on_stage("neighbours", async |stand| {
            stand.synced("db").await?;
            let _neighbour = Neighbour::register(stand, name).await?;
            let annotations = [("mount.db", "vss/db"), ("env.db", "vss/db")];
            let made = seen_by_both(stand, &annotations).await?;
            ensure!(secret_volumes(&made).len() == 1, "{name}: {made}");
            for container in ["app", "late"] {
                let mounts = secret_mounts(&made, container)?;
                let variables = secret_variables(&made, container)?;
                ensure!(mounts.len() == 1 && variables.len() == 2, "{name}: {made}");
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The webhook is called once more for a pod that it has gated.
#[test]
fn a_gated_pod_that_another_webhook_changes_is_complete() -> Result<()> {
    on_stage("gated-late", async |stand| {
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let _neighbour = Neighbour::register(stand, "zz-late").await?;
        let annotations = [("env.db", "vss/db"), ("env.db.keys", "PASS=password")];
        let made = seen_by_both(stand, &annotations).await?;
        ensure!(is_gated(&made), "{made}");
        ensure!(
            secret_variables(&made, "late")?["PASS"] == "db/password",
            "{made}"
        );
        Ok(())
    })
}
