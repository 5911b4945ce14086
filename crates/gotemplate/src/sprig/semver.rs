//! Versions and constraints on them, after the Go library `semver`.

use std::cmp::Ordering;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::strconv::{NumberError, parse_uint};
use crate::value::Value;

use super::semver_constraint::Constraints;
use super::semver_methods::{Held, VERSION};
use super::{BOOL, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("semver", &[TEXT], VERSION, semver),
    Func::fixed("semverCompare", &[TEXT, TEXT], BOOL, semver_compare),
];

fn semver(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Held::pointer(Version::parse(args.str(0)?)?).into())
}

fn semver_compare(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (constraint, version) = (args.str(0)?, args.str(1)?);
    ctx.charge(constraint.len())?;
    let constraints = Constraints::parse(&constraint.to_text())?;
    let version = Version::parse(version)?;
    Ok(constraints.allow(&version).into())
}

/// A version; minor and patch may have been left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) pre: String,
    pub(super) metadata: String,
    pub(super) original: String,
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
        refuse_leading_zeros(&version.pre)?;
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

    pub(super) fn text(&self) -> String {
        let mut text = format!("{}.{}.{}", self.major, self.minor, self.patch);
        for (sign, extra) in [('-', &self.pre), ('+', &self.metadata)] {
            if !extra.is_empty() {
                text.push(sign);
                text.push_str(extra);
            }
        }
        text
    }

    /// The version that other parts make, with the prefix of this one.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        let prefix = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        next.original = format!("{prefix}{}", next.text());
        next
    }

    /// `SetPrerelease`, whose check is laxer than that of [`Version::parse`].
    pub(super) fn with_pre(&self, pre: &[u8]) -> Result<Self, FuncError> {
        let allowed = allowed(pre).ok_or_else(|| FuncError::new("Invalid Prerelease string"))?;
        refuse_leading_zeros(allowed)?;
        Ok(self.with(|next| allowed.clone_into(&mut next.pre)))
    }

    /// `SetMetadata`
    pub(super) fn with_metadata(&self, metadata: &[u8]) -> Result<Self, FuncError> {
        let allowed = allowed(metadata).ok_or_else(|| FuncError::new("Invalid Metadata string"))?;
        Ok(self.with(|next| allowed.clone_into(&mut next.metadata)))
    }
}

/// The text if it has nothing but letters, digits, hyphens and dots.
fn allowed(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        .then_some(text)
}

/// Numbers of a prerelease do not begin with a zero.
fn refuse_leading_zeros(pre: &str) -> Result<(), FuncError> {
    let leading_zero = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
    };
    if pre.split('.').any(leading_zero) {
        return Err(FuncError::new("Version segment starts with 0"));
    }
    Ok(())
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
