//! Integer types of Go that have a text of their own.

use crate::types::Kind;

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A named integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// `time.Duration`, in nanoseconds
    Duration,
    /// `time.Month`, from one
    Month,
    /// `time.Weekday`, from zero for Sunday
    Weekday,
}

impl Named {
    /// The name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duration => "time.Duration",
            Self::Month => "time.Month",
            Self::Weekday => "time.Weekday",
        }
    }

    /// The kind underneath.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Duration => Kind::Int64,
            Self::Month | Self::Weekday => Kind::Int,
        }
    }

    /// What the `String` method gives for `n`.
    pub fn text(self, n: i64) -> String {
        let (names, index, name) = match self {
            Self::Duration => return duration(n),
            Self::Month => (MONTHS.as_slice(), n.wrapping_sub(1), "Month"),
            Self::Weekday => (WEEKDAYS.as_slice(), n, "Weekday"),
        };
        match usize::try_from(index).ok().and_then(|i| names.get(i)) {
            Some(text) => (*text).to_owned(),
            None => format!("%!{name}({})", n.cast_unsigned()),
        }
    }
}

/// Go's `Duration.String`: `1h2m3.5s`.
fn duration(nanos: i64) -> String {
    let negative = nanos < 0;
    let nanos = nanos.unsigned_abs();
    let sign = if negative { "-" } else { "" };
    let text = match nanos {
        0 => "0s".to_owned(),
        1..=999 => format!("{nanos}ns"),
        1_000..=999_999 => format!("{}µs", decimal(nanos, 3)),
        1_000_000..=999_999_999 => format!("{}ms", decimal(nanos, 6)),
        _ => {
            const MINUTE: u64 = 60_000_000_000;
            let minutes = nanos / MINUTE;
            let seconds = decimal(nanos % MINUTE, 9);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, m) => format!("{m}m{seconds}s"),
                (h, m) => format!("{h}h{m}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

/// `n` with its last `places` digits after the point, trailing zeros dropped.
fn decimal(n: u64, places: usize) -> String {
    let scale = 10_u64.pow(u32::try_from(places).unwrap_or(0));
    let fraction = format!("{:0places$}", n % scale);
    match fraction.trim_end_matches('0') {
        "" => (n / scale).to_string(),
        fraction => format!("{}.{fraction}", n / scale),
    }
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn durations_read_like_go() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (3_600_000_000_000, "1h0m0s"),
            (-90_000_000_001, "-1m30.000000001s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(Named::Duration.text(nanos), text);
        }
    }
}
