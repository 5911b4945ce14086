//! Times read by a Go layout: `time.ParseInLocation` in UTC, which is the operator's zone.

use crate::named::{MONTHS, WEEKDAYS};

use super::time::{DAYS_BEFORE, Time, Zone, days_from_civil, days_in, is_leap};
use super::time_layout::{Element, Offset, Precision, next_chunk};

/// Reads a time, or says why it cannot, as Go does.
pub(super) fn parse(layout: &[u8], value: &[u8]) -> Result<Time, String> {
    let mut reader = Reader {
        value,
        parts: Parts::default(),
    };
    let wrong = |rest: &[u8], element: &[u8]| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quoted(value),
            quoted(layout),
            quoted(rest),
            quoted(element)
        )
    };
    let problem = |message: String| format!("parsing time {}: {message}", quoted(value));
    let mut rest = layout;
    loop {
        let chunk = next_chunk(rest);
        reader
            .skip(chunk.prefix)
            .map_err(|()| wrong(reader.value, chunk.prefix))?;
        let Some(element) = chunk.element else {
            if reader.value.is_empty() {
                break;
            }
            return Err(problem(format!("extra text: {}", quoted(reader.value))));
        };
        rest = chunk.suffix;
        let hold = reader.value;
        let fraction_follows = matches!(
            next_chunk(rest).element,
            Some(Element::Fraction { .. } | Element::TrimmedFraction { .. })
        );
        match reader.element(element, fraction_follows) {
            Ok(()) => {}
            Err(Fault::Range(what)) => return Err(problem(format!("{what} out of range"))),
            Err(Fault::Bad) => return Err(wrong(hold, chunk.text)),
        }
    }
    reader
        .parts
        .into_time()
        .map_err(|what| problem(what.to_owned()))
}

enum Fault {
    Bad,
    Range(&'static str),
}

#[derive(Default)]
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    /// Which half of the day it is; a layout can ask twice, and be told both.
    morning: bool,
    afternoon: bool,
    utc: bool,
    offset: Option<i64>,
    zone_name: Vec<u8>,
}

impl Parts {
    fn into_time(mut self) -> Result<Time, &'static str> {
        if self.afternoon && self.hour < 12 {
            self.hour += 12;
        } else if self.morning && self.hour == 12 {
            self.hour = 0;
        }
        let (month, day) = self.date()?;
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let days = days_from_civil(self.year, month, day);
        let seconds = days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second;
        let mut time = Time::unix(seconds);
        time.nanos = self.nanos;
        let name = String::from_utf8_lossy(&self.zone_name).into_owned();
        match self.offset {
            _ if self.utc => {}
            Some(offset) => {
                time.seconds -= offset;
                if offset != 0 || !(name.is_empty() || name == "UTC") {
                    time.zone = Zone::Fixed { name, offset };
                }
            }
            None if !name.is_empty() => {
                let hours = name
                    .strip_prefix("GMT")
                    .and_then(|hours| hours.parse().ok());
                let offset = hours.map_or(0, |hours: i64| hours * 3600);
                // The abbreviation alone does not move the clock.
                time.zone = Zone::Fixed { name, offset };
            }
            None => {}
        }
        Ok(time)
    }

    /// Month and day, from the day of the year if there is one.
    fn date(&self) -> Result<(i64, i64), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        let leap_day = is_leap(self.year) && year_day == 60;
        let common = year_day - i64::from(is_leap(self.year) && year_day > 60);
        if !leap_day && !(1..=365).contains(&common) {
            return Err("day-of-year out of range");
        }
        let (month, day) = if leap_day {
            (2, 29)
        } else {
            let month = DAYS_BEFORE
                .iter()
                .filter(|before| **before < common)
                .count();
            let before = DAYS_BEFORE[month - 1];
            (i64::try_from(month).unwrap_or(1), common - before)
        };
        if self.month.is_some_and(|seen| seen != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|seen| seen != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

struct Reader<'a> {
    value: &'a [u8],
    parts: Parts,
}

