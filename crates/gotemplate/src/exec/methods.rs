//! Methods of values that templates can call.

use std::sync::Arc;

use crate::funcs::{Func, FuncError};
use crate::named::Named;
use crate::quote::quoted;
use crate::types::Type;
use crate::value::Value;

/// The method `name` of a value, with the value bound to it.
pub(super) fn find(receiver: &Value, name: &str) -> Option<Func> {
    match receiver {
        Value::Object(object) => Arc::clone(object).method(name),
        Value::Number(text) => number_method(&text.to_text(), name),
        Value::Named(named, n) => named_method(*named, *n, name),
        _ => None,
    }
}

/// `json.Number`
fn number_method(text: &str, name: &str) -> Option<Func> {
    let text = text.to_owned();
    Some(match name {
        "String" => Func::bound("String", &[], Type::String, move |_, _| {
            Ok(Value::str(text.as_str()))
        }),
        "Int64" => Func::bound("Int64", &[], Type::Int64, move |_, _| match text.parse() {
            Ok(n) => Ok(Value::Int64(n)),
            Err(_) if is_integer(&text) => Err(conversion("ParseInt", &text, "value out of range")),
            Err(_) => Err(conversion("ParseInt", &text, "invalid syntax")),
        }),
        "Float64" => Func::bound("Float64", &[], Type::Float64, move |_, _| {
            match text.parse::<f64>() {
                Ok(x) if x.is_finite() => Ok(Value::Float64(x)),
                Ok(_) => Err(conversion("ParseFloat", &text, "value out of range")),
                Err(_) => Err(conversion("ParseFloat", &text, "invalid syntax")),
            }
        }),
        _ => return None,
    })
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn conversion(function: &str, text: &str, why: &str) -> FuncError {
    FuncError::revealing(
        format!("strconv.{function}: parsing {}: {why}", quoted(text)),
        format!("strconv.{function}: parsing <redacted>: {why}"),
    )
}

fn named_method(named: Named, n: i64, name: &str) -> Option<Func> {
    match (named, name) {
        (_, "String") => Some(Func::bound("String", &[], Type::String, move |_, _| {
            Ok(Value::str(named.text(n)))
        })),
        (Named::Duration, name) => duration_method(n, name),
        (Named::Month | Named::Weekday, _) => None,
    }
}

/// `time.Duration`
fn duration_method(nanos: i64, name: &str) -> Option<Func> {
    const SECOND: i64 = 1_000_000_000;
    const DURATION: Type = Type::Named(Named::Duration);
    let duration = |name: &'static str, nanos: i64| {
        Func::bound(name, &[], DURATION, move |_, _| {
            Ok(Value::Named(Named::Duration, nanos))
        })
    };
    let whole = |name: &'static str, unit: i64| {
        Func::bound(name, &[], Type::Int64, move |_, _| {
            Ok(Value::Int64(nanos / unit))
        })
    };
    let fractional = |name: &'static str, unit: i64| {
        Func::bound(name, &[], Type::Float64, move |_, _| {
            Ok(Value::Float64(in_units(nanos, unit)))
        })
    };
    let to_multiple = |name: &'static str, change: fn(i64, i64) -> i64| {
        Func::bound(name, &[DURATION], DURATION, move |_, args| {
            let multiple = args.int(0)?;
            let changed = if multiple > 0 {
                change(nanos, multiple)
            } else {
                nanos
            };
            Ok(Value::Named(Named::Duration, changed))
        })
    };
    Some(match name {
        "Round" => to_multiple("Round", |nanos, multiple| {
            // Half goes away from zero, and stops at the longest there is.
            let rest = nanos % multiple;
            let away = multiple.saturating_sub(rest.abs());
            if rest.abs() < away {
                nanos - rest
            } else {
                nanos.saturating_add(away.saturating_mul(nanos.signum()))
            }
        }),
        "Truncate" => to_multiple("Truncate", |nanos, multiple| nanos - nanos % multiple),
        "Abs" => duration("Abs", nanos.saturating_abs()),
        "Nanoseconds" => whole("Nanoseconds", 1),
        "Microseconds" => whole("Microseconds", 1_000),
        "Milliseconds" => whole("Milliseconds", 1_000_000),
        "Seconds" => fractional("Seconds", SECOND),
        "Minutes" => fractional("Minutes", 60 * SECOND),
        "Hours" => fractional("Hours", 3600 * SECOND),
        _ => return None,
    })
}

/// Whole units and the rest apart, as Go does it, to lose no precision.
#[expect(clippy::cast_precision_loss, reason = "Go rounds the same way")]
fn in_units(nanos: i64, unit: i64) -> f64 {
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}
