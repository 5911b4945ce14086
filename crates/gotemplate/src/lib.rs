//! Go text/template with sprig over bytes.
//!
//! Templates written for Go's `text/template` render here byte for byte as Go renders them, errors
//! included. Values are byte strings, shared maps and Go's number kinds ([`Value`]); functions are
//! declared with Go types ([`Func`]); every render is bounded ([`Limits`]).

mod builtins;
mod bytestr;
mod duration;
mod error;
mod exec;
mod float;
pub mod fmt;
mod funcs;
pub mod json;
mod limits;
mod list;
mod map;
mod object;
mod parse;
mod quote;
mod runes;
mod set;
mod slot;
pub mod sprig;
mod types;
mod unicode_tables;
mod value;

pub use bytestr::Str;
pub use duration::format as format_duration;
pub use error::{Error, ErrorKind};
pub use funcs::{Args, Body, BoundBody, Func, FuncError, FuncMap};
pub use limits::{Ctx, LimitError, Limits};
pub use list::List;
pub use map::{InsertError, Map};
pub use object::Object;
pub use set::{MissingKey, Set};
pub use types::{ANY_LIST, ANY_MAP, Kind, STRING_LIST, STRING_MAP, Type};
pub use value::Value;
