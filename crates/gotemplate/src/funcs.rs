//! Template functions and their registry.
//!
//! A function declares the Go types of its parameters; the evaluator checks and counts arguments
//! against them with Go's messages, so the body starts with arguments that fit. Tables of functions
//! are plain statics:
//!
//! ```
//! use secretwire_gotemplate::{ANY_MAP, Args, Ctx, Func, FuncError, FuncMap, Type, Value};
//!
//! /// Go: `func(string) string`
//! fn upper(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
//!     Ok(Value::str(args.str(0)?.to_ascii_uppercase()))
//! }
//!
//! /// Go: `func(map[string]interface{}, string, ...interface{}) (interface{}, error)`
//! fn pick_first(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
//!     ctx.charge(args.rest(2).len())?;
//!     match args.map(0)?.get(args.str(1)?) {
//!         Some(value) => Ok(value),
//!         None => args.rest(2).first().cloned().ok_or_else(|| {
//!             FuncError::new("no entry and no default")
//!         }),
//!     }
//! }
//!
//! static TABLE: &[Func] = &[
//!     Func::fixed("upper", &[Type::String], Type::String, upper),
//!     Func::variadic("pickFirst", &[ANY_MAP, Type::String, Type::Any], Type::Any, pick_first),
//! ];
//!
//! let funcs = FuncMap::from_table(TABLE);
//! assert!(funcs.contains("upper"));
//! ```
//!
//! A parameter of type [`Type::Any`] is Go's `interface{}`: the body sees the value itself or
//! [`Value::Nil`]. A result of type `Type::Any` may be of any type; otherwise the body must return
//! what it declares. Where Go's function would panic, return an error with the panic's text.
//!
//! Error texts that quote an argument are built with [`FuncError::revealing`], so that the redacted
//! form of the error leaves the value out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::bytestr::Str;
use crate::limits::{Ctx, LimitError};
use crate::list::List;
use crate::map::Map;
use crate::slot::Slot;
use crate::types::{Kind, Type};
use crate::value::Value;

/// The body of a function over plain values.
pub type Body = fn(&mut Ctx, &Args<'_>) -> Result<Value, FuncError>;

/// The body of a method, which carries its receiver.
pub type BoundBody = Arc<dyn Fn(&mut Ctx, &Args<'_>) -> Result<Value, FuncError> + Send + Sync>;

/// The body of a builtin, which sees values as Go's reflection does.
pub(crate) type ReflectBody = fn(&mut Ctx, &[Slot]) -> Result<Slot, FuncError>;

/// A function that templates can call.
#[derive(Clone)]
pub struct Func {
    name: &'static str,
    params: &'static [Type],
    variadic: bool,
    result: Type,
    pub(crate) code: Code,
}

/// How a function is carried out.
#[derive(Clone)]
pub(crate) enum Code {
    Plain(Body),
    Bound(BoundBody),
    Reflect(ReflectBody),
    /// Evaluates its arguments one by one and stops at the first that is false.
    And,
    /// Evaluates its arguments one by one and stops at the first that is true.
    Or,
    /// Calls the function value in its first argument.
    Call,
    /// Has results that no template can take, as Go says in these words.
    Unusable(&'static str),
}

impl Func {
    /// A function with a fixed number of parameters.
    pub const fn fixed(
        name: &'static str,
        params: &'static [Type],
        result: Type,
        body: Body,
    ) -> Self {
        Self::with_code(name, params, false, result, Code::Plain(body))
    }

    /// A function whose last parameter may be given any number of times, also none.
    pub const fn variadic(
        name: &'static str,
        params: &'static [Type],
        result: Type,
        body: Body,
    ) -> Self {
        Self::with_code(name, params, true, result, Code::Plain(body))
    }

    /// A function with state, such as a method of a host object.
    pub fn bound(
        name: &'static str,
        params: &'static [Type],
        result: Type,
        body: impl Fn(&mut Ctx, &Args<'_>) -> Result<Value, FuncError> + Send + Sync + 'static,
    ) -> Self {
        Self::with_code(name, params, false, result, Code::Bound(Arc::new(body)))
    }

    /// A method without arguments that exists but cannot be called.
    pub(crate) const fn unusable(name: &'static str, complaint: &'static str) -> Self {
        Self::with_code(name, &[], false, Type::Any, Code::Unusable(complaint))
    }

    pub(crate) const fn with_code(
        name: &'static str,
        params: &'static [Type],
        variadic: bool,
        result: Type,
        code: Code,
    ) -> Self {
        Self {
            name,
            params,
            variadic,
            result,
            code,
        }
    }

    /// The name it is called by.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The declared parameters; the last repeats if the function is variadic.
    pub fn params(&self) -> &'static [Type] {
        self.params
    }

    /// Whether the last parameter repeats.
    pub fn is_variadic(&self) -> bool {
        self.variadic
    }

    /// The declared result.
    pub fn result(&self) -> Type {
        self.result
    }
}

impl fmt::Display for Func {
    /// The Go type of the function.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (i, param) in self.params.iter().enumerate() {
            let sep = if i > 0 { ", " } else { "" };
            let dots = if self.variadic && i + 1 == self.params.len() {
                "..."
            } else {
                ""
            };
            write!(f, "{sep}{dots}{param}")?;
        }
        write!(f, ") {}", self.result)
    }
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self}", self.name)
    }
}

