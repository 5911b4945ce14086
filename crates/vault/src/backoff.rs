//! Growing pauses with jitter.

use std::time::Duration;

/// Pauses that double from about a second to about a minute.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure: between half and all of the step, so that many who failed
    /// together do not come back together.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let step = FIRST
            .saturating_mul(1 << self.failures.min(LAST_DOUBLING))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        step.mul_f64(fastrand::f64().midpoint(1.0))
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);
const LAST_DOUBLING: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_stay_there() {
        let mut backoff = Backoff::default();
        for step in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let step = Duration::from_secs(step);
            let pause = backoff.next_pause();
            assert!(
                pause >= step / 2 && pause <= step,
                "{pause:?} is not within {step:?}"
            );
        }
    }
}
