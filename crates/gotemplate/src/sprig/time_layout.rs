//! Go's time layouts (`2006-01-02`): taken apart, and written with a time.

use crate::named::{MONTHS, WEEKDAYS};

use super::time::Civil;

/// Something in a layout that stands for a part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset(Offset),
    /// Fractional seconds with all digits.
    Fraction {
        separator: u8,
        digits: usize,
    },
    /// Fractional seconds without trailing zeros.
    TrimmedFraction {
        separator: u8,
        digits: usize,
    },
}

/// How a distance to UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// UTC itself is `Z`.
    pub(super) z_for_utc: bool,
    pub(super) colons: bool,
    pub(super) precision: Precision,
}

/// The smallest unit of an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    Hours,
    Minutes,
    Seconds,
}

/// The first element of a layout, with what stands before it and after it.
pub(super) struct Chunk<'a> {
    pub(super) prefix: &'a [u8],
    pub(super) element: Option<Element>,
    /// How the element is written in the layout.
    pub(super) text: &'a [u8],
    pub(super) suffix: &'a [u8],
}

/// Finds the next element.
pub(super) fn next_chunk(layout: &[u8]) -> Chunk<'_> {
    for at in 0..layout.len() {
        if let Some((element, skip, len)) = element_at(&layout[at..]) {
            let start = at + skip;
            return Chunk {
                prefix: &layout[..start],
                element: Some(element),
                text: &layout[start..start + len],
                suffix: &layout[start + len..],
            };
        }
    }
    Chunk {
        prefix: layout,
        element: None,
        text: b"",
        suffix: b"",
    }
}

/// Elements by their text, longer ones before those they start with.
const ELEMENTS: &[(&[u8], Element)] = &[
    (b"January", Element::LongMonth),
    (b"Monday", Element::LongWeekday),
    (b"MST", Element::ZoneName),
    (b"002", Element::ZeroYearDay),
    (b"01", Element::ZeroMonth),
    (b"02", Element::ZeroDay),
    (b"03", Element::ZeroHour12),
    (b"04", Element::ZeroMinute),
    (b"05", Element::ZeroSecond),
    (b"06", Element::Year),
    (b"15", Element::Hour),
    (b"1", Element::NumMonth),
    (b"2006", Element::LongYear),
    (b"2", Element::Day),
    (b"_2", Element::UnderDay),
    (b"__2", Element::UnderYearDay),
    (b"3", Element::Hour12),
    (b"4", Element::Minute),
    (b"5", Element::Second),
    (b"PM", Element::UpperPm),
    (b"pm", Element::LowerPm),
];

/// The spellings of an offset after its `-` or `Z`, and whether they have colons.
const OFFSETS: &[(&[u8], bool, Precision)] = &[
    (b"070000", false, Precision::Seconds),
    (b"07:00:00", true, Precision::Seconds),
    (b"0700", false, Precision::Minutes),
    (b"07:00", true, Precision::Minutes),
    (b"07", false, Precision::Hours),
];

/// The element at the start of the text: what it is, how much before it is literal, its length.
fn element_at(text: &[u8]) -> Option<(Element, usize, usize)> {
    // An underscore before a year is one.
    if text.starts_with(b"_2006") {
        return Some((Element::LongYear, 1, 4));
    }
    for (spelling, element) in [(b"Jan", Element::Month), (b"Mon", Element::Weekday)] {
        let word_ends = !text.get(3).is_some_and(u8::is_ascii_lowercase);
        if text.starts_with(spelling) && word_ends {
            return Some((element, 0, 3));
        }
    }
    if let Some((spelling, element)) = ELEMENTS.iter().find(|(s, _)| text.starts_with(s)) {
        return Some((*element, 0, spelling.len()));
    }
    match text.first()? {
        sign @ (b'-' | b'Z') => {
            let (spelling, colons, precision) = *OFFSETS
                .iter()
                .find(|(spelling, ..)| text[1..].starts_with(spelling))?;
            let offset = Offset {
                z_for_utc: *sign == b'Z',
                colons,
                precision,
            };
            Some((Element::Offset(offset), 0, 1 + spelling.len()))
        }
        separator @ (b'.' | b',') => {
            let digit = *text.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
            let digits = text[1..].iter().take_while(|b| **b == digit).count();
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let separator = *separator;
            let element = if digit == b'0' {
                Element::Fraction { separator, digits }
            } else {
                Element::TrimmedFraction { separator, digits }
            };
            Some((element, 0, 1 + digits))
        }
        _ => None,
    }
}

