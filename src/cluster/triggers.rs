use std::{
    collections::{HashSet, VecDeque},
    sync::Mutex,
};

use futures::{Stream, stream};
use secretwire_core::ObjectKey;
use tokio::sync::Notify;

/// Objects that something happened to, each once until it is taken: bounded by
/// the number of objects, and nothing is lost while nobody takes them.
#[derive(Default)]
pub(crate) struct Triggers {
    pending: Mutex<Pending>,
    marked: Notify,
}

#[derive(Default)]
struct Pending {
    order: VecDeque<ObjectKey>,
    members: HashSet<ObjectKey>,
}

impl Triggers {
    /// Something happened to this object.
    pub(crate) fn mark(&self, key: ObjectKey) {
        let mut pending = lock(&self.pending);
        if pending.members.insert(key.clone()) {
            pending.order.push_back(key);
            drop(pending);
            self.marked.notify_one();
        }
    }

    /// As [`Self::mark`], before all others.
    pub(crate) fn mark_first(&self, key: ObjectKey) {
        let mut pending = lock(&self.pending);
        if pending.members.insert(key.clone()) {
            pending.order.push_front(key);
            drop(pending);
            self.marked.notify_one();
        }
    }

    fn take(&self) -> Option<ObjectKey> {
        let mut pending = lock(&self.pending);
        let key = pending.order.pop_front()?;
        pending.members.remove(&key);
        Some(key)
    }

    /// The objects, as things happen to them. One taker at a time gets all of them.
    pub(crate) fn stream(&self) -> impl Stream<Item = ObjectKey> + '_ {
        stream::unfold(self, |triggers| async move {
            loop {
                if let Some(key) = triggers.take() {
                    return Some((key, triggers));
                }
                triggers.marked.notified().await;
            }
        })
    }
}

/// A poisoned lock means that a holder panicked between two simple statements;
/// the set is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn what_is_marked_twice_is_taken_once_and_may_be_marked_again() {
        let triggers = Triggers::default();
        let (a, b) = (ObjectKey::new("n", "a"), ObjectKey::new("n", "b"));
        triggers.mark(a.clone());
        triggers.mark(a.clone());
        triggers.mark_first(b.clone());
        let mut stream = Box::pin(triggers.stream());
        assert_eq!(stream.next().await, Some(b));
        assert_eq!(stream.next().await, Some(a.clone()));
        triggers.mark(a.clone());
        assert_eq!(stream.next().await, Some(a));
    }
}
