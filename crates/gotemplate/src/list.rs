//! Slices: `[]interface{}`, `[]string` and the like.

use std::fmt;
use std::sync::Arc;

use crate::types::Type;
use crate::value::{Value, drop_flat};

/// A Go slice. Its elements never change (no template function writes into a slice), so clones
/// share them.
#[derive(Clone)]
pub struct List {
    elem: &'static Type,
    /// `None` is Go's nil slice, which differs from an empty one in JSON and in `%#v`.
    items: Option<Arc<Items>>,
}

/// Shared elements; apart from `List` so that only the last owner takes them down.
struct Items(Vec<Value>);

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
            items: Some(Arc::new(Items(items))),
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
        self.items.as_ref().map_or(&[], |items| &items.0)
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
        let mut items = Arc::into_inner(self.items?)?;
        Some(std::mem::take(&mut items.0))
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        drop_flat(std::mem::take(&mut self.0));
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List([]{}, {} items)", self.elem, self.len())
    }
}
