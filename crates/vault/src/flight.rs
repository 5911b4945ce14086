//! Equal work at the same time is done once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::lock::lock;

/// Work under way, by key. No task is spawned: whoever waits drives the work, and it goes on when
/// the one who began it goes away, as long as anyone waits.
pub(crate) struct Flights<K, V: Clone> {
    table: Arc<Mutex<Table<K, V>>>,
}

struct Table<K, V: Clone> {
    started: u64,
    under_way: HashMap<K, Flight<V>>,
}

struct Flight<V: Clone> {
    number: u64,
    work: WeakShared<BoxFuture<'static, V>>,
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self {
            table: Arc::new(Mutex::new(Table {
                started: 0,
                under_way: HashMap::new(),
            })),
        }
    }

    /// Joins the work under way for `key`. Where there is none, takes what is already `settled`,
    /// else starts it. No other caller can come between these steps, and work leaves the table only
    /// after its effects are there for `settled` to see.
    pub(crate) async fn join(
        &self,
        key: K,
        settled: impl FnOnce() -> Option<V>,
        start: impl FnOnce() -> BoxFuture<'static, V>,
    ) -> V {
        let work = match self.board(key, settled, start) {
            Ok(work) => work,
            Err(value) => return value,
        };
        work.await
    }

    fn board(
        &self,
        key: K,
        settled: impl FnOnce() -> Option<V>,
        start: impl FnOnce() -> BoxFuture<'static, V>,
    ) -> Result<Shared<BoxFuture<'static, V>>, V> {
        let mut table = lock(&self.table);
        if let Some(work) = table
            .under_way
            .get(&key)
            .and_then(|flight| flight.work.upgrade())
        {
            return Ok(work);
        }
        if let Some(value) = settled() {
            return Err(value);
        }
        table.started += 1;
        let number = table.started;
        let landing = Landing {
            table: Arc::clone(&self.table),
            key: key.clone(),
            number,
        };
        let started = start();
        let work = async move {
            // Leaves the table when done, and also when everyone who waited has gone.
            let _landing = landing;
            started.await
        }
        .boxed()
        .shared();
        if let Some(weak) = work.downgrade() {
            table.under_way.insert(key, Flight { number, work: weak });
        }
        Ok(work)
    }
}

struct Landing<K: Eq + Hash, V: Clone> {
    table: Arc<Mutex<Table<K, V>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, V: Clone> Drop for Landing<K, V> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        // Abandoned work may be replaced before it is dropped: its successor stays.
        if table
            .under_way
            .get(&self.key)
            .is_some_and(|flight| flight.number == self.number)
        {
            table.under_way.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::{join, join_all, poll_fn};
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn callers_at_the_same_time_share_one_run_and_later_ones_start_anew() {
        let flights = Flights::new();
        let runs = Arc::new(AtomicU32::new(0));
        let go = Arc::new(Notify::new());
        let run = || {
            let (runs, go) = (Arc::clone(&runs), Arc::clone(&go));
            async move {
                go.notified().await;
                runs.fetch_add(1, Ordering::SeqCst) + 1
            }
            .boxed()
        };
        let all = join_all((0..100).map(|_| flights.join("k", || None, run)));
        let (results, ()) = join(all, async { go.notify_one() }).await;
        assert_eq!(results, [1; 100]);
        go.notify_one();
        assert_eq!(flights.join("k", || None, run).await, 2);
        assert_eq!(flights.join("k", || Some(9), run).await, 9);
        assert!(lock(&flights.table).under_way.is_empty());
    }

    #[tokio::test]
    async fn work_goes_on_when_the_one_who_began_it_goes_away() {
        let flights = Flights::<_, u32>::new();
        let go = Arc::new(Notify::new());
        let gate = Arc::clone(&go);
        let mut first = Box::pin(flights.join(
            "k",
            || None,
            move || {
                async move {
                    gate.notified().await;
                    7
                }
                .boxed()
            },
        ));
        assert!(poll_once(&mut first).await.is_none());
        let mut second = Box::pin(flights.join("k", || None, || unreachable!("joins the first")));
        assert!(poll_once(&mut second).await.is_none());
        drop(first);
        go.notify_one();
        assert_eq!(second.await, 7);
    }

    #[tokio::test]
    async fn abandoned_work_leaves_nothing_behind() {
        let flights = Flights::<_, u32>::new();
        let mut only =
            Box::pin(flights.join("k", || None, || std::future::pending::<u32>().boxed()));
        assert!(poll_once(&mut only).await.is_none());
        drop(only);
        assert!(lock(&flights.table).under_way.is_empty());
    }

    async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        poll_fn(|cx| match future.poll_unpin(cx) {
            std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
