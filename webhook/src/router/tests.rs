use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::BodyExt;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::admission::Policy;
use crate::directory::Directory;
use crate::fake::{Fake, ready};
use crate::metrics::Metrics;
use crate::names::Prefix;

use super::*;

fn app(registry: &mut Registry) -> Router {
    let directory: Arc<dyn Directory> =
        Arc::new(Fake::new().with("db", ready("db", &["username", "password"])));
    router(Arc::new(Admission::new(
        Policy::new(Prefix::default()),
        directory,
        Metrics::register(registry),
    )))
}

async fn send(path: &str, content_type: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    send_to(app(&mut Registry::default()), path, content_type, body).await
}

async fn send_to(
    app: Router,
    path: &str,
    content_type: &str,
    body: impl Into<Body>,
) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header(CONTENT_TYPE, content_type)
        .body(body.into())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

const POD_CREATE: &str = include_str!("../../fixtures/pod-create.json");

#[tokio::test]
async fn answers_a_recorded_review_with_its_uid_and_a_patch() {
    let (status, review) = send(
        "/mutate/pods?timeout=10s",
        "application/json; charset=utf-8",
        POD_CREATE,
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&review["apiVersion"], &review["kind"]),
        (&json!(API_VERSION), &json!(KIND))
    );
    let asked: Value = serde_json::from_str(POD_CREATE).unwrap();
    assert_eq!(review["response"]["uid"], asked["request"]["uid"]);
    assert_eq!(review["response"]["patchType"], "JSONPatch");
    let patch = STANDARD
        .decode(review["response"]["patch"].as_str().unwrap())
        .unwrap();
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    let golden = include_str!("../../fixtures/pod-create.patch.json")
        .replace("VERSION", env!("CARGO_PKG_VERSION"));
    let golden: Value = serde_json::from_str(&golden).unwrap();
    assert_eq!(patch, golden, "{patch:#}");
}

#[tokio::test]
async fn every_decision_is_a_200() {
    let mut asked: Value = serde_json::from_str(POD_CREATE).unwrap();
    asked["request"]["object"]["metadata"]["annotations"]["secretwire.dev/mont.db"] = json!("x");
    let (status, review) = send("/mutate/pods", "application/json", asked.to_string()).await;
    assert_eq!(
        (status, &review["response"]["allowed"]),
        (StatusCode::OK, &json!(false))
    );
}

#[tokio::test]
async fn what_is_no_review_is_not_answered_as_one() {
    for (path, content_type, body, expected) in [
        (
            "/mutate/pods",
            "application/yaml",
            POD_CREATE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            "/mutate/pods",
            "application/jsonp",
            POD_CREATE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            "/mutate/pods",
            "application/json",
            "",
            StatusCode::BAD_REQUEST,
        ),
        (
            "/mutate/pods",
            "application/json",
            "{\"kind\":",
            StatusCode::BAD_REQUEST,
        ),
        (
            "/mutate/pods",
            "application/json",
            "{}",
            StatusCode::BAD_REQUEST,
        ),
        (
            "/mutate",
            "application/json",
            POD_CREATE,
            StatusCode::NOT_FOUND,
        ),
    ] {
        assert_eq!(
            send(path, content_type, body).await.0,
            expected,
            "{path} {content_type} {body:.10}"
        );
    }
    let old = POD_CREATE.replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
    assert_eq!(
        send("/mutate/pods", "application/json", old).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn takes_two_large_objects_and_no_more() {
    let mut large: Value = serde_json::from_str(POD_CREATE).unwrap();
    large["request"]["object"]["metadata"]["annotations"]["example.com/large"] =
        json!("x".repeat(7 << 20));
    assert_eq!(
        send("/mutate/pods", "application/json", large.to_string())
            .await
            .0,
        StatusCode::OK
    );
    large["request"]["oldObject"] = json!("x".repeat(2 << 20));
    assert_eq!(
        send("/mutate/pods", "application/json", large.to_string())
            .await
            .0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn requests_are_counted_by_what_came_of_them() {
    let mut registry = Registry::default();
    let app = app(&mut registry);
    send_to(app.clone(), "/mutate/pods", "application/json", POD_CREATE).await;
    let mut wrong: Value = serde_json::from_str(POD_CREATE).unwrap();
    wrong["request"]["object"]["metadata"]["annotations"]["secretwire.dev/mount.x"] =
        json!("vss/nothing");
    wrong["request"]["object"]["metadata"]["annotations"]["secretwire.dev/wait"] = json!("none");
    send_to(app, "/mutate/pods", "application/json", wrong.to_string()).await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "admission_requests_total{hook=\"pods\",op=\"CREATE\",outcome=\"patched\",code=\"\"} 1",
        "admission_requests_total{hook=\"pods\",op=\"CREATE\",outcome=\"denied\",code=\"SW201\"} 1",
        "admission_duration_seconds_count{hook=\"pods\"} 2",
        "holds_in_flight 0",
        "hold_seconds_count 0",
        "patch_bytes_count 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn our_own_resources_have_a_path() {
    let review = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "request": {
            "uid": "u",
            "kind": { "group": "secrets.hashicorp.com", "version": "v1beta1", "kind": "SecretTransformation" },
            "operation": "CREATE",
            "name": "shared",
            "namespace": "shop",
            "object": { "spec": { "includes": ["("] } },
        },
    });
    let mut registry = Registry::default();
    let (status, review) = send_to(
        app(&mut registry),
        "/validate/resources?timeout=3s",
        "application/json",
        review.to_string(),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        review["response"]["status"]["message"],
        "SW702 spec.includes[0]: \"(\" is no regular expression (RE2): character 1: unclosed group"
    );
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = "admission_requests_total{hook=\"resources\",op=\"CREATE\",outcome=\"denied\",code=\"SW702\"} 1";
    assert!(text.contains(line), "{text}");
}
