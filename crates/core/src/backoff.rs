//! How long to wait after a failure.

use std::time::Duration;

/// Exponential back-off with jitter, as the flags `--backoff-…` set it.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    /// Wait after the first failure.
    pub initial: Duration,
    /// No wait is longer.
    pub max: Duration,
    /// What each wait is longer than the one before.
    pub multiplier: f64,
    /// Share by which a wait is made longer or shorter at random, 0 to 1.
    pub randomization: f64,
    /// Give up when failing for this long; zero never gives up.
    pub max_elapsed: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(5),
            max: Duration::from_secs(60),
            multiplier: 1.5,
            randomization: 0.5,
            max_elapsed: Duration::ZERO,
        }
    }
}

impl Backoff {
    /// Wait after `failures` failures in a row (1 is the first), for `random` in [0, 1).
    /// `failing_for` is the time since the first of them; None: give up.
    pub fn wait(&self, failures: u32, failing_for: Duration, random: f64) -> Option<Duration> {
        if !self.max_elapsed.is_zero() && failing_for >= self.max_elapsed {
            return None;
        }
        // Past the 64th step every multiplier that grows has reached any maximum.
        let exponent = failures.saturating_sub(1).min(64);
        let factor = (0..exponent).fold(1.0, |factor, _| factor * self.multiplier);
        let base = (self.initial.as_secs_f64() * factor).min(self.max.as_secs_f64());
        let spread = 1.0 - self.randomization + 2.0 * self.randomization * random;
        let wait = (base * spread).min(self.max.as_secs_f64()).max(0.0);
        Some(Duration::from_secs_f64(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_maximum() {
        let backoff = Backoff::default();
        let wait = |failures| backoff.wait(failures, Duration::ZERO, 0.5).unwrap();
        assert_eq!(wait(1), Duration::from_secs(5));
        assert_eq!(wait(2), Duration::from_millis(7500));
        assert_eq!(wait(1000), Duration::from_secs(60));
    }

    #[test]
    fn jitter_stays_within_its_share_and_the_maximum() {
        let backoff = Backoff::default();
        assert_eq!(
            backoff.wait(1, Duration::ZERO, 0.0),
            Some(Duration::from_millis(2500))
        );
        assert!(backoff.wait(50, Duration::ZERO, 0.999).unwrap() <= backoff.max);
    }

    #[test]
    fn a_limit_of_time_ends_the_retries() {
        let backoff = Backoff {
            max_elapsed: Duration::from_secs(10),
            ..Backoff::default()
        };
        assert!(backoff.wait(1, Duration::from_secs(9), 0.5).is_some());
        assert_eq!(backoff.wait(2, Duration::from_secs(10), 0.5), None);
    }
}
