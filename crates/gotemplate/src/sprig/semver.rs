//! Versions and constraints on them, after the Go library `semver`.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::object::Object;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::cast::{NumberError, parse_uint};
use super::semver_constraint::Constraints;
use super::{BOOL, TEXT};

/// `*semver.Version`
pub(super) const VERSION: Type = Type::Object("*semver.Version", Kind::Pointer);

pub(super) static TABLE: &[Func] = &[
    Func::fixed("semver", &[TEXT], VERSION, semver),
    Func::fixed("semverCompare", &[TEXT, TEXT], BOOL, semver_compare),
];

fn semver(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let version = Version::parse(args.str(0)?)?;
    Ok(Value::Object(Arc::new(version)))
}

fn semver_compare(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (constraint, version) = (args.str(0)?, args.str(1)?);
    ctx.charge(constraint.len())?;
    let constraints = Constraints::parse(&constraint.to_text())?;
    let version = Version::parse(version)?;
    Ok(constraints.allow(&version).into())
}

/// A version; minor and patch may have been left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) pre: String,
    metadata: String,
    original: String,
}

impl Version {
    /// `semver.NewVersion`
    pub(super) fn parse(text: &[u8]) -> Result<Self, FuncError> {
        let invalid = || FuncError::new("Invalid Semantic Version");
        let text = std::str::from_utf8(text).map_err(|_| invalid())?;
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = split_extra(rest, '+');
        let (numbers, pre) = split_extra(rest, '-');
        let extras = [pre, metadata].into_iter().flatten();
        if !extras.clone().all(is_dotted) {
            return Err(invalid());
        }
        let numbers: Vec<&str> = numbers.split('.').collect();
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if numbers.len() > 3 || !numbers.iter().all(digits) {
            return Err(invalid());
        }
        let number = |i: usize| numbers.get(i).map_or(Ok(0), |part| segment(part));
        let version = Self {
            major: number(0)?,
            minor: number(1)?,
            patch: number(2)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        let leading_zero = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if version.pre.split('.').any(leading_zero) {
            return Err(FuncError::new("Version segment starts with 0"));
        }
        Ok(version)
    }

    /// `Compare`, which leaves the metadata aside.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let numbers = (self.major, self.minor, self.patch);
        numbers
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_pre(&self.pre, &other.pre),
            })
    }

    fn text(&self) -> String {
        let mut text = format!("{}.{}.{}", self.major, self.minor, self.patch);
        for (sign, extra) in [('-', &self.pre), ('+', &self.metadata)] {
            if !extra.is_empty() {
                text.push(sign);
                text.push_str(extra);
            }
        }
        text
    }

    /// The next version in the given numbers, with the prefix of this one.
    fn following(&self, major: u64, minor: u64, patch: u64) -> Value {
        let mut next = Self {
            major,
            minor,
            patch,
            ..Self::default()
        };
        let prefix = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        next.original = format!("{prefix}{}", next.text());
        Value::Object(Arc::new(next))
    }
}

/// Splits what follows the first `sign` off; an extra that is there must not be empty.
fn split_extra(text: &str, sign: char) -> (&str, Option<&str>) {
    match text.split_once(sign) {
        Some((before, extra)) => (before, Some(extra)),
        None => (text, None),
    }
}

/// Identifiers of letters, digits and hyphens with dots between.
fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

fn segment(part: &str) -> Result<u64, FuncError> {
    parse_uint(part.as_bytes(), 10).map_err(|error| {
        let problem = match error {
            NumberError::Syntax => "invalid syntax",
            NumberError::Range(_) => "value out of range",
        };
        FuncError::revealing(
            format!(
                "Error parsing version segment: strconv.ParseUint: parsing \"{part}\": {problem}"
            ),
            format!("Error parsing version segment: {problem}"),
        )
    })
}

/// Identifier by identifier: numbers by value and below words, words by their bytes.
pub(super) fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or_default(), b.unwrap_or_default()),
        };
        let order = match (a.is_empty(), b.is_empty()) {
            (false, false) => match (parse_uint(a.as_bytes(), 10), parse_uint(b.as_bytes(), 10)) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
            (a_empty, b_empty) => b_empty.cmp(&a_empty),
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl Object for Version {
    fn type_of(&self) -> Type {
        VERSION
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.text().into_bytes())
    }

    fn marshal_text(&self) -> Option<Vec<u8>> {
        Some(self.text().into_bytes())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("major", Value::Uint64(self.major)),
            ("minor", Value::Uint64(self.minor)),
            ("patch", Value::Uint64(self.patch)),
            ("pre", Value::str(self.pre.as_str())),
            ("metadata", Value::str(self.metadata.as_str())),
            ("original", Value::str(self.original.as_str())),
        ]
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        const UINT64: Type = Type::Uint64;
        let reader = |name, result, read: fn(&Self) -> Value| {
            let version = Arc::clone(&self);
            Func::bound(name, &[], result, move |_, _| Ok(read(&version)))
        };
        let comparer = |name, result, decide: fn(Ordering) -> Value| {
            let version = Arc::clone(&self);
            Func::bound(name, &[VERSION], result, move |_, args| {
                let other = other_version(args)?;
                Ok(decide(version.compare(&other)))
            })
        };
        Some(match name {
            "Major" => reader("Major", UINT64, |v| Value::Uint64(v.major)),
            "Minor" => reader("Minor", UINT64, |v| Value::Uint64(v.minor)),
            "Patch" => reader("Patch", UINT64, |v| Value::Uint64(v.patch)),
            "Prerelease" => reader("Prerelease", TEXT, |v| Value::str(v.pre.clone())),
            "Metadata" => reader("Metadata", TEXT, |v| Value::str(v.metadata.clone())),
            "Original" => reader("Original", TEXT, |v| Value::str(v.original.clone())),
            "String" => reader("String", TEXT, |v| Value::str(v.text())),
            "IncMajor" => reader("IncMajor", VERSION, |v| {
                v.following(v.major.wrapping_add(1), 0, 0)
            }),
            "IncMinor" => reader("IncMinor", VERSION, |v| {
                v.following(v.major, v.minor.wrapping_add(1), 0)
            }),
            "IncPatch" => reader("IncPatch", VERSION, |v| {
                // A prerelease comes before its version.
                let step = u64::from(v.pre.is_empty());
                v.following(v.major, v.minor, v.patch.wrapping_add(step))
            }),
            "Compare" => comparer("Compare", super::INT, |order| Value::Int(order as i64)),
            "Equal" => comparer("Equal", BOOL, |order| order.is_eq().into()),
            "LessThan" => comparer("LessThan", BOOL, |order| order.is_lt().into()),
            "LessThanEqual" => comparer("LessThanEqual", BOOL, |order| order.is_le().into()),
            "GreaterThan" => comparer("GreaterThan", BOOL, |order| order.is_gt().into()),
            "GreaterThanEqual" => comparer("GreaterThanEqual", BOOL, |order| order.is_ge().into()),
            _ => return None,
        })
    }
}

/// The argument of a comparison.
fn other_version(args: &Args<'_>) -> Result<Version, FuncError> {
    match args.value(0)? {
        Value::Object(object) => object.as_any().and_then(|any| any.downcast_ref()).cloned(),
        _ => None,
    }
    .ok_or_else(|| {
        FuncError::new("runtime error: invalid memory address or nil pointer dereference")
    })
}
