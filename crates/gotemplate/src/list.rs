//! Slices: `[]interface{}`, `[]string` and the like.

use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::types::Type;
use crate::value::{Value, drop_flat};

/// A Go slice. Clones share the elements, and see it when one of them is sorted in place.
#[derive(Clone)]
pub struct List {
    elem: &'static Type,
    /// `None` is Go's nil slice, which differs from an empty one in JSON and in `%#v`.
    items: Option<Arc<Items>>,
}

/// Shared elements; apart from `List` so that only the last owner takes them down.
enum Items {
    Owned(Elements),
    /// Part of another list, which is an owned one; `cap` bounds what slicing it again may reach.
    Part {
        base: Arc<Items>,
        range: Range<usize>,
        cap: usize,
    },
}

/// The elements of an owned list, and what overwrote them: a borrowed slice of the old ones stays valid.
struct Elements {
    values: Vec<Value>,
    later: OnceLock<Box<Self>>,
}

impl List {
    /// A `[]interface{}`.
    pub fn any(items: Vec<Value>) -> Self {
        Self::of(&Type::Any, items)
    }

    /// A `[]string`.
    pub fn strings<S: Into<Value>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::of(&Type::String, items.into_iter().map(Into::into).collect())
    }

    /// A `[]int`.
    pub fn ints(items: impl IntoIterator<Item = i64>) -> Self {
        Self::of(&Type::Int, items.into_iter().map(Value::Int).collect())
    }

    /// A slice whose elements have the type `elem`; the caller vouches for that.
    pub fn of(elem: &'static Type, items: Vec<Value>) -> Self {
        Self {
            elem,
            items: Some(Arc::new(Items::Owned(Elements::new(items)))),
        }
    }

    /// The nil slice.
    pub fn nil(elem: &'static Type) -> Self {
        Self { elem, items: None }
    }

    /// Whether it is the nil slice.
    pub fn is_nil(&self) -> bool {
        self.items.is_none()
    }

    /// The element type.
    pub fn elem(&self) -> &'static Type {
        self.elem
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        self.items.as_ref().map_or(&[], |items| items.as_slice())
    }

    /// How far [`List::slice`] can reach: a part of a list can grow back into it, as in Go.
    pub fn capacity(&self) -> usize {
        match self.items.as_deref() {
            None => 0,
            Some(Items::Owned(elements)) => elements.now().len(),
            Some(Items::Part { range, cap, .. }) => cap - range.start,
        }
    }

    /// Go's `list[start:end:cap]`; none unless `start <= end <= cap <= capacity`.
    #[must_use]
    pub fn slice(&self, range: Range<usize>, cap: usize) -> Option<Self> {
        if range.start > range.end || range.end > cap || cap > self.capacity() {
            return None;
        }
        let Some(items) = &self.items else {
            return Some(self.clone());
        };
        let (base, offset) = match items.as_ref() {
            Items::Owned(_) => (items, 0),
            Items::Part { base, range, .. } => (base, range.start),
        };
        let part = Items::Part {
            base: Arc::clone(base),
            range: range.start + offset..range.end + offset,
            cap: cap + offset,
        };
        Some(Self {
            elem: self.elem,
            items: Some(Arc::new(part)),
        })
    }

    /// Writes over the elements, which everyone who shares them sees; `items` are as many as there are.
    /// Gives the number of values that this keeps in memory.
    pub(crate) fn overwrite(&self, items: Vec<Value>) -> usize {
        match self.items.as_deref() {
            None => 0,
            Some(Items::Owned(elements)) => elements.overwrite(items),
            Some(Items::Part { base, range, .. }) => match base.as_ref() {
                Items::Owned(elements) => {
                    let mut all = elements.now().to_vec();
                    all.splice(range.clone(), items);
                    elements.overwrite(all)
                }
                Items::Part { .. } => 0,
            },
        }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// Whether nobody else holds it.
    pub(crate) fn is_unshared(&self) -> bool {
        self.items
            .as_ref()
            .is_some_and(|items| Arc::strong_count(items) == 1)
    }

    /// An address that tells shared elements apart from equal ones.
    pub(crate) fn address(&self) -> usize {
        self.items
            .as_ref()
            .map_or(0, |items| Arc::as_ptr(items).addr())
    }

    /// The elements, if nobody else holds them; otherwise they live on.
    pub(crate) fn into_unshared(self) -> Option<Vec<Value>> {
        Arc::into_inner(self.items?)?.take_unshared()
    }
}

impl Elements {
    fn new(values: Vec<Value>) -> Self {
        Self {
            values,
            later: OnceLock::new(),
        }
    }

    fn last(&self) -> &Self {
        let mut last = self;
        while let Some(later) = last.later.get() {
            last = later;
        }
        last
    }

    fn now(&self) -> &[Value] {
        &self.last().values
    }

    fn overwrite(&self, values: Vec<Value>) -> usize {
        let kept = values.len();
        // A list belongs to one render, which is on one thread: nobody else was faster.
        let _ = self.last().later.set(Box::new(Self::new(values)));
        kept
    }

    /// Every value of every version, with nothing left to drop recursively.
    fn take(&mut self) -> Vec<Value> {
        let mut values = mem::take(&mut self.values);
        let mut later = self.later.take();
        while let Some(mut version) = later {
            values.append(&mut version.values);
            later = version.later.take();
        }
        values
    }
}

impl Items {
    fn as_slice(&self) -> &[Value] {
        match self {
            Self::Owned(elements) => elements.now(),
            // The base is an owned list: `slice` sees to that.
            Self::Part { base, range, .. } => match base.as_ref() {
                Self::Owned(elements) => elements.now().get(range.clone()).unwrap_or_default(),
                Self::Part { .. } => &[],
            },
        }
    }

    /// The elements this is the last to hold.
    fn take_unshared(&mut self) -> Option<Vec<Value>> {
        match self {
            Self::Owned(elements) => Some(elements.take()),
            Self::Part { base, .. } => {
                let nothing = Arc::new(Self::Owned(Elements::new(Vec::new())));
                Arc::into_inner(mem::replace(base, nothing))?.take_unshared()
            }
        }
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        if let Some(items) = self.take_unshared() {
            drop_flat(items);
        }
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List([]{}, {} items)", self.elem, self.len())
    }
}
