//! Random spread and growing pauses, so that replicas and repeated failures do not march in step.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// Somewhere between half of `pause` and all of it.
pub(crate) fn spread(pause: Duration) -> Duration {
    // No generator of our own: each hasher state of the standard library has a fresh random key.
    let random = RandomState::new().hash_one(0_u8);
    let share = u32::try_from(random % 1_000).unwrap_or_default();
    pause / 2 + pause / 2 * share / 1_000
}

/// A pause that doubles with each failure in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// How long to pause now.
    pub(crate) fn grow(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        spread(pause)
    }

    /// Begins with the first pause again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_between_half_and_whole() {
        let pause = Duration::from_secs(2);
        let spread: Vec<_> = (0..200).map(|_| spread(pause)).collect();
        assert!(spread.iter().all(|p| (pause / 2..=pause).contains(p)));
        assert!(spread.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn doubles_up_to_the_longest_pause_and_starts_anew() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(5));
        for whole in [1, 2, 4, 5, 5] {
            let pause = backoff.grow();
            assert!((seconds(whole) / 2..=seconds(whole)).contains(&pause));
        }
        backoff.reset();
        assert!(backoff.grow() <= seconds(1));
    }
}
