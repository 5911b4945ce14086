//! When to look at a secret again.

use std::time::Duration;

use crate::duration::{self, DurationError};

/// Period of a secret that names none and keeps a digest.
const DEFAULT_PERIOD: Duration = Duration::from_secs(60);
/// No secret is read more often, whatever its period says.
const SHORTEST: Duration = Duration::from_secs(1);

/// The period that a static secret asks for; None: never by itself.
pub fn period(
    refresh_after: Option<&str>,
    hmac_secret_data: bool,
) -> Result<Option<Duration>, DurationError> {
    match refresh_after.filter(|text| !text.is_empty()) {
        Some(text) => {
            let period = duration::parse("spec.refreshAfter", text)?;
            Ok((!period.is_zero()).then(|| period.max(SHORTEST)))
        }
        None => Ok(hmac_secret_data.then_some(DEFAULT_PERIOD)),
    }
}

/// The period less 10 to 20 %, for `random` in [0, 1): spreads what was created
/// together, and is never later than was asked for.
pub fn jittered(period: Duration, random: f64) -> Duration {
    period.mul_f64(0.9 - 0.1 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unset_period_is_a_minute_with_digest_and_never_without() {
        assert_eq!(period(None, true), Ok(Some(Duration::from_secs(60))));
        assert_eq!(period(None, false), Ok(None));
        assert_eq!(
            period(Some("1h"), false),
            Ok(Some(Duration::from_secs(3600)))
        );
    }

    #[test]
    fn zero_means_never_and_a_split_second_is_a_second() {
        assert_eq!(period(Some("0s"), true), Ok(None));
        assert_eq!(period(Some("0.01s"), true), Ok(Some(SHORTEST)));
    }

    #[test]
    fn jitter_takes_ten_to_twenty_percent() {
        let hour = Duration::from_secs(3600);
        assert_eq!(jittered(hour, 0.0), Duration::from_secs(3240));
        assert_eq!(jittered(hour, 1.0), Duration::from_secs(2880));
    }
}
