//! Parsed sets shared by content.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::set::Set;

/// Keeps parsed sets, so that resources with the same templates share one and none is parsed at
/// every sync. The least recently used go first when all together pass a bound.
pub struct ParsedCache {
    prototype: Set,
    max_bytes: usize,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    entries: HashMap<Arc<[u8]>, Entry>,
    bytes: usize,
    /// Counts look-ups, to tell which entry was used last.
    clock: u64,
}

struct Entry {
    set: Arc<Set>,
    weight: usize,
    used: u64,
}

impl ParsedCache {
    /// A cache for sets with the functions and options of `prototype`, holding up to about `max_bytes`.
    pub fn new(prototype: Set, max_bytes: usize) -> Self {
        Self {
            prototype,
            max_bytes,
            shelf: Mutex::default(),
        }
    }

    /// The set of these texts, given as name and text and parsed in this order. Failures are not
    /// kept.
    pub fn get_or_parse(&self, texts: &[(&str, &[u8])]) -> Result<Arc<Set>, Error> {
        let key = key_of(texts);
        if let Some(set) = self.shelf().find(&key) {
            return Ok(set);
        }
        // Parsed without the lock: at worst two threads do the same work.
        let mut set = self.prototype.clone();
        for (name, text) in texts {
            set.parse(name, text)?;
        }
        let set = Arc::new(set);
        self.shelf().put(&key, Arc::clone(&set), self.max_bytes);
        Ok(set)
    }

    /// The number of sets held.
    pub fn len(&self) -> usize {
        self.shelf().entries.len()
    }

    /// Whether no set is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A poisoned lock is no concern: the shelf is never left half changed.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&mut self, key: &[u8]) -> Option<Arc<Set>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.set))
    }

    fn put(&mut self, key: &Arc<[u8]>, set: Arc<Set>, max_bytes: usize) {
        let weight = key.len() + set.weight();
        if weight > max_bytes {
            return;
        }
        self.bytes += weight;
        let entry = Entry {
            set,
            weight,
            used: self.clock,
        };
        if let Some(old) = self.entries.insert(Arc::clone(key), entry) {
            self.bytes -= old.weight;
        }
        while self.bytes > max_bytes {
            let oldest = self
                .entries
                .iter()
                .filter(|(other, _)| *other != key)
                .min_by_key(|(_, entry)| entry.used)
                .map(|(key, _)| Arc::clone(key));
            let Some(oldest) = oldest else { return };
            let removed = self.entries.remove(&oldest);
            self.bytes -= removed.map_or(0, |entry| entry.weight);
        }
    }
}

/// The texts themselves, each after its length: equal keys are equal templates.
fn key_of(texts: &[(&str, &[u8])]) -> Arc<[u8]> {
    let mut key = Vec::new();
    for (name, text) in texts {
        for part in [name.as_bytes(), text] {
            key.extend_from_slice(&part.len().to_le_bytes());
            key.extend_from_slice(part);
        }
    }
    key.into()
}

impl fmt::Debug for ParsedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedCache")
            .field("sets", &self.len())
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::Limits;
    use crate::value::Value;

    use super::*;

    #[test]
    fn equal_texts_share_one_set() {
        let cache = ParsedCache::new(Set::new(), 1 << 20);
        let texts: [(&str, &[u8]); 2] = [
            ("a", b"{{define \"x\"}}X{{end}}"),
            ("b", b"{{template \"x\"}}"),
        ];
        let first = cache.get_or_parse(&texts).unwrap();
        let second = cache.get_or_parse(&texts).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        let output = first.render("b", &Value::Nil, &Limits::default()).unwrap();
        assert_eq!(output, b"X");

        // The same bytes cut elsewhere are other templates.
        cache.get_or_parse(&[("ab", b"")]).unwrap();
        cache.get_or_parse(&[("a", b"b")]).unwrap();
        assert_eq!(cache.len(), 3);
    }

    #[test]
    fn the_least_recently_used_set_goes_first() {
        let mut set = Set::new();
        set.parse("a", b"1").unwrap();
        let weight = key_of(&[("a", b"1")]).len() + set.weight();
        let cache = ParsedCache::new(Set::new(), 2 * weight);
        let one = cache.get_or_parse(&[("a", b"1")]).unwrap();
        let two = cache.get_or_parse(&[("a", b"2")]).unwrap();
        cache.get_or_parse(&[("a", b"1")]).unwrap();
        cache.get_or_parse(&[("a", b"3")]).unwrap();
        assert_eq!(cache.len(), 2);
        assert!(Arc::ptr_eq(
            &one,
            &cache.get_or_parse(&[("a", b"1")]).unwrap()
        ));
        assert!(!Arc::ptr_eq(
            &two,
            &cache.get_or_parse(&[("a", b"2")]).unwrap()
        ));
    }

    #[test]
    fn sets_weigh_what_their_trees_take() {
        let cache = ParsedCache::new(Set::new(), 1 << 20);
        cache.get_or_parse(&[("a", b"a text")]).unwrap();
        let actions = "{{.}}".repeat(4_000);
        cache.get_or_parse(&[("a", actions.as_bytes())]).unwrap();
        assert_eq!(cache.len(), 1, "20 kB of actions are more than a megabyte");
    }

    #[test]
    fn failures_are_not_kept() {
        let cache = ParsedCache::new(Set::new(), 1 << 20);
        assert!(cache.get_or_parse(&[("a", b"{{")]).is_err());
        assert!(cache.is_empty());
    }
}
