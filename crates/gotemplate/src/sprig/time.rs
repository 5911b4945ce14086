//! `time.Time` values.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

use crate::funcs::{Args, FuncError};
use crate::types::{Kind, Type};
use crate::value::Value;

/// `time.Time`
pub(super) const TIME: Type = Type::Object("time.Time", Kind::Struct);

pub(super) const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// An instant and the zone it is shown in.
#[derive(Clone)]
pub(super) struct Time {
    /// Since 1970, in UTC.
    pub(super) seconds: i64,
    pub(super) nanos: i64,
    pub(super) zone: Zone,
}

/// Where a time is shown. The operator's local zone is UTC.
#[derive(Clone)]
pub(super) enum Zone {
    Utc,
    Fixed { name: String, offset: i64 },
    Named(TimeZone),
}

impl Zone {
    /// `time.LoadLocation`; UTC for what is not known.
    pub(super) fn load(name: &str) -> Self {
        match name {
            "" | "UTC" | "Local" => Self::Utc,
            name => TimeZone::get(name)
                .ok()
                // Go looks for a file of that name, so case matters.
                .filter(|zone| zone.iana_name() == Some(name))
                .map_or(Self::Utc, Self::Named),
        }
    }

    /// What the zone is called as a whole.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::Fixed { name, .. } => name,
            Self::Named(zone) => zone.iana_name().unwrap_or_default(),
        }
    }

    /// Whether it is summer time there at an instant.
    pub(super) fn is_summer(&self, seconds: i64) -> bool {
        match (self, jiff::Timestamp::from_second(seconds)) {
            (Self::Named(zone), Ok(instant)) => zone.to_offset_info(instant).dst().is_dst(),
            _ => false,
        }
    }

    /// The abbreviation and the offset in seconds at an instant.
    fn at(&self, seconds: i64) -> (String, i64) {
        match self {
            Self::Utc => ("UTC".to_owned(), 0),
            Self::Fixed { name, offset } => (name.clone(), *offset),
            Self::Named(zone) => match jiff::Timestamp::from_second(seconds) {
                Ok(instant) => {
                    let info = zone.to_offset_info(instant);
                    let offset = i64::from(info.offset().seconds());
                    (info.abbreviation().to_owned(), offset)
                }
                Err(_) => ("UTC".to_owned(), 0),
            },
        }
    }
}

/// A time as read off a calendar and a clock.
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) year_day: i64,
    /// Sunday is zero.
    pub(super) weekday: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) nanos: i64,
    pub(super) zone_name: String,
    pub(super) offset: i64,
}

/// The days before each month of a common year.
pub(super) const DAYS_BEFORE: [i64; 13] =
    [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month, which counts from one.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    let index = usize::try_from(month).unwrap_or(1).clamp(1, 12);
    let days = DAYS_BEFORE[index] - DAYS_BEFORE[index - 1];
    days + i64::from(month == 2 && is_leap(year))
}

/// Days from 1970 to a date. Counts years from March, so that leap days come last.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that no clock shows wrap around, as they do in Go.
    let year = year.wrapping_sub(i64::from(month <= 2));
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.wrapping_mul(146_097).wrapping_add(day_of_era - 719_468)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Go counts seconds from a year long past without a sign: what is before that is far in the future.
fn wrapped(seconds: i128) -> i128 {
    const START: i128 = -9_223_372_028_741_760_000;
    (seconds - START).rem_euclid(1 << 64) + START
}

impl Time {
    /// The zero time of Go: year one.
    pub(super) fn zero() -> Self {
        Self::unix(days_from_civil(1, 1, 1) * SECONDS_PER_DAY)
    }

    /// `time.Unix(seconds, 0)`
    pub(super) fn unix(seconds: i64) -> Self {
        Self {
            seconds,
            nanos: 0,
            zone: Zone::Utc,
        }
    }

