//! The values templates work on.

use std::fmt;
use std::sync::Arc;

use crate::bytestr::Str;
use crate::funcs::Func;
use crate::list::List;
use crate::map::Map;
use crate::named::Named;
use crate::object::Object;
use crate::types::{Kind, Type};

/// A Go value. The number kinds stay apart because templates can tell them apart (`kindOf`,
/// `printf "%d"`, comparison).
#[derive(Clone, Default)]
pub enum Value {
    /// An untyped nil, such as JSON `null`.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int32`
    Int32(i32),
    /// `int64`
    Int64(i64),
    /// `uint`
    Uint(u64),
    /// `uint8`, what indexing a string yields
    Uint8(u8),
    /// `uint64`
    Uint64(u64),
    /// `float64`
    Float64(f64),
    /// `complex128`, real and imaginary part
    Complex(f64, f64),
    /// `string`
    Str(Str),
    /// `json.Number`, the text as it was received
    Number(Str),
    /// An integer of a type with a name, such as `time.Duration`.
    Named(Named, i64),
    /// `[]byte`
    Bytes(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A function value, to be used with `call`.
    Func(Arc<Func>),
    /// A host object.
    Object(Arc<dyn Object>),
}

impl Value {
    /// A string from text or bytes.
    pub fn str(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// The type, as `%T` prints it; `None` for nil.
    pub fn type_of(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Int32(_) => Type::Int32,
            Self::Int64(_) => Type::Int64,
            Self::Uint(_) => Type::Uint,
            Self::Uint8(_) => Type::Uint8,
            Self::Uint64(_) => Type::Uint64,
            Self::Float64(_) => Type::Float64,
            Self::Complex(..) => Type::Complex128,
            Self::Str(_) => Type::String,
            Self::Number(_) => Type::Number,
            Self::Named(named, _) => Type::Named(*named),
            Self::Bytes(_) => Type::Bytes,
            Self::List(list) => Type::List(list.elem()),
            Self::Map(map) => Type::Map(map.elem()),
            Self::Func(_) => Type::Func,
            Self::Object(object) => object.type_of(),
        })
    }

    /// The kind; `Kind::Invalid` for nil.
    pub fn kind(&self) -> Kind {
        self.type_of().map_or(Kind::Invalid, Type::kind)
    }

    /// Whether `if` takes it for true: not the zero of its type, and not empty.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(b) => *b,
            Self::Int(n) | Self::Int64(n) | Self::Named(_, n) => *n != 0,
            Self::Int32(n) => *n != 0,
            Self::Uint(n) | Self::Uint64(n) => *n != 0,
            Self::Uint8(n) => *n != 0,
            Self::Float64(x) => *x != 0.0,
            Self::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Self::Str(s) | Self::Number(s) | Self::Bytes(s) => !s.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Func(_) | Self::Object(_) => true,
        }
    }

    /// Whether it is nil or the nil of its type.
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            Self::Object(object) => object.is_nil(),
            _ => false,
        }
    }

    /// The value of any signed integer kind.
    pub fn as_signed(&self) -> Option<i64> {
        match self {
            Self::Int(n) | Self::Int64(n) | Self::Named(_, n) => Some(*n),
            Self::Int32(n) => Some(i64::from(*n)),
            _ => None,
        }
    }

    /// The value of any unsigned integer kind.
    pub fn as_unsigned(&self) -> Option<u64> {
        match self {
            Self::Uint(n) | Self::Uint64(n) => Some(*n),
            Self::Uint8(n) => Some(u64::from(*n)),
            _ => None,
        }
    }

    /// The bytes of any string kind (`string`, `json.Number`).
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Self::Str(s) | Self::Number(s) => Some(s),
            _ => None,
        }
    }

    /// The zero value of `ty`; nil for the types that have no other.
    pub fn zero(ty: Type) -> Self {
        match ty {
            Type::Bool => Self::Bool(false),
            Type::Int => Self::Int(0),
            Type::Int32 => Self::Int32(0),
            Type::Int64 => Self::Int64(0),
            Type::Uint => Self::Uint(0),
            Type::Uint8 => Self::Uint8(0),
            Type::Uint64 => Self::Uint64(0),
            Type::Float64 => Self::Float64(0.0),
            Type::Complex128 => Self::Complex(0.0, 0.0),
            Type::String => Self::Str(Str::default()),
            Type::Number => Self::Number(Str::default()),
            Type::Named(named) => Self::Named(named, 0),
            Type::Bytes => Self::Bytes(Str::default()),
            Type::List(elem) => Self::List(List::nil(elem)),
            Type::Map(elem) => Self::Map(Map::nil(elem)),
            Type::Any | Type::Reflect | Type::Func | Type::Object(..) => Self::Nil,
        }
    }

    /// Whether it holds other values.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// An integer of the same type as `self`, which must be one; too large ones wrap as in Go.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "Go's conversions keep the low bits"
    )]
    pub(crate) fn integer_like(&self, bits: u64) -> Self {
        match self {
            Self::Int32(_) => Self::Int32(bits as i32),
            Self::Int64(_) => Self::Int64(bits.cast_signed()),
            Self::Named(named, _) => Self::Named(*named, bits.cast_signed()),
            Self::Uint(_) => Self::Uint(bits),
            Self::Uint8(_) => Self::Uint8(bits as u8),
            Self::Uint64(_) => Self::Uint64(bits),
            _ => Self::Int(bits.cast_signed()),
        }
    }

    /// What the value itself takes in memory, if nobody else holds it: what producing it has cost.
    pub(crate) fn fresh_size(&self) -> usize {
        const SLOT: usize = size_of::<Value>();
        match self {
            Self::Str(s) | Self::Number(s) | Self::Bytes(s) if s.is_unshared() => s.len() + SLOT,
            Self::List(list) if list.is_unshared() => list.len() * SLOT + SLOT,
            Self::Map(map) if map.is_unshared() => map.len() * 3 * SLOT + SLOT,
            _ => SLOT,
        }
    }
}

/// Drops values without recursion: a template can nest lists deeper than the stack is.
pub(crate) fn drop_flat(values: Vec<Value>) {
    let mut pending = values;
    while let Some(value) = pending.pop() {
        let inner = match value {
            Value::List(list) => list.into_unshared(),
            Value::Map(map) => map.into_unshared(),
            _ => None,
        };
        pending.extend(inner.unwrap_or_default());
    }
}

impl fmt::Debug for Value {
    /// Types and sizes only; the content may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(list) => list.fmt(f),
            Self::Map(map) => map.fmt(f),
            Self::Str(s) | Self::Number(s) | Self::Bytes(s) => s.fmt(f),
            _ => match self.type_of() {
                Some(ty) => write!(f, "Value({ty})"),
                None => f.write_str("Nil"),
            },
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<Str> for Value {
    fn from(s: Str) -> Self {
        Self::Str(s)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Str(s.into())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Str(s.into())
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
