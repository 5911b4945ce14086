use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use secretwire_certs::Bundle;
use secretwire_webhook::{Endpoint, Prefix, validation_configuration, webhook_configuration};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::*;
use crate::fake_api::FakeApi;

const SECRET: &str = "/api/v1/namespaces/ops/secrets/secretwire-webhook-ca";
const CONFIGURATION: &str =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/secretwire";
const VALIDATION: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/secretwire";
const NAMESPACE: &str = "/api/v1/namespaces/ops";

struct Replica {
    ready: watch::Receiver<bool>,
    resolver: Arc<CertificateResolver>,
    task: JoinHandle<Result<(), Error>>,
}

impl Replica {
    fn start(api: &FakeApi) -> Self {
        Self::start_with(api, &in_cluster(), Registration::WhenMissing)
    }

    fn start_with(api: &FakeApi, endpoint: &Endpoint, registration: Registration) -> Self {
        let settings = Settings {
            namespace: "ops".into(),
            mutating: mutating(endpoint),
            validating: validating(endpoint),
            registration,
            names: ServerNames::of_service("hook", "ops"),
            rotate_annotation: "secretwire.dev/rotate".into(),
            policy: Policy {
                settle: SignedDuration::from_millis(40),
                ..Policy::default()
            },
        };
        let resolver = CertificateResolver::new();
        let (sender, ready) = watch::channel(false);
        let shutdown = CancellationToken::new();
        let running = run(
            api.client(),
            settings,
            Arc::clone(&resolver),
            sender,
            shutdown,
        );
        Self {
            ready,
            resolver,
            task: tokio::spawn(running),
        }
    }