impl Reader<'_> {
    /// Literal text; runs of spaces match runs of spaces.
    fn skip(&mut self, prefix: &[u8]) -> Result<(), ()> {
        let mut prefix = prefix;
        while let [byte, rest @ ..] = prefix {
            if *byte == b' ' {
                if self.value.first().is_some_and(|b| *b != b' ') {
                    return Err(());
                }
                prefix = without_spaces(prefix);
                self.value = without_spaces(self.value);
                continue;
            }
            if self.value.first() != Some(byte) {
                return Err(());
            }
            prefix = rest;
            self.value = &self.value[1..];
        }
        Ok(())
    }

    fn element(&mut self, element: Element, fraction_follows: bool) -> Result<(), Fault> {
        match element {
            Element::LongYear => self.parts.year = self.fixed(4)?,
            Element::Year => {
                let year = signed(self.take(2)?)?;
                self.parts.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Element::Month => self.parts.month = Some(self.name(&MONTHS, 3)? + 1),
            Element::LongMonth => self.parts.month = Some(self.name(&MONTHS, 99)? + 1),
            Element::NumMonth | Element::ZeroMonth => {
                let month = self.number(element == Element::ZeroMonth)?;
                self.parts.month = Some(in_range(month, 1..=12, "month")?);
            }
            Element::Weekday => self.name(&WEEKDAYS, 3).map(drop)?,
            Element::LongWeekday => self.name(&WEEKDAYS, 99).map(drop)?,
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                if element == Element::UnderDay && self.value.starts_with(b" ") {
                    self.value = &self.value[1..];
                }
                self.parts.day = Some(self.number(element == Element::ZeroDay)?);
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                self.parts.year_day = Some(self.year_day(element == Element::ZeroYearDay)?);
            }
            Element::Hour => {
                self.parts.hour = in_range(self.number(false)?, 0..=23, "hour")?;
            }
            Element::Hour12 | Element::ZeroHour12 => {
                let hour = self.number(element == Element::ZeroHour12)?;
                self.parts.hour = in_range(hour, 0..=12, "hour")?;
            }
            Element::Minute | Element::ZeroMinute => {
                let minute = self.number(element == Element::ZeroMinute)?;
                self.parts.minute = in_range(minute, 0..=59, "minute")?;
            }
            Element::Second | Element::ZeroSecond => {
                let second = self.number(element == Element::ZeroSecond)?;
                self.parts.second = in_range(second, 0..=59, "second")?;
                // Fractions are taken where the layout has none.
                if !fraction_follows && self.fraction_len() > 0 {
                    self.fraction(self.fraction_len())?;
                }
            }
            Element::UpperPm => self.half_of_day(b"AM", b"PM")?,
            Element::LowerPm => self.half_of_day(b"am", b"pm")?,
            Element::ZoneName => self.zone_name()?,
            Element::Offset(offset) => self.offset(offset)?,
            Element::Fraction { digits, .. } => self.fraction(digits)?,
            Element::TrimmedFraction { .. } => {
                if self.fraction_len() > 0 {
                    self.fraction(self.fraction_len())?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<&[u8], Fault> {
        let (taken, rest) = self.value.split_at_checked(len).ok_or(Fault::Bad)?;
        self.value = rest;
        Ok(taken)
    }

    /// Exactly so many digits.
    fn fixed(&mut self, len: usize) -> Result<i64, Fault> {
        digits(self.take(len)?)
    }

    /// One or two digits, or two.
    fn number(&mut self, two: bool) -> Result<i64, Fault> {
        let second = self.value.get(1).is_some_and(u8::is_ascii_digit);
        self.fixed(if two || second { 2 } else { 1 })
    }

    fn year_day(&mut self, three: bool) -> Result<i64, Fault> {
        for _ in 0..2 {
            if !three && self.value.starts_with(b" ") {
                self.value = &self.value[1..];
            }
        }
        let len = self
            .value
            .iter()
            .take(3)
            .take_while(|b| b.is_ascii_digit())
            .count();
        if len == 0 || three && len < 3 {
            return Err(Fault::Bad);
        }
        self.fixed(len)
    }

    /// The index of a name, of which the first `len` letters are written.
    fn name<const N: usize>(&mut self, names: &[&str; N], len: usize) -> Result<i64, Fault> {
        for (i, name) in names.iter().enumerate() {
            let name = &name.as_bytes()[..name.len().min(len)];
            if self
                .value
                .get(..name.len())
                .is_some_and(|v| v.eq_ignore_ascii_case(name))
            {
                self.value = &self.value[name.len()..];
                return i64::try_from(i).map_err(|_| Fault::Bad);
            }
        }
        Err(Fault::Bad)
    }

    fn half_of_day(&mut self, first: &[u8], second: &[u8]) -> Result<(), Fault> {
        let half = self.take(2)?;
        let (morning, afternoon) = (half == first, half == second);
        if !morning && !afternoon {
            return Err(Fault::Bad);
        }
        self.parts.morning |= morning;
        self.parts.afternoon |= afternoon;
        Ok(())
    }

    /// How many digits follow a separator, if the value goes on with one.
    fn fraction_len(&self) -> usize {
        match self.value {
            [b'.' | b',', rest @ ..] => rest.iter().take_while(|b| b.is_ascii_digit()).count(),
            _ => 0,
        }
    }

    /// A separator and `len` digits, of which nine count.
    fn fraction(&mut self, len: usize) -> Result<(), Fault> {
        let text = self.take(1 + len)?;
        if !matches!(text[0], b'.' | b',') {
            return Err(Fault::Bad);
        }
        let digits_read = &text[1..text.len().min(10)];
        let missing = 9 - digits_read.len();
        let scale = 10_i64.pow(u32::try_from(missing).unwrap_or(0));
        self.parts.nanos = match signed(digits_read)? {
            nanos if nanos < 0 => return Err(Fault::Range("fractional second")),
            nanos => nanos * scale,
        };
        Ok(())
    }

    fn offset(&mut self, style: Offset) -> Result<(), Fault> {
        if style.z_for_utc && self.value.starts_with(b"Z") {
            self.value = &self.value[1..];
            self.parts.utc = true;
            return Ok(());
        }
        let sign = self.take(1)?[0];
        let mut fields = [*b"00"; 3];
        let written = match style.precision {
            Precision::Hours => 1,
            Precision::Minutes => 2,
            Precision::Seconds => 3,
        };
        for (i, field) in fields.iter_mut().enumerate().take(written) {
            if i > 0 && style.colons && self.take(1)? != b":" {
                return Err(Fault::Bad);
            }
            field.copy_from_slice(self.take(2)?);
        }
        let numbers = fields.map(|field| digits(&field));
        let readable = numbers.iter().take_while(|number| number.is_ok()).count();
        let [hours, minutes, seconds] = numbers.map(|number| number.unwrap_or(0));
        // What is out of range is told first, the smallest unit before the others.
        for (i, number, most, what) in [
            (2, seconds, 60, "time zone offset second"),
            (1, minutes, 60, "time zone offset minute"),
            (0, hours, 24, "time zone offset hour"),
        ] {
            if i < readable {
                in_range(number, 0..=most, what)?;
            }
        }
        if readable < fields.len() {
            return Err(Fault::Bad);
        }
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.parts.offset = Some(match sign {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(Fault::Bad),
        });
        Ok(())
    }

    fn zone_name(&mut self) -> Result<(), Fault> {
        if self.value.starts_with(b"UTC") {
            self.value = &self.value[3..];
            self.parts.utc = true;
            return Ok(());
        }
        let len = zone_name_len(self.value).ok_or(Fault::Bad)?;
        self.parts.zone_name = self.take(len)?.to_vec();
        Ok(())
    }
}

/// Digits with a sign before them or not.
fn signed(text: &[u8]) -> Result<i64, Fault> {
    match text {
        [b'-', rest @ ..] => Ok(-digits(rest)?),
        [b'+', rest @ ..] | rest => digits(rest),
    }
}

/// Digits only, at least one.
fn digits(text: &[u8]) -> Result<i64, Fault> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Bad);
    }
    Ok(text
        .iter()
        .fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
}

fn in_range(
    n: i64,
    range: std::ops::RangeInclusive<i64>,
    what: &'static str,
) -> Result<i64, Fault> {
    if range.contains(&n) {
        Ok(n)
    } else {
        Err(Fault::Range(what))
    }
}

/// The length of what looks like the abbreviation of a zone.
fn zone_name_len(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix(b"GMT") {
        return Some(3 + signed_hours_len(rest).unwrap_or(0));
    }
    if matches!(value[0], b'+' | b'-') {
        return signed_hours_len(value);
    }
    let upper = value
        .iter()
        .take(6)
        .take_while(|b| b.is_ascii_uppercase())
        .count();
    match upper {
        3 => Some(3),
        4 if value[3] == b'T' || value.starts_with(b"WITA") => Some(4),
        5 if value[4] == b'T' => Some(5),
        _ => None,
    }
}

/// The length of `+3` and the like, hours up to 23.
fn signed_hours_len(value: &[u8]) -> Option<usize> {
    let [b'+' | b'-', rest @ ..] = value else {
        return None;
    };
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let hours = digits(&rest[..len.min(10)]).ok()?;
    (hours <= 23).then_some(1 + len)
}

/// The text without the spaces it starts with; other white space stays.
fn without_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| **b == b' ').count()..]
}

/// The quoting of Go's `time` package: bytes outside of ASCII are escaped.
pub(super) fn quoted(text: &[u8]) -> String {
    use std::fmt::Write;

    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=0x7f => out.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
