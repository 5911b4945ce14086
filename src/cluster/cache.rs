use std::{fmt::Debug, hash::Hash, sync::Arc};

use kube::{
    Resource,
    runtime::reflector::{ObjectRef, Store},
};
use secretwire_core::ObjectKey;

/// Objects of one kind as the watches last saw them, one store a watched namespace.
pub(crate) struct Cache<K: Resource<DynamicType = ()> + 'static> {
    stores: Vec<(Option<String>, Store<K>)>,
}

impl<K> Cache<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + 'static,
    K::DynamicType: Eq + Hash + Clone + Default,
{
    /// A cache over these stores; a store without a namespace holds all of them.
    pub(crate) fn new(stores: Vec<(Option<String>, Store<K>)>) -> Self {
        Self { stores }
    }

    /// The stores, to run a controller over each.
    pub(crate) fn stores(&self) -> impl Iterator<Item = &Store<K>> {
        self.stores.iter().map(|(_, store)| store)
    }

    /// Which of the stores `namespace` is in.
    pub(crate) fn index_of(&self, namespace: &str) -> Option<usize> {
        self.stores
            .iter()
            .position(|(scope, _)| scope.as_deref().is_none_or(|scope| scope == namespace))
    }

    /// One object.
    pub(crate) fn get(&self, key: &ObjectKey) -> Option<Arc<K>> {
        let reference = ObjectRef::new(&key.name).within(&key.namespace);
        let (_, store) = self.stores.get(self.index_of(&key.namespace)?)?;
        store.get(&reference)
    }

    /// Every object that the predicate holds for.
    pub(crate) fn select(&self, wanted: impl Fn(&K) -> bool) -> Vec<Arc<K>> {
        self.stores
            .iter()
            .flat_map(|(_, store)| store.state_filter(&wanted))
            .collect()
    }

    /// Waits until every store has been filled once.
    pub(crate) async fn ready(&self) {
        for (_, store) in &self.stores {
            // Fails only when the watch task is gone, which ends the process anyway.
            let _ = store.wait_until_ready().await;
        }
    }
}

/// Namespace and name of an object that came from the API server.
pub(crate) fn key_of<K: Resource>(object: &K) -> ObjectKey {
    let meta = object.meta();
    ObjectKey::new(
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default(),
    )
}
