//! `time.Time` as a value: how it is printed, compared and written as JSON.

use std::any::Any;
use std::sync::Arc;

use crate::funcs::Func;
use crate::named::MONTHS;
use crate::object::Object;
use crate::types::Type;
use crate::value::Value;

use super::time::{TIME, Time, Zone};
use super::time_layout::format;
use super::time_location::Location;
use super::time_methods;

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

    fn marshal_text(&self) -> Option<Result<Vec<u8>, String>> {
        Some(rfc3339(self).map_err(|error| format!("Time.MarshalJSON: {error}")))
    }

    /// With the same zone as well; those with a name come of two lookups, which Go tells apart.
    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().and_then(<dyn Any>::downcast_ref::<Self>);
        other.is_some_and(|other| {
            self.since(other) == 0
                && match (&self.zone, &other.zone) {
                    (Zone::Utc, Zone::Utc) => true,
                    (Zone::Fixed { name: a, offset: x }, Zone::Fixed { name: b, offset: y }) => {
                        a.is_empty() && b.is_empty() && x == y && x % 3600 == 0
                    }
                    _ => false,
                }
        })
    }

    /// Seconds count from year one.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let since_year_one = self.seconds.wrapping_sub(Self::zero().seconds);
        vec![
            ("wall", Value::Uint64(self.nanos.cast_unsigned())),
            ("ext", Value::Int64(since_year_one)),
            ("loc", Location::field_of(self)),
        ]
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        time_methods::find(&self, name)
    }
}

/// The form in JSON and elsewhere, which has four digits for the year and two for the zone's hours.
pub(super) fn rfc3339(time: &Time) -> Result<Vec<u8>, &'static str> {
    let civil = time.civil();
    if !(0..=9999).contains(&civil.year) {
        return Err("year outside of range [0,9999]");
    }
    if civil.offset.abs() >= 24 * 3600 {
        return Err("timezone hour outside of range [0,23]");
    }
    Ok(format(&civil, RFC3339_NANO.as_bytes()))
}
