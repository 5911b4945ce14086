use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        WatchStreamExt, reflector,
        reflector::store::Writer,
        watcher::{self, watcher},
    },
};
use secretwire_api::{
    SecretTransformation, VaultAuth, VaultConnection, VaultStaticSecret, names::label,
};
use secretwire_core::{ObjectKey, reference, transform, visit::Nudge};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::{Cache, OwnedSecrets, Triggers, key_of, owned::owner_of};

/// A kind of ours, where one malformed object must not end the watch of all.
pub(crate) type Guarded<K> = DeserializeGuard<K>;

/// Which namespaces are watched.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(Vec<Option<String>>);

impl Scopes {
    /// All namespaces when none is named; else those and the operator's own,
    /// where the defaults live.
    pub(crate) fn new(namespaces: &[String], operator_namespace: &str) -> Self {
        if namespaces.is_empty() {
            return Self(vec![None]);
        }
        let mut all: Vec<_> = namespaces.to_vec();
        all.push(operator_namespace.to_owned());
        all.sort();
        all.dedup();
        Self(all.into_iter().map(Some).collect())
    }

    /// One API handle a scope.
    pub(crate) fn apis<K>(&self, client: &Client) -> Vec<Api<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        self.0
            .iter()
            .map(|scope| match scope {
                Some(namespace) => Api::namespaced(client.clone(), namespace),
                None => Api::all(client.clone()),
            })
            .collect()
    }
}

/// The caches, and what their changes trigger.
pub(crate) struct Cluster {
    /// VaultConnections.
    pub(crate) connections: Cache<Guarded<VaultConnection>>,
    /// VaultAuths.
    pub(crate) auths: Cache<Guarded<VaultAuth>>,
    /// SecretTransformations.
    pub(crate) transformations: Cache<Guarded<SecretTransformation>>,
    /// VaultStaticSecrets.
    pub(crate) static_secrets: Cache<Guarded<VaultStaticSecret>>,
    /// Secrets that carry the owner labels.
    pub(crate) secrets: OwnedSecrets,
    /// VaultConnections to look at.
    pub(crate) connection_triggers: Triggers,
    /// VaultAuths to look at.
    pub(crate) auth_triggers: Triggers,
    /// SecretTransformations to look at.
    pub(crate) transformation_triggers: Triggers,
    /// VaultStaticSecrets to look at.
    pub(crate) static_secret_triggers: Triggers,
    /// VaultStaticSecrets to visit whether it is time or not.
    nudged: Mutex<HashMap<ObjectKey, Nudge>>,
    filled: watch::Sender<bool>,
    changed: watch::Sender<()>,
    operator_namespace: String,
}

/// The writing ends of the caches.
pub(crate) struct Watches {
    connections: Vec<Writer<Guarded<VaultConnection>>>,
    auths: Vec<Writer<Guarded<VaultAuth>>>,
    transformations: Vec<Writer<Guarded<SecretTransformation>>>,
    static_secrets: Vec<Writer<Guarded<VaultStaticSecret>>>,
    secrets: Vec<Writer<PartialObjectMeta<Secret>>>,
}

impl Cluster {
    /// Empty caches, and what fills them.
    pub(crate) fn new(scopes: &Scopes, operator_namespace: &str) -> (Arc<Self>, Watches) {
        let (connections, connection_writers) = stores(scopes);
        let (auths, auth_writers) = stores(scopes);
        let (transformations, transformation_writers) = stores(scopes);
        let (static_secrets, static_secret_writers) = stores(scopes);
        let (secrets, secret_writers) = stores(scopes);
        let cluster = Self {
            connections,
            auths,
            transformations,
            static_secrets,
            secrets,
            connection_triggers: Triggers::default(),
            auth_triggers: Triggers::default(),
            transformation_triggers: Triggers::default(),
            static_secret_triggers: Triggers::default(),
            nudged: Mutex::default(),
            filled: watch::Sender::new(false),
            changed: watch::Sender::new(()),
            operator_namespace: operator_namespace.to_owned(),
        };
        let watches = Watches {
            connections: connection_writers,
            auths: auth_writers,
            transformations: transformation_writers,
            static_secrets: static_secret_writers,
            secrets: secret_writers,
        };
        (Arc::new(cluster), watches)
    }

    /// Waits until every cache has been filled once.
    pub(crate) async fn ready(&self) {
        // The sender is this object's own, so it outlives the wait.
        let _ = self.filled.subscribe().wait_for(|filled| *filled).await;
    }

    /// A store wakes only one of those who wait for it, so one waits for all.
    async fn fill(&self) {
        self.connections.ready().await;
        self.auths.ready().await;
        self.transformations.ready().await;
        self.static_secrets.ready().await;
        self.secrets.ready().await;
        self.filled.send_replace(true);
    }

