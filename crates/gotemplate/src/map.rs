//! Maps: `map[string]interface{}` and `map[string]string`, shared and mutable.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bytestr::Str;
use crate::types::Type;
use crate::value::{Value, drop_flat};

/// A Go map with string keys. Clones are the same map: a change made through one (sprig's `set`,
/// `unset`, `merge`) is seen through all.
///
/// The lock is held for single operations only and never while other values are visited, so a
/// value that holds the same map twice cannot block.
#[derive(Clone)]
pub struct Map {
    elem: &'static Type,
    /// `None` is Go's nil map: readable, not writable.
    entries: Option<Arc<Entries>>,
}

struct Entries(Mutex<BTreeMap<Str, Value>>);

/// Why a map did not take an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// Go panics here, with this text.
    #[error("assignment to entry in nil map")]
    NilMap,
    /// Go takes it and overflows its stack when the map is printed.
    #[error("a map cannot contain itself")]
    Cycle,
}

impl Map {
    /// An empty `map[string]interface{}`.
    pub fn any() -> Self {
        Self::of(&Type::Any, BTreeMap::new())
    }

    /// A `map[string]string`.
    pub fn strings<K: Into<Str>, V: Into<Str>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.into(), Value::Str(value.into())))
            .collect();
        Self::of(&Type::String, entries)
    }

    /// A map whose values have the type `elem`; the caller vouches for that.
    pub fn of(elem: &'static Type, entries: BTreeMap<Str, Value>) -> Self {
        Self {
            elem,
            entries: Some(Arc::new(Entries(Mutex::new(entries)))),
        }
    }

    /// The nil map.
    pub fn nil(elem: &'static Type) -> Self {
        Self {
            elem,
            entries: None,
        }
    }

    /// Whether it is the nil map.
    pub fn is_nil(&self) -> bool {
        self.entries.is_none()
    }

    /// The type of the values.
    pub fn elem(&self) -> &'static Type {
        self.elem
    }

    /// The value under `key`.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.lock()?.get(key).cloned()
    }

    /// Whether there is an entry under `key`.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.lock().is_some_and(|entries| entries.contains_key(key))
    }

    /// Sets the value under `key`. Returns how many values were looked at to rule out a cycle, for
    /// the caller to charge to the template's budget (`Ctx::insert` does both).
    pub fn insert(&self, key: Str, value: Value) -> Result<usize, InsertError> {
        let Some(entries) = &self.entries else {
            return Err(InsertError::NilMap);
        };
        let visited = self.rule_out_cycle(&value)?;
        let old = entries.lock().insert(key, value);
        drop(old);
        Ok(visited)
    }

    /// Takes the entry under `key` out.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        self.lock()?.remove(key)
    }

    /// The keys, sorted.
    pub fn keys(&self) -> Vec<Str> {
        self.lock()
            .map(|entries| entries.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// A copy of the entries as they are now, sorted by key.
    pub fn entries(&self) -> Vec<(Str, Value)> {
        self.lock()
            .map(|entries| {
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.lock().map_or(0, |entries| entries.len())
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are the same map in memory.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.entries, &other.entries) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, BTreeMap<Str, Value>>> {
        self.entries.as_ref().map(|entries| entries.lock())
    }

    /// Cycles are refused where they would arise, so that every walk over values ends and reference
    /// counting frees them all.
    fn rule_out_cycle(&self, value: &Value) -> Result<usize, InsertError> {
        let mut visited = 0;
        let mut seen = HashSet::new();
        let mut pending = match value {
            Value::List(_) | Value::Map(_) => vec![value.clone()],
            _ => return Ok(0),
        };
        while let Some(value) = pending.pop() {
            visited += 1;
            match value {
                Value::Map(map) if map.same(self) => return Err(InsertError::Cycle),
                Value::Map(map) if seen.insert(map.address()) => {
                    if let Some(entries) = map.lock() {
                        visited += entries.len();
                        pending.extend(entries.values().filter(|v| v.is_container()).cloned());
                    }
                }
                Value::List(list) if seen.insert(list.address()) => {
                    visited += list.len();
                    pending.extend(list.items().iter().filter(|v| v.is_container()).cloned());
                }
                _ => {}
            }
        }
        Ok(visited)
    }

    /// Whether nobody else holds it.
    pub(crate) fn is_unshared(&self) -> bool {
        self.entries
            .as_ref()
            .is_some_and(|entries| Arc::strong_count(entries) == 1)
    }

    /// An address that tells one map apart from another with equal content.
    pub(crate) fn address(&self) -> usize {
        self.entries
            .as_ref()
            .map_or(0, |entries| Arc::as_ptr(entries).addr())
    }

    /// The values, if nobody else holds the map; otherwise it lives on.
    pub(crate) fn into_unshared(self) -> Option<Vec<Value>> {
        let entries = Arc::into_inner(self.entries?)?;
        let taken = std::mem::take(&mut *entries.lock());
        Some(taken.into_values().collect())
    }
}

impl Entries {
    /// A poisoned lock is no concern: no operation leaves the map half changed.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Str, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        let entries = std::mem::take(&mut *self.lock());
        if entries.values().any(Value::is_container) {
            drop_flat(entries.into_values().collect());
        }
    }
}

impl FromIterator<(Str, Value)> for Map {
    /// A `map[string]interface{}`.
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        Self::of(&Type::Any, entries.into_iter().collect())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map(map[string]{}, {} entries)", self.elem, self.len())
    }
}