    async fn until_ready(&mut self) {
        let ready = self.ready.wait_for(|ready| *ready);
        timeout(Duration::from_secs(30), ready)
            .await
            .expect("the replica never became ready")
            .unwrap();
        assert!(self.resolver.is_loaded());
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn in_cluster() -> Endpoint {
    Endpoint::Service {
        namespace: "ops".into(),
        name: "hook".into(),
        port: 443,
    }
}

fn mutating(endpoint: &Endpoint) -> Value {
    webhook_configuration("secretwire", "ops", endpoint, &Prefix::default())
}

fn validating(endpoint: &Endpoint) -> Value {
    validation_configuration("secretwire", endpoint, &Prefix::default())
}

fn cluster() -> FakeApi {
    let api = FakeApi::default();
    api.put(
        NAMESPACE,
        json!({ "metadata": { "name": "ops", "uid": "uid-of-ops" } }),
    );
    api
}

fn stored(secret: &Value, key: &str) -> Option<Vec<u8>> {
    let value = secret["data"][key].as_str()?;
    Some(STANDARD.decode(value).unwrap())
}

fn authority(secret: &Value) -> Bundle {
    Bundle::from_pem(&stored(secret, "ca.crt").unwrap())
}

/// What is published, if it is the same on every entry.
fn published(configuration: &Value) -> Option<Bundle> {
    let entries = configuration["webhooks"].as_array()?;
    let mut bundles = entries.iter().map(|entry| {
        let bundle = entry["clientConfig"]["caBundle"].as_str()?;
        Some(Bundle::from_pem(&STANDARD.decode(bundle).unwrap()))
    });
    let first = bundles.next()??;
    bundles
        .all(|bundle| bundle.as_ref() == Some(&first))
        .then_some(first)
}

fn covers(configuration: &Value, authority: &Bundle) -> bool {
    let published = published(configuration).unwrap_or_default();
    authority
        .certificates()
        .all(|certificate| published.contains(&certificate))
}

#[tokio::test]
async fn registers_a_missing_webhook_and_becomes_ready() {
    let api = cluster();
    let mut replica = Replica::start(&api);
    replica.until_ready().await;
    let secret = api.object(SECRET).unwrap();
    assert_eq!(secret["type"], "kubernetes.io/tls");
    for path in [CONFIGURATION, VALIDATION] {
        let configuration = api.object(path).unwrap();
        assert_eq!(
            published(&configuration),
            Some(authority(&secret)),
            "{path}"
        );
        let owner = &configuration["metadata"]["ownerReferences"][0];
        assert_eq!(owner["uid"], "uid-of-ops");
    }
}

#[tokio::test]
async fn writes_nothing_but_the_bundle_to_an_installed_configuration() {
    let api = cluster();
    let mut installed = mutating(&in_cluster());
    installed["webhooks"][0]["failurePolicy"] = json!("Ignore");
    installed["webhooks"][1]["timeoutSeconds"] = json!(7);
    api.put(CONFIGURATION, installed.clone());
    let mut replica = Replica::start(&api);
    replica.until_ready().await;
    let mut configuration = api.object(CONFIGURATION).unwrap();
    for entry in configuration["webhooks"].as_array_mut().unwrap() {
        let config = entry["clientConfig"].as_object_mut().unwrap();
        assert!(config.remove("caBundle").is_some());
    }
    assert_eq!(configuration["webhooks"], installed["webhooks"]);
}

#[tokio::test]
async fn replicas_share_one_authority() {
    let api = cluster();
    let mut replicas: Vec<_> = (0..3).map(|_| Replica::start(&api)).collect();
    for replica in &mut replicas {
        replica.until_ready().await;
    }
    let configuration = api.object(CONFIGURATION).unwrap();
    let shared = authority(&api.object(SECRET).unwrap());
    assert_eq!(published(&configuration), Some(shared));
}

#[tokio::test]
async fn an_annotation_brings_a_new_authority_that_is_published_before_it_signs() {
    let api = cluster();
    let mut replicas = [Replica::start(&api), Replica::start(&api)];
    for replica in &mut replicas {
        replica.until_ready().await;
    }
    let mut secret = api.object(SECRET).unwrap();
    let old = authority(&secret);
    secret["metadata"]["annotations"] = json!({ "secretwire.dev/rotate": "", "kept": "yes" });
    api.put(SECRET, secret);

    let introduced = api.until(SECRET, |s| stored(s, "next.crt").is_some()).await;
    assert_eq!(authority(&introduced), old);
    assert_eq!(
        introduced["metadata"]["annotations"],
        json!({ "kept": "yes" })
    );
    let next = Bundle::from_pem(&stored(&introduced, "next.crt").unwrap());

    let promoted = api.until(SECRET, |s| authority(s) == next).await;
    assert!(stored(&promoted, "next.key").is_none());
    for path in [CONFIGURATION, VALIDATION] {
        let configuration = api.object(path).unwrap();
        assert!(covers(&configuration, &next) && covers(&configuration, &old));
    }
    for replica in &mut replicas {
        assert!(*replica.ready.borrow_and_update());
    }
}

#[tokio::test]
async fn a_deleted_secret_comes_back_with_a_successor_and_readiness_stays() {
    let api = cluster();
    let mut replica = Replica::start(&api);
    replica.until_ready().await;
    let old = authority(&api.object(SECRET).unwrap());
    replica.ready.mark_unchanged();
    api.delete(SECRET);
    let promoted = api.until(SECRET, |s| authority(s) != old).await;
    let configuration = api.object(CONFIGURATION).unwrap();
    assert!(covers(&configuration, &old) && covers(&configuration, &authority(&promoted)));
    assert!(!replica.ready.has_changed().unwrap());
}

#[tokio::test]
async fn a_damaged_secret_is_repaired_from_memory() {
    let api = cluster();
    let mut replica = Replica::start(&api);
    replica.until_ready().await;
    let good = api.object(SECRET).unwrap();
    let mut damaged = good.clone();
    damaged["data"].as_object_mut().unwrap().remove("tls.key");
    api.put(SECRET, damaged);
    let repaired = api.until(SECRET, |s| stored(s, "tls.key").is_some()).await;
    assert_eq!(repaired["data"], good["data"]);
}

#[tokio::test]
async fn a_bundle_edited_by_hand_is_repaired() {
    let api = cluster();
    let mut replica = Replica::start(&api);
    replica.until_ready().await;
    let authority = authority(&api.object(SECRET).unwrap());
    for (path, entry) in [(CONFIGURATION, 1), (VALIDATION, 0), (CONFIGURATION, 0)] {
        let mut edited = api.object(path).unwrap();
        edited["webhooks"][entry]["clientConfig"]["caBundle"] = json!("");
        api.put(path, edited);
        api.until(path, |c| covers(c, &authority)).await;
    }
    replica.until_ready().await;
}

#[tokio::test]
async fn an_uninstall_is_not_answered_by_registering_anew() {
    let api = cluster();
    let mut leaving = api.object(NAMESPACE).unwrap();
    leaving["metadata"]["deletionTimestamp"] = json!("2026-03-01T12:00:00Z");
    api.put(NAMESPACE, leaving);
    let replica = Replica::start(&api);
    api.until(SECRET, |_| true).await;
    timeout(Duration::from_secs(30), async {
        while !replica.resolver.is_loaded() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert!(!*replica.ready.borrow());
    assert!(api.object(CONFIGURATION).is_none() && api.object(VALIDATION).is_none());
}

#[tokio::test]
async fn an_operator_reached_by_url_moves_the_configuration_to_its_address() {
    let here = Endpoint::Url("https://10.0.0.2:9443".into());
    for there in [Endpoint::Url("https://10.0.0.1:9443".into()), in_cluster()] {
        let api = cluster();
        api.put(CONFIGURATION, mutating(&there));
        api.put(VALIDATION, validating(&there));
        let mut replica = Replica::start_with(&api, &here, Registration::Always);
        replica.until_ready().await;
        for (path, wanted) in [
            (CONFIGURATION, mutating(&here)),
            (VALIDATION, validating(&here)),
        ] {
            let mut configuration = api.object(path).unwrap();
            for (index, wanted) in wanted["webhooks"].as_array().unwrap().iter().enumerate() {
                let live = &mut configuration["webhooks"][index]["clientConfig"];
                live.as_object_mut().unwrap().remove("caBundle");
                assert_eq!(*live, wanted["clientConfig"]);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn waits_out_an_api_server_that_is_down_and_then_rests() {
    let api = cluster();
    api.set_down(true);
    let mut replica = Replica::start(&api);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!*replica.ready.borrow());
    let calls = api.take_calls().len();
    assert!(calls < 200, "{calls} calls in ten minutes");
    api.set_down(false);
    replica.until_ready().await;

    tokio::time::sleep(Duration::from_secs(120)).await;
    api.take_calls();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let mut calls = api.take_calls();
    calls.retain(|call| !call.ends_with('?')); // a watch is renewed every few minutes
    assert_eq!(calls, Vec::<String>::new());
}
