//! Host objects: values with methods or fields, such as a time or a parsed version.

use std::any::Any;
use std::sync::Arc;

use crate::funcs::Func;
use crate::types::Type;
use crate::value::Value;

/// A value that the host or a function library brings along (Go: a struct or a pointer to one).
pub trait Object: Send + Sync {
    /// The type, e.g. `Type::Object("*semver.Version", Kind::Pointer)`.
    fn type_of(&self) -> Type;

    /// Whether it is a pointer to nothing.
    fn is_nil(&self) -> bool {
        false
    }

    /// Whether Go's `==` holds, for structs that have it: a pointer equals but itself.
    fn equals(&self, other: &dyn Object) -> bool {
        let _ = other;
        false
    }

    /// What `deepCopy` makes of it, where that can be told from the object itself.
    fn deep_copy(&self) -> Option<Value> {
        None
    }

    /// The exported field `name`.
    fn field(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// The method `name`, bound to this object.
    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        let _ = name;
        None
    }

    /// What the `String` or `Error` method gives, if there is one.
    fn text(&self) -> Option<Vec<u8>> {
        None
    }

    /// What the `GoString` method gives, if there is one: the form of `%#v`.
    fn go_text(&self) -> Option<String> {
        None
    }

    /// What the `MarshalJSON` method gives, if there is one, before it is quoted: text, or its error.
    fn marshal_text(&self) -> Option<Result<Vec<u8>, String>> {
        None
    }

    /// The object itself, for libraries that take their own objects back as arguments.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Names and values of all fields in order, unexported ones too: for printing where `text` is not asked for.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}
