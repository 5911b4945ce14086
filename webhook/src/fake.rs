//! A directory that tests fill by hand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::directory::{Directory, Readiness, Referent, ResourceKey, Sighting};
use crate::reference::RefKind;

/// Serves static and dynamic secrets, all in namespace "shop".
pub(crate) struct Fake {
    synced: AtomicBool,
    seen: Mutex<BTreeMap<ResourceKey, Sighting>>,
    /// By the first key that is watched together with others.
    changed: Mutex<BTreeMap<ResourceKey, watch::Sender<()>>>,
    nudged: Mutex<Vec<ResourceKey>>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            synced: AtomicBool::new(true),
            seen: Mutex::default(),
            changed: Mutex::default(),
            nudged: Mutex::default(),
        }
    }

    pub(crate) fn with(self, name: &str, sighting: Sighting) -> Self {
        self.put(static_secret(name), sighting);
        self
    }

    pub(crate) fn put(&self, key: ResourceKey, sighting: Sighting) {
        let changed = self.changed.lock().unwrap().get(&key).cloned();
        self.seen.lock().unwrap().insert(key, sighting);
        if let Some(changed) = changed {
            changed.send_replace(());
        }
    }

    pub(crate) fn starting() -> Self {
        let fake = Self::new();
        fake.synced.store(false, Ordering::Relaxed);
        fake
    }

    pub(crate) fn nudged(&self) -> Vec<ResourceKey> {
        self.nudged.lock().unwrap().clone()
    }
}

impl Directory for Fake {
    fn synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    fn serves(&self, kind: RefKind) -> bool {
        matches!(
            kind,
            RefKind::VaultStaticSecret | RefKind::VaultDynamicSecret
        )
    }

    fn find(&self, namespace: &str, key: &ResourceKey) -> Option<Sighting> {
        assert_ne!(key.name, "panics", "as the test asks");
        self.seen
            .lock()
            .unwrap()
            .get(key)
            .filter(|_| namespace == "shop")
            .cloned()
    }

    /// Everything but what is called so.
    fn exists(&self, _: Referent, _: &str, name: &str) -> bool {
        name != "missing"
    }

    fn names(&self, _: &str, kind: RefKind) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.keys()
            .filter(|key| key.kind == kind)
            .map(|key| key.name.clone())
            .collect()
    }

    fn changes(&self, _: &str, keys: &[ResourceKey]) -> watch::Receiver<()> {
        let mut changed = self.changed.lock().unwrap();
        let first = keys
            .first()
            .cloned()
            .unwrap_or_else(|| static_secret("nothing"));
        changed
            .entry(first)
            .or_insert_with(|| watch::Sender::new(()))
            .subscribe()
    }

    fn nudge(&self, _: &str, keys: &[ResourceKey]) {
        self.nudged.lock().unwrap().extend_from_slice(keys);
    }
}

/// Key of a static secret.
pub(crate) fn static_secret(name: &str) -> ResourceKey {
    ResourceKey {
        kind: RefKind::VaultStaticSecret,
        name: name.into(),
    }
}

/// A synced resource whose Secret is called `<name>-secret` and has these keys, and `_raw`.
pub(crate) fn ready(name: &str, keys: &[&str]) -> Sighting {
    let keys: Vec<String> = keys
        .iter()
        .chain(&["_raw"])
        .map(|key| (*key).to_owned())
        .collect();
    Sighting {
        uid: format!("uid-{name}"),
        destination: format!("{name}-secret"),
        creates_destination: true,
        exclude_raw: false,
        keys: Some(keys.into()),
        readiness: Readiness::Ready,
        secret_mac: Some(format!("mac-{name}")),
        secret_resource_version: Some("41".into()),
    }
}

/// The same before its first sync.
pub(crate) fn unsynced(name: &str) -> Sighting {
    Sighting {
        keys: None,
        readiness: Readiness::Pending {
            message: "not synced".into(),
        },
        secret_mac: None,
        secret_resource_version: None,
        ..ready(name, &[])
    }
}

/// The same while a later generation is not synced.
pub(crate) fn outdated(name: &str, keys: &[&str]) -> Sighting {
    Sighting {
        readiness: Readiness::Pending {
            message: "generation 2".into(),
        },
        ..ready(name, keys)
    }
}
