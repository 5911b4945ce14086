use std::{
    collections::HashMap,
    fmt::Debug,
    future,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Resource,
    core::PartialObjectMeta,
    runtime::{
        WatchStreamExt,
        reflector::store::Writer,
        watcher::{self, watcher},
    },
};
use secretwire_api::{
    SecretTransformation, VaultAuth, VaultConnection, VaultStaticSecret, names::label,
};
use serde::de::DeserializeOwned;

use super::{Cluster, Guarded, Scopes, key_of};

/// The writing ends of the caches.
pub(crate) struct Watches {
    pub(super) connections: Vec<Writer<Guarded<VaultConnection>>>,
    pub(super) auths: Vec<Writer<Guarded<VaultAuth>>>,
    pub(super) transformations: Vec<Writer<Guarded<SecretTransformation>>>,
    pub(super) static_secrets: Vec<Writer<Guarded<VaultStaticSecret>>>,
    pub(super) secrets: Vec<Writer<PartialObjectMeta<Secret>>>,
}

impl Watches {
    /// Fills the caches for as long as the process runs.
    pub(crate) async fn run(self, client: Client, scopes: Scopes, cluster: Arc<Cluster>) {
        let connections = {
            let mut generations = Generations::default();
            let cluster = Arc::clone(&cluster);
            let happened = move |happened: Happened<'_, _>| {
                if let Some(object) = generations.changed(&happened) {
                    cluster.connection_changed(&key_of(object));
                }
            };
            drive(
                scopes.apis(&client),
                self.connections,
                watcher::Config::default(),
                happened,
            )
        };
        let auths = {
            let mut generations = Generations::default();
            let cluster = Arc::clone(&cluster);
            let happened = move |happened: Happened<'_, _>| {
                if let Some(object) = generations.changed(&happened) {
                    cluster.auth_changed(&key_of(object));
                }
            };
            drive(
                scopes.apis(&client),
                self.auths,
                watcher::Config::default(),
                happened,
            )
        };
        let transformations = {
            let mut generations = Generations::default();
            let cluster = Arc::clone(&cluster);
            let happened = move |happened: Happened<'_, _>| {
                if let Some(object) = generations.changed(&happened) {
                    cluster.transformation_changed(&key_of(object));
                }
            };
            drive(
                scopes.apis(&client),
                self.transformations,
                watcher::Config::default(),
                happened,
            )
        };
        let filled = Arc::clone(&cluster);
        let static_secrets = {
            let cluster = Arc::clone(&cluster);
            let happened = move |happened: Happened<'_, _>| {
                if let Happened::Object(object) | Happened::Gone(object) = happened {
                    cluster.static_secret_triggers.mark(key_of(object));
                }
                cluster.changed.send_replace(());
            };
            drive(
                scopes.apis(&client),
                self.static_secrets,
                watcher::Config::default(),
                happened,
            )
        };
        let secrets = {
            let config = watcher::Config::default().labels(label::OWNED_SELECTOR);
            let happened = move |happened: Happened<'_, _>| {
                match happened {
                    Happened::Object(secret) | Happened::Gone(secret) => {
                        if let Some(owner) = cluster.owner(secret) {
                            cluster.static_secret_triggers.mark(owner);
                        }
                    }
                    // A Secret that was deleted while nobody watched is missed by its owner only.
                    Happened::Listed => cluster.mark_all_static_secrets(),
                }
                cluster.changed.send_replace(());
            };
            drive(scopes.apis(&client), self.secrets, config, happened)
        };
        futures::join!(
            connections,
            auths,
            transformations,
            static_secrets,
            secrets,
            filled.fill()
        );
    }
}

/// The generation of each object when it last counted as changed.
#[derive(Default)]
struct Generations {
    seen: HashMap<String, (i64, bool)>,
    listed: bool,
}

