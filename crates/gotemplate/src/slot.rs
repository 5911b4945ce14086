//! Values as the evaluator holds them: Go's `reflect.Value`.

use crate::list::List;
use crate::types::{Kind, Type};
use crate::value::Value;

/// A value together with its static type, as far as that matters: Go's messages and its printing
/// of nil depend on whether a value was reached through an `interface{}`.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// The zero `reflect.Value`: a missing map entry, an untyped nil.
    Invalid,
    /// The marker for "no argument comes down the pipeline".
    Missing,
    /// A value of static type `interface{}`; `Value::Nil` is the nil interface.
    Iface(Value),
    /// A value of its own type; never `Value::Nil`.
    Concrete(Value),
    /// An element of a list that can be sorted in place, by its position: what is read later is what
    /// is there by then.
    Element(List, usize),
}

impl Slot {
    /// What Go's `reflect.ValueOf` gives.
    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Nil => Self::Invalid,
            value => Self::Concrete(value),
        }
    }

    /// An element of a container or a result whose declared type is `ty`.
    pub(crate) fn typed(ty: Type, value: Value) -> Self {
        match ty {
            Type::Any => Self::Iface(value),
            _ => Self::of(value),
        }
    }

    /// The element of a list at `i`.
    pub(crate) fn element(list: &List, i: usize) -> Option<Self> {
        let item = list.items().get(i)?;
        Some(match list.elem() {
            Type::String => Self::Element(list.clone(), i),
            elem => Self::typed(*elem, item.clone()),
        })
    }

    /// The zero value of a type.
    pub(crate) fn zero(ty: Type) -> Self {
        match ty {
            Type::Any => Self::Iface(Value::Nil),
            _ => Self::of(Value::zero(ty)),
        }
    }

    /// The value inside an interface, or the value itself.
    pub(crate) fn unwrap_interface(self) -> Self {
        match self {
            Self::Iface(value) => Self::of(value),
            other => other,
        }
    }

    /// The plain value; nil for the invalid one.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Invalid | Self::Missing => Value::Nil,
            Self::Iface(value) | Self::Concrete(value) => value,
            Self::Element(list, i) => list.items().get(i).cloned().unwrap_or_default(),
        }
    }

    /// The plain value by reference.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Self::Invalid | Self::Missing | Self::Iface(Value::Nil) => None,
            Self::Iface(value) | Self::Concrete(value) => Some(value),
            Self::Element(list, i) => list.items().get(*i),
        }
    }

    /// The static type; `None` for the invalid value.
    pub(crate) fn static_type(&self) -> Option<Type> {
        match self {
            Self::Invalid | Self::Missing => None,
            Self::Iface(_) => Some(Type::Any),
            Self::Concrete(value) => value.type_of(),
            Self::Element(list, _) => Some(*list.elem()),
        }
    }

    /// The kind of the static type.
    pub(crate) fn kind(&self) -> Kind {
        self.static_type().map_or(Kind::Invalid, Type::kind)
    }

    /// Go's `reflect.Value.String`: the text of strings, the type of anything else.
    pub(crate) fn describe(&self) -> String {
        match (self.value().and_then(Value::as_str), self.static_type()) {
            (Some(text), _) => text.to_text().into_owned(),
            (None, Some(ty)) => format!("<{ty} Value>"),
            (None, None) => "<invalid Value>".to_owned(),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    pub(crate) fn is_valid(&self) -> bool {
        !matches!(self, Self::Invalid | Self::Missing)
    }

    pub(crate) fn is_true(&self) -> bool {
        self.value().is_some_and(Value::is_true)
    }
}
