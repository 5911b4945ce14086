//! Go's types and kinds, as far as templates can meet them.

use std::fmt;

use crate::named::Named;

/// A Go type, as `%T` prints it and as function parameters are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface{}`: takes every value, nil included.
    Any,
    /// `reflect.Value`: takes every value as the evaluator sees it. Only the builtins need it.
    Reflect,
    /// `bool`
    Bool,
    /// `int` (64 bits)
    Int,
    /// `int32`, also `rune`
    Int32,
    /// `int64`
    Int64,
    /// `uint`
    Uint,
    /// `uint8`, also `byte`
    Uint8,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// `json.Number`: a string in kind, a number in meaning.
    Number,
    /// An integer type with a name, such as `time.Duration`.
    Named(Named),
    /// `[]byte`
    Bytes,
    /// `[]T`
    List(&'static Type),
    /// `map[string]T`
    Map(&'static Type),
    /// A function; its full type is asked of the function itself.
    Func,
    /// A host object with the name and kind it reports.
    Object(&'static str, Kind),
}

/// `[]interface{}`
pub const ANY_LIST: Type = Type::List(&Type::Any);
/// `[]string`
pub const STRING_LIST: Type = Type::List(&Type::String);
/// `map[string]interface{}`
pub const ANY_MAP: Type = Type::Map(&Type::Any);
/// `map[string]string`
pub const STRING_MAP: Type = Type::Map(&Type::String);

impl Type {
    /// The kind underneath the type.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Any => Kind::Interface,
            Self::Reflect => Kind::Struct,
            Self::Bool => Kind::Bool,
            Self::Int => Kind::Int,
            Self::Int32 => Kind::Int32,
            Self::Int64 => Kind::Int64,
            Self::Named(named) => named.kind(),
            Self::Uint => Kind::Uint,
            Self::Uint8 => Kind::Uint8,
            Self::Uint64 => Kind::Uint64,
            Self::Float64 => Kind::Float64,
            Self::Complex128 => Kind::Complex128,
            Self::String | Self::Number => Kind::String,
            Self::Bytes | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Func => Kind::Func,
            Self::Object(_, kind) => kind,
        }
    }

    /// Whether an untyped nil can stand for a value of this type.
    pub const fn can_be_nil(self) -> bool {
        matches!(self, Self::Reflect)
            || matches!(
                self.kind(),
                Kind::Interface | Kind::Map | Kind::Slice | Kind::Func | Kind::Pointer
            )
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Number => "json.Number",
            Self::Named(named) => named.name(),
            Self::Bytes => "[]uint8",
            Self::List(elem) => return write!(f, "[]{elem}"),
            Self::Map(elem) => return write!(f, "map[string]{elem}"),
            Self::Func => "func",
            Self::Object(name, _) => name,
        };
        f.write_str(name)
    }
}

/// A Go `reflect.Kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value: an untyped nil.
    Invalid,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `uint`
    Uint,
    /// `uint8`
    Uint8,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `func`
    Func,
    /// `interface`
    Interface,
    /// `map`
    Map,
    /// `ptr`
    Pointer,
    /// `slice`
    Slice,
    /// `string`
    String,
    /// `struct`
    Struct,
}

impl Kind {
    /// The name as `reflect.Kind.String` gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::Func => "func",
            Self::Interface => "interface",
            Self::Map => "map",
            Self::Pointer => "ptr",
            Self::Slice => "slice",
            Self::String => "string",
            Self::Struct => "struct",
        }
    }

    /// Whether it is one of the signed or unsigned integer kinds.
    pub const fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Int | Self::Int32 | Self::Int64 | Self::Uint | Self::Uint8 | Self::Uint64
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
