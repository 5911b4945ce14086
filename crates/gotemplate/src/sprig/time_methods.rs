//! What templates can call on a `time.Time`.

use std::sync::Arc;

use crate::funcs::{Args, Func, FuncError};
use crate::named::Named;
use crate::object::Object as _;
use crate::types::Type;
use crate::value::Value;

use super::time::{NANOS_PER_SECOND, TIME, Time, Zone, time_argument};
use super::time_layout::format;
use super::time_location::{LOCATION, Location};
use super::time_object::rfc3339;
use super::{BOOL, INT, INT64, TEXT};

const BYTES: Type = Type::Bytes;
const DURATION: Type = Type::Named(Named::Duration);
const MONTH: Type = Type::Named(Named::Month);
const WEEKDAY: Type = Type::Named(Named::Weekday);

/// The method `name`, bound to the time.
pub(super) fn find(time: &Arc<Time>, name: &str) -> Option<Func> {
    reading(time, name)
        .or_else(|| comparing(time, name))
        .or_else(|| changing(time, name))
        .or_else(|| writing(time, name))
        .or_else(|| unusable(name))
}

fn reading(time: &Arc<Time>, name: &str) -> Option<Func> {
    let get = |name, result, read: fn(&Time) -> Value| {
        let time = Arc::clone(time);
        Func::bound(name, &[], result, move |_, _| Ok(read(&time)))
    };
    Some(match name {
        "Day" => get("Day", INT, |t| Value::Int(t.civil().day)),
        "GoString" => get("GoString", TEXT, |t| t.go_text().unwrap_or_default().into()),
        "Hour" => get("Hour", INT, |t| Value::Int(t.civil().hour)),
        "IsDST" => get("IsDST", BOOL, |t| t.zone.is_summer(t.seconds).into()),
        "IsZero" => get("IsZero", BOOL, |t| (t.since(&Time::zero()) == 0).into()),
        "Location" => get("Location", LOCATION, Location::of),
        "Minute" => get("Minute", INT, |t| Value::Int(t.civil().minute)),
        "Month" => get("Month", MONTH, |t| {
            Value::Named(Named::Month, t.civil().month)
        }),
        "Nanosecond" => get("Nanosecond", INT, |t| Value::Int(t.nanos)),
        "Second" => get("Second", INT, |t| Value::Int(t.civil().second)),
        "String" => get("String", TEXT, |t| Value::str(t.text().unwrap_or_default())),
        "Unix" => get("Unix", INT64, |t| Value::Int64(t.seconds)),
        "UnixMicro" => get("UnixMicro", INT64, |t| Value::Int64(t.unix_in(1_000_000))),
        "UnixMilli" => get("UnixMilli", INT64, |t| Value::Int64(t.unix_in(1000))),
        "UnixNano" => get("UnixNano", INT64, |t| {
            Value::Int64(t.unix_in(NANOS_PER_SECOND))
        }),
        "Weekday" => get("Weekday", WEEKDAY, |t| {
            Value::Named(Named::Weekday, t.civil().weekday)
        }),
        "Year" => get("Year", INT, |t| Value::Int(t.civil().year)),
        "YearDay" => get("YearDay", INT, |t| Value::Int(t.civil().year_day)),
        _ => return None,
    })
}

fn comparing(time: &Arc<Time>, name: &str) -> Option<Func> {
    let against = |name, result, compare: fn(&Time, &Time) -> Value| {
        let time = Arc::clone(time);
        Func::bound(name, &[TIME], result, move |_, args| {
            Ok(compare(&time, time_argument(args, 0)?))
        })
    };
    Some(match name {
        "After" => against("After", BOOL, |a, b| (a.since(b) > 0).into()),
        "Before" => against("Before", BOOL, |a, b| (a.since(b) < 0).into()),
        "Compare" => against("Compare", INT, |a, b| Value::Int(a.since(b).signum())),
        "Equal" => against("Equal", BOOL, |a, b| (a.since(b) == 0).into()),
        "Sub" => against("Sub", DURATION, |a, b| {
            Value::Named(Named::Duration, a.since(b))
        }),
        _ => return None,
    })
}