impl Generations {
    /// The object, when it is new, was edited or is gone. Neither a write of its status
    /// counts nor what was there from the start: controllers begin with all of that.
    fn changed<'a, K: Resource>(&mut self, happened: &Happened<'a, K>) -> Option<&'a K> {
        match happened {
            Happened::Object(object) => (self.is_new(*object) && self.listed).then_some(*object),
            Happened::Gone(object) => {
                self.seen
                    .remove(object.meta().uid.as_deref().unwrap_or_default());
                Some(*object)
            }
            Happened::Listed => {
                self.listed = true;
                None
            }
        }
    }

    fn is_new<K: Resource>(&mut self, object: &K) -> bool {
        let meta = object.meta();
        let uid = meta.uid.clone().unwrap_or_default();
        let state = (
            meta.generation.unwrap_or_default(),
            meta.deletion_timestamp.is_some(),
        );
        self.seen.insert(uid, state) != Some(state)
    }
}

/// What a watch tells.
enum Happened<'a, K> {
    /// Something happened to this object.
    Object(&'a K),
    /// This object is gone.
    Gone(&'a K),
    /// The objects were listed anew; some may have gone unseen.
    Listed,
}

/// Restarts of a watch that need no pause: when the API server no longer knows where it stood, the watcher lists anew. To
/// wait before that, as after a failure, would leave admission without what was created meanwhile.
#[derive(Default)]
struct Restarts {
    last: Option<Instant>,
}

impl Restarts {
    /// Between two of them; a server that forgets at once is not to be asked in a circle.
    const APART: Duration = Duration::from_secs(10);

    fn is_free(&mut self, error: &watcher::Error, now: Instant) -> bool {
        let forgotten = matches!(error, watcher::Error::WatchError(status) if status.code == 410);
        let free = forgotten
            && self
                .last
                .is_none_or(|last| now.duration_since(last) >= Self::APART);
        if free {
            self.last = Some(now);
        }
        free
    }
}

/// Watches every scope into its store; `happened` is told after the store shows it.
async fn drive<K>(
    apis: Vec<Api<K>>,
    writers: Vec<Writer<K>>,
    config: watcher::Config,
    mut happened: impl FnMut(Happened<'_, K>),
) where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let streams = apis.into_iter().zip(writers).map(|(api, writer)| {
        let store = writer.as_reader();
        let mut restarts = Restarts::default();
        watcher(api, config.clone())
            .filter(move |event| {
                let error = event.as_ref().err();
                future::ready(!error.is_some_and(|error| restarts.is_free(error, Instant::now())))
            })
            .modify(|object| object.meta_mut().managed_fields = None)
            .default_backoff()
            .reflect(writer)
            .map(move |event| (event, store.clone()))
            .boxed()
    });
    let mut events = futures::stream::select_all(streams);
    while let Some((event, store)) = events.next().await {
        match event {
            Ok(watcher::Event::Apply(object)) => happened(Happened::Object(&object)),
            Ok(watcher::Event::Delete(object)) => happened(Happened::Gone(&object)),
            // The store shows a list only when all of it is there.
            Ok(watcher::Event::InitDone) => {
                for object in store.state() {
                    happened(Happened::Object(&object));
                }
                happened(Happened::Listed);
            }
            Ok(watcher::Event::Init | watcher::Event::InitApply(_)) => {}
            Err(error) => {
                tracing::warn!(kind = %K::kind(&()), %error, "watch failed, trying again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn a_watch_that_was_forgotten_starts_over_at_once_and_not_in_a_circle() {
        let error =
            |code| watcher::Error::WatchError(Status::failure("x", "y").with_code(code).boxed());
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        assert!(!restarts.is_free(&error(500), start));
        assert!(restarts.is_free(&error(410), start));
        assert!(!restarts.is_free(&error(410), start + Duration::from_secs(9)));
        assert!(restarts.is_free(&error(410), start + Duration::from_secs(10)));
        assert!(!restarts.is_free(
            &watcher::Error::NoResourceVersion,
            start + Duration::from_mins(1)
        ));
    }
}
