use std::{convert::Infallible, fmt::Debug, hash::Hash, sync::Arc};

use futures::{SinkExt, Stream, StreamExt, channel::mpsc, future::join_all};
use kube::{
    Resource,
    core::DeserializeGuard,
    runtime::{
        controller::{self, Action, Config, applier},
        reflector::ObjectRef,
    },
};
use secretwire_api::VaultStaticSecret;
use secretwire_core::ObjectKey;

use super::{auth, connection, gates, transformation};
use crate::{
    cluster::{Cache, Guarded, Triggers, key_of},
    sync::{Context, visit},
};

/// Keys that may wait for a busy controller.
const QUEUE: usize = 1024;

/// Everything that works only on the leader.
pub(crate) struct Controllers {
    /// For the syncs.
    pub(crate) context: Arc<Context>,
    /// Resources of a kind worked on at the same time.
    pub(crate) concurrency: u16,
    /// Releases pods; None where admission is off.
    pub(crate) gates: Option<gates::Gates>,
}

/// Runs the controllers until this future is dropped.
pub(crate) async fn run(controllers: &Controllers) {
    let context = &controllers.context;
    let cluster = &context.cluster;
    // Another replica may have led meanwhile: what is remembered may be old.
    context.memory.clear();
    cluster.ready().await;
    let gates = async {
        match &controllers.gates {
            Some(gates) => gates.run().await,
            None => std::future::pending().await,
        }
    };
    futures::join!(
        control(
            &cluster.connections,
            &cluster.connection_triggers,
            context,
            1,
            connection::reconcile
        ),
        control(
            &cluster.auths,
            &cluster.auth_triggers,
            context,
            1,
            auth::reconcile
        ),
        control(
            &cluster.transformations,
            &cluster.transformation_triggers,
            context,
            1,
            transformation::reconcile
        ),
        control(
            &cluster.static_secrets,
            &cluster.static_secret_triggers,
            context,
            controllers.concurrency,
            static_secret,
        ),
        gates,
    );
}

async fn static_secret(object: Arc<Guarded<VaultStaticSecret>>, context: Arc<Context>) -> Action {
    match &object.0 {
        Ok(secret) => visit(Arc::new(secret.clone()), context).await,
        Err(invalid) => {
            malformed(&*object, "VaultStaticSecret", &invalid.error, &context);
            Action::await_change()
        }
    }
}

/// Says of an object that it cannot be read; it is looked at again when it changes.
pub(crate) fn malformed<K: Resource<DynamicType = ()>>(
    object: &K,
    kind: &'static str,
    error: &str,
    context: &Context,
) {
    use crate::events::{Note, Severity};
    let message = format!("The resource cannot be read: {error}");
    tracing::warn!(kind, object = %key_of(object), error, "malformed resource");
    context.recorder.record(
        object,
        kind,
        Note::new(Severity::Warning, "InvalidConfiguration", message),
    );
}

/// Works on the objects of one kind: all of them once, then those that are triggered.
async fn control<K, F>(
    cache: &Cache<DeserializeGuard<K>>,
    triggers: &Triggers,
    context: &Arc<Context>,
    concurrency: u16,
    reconcile: fn(Arc<DeserializeGuard<K>>, Arc<Context>) -> F,
) where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
    K::DynamicType: Eq + Hash + Clone + Unpin,
    F: Future<Output = Action> + Send,
{
    for object in cache.select(|_| true) {
        triggers.mark(key_of(&*object));
    }
    let (mut senders, appliers): (Vec<_>, Vec<_>) = cache
        .stores()
        .map(|store| {
            let (sender, receiver) = mpsc::channel::<ObjectKey>(QUEUE);
            let queue = receiver
                .map(|key| Ok::<_, Infallible>(ObjectRef::new(&key.name).within(&key.namespace)));
            let applied = applier(
                move |object, context| {
                    let visit = reconcile(object, context);
                    Box::pin(async move { Ok::<_, Infallible>(visit.await) })
                },
                |_, never: &Infallible, _| match *never {},
                Arc::clone(context),
                store.clone(),
                queue,
                Config::default().concurrency(concurrency),
            );
            (sender, drain(applied, context))
        })
        .unzip();
    let dispatch = async {
        let mut marked = Box::pin(triggers.stream());
        while let Some(key) = marked.next().await {
            if let Some(index) = cache.index_of(&key.namespace)
                && let Some(sender) = senders.get_mut(index)
            {
                // Fails only when the applier has ended, and this future with it.
                let _ = sender.send(key).await;
            }
        }
    };
    futures::join!(dispatch, join_all(appliers));
}

/// What went wrong was told where it happened; here only objects that are gone are left.
async fn drain<T, E, Q>(
    applied: impl Stream<Item = Result<T, controller::Error<E, Q>>>,
    context: &Context,
) where
    E: std::error::Error + 'static,
    Q: std::error::Error + 'static,
{
    let mut applied = Box::pin(applied);
    while let Some(done) = applied.next().await {
        if let Err(controller::Error::ObjectNotFound(gone)) = done {
            let key = ObjectKey::new(gone.namespace.unwrap_or_default(), gone.name);
            context.memory.forget(&key);
        }
    }
}
