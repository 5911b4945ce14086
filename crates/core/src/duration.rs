//! The one-number-one-unit durations of the resources, such as `30s` or `1.5h`.

use std::time::Duration;

/// A duration that is not one number and one unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {value:?} is not a duration: write one number and one of s, m, h, such as `90s`")]
pub struct DurationError {
    /// Field that holds it.
    pub field: &'static str,
    /// What it holds.
    pub value: String,
}

/// Parses what the schema's pattern lets through; `field` is for the error.
pub fn parse(field: &'static str, value: &str) -> Result<Duration, DurationError> {
    let error = || DurationError {
        field,
        value: value.to_owned(),
    };
    let unit = value.chars().last().ok_or_else(error)?;
    let number = &value[..value.len() - unit.len_utf8()];
    let seconds = match unit {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        _ => return Err(error()),
    };
    let plain = number.starts_with(|c: char| c.is_ascii_digit())
        && number.ends_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number: f64 = if plain {
        number.parse().map_err(|_| error())?
    } else {
        return Err(error());
    };
    Duration::try_from_secs_f64(number * seconds).map_err(|_| error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_and_one_unit_is_a_duration() {
        for (text, seconds) in [("30s", 30), ("1.5m", 90), ("1h", 3600), ("0s", 0)] {
            assert_eq!(parse("f", text), Ok(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn all_else_is_refused_by_name() {
        for text in [
            "",
            "s",
            "1h30m",
            "5",
            "-5s",
            "1d",
            "1e9s",
            "inf s",
            ".5s",
            "5µ",
            "99999999999999999999h",
        ] {
            let error = parse("spec.refreshAfter", text).unwrap_err();
            assert!(error.to_string().starts_with("spec.refreshAfter"), "{text}");
        }
    }
}