    /// Marked by each change of a resource or Secret, after the caches show it.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Has a resource visited soon, before those that only wait for their time.
    pub(crate) fn nudge(&self, key: ObjectKey, nudge: Nudge) {
        self.nudged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key.clone())
            .and_modify(|known| *known = nudge.max(*known))
            .or_insert(nudge);
        self.static_secret_triggers.mark_first(key);
    }

    /// What the resource was nudged for since this was last asked.
    pub(crate) fn take_nudge(&self, key: &ObjectKey) -> Option<Nudge> {
        self.nudged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key)
    }

    /// The VaultStaticSecrets that log in with this VaultAuth.
    fn users_of_auth(&self, auth: &ObjectKey) -> Vec<ObjectKey> {
        self.static_secrets
            .select(|guarded| {
                guarded.0.as_ref().is_ok_and(|secret| {
                    let namespace = secret.namespace().unwrap_or_default();
                    reference::vault_auth(
                        secret.spec.vault_auth_ref.as_deref(),
                        &namespace,
                        &self.operator_namespace,
                    )
                    .is_ok_and(|key| key == *auth)
                })
            })
            .iter()
            .map(|secret| key_of(&**secret))
            .collect()
    }

    /// The VaultAuths that use this VaultConnection.
    fn users_of_connection(&self, connection: &ObjectKey) -> Vec<ObjectKey> {
        self.auths
            .select(|guarded| {
                guarded.0.as_ref().is_ok_and(|auth| {
                    reference::vault_connection(
                        auth.spec.vault_connection_ref.as_deref(),
                        &key_of(auth),
                        &self.operator_namespace,
                    )
                    .is_ok_and(|key| key == *connection)
                })
            })
            .iter()
            .map(|auth| key_of(&**auth))
            .collect()
    }

    /// The resource that a Secret belongs to: by its reference, else, where
    /// someone stripped that, by the UID in its labels.
    fn owner(&self, secret: &PartialObjectMeta<Secret>) -> Option<ObjectKey> {
        owner_of(secret).or_else(|| {
            let uid = secret.labels().get(label::OWNER_UID)?;
            let owners = self
                .static_secrets
                .select(|resource| resource.meta().uid.as_ref() == Some(uid));
            owners.first().map(|resource| key_of(&**resource))
        })
    }

    fn mark_all_static_secrets(&self) {
        for secret in self.static_secrets.select(|_| true) {
            self.static_secret_triggers.mark(key_of(&*secret));
        }
    }

    fn auth_changed(&self, auth: &ObjectKey) {
        self.auth_triggers.mark(auth.clone());
        for secret in self.users_of_auth(auth) {
            self.nudge(secret, Nudge::Read);
        }
    }

    /// The VaultStaticSecrets that take templates or filters from this SecretTransformation.
    fn users_of_transformation(&self, transformation: &ObjectKey) -> Vec<ObjectKey> {
        self.static_secrets
            .select(|guarded| {
                guarded.0.as_ref().is_ok_and(|secret| {
                    let namespace = secret.namespace().unwrap_or_default();
                    let links = secret.spec.destination.transformation.iter();
                    links
                        .flat_map(|t| &t.transformation_refs)
                        .any(|link| transform::linked_key(link, &namespace) == *transformation)
                })
            })
            .iter()
            .map(|secret| key_of(&**secret))
            .collect()
    }

    fn transformation_changed(&self, transformation: &ObjectKey) {
        self.transformation_triggers.mark(transformation.clone());
        for secret in self.users_of_transformation(transformation) {
            self.nudge(secret, Nudge::Render);
        }
    }

    fn connection_changed(&self, connection: &ObjectKey) {
        self.connection_triggers.mark(connection.clone());
        for auth in self.users_of_connection(connection) {
            self.auth_changed(&auth);
        }
    }
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
                if let Happened::Object(object) = happened {
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
                    Happened::Object(secret) => {
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
    /// The object, when it is new or was edited. Neither a write of its status
    /// counts nor what was there from the start: controllers begin with all of that.
    fn changed<'a, K: Resource>(&mut self, happened: &Happened<'a, K>) -> Option<&'a K> {
        match happened {
            Happened::Object(object) => (self.is_new(*object) && self.listed).then_some(*object),
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

type Filled<K> = (Cache<K>, Vec<Writer<K>>);

fn stores<K>(scopes: &Scopes) -> Filled<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + 'static,
{
    let (stores, writers) = scopes
        .0
        .iter()
        .map(|scope| {
            let (store, writer) = reflector::store::<K>();
            ((scope.clone(), store), writer)
        })
        .unzip();
    (Cache::new(stores), writers)
}

/// What a watch tells.
enum Happened<'a, K> {
    /// Something happened to this object, if only its deletion.
    Object(&'a K),
    /// The objects were listed anew; some may have gone unseen.
    Listed,
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
        watcher(api, config.clone())
            .modify(|object| object.meta_mut().managed_fields = None)
            .default_backoff()
            .reflect(writer)
            .map(move |event| (event, store.clone()))
            .boxed()
    });
    let mut events = futures::stream::select_all(streams);
    while let Some((event, store)) = events.next().await {
        match event {
            Ok(watcher::Event::Apply(object) | watcher::Event::Delete(object)) => {
                happened(Happened::Object(&object));
            }
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
