//! Go text/template with sprig over bytes.
//!
//! Templates written for Go's `text/template` render here byte for byte as Go renders them, errors
//! included. Values are byte strings, shared maps and Go's number kinds ([`Value`]); functions are
//! declared with Go types ([`Func`]); every render is bounded ([`Limits`]).
//!
//! ```
//! use secretwire_gotemplate::{Limits, Map, Set};
//!
//! let mut set = Set::new();
//! set.parse("greeting", b"{{ range $i, $c := .names }}{{ $i }}={{ $c }} {{ end }}")?;
//! let names = Map::strings([("b", "Bob"), ("a", "Ada")]);
//! let data: Map = [("names".into(), names.into())].into_iter().collect();
//! let output = set.render("greeting", &data.into(), &Limits::default())?;
//! assert_eq!(output, b"a=Ada b=Bob ");
//! # Ok::<(), secretwire_gotemplate::Error>(())
//! ```

mod builtins;
mod bytestr;
mod cache;
mod equality;
mod error;
mod exec;
mod float;
pub mod fmt;
mod funcs;
mod inputs;
pub mod json;
mod limits;
mod list;
mod map;
mod named;
mod object;
mod parse;
mod quote;
mod runes;
mod set;
mod slot;
pub mod sprig;
mod stack;
mod strconv;
mod types;
mod unicode_tables;
mod value;

pub use bytestr::Str;
pub use cache::ParsedCache;
pub use error::{Error, ErrorKind};
pub use funcs::{Args, Body, BoundBody, Func, FuncError, FuncMap};
pub use inputs::InputField;
pub use limits::{Ctx, LimitError, Limits};
pub use list::List;
pub use map::{InsertError, Map};
pub use named::Named;
pub use object::Object;
pub use set::{MissingKey, Set};
pub use types::{ANY_LIST, ANY_MAP, Kind, STRING_LIST, STRING_MAP, Type};
pub use value::Value;