/// The functions a template may name, beside the builtins. Those of the same name as a builtin
/// replace it.
#[derive(Clone, Debug, Default)]
pub struct FuncMap {
    funcs: HashMap<&'static str, Func>,
}

impl FuncMap {
    /// No functions but the builtins.
    pub fn new() -> Self {
        Self::default()
    }

    /// The functions of a table.
    pub fn from_table(table: &[Func]) -> Self {
        let mut funcs = Self::new();
        funcs.extend_from(table);
        funcs
    }

    /// Adds a table; later definitions replace earlier ones.
    pub fn extend_from(&mut self, table: &[Func]) {
        for func in table {
            self.insert(func.clone());
        }
    }

    /// Adds one function.
    pub fn insert(&mut self, func: Func) {
        self.funcs.insert(func.name, func);
    }

    /// Keeps only the functions `allowed` says yes to.
    pub fn retain(&mut self, mut allowed: impl FnMut(&str) -> bool) {
        self.funcs.retain(|name, _| allowed(name));
    }

    /// The function called `name`.
    pub fn get(&self, name: &str) -> Option<&Func> {
        self.funcs.get(name)
    }

    /// Whether there is a function called `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.funcs.contains_key(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.funcs.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

/// The arguments of a call, already checked against the declared parameters.
#[derive(Debug)]
pub struct Args<'a> {
    values: &'a [Value],
}

impl<'a> Args<'a> {
    /// Wraps values that fit the parameters.
    pub fn new(values: &'a [Value]) -> Self {
        Self { values }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> &'a [Value] {
        self.values
    }

    /// Those from the `n`th on: the variadic tail.
    pub fn rest(&self, n: usize) -> &'a [Value] {
        self.values.get(n..).unwrap_or_default()
    }

    /// The `i`th, whatever it is.
    pub fn value(&self, i: usize) -> Result<&'a Value, FuncError> {
        self.values
            .get(i)
            .ok_or_else(|| FuncError::new(format!("argument {i} is missing")))
    }

    /// The `i`th, declared as `string` or `json.Number`.
    pub fn str(&self, i: usize) -> Result<&'a Str, FuncError> {
        let value = self.value(i)?;
        value.as_str().ok_or_else(|| misdeclared(i, value))
    }

    /// The `i`th, declared as a signed integer.
    pub fn int(&self, i: usize) -> Result<i64, FuncError> {
        let value = self.value(i)?;
        value.as_signed().ok_or_else(|| misdeclared(i, value))
    }

    /// The `i`th, declared as `float64`.
    pub fn float(&self, i: usize) -> Result<f64, FuncError> {
        match self.value(i)? {
            Value::Float64(x) => Ok(*x),
            value => Err(misdeclared(i, value)),
        }
    }

    /// The `i`th, declared as `bool`.
    pub fn bool(&self, i: usize) -> Result<bool, FuncError> {
        match self.value(i)? {
            Value::Bool(b) => Ok(*b),
            value => Err(misdeclared(i, value)),
        }
    }

    /// The `i`th, declared as a slice.
    pub fn list(&self, i: usize) -> Result<&'a List, FuncError> {
        match self.value(i)? {
            Value::List(list) => Ok(list),
            value => Err(misdeclared(i, value)),
        }
    }

    /// The `i`th, declared as a map.
    pub fn map(&self, i: usize) -> Result<&'a Map, FuncError> {
        match self.value(i)? {
            Value::Map(map) => Ok(map),
            value => Err(misdeclared(i, value)),
        }
    }
}

/// The body asked for another type than the parameter was declared with.
fn misdeclared(i: usize, value: &Value) -> FuncError {
    let kind: Kind = value.kind();
    FuncError::new(format!("argument {i} has unexpected kind {kind}"))
}

/// Why a function failed.
#[derive(Clone, PartialEq, Eq)]
pub struct FuncError {
    text: Cow<'static, str>,
    redacted: Option<Cow<'static, str>>,
    limit: Option<LimitError>,
}

impl FuncError {
    /// An error whose text holds no argument values.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            redacted: None,
            limit: None,
        }
    }

    /// An error whose text quotes argument values, with the form to show instead.
    pub fn revealing(
        text: impl Into<Cow<'static, str>>,
        redacted: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            text: text.into(),
            redacted: Some(redacted.into()),
            limit: None,
        }
    }

    /// The text as Go has it, which may quote values.
    pub fn exact(&self) -> &str {
        &self.text
    }

    /// The text without values.
    pub fn redacted(&self) -> &str {
        self.redacted.as_deref().unwrap_or(&self.text)
    }

    /// The limit it is about, if any.
    pub fn limit(&self) -> Option<LimitError> {
        self.limit
    }
}

impl From<LimitError> for FuncError {
    fn from(limit: LimitError) -> Self {
        Self {
            text: limit.to_string().into(),
            redacted: None,
            limit: Some(limit),
        }
    }
}

impl fmt::Display for FuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.redacted())
    }
}

impl fmt::Debug for FuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FuncError({:?})", self.redacted())
    }
}

impl std::error::Error for FuncError {}
