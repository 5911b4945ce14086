//! What templates can call on a `semver.Version`, and how it is printed.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::bytestr::Str;
use crate::funcs::{Args, Func, FuncError};
use crate::object::Object;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::semver::Version;
use super::{BOOL, INT, TEXT};

/// `*semver.Version`
pub(super) const VERSION: Type = Type::Object("*semver.Version", Kind::Pointer);
/// What the methods give that make another version: they have no pointer, and so fewer methods.
const STRUCT: Type = Type::Object("semver.Version", Kind::Struct);

/// A version as templates hold it: a pointer to one, or one itself.
pub(super) struct Held {
    version: Version,
    ty: Type,
}

impl Held {
    pub(super) fn pointer(version: Version) -> Self {
        Self {
            version,
            ty: VERSION,
        }
    }

    fn itself(version: Version) -> Self {
        Self {
            version,
            ty: STRUCT,
        }
    }

    /// The methods that read, which both forms have.
    fn reading(&self, name: &str) -> Option<Func> {
        let version = &self.version;
        let (name, ty, value) = match name {
            "Major" => ("Major", Type::Uint64, Value::Uint64(version.major)),
            "MarshalJSON" => {
                let quoted = format!("\"{}\"", version.text());
                (
                    "MarshalJSON",
                    Type::Bytes,
                    Value::Bytes(quoted.as_str().into()),
                )
            }
            "MarshalText" => {
                let text = version.text();
                (
                    "MarshalText",
                    Type::Bytes,
                    Value::Bytes(text.as_str().into()),
                )
            }
            "Metadata" => ("Metadata", TEXT, version.metadata.as_str().into()),
            "Minor" => ("Minor", Type::Uint64, Value::Uint64(version.minor)),
            "Original" if self.ty == VERSION => {
                ("Original", TEXT, version.original.as_str().into())
            }
            "Patch" => ("Patch", Type::Uint64, Value::Uint64(version.patch)),
            "Prerelease" => ("Prerelease", TEXT, version.pre.as_str().into()),
            "String" => ("String", TEXT, version.text().into()),
            "Value" => ("Value", Type::Any, version.text().into()),
            _ => return None,
        };
        Some(Func::bound(name, &[], ty, move |_, _| Ok(value.clone())))
    }

    /// The methods that make another version, which both forms have.
    fn making(&self, name: &str) -> Option<Func> {
        let version = &self.version;
        let next = |name, (major, minor, patch)| {
            let next = version.with(|next| {
                (next.major, next.minor, next.patch) = (major, minor, patch);
                next.pre.clear();
                next.metadata.clear();
            });
            let next = Value::from(Self::itself(next));
            Func::bound(name, &[], STRUCT, move |_, _| Ok(next.clone()))
        };
        let set = |name, set: fn(&Version, &[u8]) -> Result<Version, FuncError>| {
            let version = version.clone();
            Func::bound(name, &[TEXT], STRUCT, move |_, args| {
                let part: &Str = args.str(0)?;
                set(&version, part).map(|next| Self::itself(next).into())
            })
        };
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        // A prerelease comes before its version.
        let step = u64::from(version.pre.is_empty());
        Some(match name {
            "IncMajor" => next("IncMajor", (major.wrapping_add(1), 0, 0)),
            "IncMinor" => next("IncMinor", (major, minor.wrapping_add(1), 0)),
            "IncPatch" => next("IncPatch", (major, minor, patch.wrapping_add(step))),
            "SetMetadata" => set("SetMetadata", Version::with_metadata),
            "SetPrerelease" => set("SetPrerelease", Version::with_pre),
            _ => return None,
        })
    }

    /// The methods that compare, which only pointers have.
    fn comparing(&self, name: &str) -> Option<Func> {
        let compare = |name, ty, decide: fn(Ordering) -> Value| {
            let version = self.version.clone();
            Func::bound(name, &[VERSION], ty, move |_, args| {
                Ok(decide(version.compare(other_version(args)?)))
            })
        };
        Some(match name {
            "Compare" => compare("Compare", INT, |order| Value::Int(order as i64)),
            "Equal" => compare("Equal", BOOL, |order| order.is_eq().into()),
            "GreaterThan" => compare("GreaterThan", BOOL, |order| order.is_gt().into()),
            "GreaterThanEqual" => compare("GreaterThanEqual", BOOL, |order| order.is_ge().into()),
            "LessThan" => compare("LessThan", BOOL, |order| order.is_lt().into()),
            "LessThanEqual" => compare("LessThanEqual", BOOL, |order| order.is_le().into()),
            _ => return None,
        })
    }

    fn of(object: &dyn Object) -> Option<&Self> {
        object.as_any()?.downcast_ref()
    }
}

impl From<Held> for Value {
    fn from(held: Held) -> Self {
        Self::Object(Arc::new(held))
    }
}

impl Object for Held {
    fn type_of(&self) -> Type {
        self.ty
    }

    fn equals(&self, other: &dyn Object) -> bool {
        self.ty == STRUCT
            && Self::of(other)
                .is_some_and(|other| other.ty == STRUCT && other.version == self.version)
    }

    /// Unexported fields are not copied, and there are no others.
    fn deep_copy(&self) -> Option<Value> {
        let empty = Self {
            version: Version::default(),
            ty: self.ty,
        };
        Some(empty.into())
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.version.text().into_bytes())
    }

    fn marshal_text(&self) -> Option<Result<Vec<u8>, String>> {
        self.text().map(Ok)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let version = &self.version;
        vec![
            ("major", Value::Uint64(version.major)),
            ("minor", Value::Uint64(version.minor)),
            ("patch", Value::Uint64(version.patch)),
            ("pre", version.pre.as_str().into()),
            ("metadata", version.metadata.as_str().into()),
            ("original", version.original.as_str().into()),
        ]
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        self.reading(name)
            .or_else(|| self.making(name))
            .or_else(|| self.comparing(name).filter(|_| self.ty == VERSION))
    }
}

/// The argument of a comparison.
fn other_version<'a>(args: &Args<'a>) -> Result<&'a Version, FuncError> {
    match args.value(0)? {
        Value::Object(object) => Held::of(object.as_ref()).map(|held| &held.version),
        _ => None,
    }
    .ok_or_else(|| {
        FuncError::new("runtime error: invalid memory address or nil pointer dereference")
    })
}
