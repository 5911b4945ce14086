//! The HTTP face: three paths that take an `AdmissionReview`. Every decision is a 200; other statuses mean that the
//! request itself was no review.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::admission::{Admission, Hook};
use crate::review::{API_VERSION, KIND, ReviewIn};

/// The paths `/mutate/pods`, `/mutate/workloads` and `/validate/resources`.
pub fn router(admission: Arc<Admission>) -> Router {
    let pods = |state, query, headers, body| review(Hook::Pods, state, query, headers, body);
    let workloads =
        |state, query, headers, body| review(Hook::Workloads, state, query, headers, body);
    let resources =
        |state, query, headers, body| review(Hook::Resources, state, query, headers, body);
    Router::new()
        .route(PODS_PATH, post(pods))
        .route(WORKLOADS_PATH, post(workloads))
        .route(RESOURCES_PATH, post(resources))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(in_time))
        .with_state(admission)
}

/// The query the API server adds.
#[derive(Deserialize)]
struct Budget {
    timeout: Option<String>,
}

async fn review(
    hook: Hook,
    State(admission): State<Arc<Admission>>,
    Query(budget): Query<Budget>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_json(&headers) {
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be application/json",
        )
            .into_response();
    }
    let Ok(review) = serde_json::from_slice::<ReviewIn>(&body) else {
        // The parser's message would quote the body, which may hold secrets.
        return (
            StatusCode::BAD_REQUEST,
            "the body is not an AdmissionReview",
        )
            .into_response();
    };
    if review.api_version != API_VERSION || review.kind != KIND {
        return (
            StatusCode::BAD_REQUEST,
            "only admission.k8s.io/v1 AdmissionReview is understood",
        )
            .into_response();
    }
    let response = admission
        .answer(hook, &review.request, budget.duration())
        .await;
    Json(response.into_review()).into_response()
}

impl Budget {
    fn duration(&self) -> Duration {
        let text = self.timeout.as_deref().unwrap_or_default();
        crate::vocabulary::duration(text).unwrap_or(DEFAULT_TIMEOUT)
    }
}

/// Bounds a request as a whole, so that a body that never ends holds nothing for ever.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Path of the pod hook.
pub(crate) const PODS_PATH: &str = "/mutate/pods";
/// Path of the workload hook.
pub(crate) const WORKLOADS_PATH: &str = "/mutate/workloads";
/// Path of the hook for our own resources.
pub(crate) const RESOURCES_PATH: &str = "/validate/resources";
/// A review holds up to two objects of 3 MiB each.
const LARGEST_BODY: usize = 8 * 1024 * 1024;
/// What the API server assumes when nothing is configured.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest timeout a webhook configuration can ask for.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
