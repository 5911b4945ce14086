//! What templates can call on a `time.Time`, and how it is printed.

use std::any::Any;
use std::sync::Arc;

use crate::funcs::Func;
use crate::named::{MONTHS, Named};
use crate::object::Object;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::time::{NANOS_PER_SECOND, TIME, Time, Zone, time_argument};
use super::time_layout::format;
use super::{BOOL, INT, INT64, TEXT};

const DURATION: Type = Type::Named(Named::Duration);
const MONTH: Type = Type::Named(Named::Month);
const WEEKDAY: Type = Type::Named(Named::Weekday);
const LOCATION: Type = Type::Object("*time.Location", Kind::Pointer);

/// The layout of `Time.String`.
const STRING_LAYOUT: &str = "2006-01-02 15:04:05.999999999 -0700 MST";

/// The layout of times in JSON.
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

impl Object for Time {
    fn type_of(&self) -> Type {
        TIME
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(format(&self.civil(), STRING_LAYOUT.as_bytes()))
    }

    fn go_text(&self) -> Option<String> {
        let time = self.civil();
        let month = usize::try_from(time.month - 1).ok()?;
        Some(format!(
            "time.Date({}, time.{}, {}, {}, {}, {}, {}, {})",
            time.year,
            MONTHS.get(month)?,
            time.day,
            time.hour,
            time.minute,
            time.second,
            time.nanos,
            match &self.zone {
                Zone::Utc => "time.UTC".to_owned(),
                zone => format!("time.Location({:?})", zone.name()),
            }
        ))
    }

    fn marshal_text(&self) -> Option<Vec<u8>> {
        Some(format(&self.civil(), RFC3339_NANO.as_bytes()))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        let get = |name, result, read: fn(&Self) -> Value| {
            let time = Arc::clone(&self);
            Func::bound(name, &[], result, move |_, _| Ok(read(&time)))
        };
        let against = |name, result, compare: fn(&Self, &Self) -> Value| {
            let time = Arc::clone(&self);
            Func::bound(name, &[TIME], result, move |_, args| {
                Ok(compare(&time, time_argument(args, 0)?))
            })
        };
        let by = |name, change: fn(&Self, i64) -> Self| {
            let time = Arc::clone(&self);
            Func::bound(name, &[DURATION], TIME, move |_, args| {
                Ok(change(&time, args.int(0)?).into())
            })
        };
        Some(match name {
            "Add" => by("Add", Self::plus),
            "AddDate" => {
                let time = Arc::clone(&self);
                Func::bound("AddDate", &[INT, INT, INT], TIME, move |_, args| {
                    Ok(time
                        .plus_date(args.int(0)?, args.int(1)?, args.int(2)?)
                        .into())
                })
            }
            "Format" => {
                let time = Arc::clone(&self);
                Func::bound("Format", &[TEXT], TEXT, move |_, args| {
                    Ok(Value::str(format(&time.civil(), args.str(0)?)))
                })
            }
            "After" => against("After", BOOL, |a, b| (a.since(b) > 0).into()),
            "Before" => against("Before", BOOL, |a, b| (a.since(b) < 0).into()),
            "Compare" => against("Compare", INT, |a, b| Value::Int(a.since(b).signum())),
            "Equal" => against("Equal", BOOL, |a, b| (a.since(b) == 0).into()),
            "Sub" => against("Sub", DURATION, |a, b| {
                Value::Named(Named::Duration, a.since(b))
            }),
            "Day" => get("Day", INT, |t| Value::Int(t.civil().day)),
            "GoString" => get("GoString", TEXT, |t| {
                Value::str(t.go_text().unwrap_or_default())
            }),
            "Hour" => get("Hour", INT, |t| Value::Int(t.civil().hour)),
            "IsZero" => get("IsZero", BOOL, |t| (t.since(&Self::zero()) == 0).into()),
            // The operator's local zone is UTC, and calls itself so.
            "Local" => get("Local", TIME, |t| t.in_zone(Zone::Utc).into()),
            "Location" => get("Location", LOCATION, |t| {
                Value::Object(Arc::new(Location(t.zone.name().to_owned())))
            }),
            "Minute" => get("Minute", INT, |t| Value::Int(t.civil().minute)),
            "Month" => get("Month", MONTH, |t| {
                Value::Named(Named::Month, t.civil().month)
            }),
            "Nanosecond" => get("Nanosecond", INT, |t| Value::Int(t.nanos)),
            "Round" => by("Round", Self::round),
            "Second" => get("Second", INT, |t| Value::Int(t.civil().second)),
            "String" => get("String", TEXT, |t| Value::str(t.text().unwrap_or_default())),
            "Truncate" => by("Truncate", Self::truncate),
            "UTC" => get("UTC", TIME, |t| t.in_zone(Zone::Utc).into()),
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
}

/// `*time.Location`, by its name.
struct Location(String);

impl Object for Location {
    fn type_of(&self) -> Type {
        LOCATION
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.0.clone().into_bytes())
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        let text = Value::str(self.0.as_str());
        (name == "String").then(|| Func::bound("String", &[], TEXT, move |_, _| Ok(text.clone())))
    }
}
