use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use secretwire_api::DestinationStatus;
use secretwire_core::{ObjectKey, visit::Remembered};

/// What the last visits to the resources left. Lost with the process:
/// everything that must survive it is in the status.
#[derive(Default)]
pub(crate) struct Memory(Mutex<HashMap<ObjectKey, Entry>>);

/// What the last visit to one resource left.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// UID of the resource: another one may have come under its name.
    pub(crate) uid: String,
    /// For the decision whether to visit again.
    pub(crate) remembered: Remembered,
    /// What was delivered last.
    pub(crate) delivered: Delivered,
    /// Failures in a row, and since when.
    pub(crate) failing: Option<Failing>,
}

/// A row of failures.
#[derive(Clone, Debug)]
pub(crate) struct Failing {
    /// How many.
    pub(crate) failures: u32,
    /// Since when.
    pub(crate) since: Instant,
    /// The last one's message, so that the same one makes no second Event.
    pub(crate) message: String,
}

/// What was delivered last to a destination.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Delivered {
    /// Digest of the data.
    pub(crate) digest: Option<String>,
    /// The Secret.
    pub(crate) destination: Option<DestinationStatus>,
}

impl Memory {
    /// Looks at the entry of a resource.
    pub(crate) fn with<T>(
        &self,
        key: &ObjectKey,
        uid: &str,
        look: impl FnOnce(Option<&Entry>) -> T,
    ) -> T {
        look(self.lock().get(key).filter(|entry| entry.uid == uid))
    }

    /// Remembers a visit.
    pub(crate) fn remember(&self, key: ObjectKey, entry: Entry) {
        self.lock().insert(key, entry);
    }

    /// Has a resource read as soon as nothing else is asked for.
    pub(crate) fn make_due(&self, key: &ObjectKey, uid: &str, now: Instant) {
        if let Some(entry) = self.lock().get_mut(key)
            && entry.uid == uid
        {
            let due = entry.remembered.due.unwrap_or(now);
            entry.remembered.due = Some(due.min(now));
        }
    }

    /// Forgets a resource that is gone.
    pub(crate) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    /// Forgets all of them: another process may have visited since.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
