//! Dates and durations.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::named::Named;
use crate::strconv::{NumberError, parse_int};
use crate::value::Value;

use super::time::{TIME, Time, Zone, time_argument};
use super::time_layout::format;
use super::time_parse::{parse, quoted};
use super::{ANY, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("ago", &[ANY], TEXT, ago),
    Func::fixed("date", &[TEXT, ANY], TEXT, date),
    Func::fixed("dateInZone", &[TEXT, ANY, TEXT], TEXT, date_in_zone),
    Func::fixed("dateModify", &[TEXT, TIME], TIME, date_modify),
    Func::fixed("date_in_zone", &[TEXT, ANY, TEXT], TEXT, date_in_zone),
    Func::fixed("date_modify", &[TEXT, TIME], TIME, date_modify),
    Func::fixed("duration", &[ANY], TEXT, duration_of),
    Func::fixed("durationRound", &[ANY], TEXT, duration_round),
    Func::fixed("htmlDate", &[ANY], TEXT, html_date),
    Func::fixed("htmlDateInZone", &[ANY, TEXT], TEXT, html_date_in_zone),
    Func::fixed("mustDateModify", &[TEXT, TIME], TIME, must_date_modify),
    Func::fixed("mustToDate", &[TEXT, TEXT], TIME, must_to_date),
    Func::fixed("must_date_modify", &[TEXT, TIME], TIME, must_date_modify),
    Func::fixed("now", &[], TIME, now),
    Func::fixed("toDate", &[TEXT, TEXT], TIME, to_date),
    Func::fixed("unixEpoch", &[TIME], TEXT, unix_epoch),
];

const NANOS_PER_SECOND: i64 = 1_000_000_000;

fn now(_: &mut Ctx, _: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Time::now().into())
}

/// A time, or seconds since 1970; anything else is now.
fn time_of(value: &Value) -> Time {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Time::unix(*seconds),
        Value::Int32(seconds) => Time::unix(i64::from(*seconds)),
        value => Time::of(value).cloned().unwrap_or_else(Time::now),
    }
}

fn formatted(layout: &[u8], value: &Value, zone: &[u8]) -> Value {
    let zone = Zone::load(&String::from_utf8_lossy(zone));
    let time = time_of(value).in_zone(zone);
    Value::str(format(&time.civil(), layout))
}

fn date(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(formatted(args.str(0)?, args.value(1)?, b"Local"))
}

fn date_in_zone(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(formatted(args.str(0)?, args.value(1)?, args.str(2)?))
}

fn html_date(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(formatted(b"2006-01-02", args.value(0)?, b"Local"))
}

fn html_date_in_zone(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(formatted(b"2006-01-02", args.value(0)?, args.str(1)?))
}

/// A duration that cannot be read leaves the date as it is.
fn date_modify(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let time = time_argument(args, 1)?;
    let duration = parse_duration(args.str(0)?).unwrap_or(0);
    Ok(time.plus(duration).into())
}

fn must_date_modify(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let time = time_argument(args, 1)?;
    let duration = parse_duration(args.str(0)?)
        .map_err(|complaint| FuncError::revealing(complaint, "time: invalid duration"))?;
    Ok(time.plus(duration).into())
}

/// What cannot be read gives the zero time.
fn to_date(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let time = parse(args.str(0)?, args.str(1)?);
    Ok(time.unwrap_or_else(|_| Time::zero()).into())
}

fn must_to_date(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    parse(args.str(0)?, args.str(1)?)
        .map(Value::from)
        .map_err(|complaint| FuncError::revealing(complaint, "the time does not fit the layout"))
}

fn unix_epoch(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(time_argument(args, 0)?.seconds.to_string()))
}

fn ago(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let then = match args.value(0)? {
        // Seconds of other types are not taken for a time.
        Value::Int32(_) => Time::now(),
        value => time_of(value),
    };
    let rounded = round_to_second(Time::now().since(&then));
    Ok(Value::str(Named::Duration.text(rounded)))
}

/// `Duration.Round(time.Second)`: half away from zero; the longest duration stays.
fn round_to_second(nanos: i64) -> i64 {
    let rest = nanos % NANOS_PER_SECOND;
    let down = nanos - rest;
    if rest.abs() * 2 < NANOS_PER_SECOND {
        return down;
    }
    let bound = if nanos < 0 { i64::MIN } else { i64::MAX };
    down.checked_add(rest.signum() * NANOS_PER_SECOND)
        .unwrap_or(bound)
}

/// Seconds as a duration. Numbers other than `int64` are zero.
fn duration_of(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let seconds = match args.value(0)? {
        Value::Int64(n) => *n,
        Value::Str(text) => match parse_int(text, 10) {
            Ok(n) | Err(NumberError::Range(n)) => n,
            Err(NumberError::Syntax) => 0,
        },
        _ => 0,
    };
    let nanos = seconds.wrapping_mul(NANOS_PER_SECOND);
    Ok(Value::str(Named::Duration.text(nanos)))
}

