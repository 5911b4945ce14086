//! An API server in miniature for tests: objects by path, optimistic concurrency, single-object watches.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::{StreamExt as _, channel::mpsc, stream};
use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Frame};
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};
use tower::service_fn;

/// Shared by the test and any number of clients.
#[derive(Clone, Default)]
pub(crate) struct FakeApi(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    version: u64,
    objects: BTreeMap<String, Value>,
    watches: Vec<Watch>,
    /// Every event so far with its version and path, for watches that begin in the past.
    history: Vec<(u64, String, Value)>,
    down: bool,
    calls: Vec<String>,
    changes: watch::Sender<()>,
}

struct Watch {
    path: String,
    events: mpsc::UnboundedSender<Value>,
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

impl FakeApi {
    pub(crate) fn client(&self) -> Client {
        let api = self.clone();
        let service = service_fn(move |request| {
            let api = api.clone();
            async move { Ok::<_, Infallible>(api.answer(request).await) }
        });
        Client::new(service, "default")
    }

    /// The object at a path such as `/api/v1/namespaces/ops/secrets/x`.
    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.state().objects.get(path).cloned()
    }

    /// The object, as soon as it exists and is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut changes = self.state().changes.subscribe();
        let waiting = async {
            loop {
                if let Some(object) = self.object(path).filter(&wanted) {
                    return object;
                }
                changes.changed().await.unwrap();
            }
        };
        let in_time = timeout(Duration::from_secs(30), waiting).await;
        in_time.unwrap_or_else(|_| panic!("{path} never became as wanted"))
    }

    /// Writes as a person would who does not look at versions.
    pub(crate) fn put(&self, path: &str, object: Value) {
        self.state().store(path, object);
    }

    pub(crate) fn delete(&self, path: &str) {
        let mut state = self.state();
        if let Some(object) = state.objects.remove(path) {
            state.version += 1;
            state.tell(path, "DELETED", &object);
        }
    }

    /// While down, every call is refused; open watches stay open.
    pub(crate) fn set_down(&self, down: bool) {
        self.state().down = down;
    }

    /// The calls since the last time this was asked, as `METHOD path`; watches and lists are marked by a `?`.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = head.uri.path().to_owned();
        let query = head.uri.query().unwrap_or_default();
        let selected = query
            .split('&')
            .find_map(|part| part.strip_prefix("fieldSelector=metadata.name%3D"))
            .map(|name| format!("{path}/{name}"));
        let mark = if selected.is_some() { "?" } else { "" };
        let mut state = self.state();
        state.calls.push(format!("{} {path}{mark}", head.method));
        if state.down {
            return failure(StatusCode::FORBIDDEN, "Down");
        }
        if let Some(selected) = selected {
            return if query.contains("watch=true") {
                let since = query
                    .split('&')
                    .find_map(|part| part.strip_prefix("resourceVersion="));
                state.watch(selected, since.map_or(0, |since| since.parse().unwrap()))
            } else {
                state.list(&selected)
            };
        }
        let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
        match head.method {
            Method::POST => {
                let path = format!("{path}/{}", sent["metadata"]["name"].as_str().unwrap());
                if state.objects.contains_key(&path) {
                    return failure(StatusCode::CONFLICT, "AlreadyExists");
                }
                success(&state.store(&path, sent))
            }
            Method::GET => match state.objects.get(&path) {
                Some(object) => success(object),
                None => failure(StatusCode::NOT_FOUND, "NotFound"),
            },
            Method::PUT => match state.objects.get(&path) {
                None => failure(StatusCode::NOT_FOUND, "NotFound"),
                Some(live) if version(live) != version(&sent) => {
                    failure(StatusCode::CONFLICT, "Conflict")
                }
                Some(_) => success(&state.store(&path, sent)),
            },
            Method::PATCH => {
                assert_eq!(head.headers[CONTENT_TYPE], "application/apply-patch+yaml");
                let before = state.objects.get(&path).cloned().unwrap_or_default();
                let mut after = before.clone();
                merge(&mut after, sent);
                if after == before {
                    return success(&after);
                }
                success(&state.store(&path, after))
            }
            _ => failure(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        }
    }
}

impl State {
    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path.to_owned(), object.clone());
        self.tell(path, "MODIFIED", &object);
        object
    }

    fn tell(&mut self, path: &str, kind: &str, object: &Value) {
        self.changes.send_replace(());
        let event = json!({ "type": kind, "object": object });
        self.history
            .push((self.version, path.to_owned(), event.clone()));
        self.watches.retain(|watch| {
            watch.path != path || watch.events.unbounded_send(event.clone()).is_ok()
        });
    }

    fn list(&self, selected: &str) -> Answer {
        let items: Vec<_> = self.objects.get(selected).into_iter().collect();
        success(&json!({
            "apiVersion": "v1",
            "kind": "List",
            "metadata": { "resourceVersion": self.version.to_string() },
            "items": items,
        }))
    }

    fn watch(&mut self, path: String, since: u64) -> Answer {
        let (events, received) = mpsc::unbounded();
        let missed = self.history.iter();
        for (_, _, event) in missed.filter(|(version, at, _)| *version > since && *at == path) {
            events.unbounded_send(event.clone()).unwrap();
        }
        self.watches.push(Watch { path, events });
        let lines = received.map(|event: Value| Ok(Frame::data(Bytes::from(format!("{event}\n")))));
        // An API server keeps a watch open; a body that ends would make the client ask again at once.
        let body = StreamBody::new(lines.chain(stream::pending()));
        Response::new(body.boxed_unsync())
    }
}

/// Server-side apply as far as these tests go: maps merge by key, lists of named things by name.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) if from.iter().all(|v| v["name"].is_string()) => {
            for value in from {
                match into.iter_mut().find(|known| known["name"] == value["name"]) {
                    Some(known) => merge(known, value),
                    None => into.push(value),
                }
            }
        }
        (into, from) => *into = from,
    }
}

fn version(object: &Value) -> &Value {
    &object["metadata"]["resourceVersion"]
}

fn success(object: &Value) -> Answer {
    respond(StatusCode::OK, object)
}

fn failure(code: StatusCode, reason: &str) -> Answer {
    let status = json!({
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "message": reason,
        "reason": reason,
        "code": code.as_u16(),
    });
    respond(code, &status)
}

fn respond(code: StatusCode, object: &Value) -> Answer {
    let body = Full::new(Bytes::from(object.to_string())).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response
}
