//! Sessions by key.

use std::{collections::HashMap, fmt, hash::Hash, sync::Mutex};

use crate::{lock::lock, session::Session};

/// One session a key, made when first asked for. A key holds whatever makes two identities differ,
/// generations included, so that changed settings get a new session.
pub struct Sessions<K> {
    sessions: Mutex<HashMap<K, Session>>,
}

impl<K: Eq + Hash + Clone> Sessions<K> {
    /// An empty pool.
    pub fn new() -> Self {
        Self {
            sessions: Mutex::new(HashMap::new()),
        }
    }

    /// The session for `key`, made if there is none.
    pub fn get_or_create(&self, key: &K, create: impl FnOnce() -> Session) -> Session {
        let mut sessions = lock(&self.sessions);
        if let Some(session) = sessions.get(key) {
            return session.clone();
        }
        let session = create();
        sessions.insert(key.clone(), session.clone());
        session
    }

    /// The session for `key`, if there is one.
    pub fn get(&self, key: &K) -> Option<Session> {
        lock(&self.sessions).get(key).cloned()
    }

    /// Drops the sessions whose key does not pass. Requests under way as one of them finish.
    pub fn retain(&self, mut keep: impl FnMut(&K) -> bool) {
        lock(&self.sessions).retain(|key, _| keep(key));
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        lock(&self.sessions).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Eq + Hash + Clone> Default for Sessions<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Eq + Hash + Clone> fmt::Debug for Sessions<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("len", &self.len())
            .finish()
    }
}