/// The largest unit only.
fn duration_round(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    const MINUTE: u64 = 60_000_000_000;
    const DAY: u64 = 24 * 60 * MINUTE;
    const UNITS: [(u64, &str); 6] = [
        (365 * DAY, "y"),
        (30 * DAY, "mo"),
        (DAY, "d"),
        (60 * MINUTE, "h"),
        (MINUTE, "m"),
        (MINUTE / 60, "s"),
    ];
    let nanos = match args.value(0)? {
        Value::Str(text) => parse_duration(text).unwrap_or(0),
        Value::Int64(nanos) => *nanos,
        value => Time::of(value).map_or(0, |time| Time::now().since(time)),
    }
    .unsigned_abs();
    let rounded = UNITS
        .iter()
        .find(|(unit, _)| nanos > *unit)
        .map_or("0s".to_owned(), |(unit, name)| {
            format!("{}{name}", nanos / unit)
        });
    Ok(Value::str(rounded))
}

/// `time.ParseDuration`
fn parse_duration(text: &[u8]) -> Result<i64, String> {
    const LIMIT: u64 = 1 << 63;
    let fail = |problem: &str| Err(format!("time: {problem} {}", quoted(text)));
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return fail("invalid duration");
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (whole, after) = split_digits(rest);
        let (fraction, after) = match after.strip_prefix(b".") {
            Some(after) => split_digits(after),
            None => (&b""[..], after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return fail("invalid duration");
        }
        let unit_len = after
            .iter()
            .take_while(|b| **b != b'.' && !b.is_ascii_digit())
            .count();
        let (unit, after) = after.split_at(unit_len);
        if unit.is_empty() {
            return fail("missing unit in duration");
        }
        let Some(scale) = unit_nanos(unit) else {
            return fail(&format!("unknown unit {} in duration", quoted(unit)));
        };
        let amount = scaled(whole, fraction, scale).filter(|amount| *amount <= LIMIT);
        total = match amount.and_then(|amount| total.checked_add(amount)) {
            Some(total) if total <= LIMIT => total,
            _ => return fail("invalid duration"),
        };
        rest = after;
    }
    if negative {
        return Ok(0_i64.wrapping_sub_unsigned(total));
    }
    match i64::try_from(total) {
        Ok(total) => Ok(total),
        Err(_) => fail("invalid duration"),
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|b| b.is_ascii_digit()).count())
}

fn unit_nanos(unit: &[u8]) -> Option<u64> {
    Some(match unit {
        b"ns" => 1,
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `whole.fraction` times a unit. Go computes the fraction with floats; so does this.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction of an hour is exact enough, and smaller than one"
)]
fn scaled(whole: &[u8], fraction: &[u8], unit: u64) -> Option<u64> {
    let mut amount = 0_u64;
    for digit in whole {
        amount = amount
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    let amount = amount.checked_mul(unit)?;
    let (mut part, mut scale) = (0_u64, 1.0_f64);
    for digit in fraction {
        // Further digits are below a nanosecond.
        if part > u64::MAX / 20 / 2 {
            break;
        }
        part = part * 10 + u64::from(digit - b'0');
        scale *= 10.0;
    }
    amount.checked_add((part as f64 * (unit as f64 / scale)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_by_go() {
        assert_eq!(parse_duration(b"1h30m"), Ok(5_400_000_000_000));
        assert_eq!(parse_duration(b"-1.5s"), Ok(-1_500_000_000));
        assert_eq!(parse_duration("3\u{b5}s".as_bytes()), Ok(3000));
        assert_eq!(
            parse_duration(b"1d").unwrap_err(),
            "time: unknown unit \"d\" in duration \"1d\""
        );
        assert_eq!(
            parse_duration(b"5").unwrap_err(),
            "time: missing unit in duration \"5\""
        );
    }

    #[test]
    fn layouts_read_what_they_write() {
        for (layout, text) in [
            (
                "2006-01-02T15:04:05.999Z07:00",
                "2024-02-29T23:59:59.125+02:00",
            ),
            ("Mon Jan _2 3:04PM 2006", "Thu Feb 29 1:05PM 2024"),
            ("2006.002 -0700", "2024.366 -0930"),
        ] {
            let time = parse(layout.as_bytes(), text.as_bytes()).unwrap();
            let written = format(&time.civil(), layout.as_bytes());
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
        assert_eq!(
            parse(b"2006-01-02", b"2023-02-29").err().unwrap(),
            "parsing time \"2023-02-29\": day out of range"
        );
        assert_eq!(
            parse(b"2006-01-02", b"x").err().unwrap(),
            "parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\""
        );
    }
}