fn changing(time: &Arc<Time>, name: &str) -> Option<Func> {
    let by = |name, params, change: fn(&Time, &Args<'_>) -> Result<Time, FuncError>| {
        let time = Arc::clone(time);
        Func::bound(name, params, TIME, move |_, args| {
            Ok(change(&time, args)?.into())
        })
    };
    Some(match name {
        "Add" => by("Add", &[DURATION], |t, args| Ok(t.plus(args.int(0)?))),
        "AddDate" => by("AddDate", &[INT, INT, INT], |t, args| {
            Ok(t.plus_date(args.int(0)?, args.int(1)?, args.int(2)?))
        }),
        "In" => by("In", &[LOCATION], |t, args| {
            Ok(t.in_zone(Location::zone(args.value(0)?)?))
        }),
        // The operator's local zone is UTC, and calls itself so.
        "Local" => by("Local", &[], |t, _| Ok(t.in_zone(Zone::Utc))),
        "Round" => by("Round", &[DURATION], |t, args| Ok(t.round(args.int(0)?))),
        "Truncate" => by("Truncate", &[DURATION], |t, args| {
            Ok(t.truncate(args.int(0)?))
        }),
        "UTC" => by("UTC", &[], |t, _| Ok(t.in_zone(Zone::Utc))),
        _ => return None,
    })
}

fn writing(time: &Arc<Time>, name: &str) -> Option<Func> {
    let as_bytes = |name, params, write: fn(&Time, &Args<'_>) -> Result<Vec<u8>, FuncError>| {
        let time = Arc::clone(time);
        Func::bound(name, params, BYTES, move |_, args| {
            Ok(Value::Bytes(write(&time, args)?.into()))
        })
    };
    Some(match name {
        "AppendFormat" => as_bytes("AppendFormat", &[BYTES, TEXT], |t, args| {
            let text = format(&t.civil(), args.str(1)?);
            Ok([bytes(args.value(0)?), &text].concat())
        }),
        "AppendText" => as_bytes("AppendText", &[BYTES], |t, args| {
            let text = marshaled(t, "Time.AppendText")?;
            Ok([bytes(args.value(0)?), &text].concat())
        }),
        "Format" => {
            let time = Arc::clone(time);
            Func::bound("Format", &[TEXT], TEXT, move |_, args| {
                Ok(Value::str(format(&time.civil(), args.str(0)?)))
            })
        }
        "MarshalJSON" => as_bytes("MarshalJSON", &[], |t, _| {
            Ok([b"\"", &*marshaled(t, "Time.MarshalJSON")?, b"\""].concat())
        }),
        "MarshalText" => as_bytes("MarshalText", &[], |t, _| marshaled(t, "Time.MarshalText")),
        _ => return None,
    })
}

/// Methods that give more than a template can take.
fn unusable(name: &str) -> Option<Func> {
    Some(match name {
        "Clock" => Func::unusable(
            "Clock",
            "function Clock has 3 return values; should be 1 or 2",
        ),
        "Date" => Func::unusable(
            "Date",
            "function Date has 3 return values; should be 1 or 2",
        ),
        "ISOWeek" => Func::unusable(
            "ISOWeek",
            "invalid function signature for ISOWeek: second return value should be error; is int",
        ),
        "Zone" => Func::unusable(
            "Zone",
            "invalid function signature for Zone: second return value should be error; is int",
        ),
        "ZoneBounds" => Func::unusable(
            "ZoneBounds",
            "invalid function signature for ZoneBounds: second return value should be error; is time.Time",
        ),
        _ => return None,
    })
}

fn marshaled(time: &Time, method: &str) -> Result<Vec<u8>, FuncError> {
    rfc3339(time).map_err(|error| FuncError::new(format!("{method}: {error}")))
}

/// What an argument declared as [`BYTES`] holds.
fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Bytes(bytes) => bytes,
        _ => &[],
    }
}
