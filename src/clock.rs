//! Time and chance: the one place that asks for either.

use std::time::Instant;

use jiff::Timestamp;

/// Gives time and chance to what only decides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock;

#[expect(
    clippy::unused_self,
    reason = "callers hold a clock, so that a decision cannot ask for the time by itself"
)]
impl Clock {
    /// Wall-clock time.
    pub(crate) fn now(self) -> Timestamp {
        Timestamp::now()
    }

    /// Monotonic time.
    pub(crate) fn instant(self) -> Instant {
        Instant::now()
    }

    /// A number in [0, 1).
    pub(crate) fn chance(self) -> f64 {
        fastrand::f64()
    }
}