    /// `time.Now()`
    pub(super) fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: i64::from(since.subsec_nanos()),
            zone: Zone::Utc,
        }
    }

    /// The time out of a value, if it is one.
    pub(super) fn of(value: &Value) -> Option<&Self> {
        match value {
            Value::Object(object) => object.as_any()?.downcast_ref(),
            _ => None,
        }
    }

    pub(super) fn in_zone(&self, zone: Zone) -> Self {
        Self {
            zone,
            ..self.clone()
        }
    }

    /// `Add` of a duration in nanoseconds.
    pub(super) fn plus(&self, duration: i64) -> Self {
        let nanos = self.nanos + duration.rem_euclid(NANOS_PER_SECOND);
        let carried = nanos.div_euclid(NANOS_PER_SECOND);
        Self {
            seconds: self
                .seconds
                .wrapping_add(duration.div_euclid(NANOS_PER_SECOND))
                .wrapping_add(carried),
            nanos: nanos.rem_euclid(NANOS_PER_SECOND),
            zone: self.zone.clone(),
        }
    }

    /// `Sub`: the duration since `other` in nanoseconds, which stops at the longest there is.
    pub(super) fn since(&self, other: &Self) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let nanos = seconds * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos - other.nanos);
        let bound = if nanos < 0 { i64::MIN } else { i64::MAX };
        i64::try_from(nanos).unwrap_or(bound)
    }

    pub(super) fn civil(&self) -> Civil {
        let (zone_name, offset) = self.zone.at(self.seconds);
        let local = wrapped(i128::from(self.seconds) + i128::from(offset));
        let days = i64::try_from(local.div_euclid(SECONDS_PER_DAY.into())).unwrap_or_default();
        let clock = i64::try_from(local.rem_euclid(SECONDS_PER_DAY.into())).unwrap_or_default();
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            year_day: days - days_from_civil(year, 1, 1) + 1,
            weekday: (days + 4).rem_euclid(7),
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
            nanos: self.nanos,
            zone_name,
            offset,
        }
    }

    /// `AddDate`: too many months or days carry over.
    pub(super) fn plus_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let month = (civil.month - 1).wrapping_add(months);
        let year = civil
            .year
            .wrapping_add(years)
            .wrapping_add(month.div_euclid(12));
        let first = days_from_civil(year, month.rem_euclid(12) + 1, 1);
        let day = first.wrapping_add(civil.day - 1).wrapping_add(days);
        let clock = civil.hour * 3600 + civil.minute * 60 + civil.second;
        Self {
            seconds: day
                .wrapping_mul(SECONDS_PER_DAY)
                .wrapping_add(clock - civil.offset),
            ..self.clone()
        }
    }

    /// How far it is past the last multiple of `duration` since the zero time; none unless that is positive.
    fn past_multiple(&self, duration: i64) -> Option<i64> {
        let seconds = i128::from(self.seconds) - i128::from(Self::zero().seconds);
        let nanos = seconds * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos);
        let past = nanos.checked_rem_euclid(i128::from(duration))?;
        (duration > 0).then(|| i64::try_from(past).unwrap_or_default())
    }

    /// `Truncate`
    pub(super) fn truncate(&self, duration: i64) -> Self {
        self.past_multiple(duration)
            .map_or_else(|| self.clone(), |past| self.plus(-past))
    }

    /// `Round`: half up.
    pub(super) fn round(&self, duration: i64) -> Self {
        match self.past_multiple(duration) {
            None => self.clone(),
            Some(past) if past < duration - past => self.plus(-past),
            Some(past) => self.plus(duration - past),
        }
    }

    pub(super) fn unix_in(&self, per_second: i64) -> i64 {
        self.seconds
            .wrapping_mul(per_second)
            .wrapping_add(self.nanos / (NANOS_PER_SECOND / per_second))
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Object(Arc::new(time))
    }
}

/// An argument declared as [`TIME`].
pub(super) fn time_argument<'a>(args: &Args<'a>, i: usize) -> Result<&'a Time, FuncError> {
    Time::of(args.value(i)?).ok_or_else(|| FuncError::new("not a time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Object as _;

    #[test]
    fn dates_and_days_agree() {
        for days in (-800_000..800_000).step_by(997) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(days_from_civil(1, 1, 1), -719_162);
        let years = [i64::MIN, i64::MAX, 92_233_720_368_547_758];
        for year in years {
            // Without a panic, whatever it is.
            let _ = Time::unix(0).plus_date(year, i64::MAX, i64::MIN).civil();
        }
    }

    #[test]
    fn zones_shift_the_clock() {
        let time = Time::unix(1_751_371_200).in_zone(Zone::load("Europe/Paris"));
        assert_eq!(time.text().unwrap(), b"2025-07-01 14:00:00 +0200 CEST");
        let unknown = Time::unix(0).in_zone(Zone::load("europe/paris"));
        assert_eq!(unknown.text().unwrap(), b"1970-01-01 00:00:00 +0000 UTC");
    }
}