/// `Time.Format`
pub(super) fn format(time: &Civil, layout: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(layout.len() + 8);
    let mut rest = layout;
    while !rest.is_empty() {
        let chunk = next_chunk(rest);
        out.extend_from_slice(chunk.prefix);
        let Some(element) = chunk.element else { break };
        write_element(&mut out, time, element);
        rest = chunk.suffix;
    }
    out
}

fn write_element(out: &mut Vec<u8>, time: &Civil, element: Element) {
    let hour12 = (time.hour + 11) % 12 + 1;
    let text = match element {
        Element::LongMonth => name(&MONTHS, time.month - 1).to_owned(),
        Element::Month => name(&MONTHS, time.month - 1)[..3].to_owned(),
        Element::NumMonth => time.month.to_string(),
        Element::ZeroMonth => format!("{:02}", time.month),
        Element::LongWeekday => name(&WEEKDAYS, time.weekday).to_owned(),
        Element::Weekday => name(&WEEKDAYS, time.weekday)[..3].to_owned(),
        Element::Day => time.day.to_string(),
        Element::UnderDay => format!("{:2}", time.day),
        Element::ZeroDay => format!("{:02}", time.day),
        Element::UnderYearDay => format!("{:3}", time.year_day),
        Element::ZeroYearDay => format!("{:03}", time.year_day),
        Element::Hour => format!("{:02}", time.hour),
        Element::Hour12 => hour12.to_string(),
        Element::ZeroHour12 => format!("{hour12:02}"),
        Element::Minute => time.minute.to_string(),
        Element::ZeroMinute => format!("{:02}", time.minute),
        Element::Second => time.second.to_string(),
        Element::ZeroSecond => format!("{:02}", time.second),
        Element::LongYear if time.year < 0 => format!("-{:04}", -time.year),
        Element::LongYear => format!("{:04}", time.year),
        Element::Year => format!("{:02}", time.year.abs() % 100),
        Element::UpperPm => if time.hour >= 12 { "PM" } else { "AM" }.to_owned(),
        Element::LowerPm => if time.hour >= 12 { "pm" } else { "am" }.to_owned(),
        Element::ZoneName if time.zone_name.is_empty() => offset_text(
            time.offset,
            Offset {
                z_for_utc: false,
                colons: false,
                precision: Precision::Minutes,
            },
        ),
        Element::ZoneName => time.zone_name.clone(),
        Element::Offset(offset) => offset_text(time.offset, offset),
        Element::Fraction { separator, digits } => fraction(time.nanos, separator, digits),
        Element::TrimmedFraction { separator, digits } => {
            let separator = char::from(separator);
            fraction(time.nanos, b'.', digits)
                .trim_end_matches('0')
                .trim_end_matches('.')
                .replacen('.', &separator.to_string(), 1)
        }
    };
    out.extend_from_slice(text.as_bytes());
}

fn name<const N: usize>(names: &[&'static str; N], index: i64) -> &'static str {
    usize::try_from(index)
        .ok()
        .and_then(|index| names.get(index))
        .copied()
        .unwrap_or("???")
}

/// At most nine digits: there are no more.
fn fraction(nanos: i64, separator: u8, digits: usize) -> String {
    let all = format!("{nanos:09}");
    format!("{}{}", char::from(separator), &all[..digits.min(9)])
}

fn offset_text(offset: i64, style: Offset) -> String {
    if offset == 0 && style.z_for_utc {
        return "Z".to_owned();
    }
    // The sign is that of the whole minutes, as in Go.
    let sign = if offset / 60 < 0 { '-' } else { '+' };
    let seconds = if sign == '-' { -offset } else { offset };
    let minutes = seconds / 60;
    let colon = if style.colons { ":" } else { "" };
    let hours = format!("{sign}{:02}", minutes / 60);
    match style.precision {
        Precision::Hours => hours,
        Precision::Minutes => format!("{hours}{colon}{:02}", minutes % 60),
        Precision::Seconds => {
            format!(
                "{hours}{colon}{:02}{colon}{:02}",
                minutes % 60,
                seconds % 60
            )
        }
    }
}
