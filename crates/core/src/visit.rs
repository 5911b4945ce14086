//! Whether a secret is to be looked at now, and why.

use std::time::{Duration, Instant};

/// What is remembered of the last visit to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Generation that was acted on.
    pub generation: i64,
    /// Digest of the metadata that the data may depend on.
    pub metadata: u64,
    /// When the next visit is due; None: never by itself.
    pub due: Option<Instant>,
    /// The destination as last seen right; None when it was not, or cannot be
    /// watched.
    pub secret: Option<Right>,
}

/// A destination that was seen right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// Its resourceVersion.
    pub version: String,
    /// Since when.
    pub since: Instant,
    /// How often it was repaired in a row.
    pub repairs: u32,
}

/// For how long the watch may not show yet what was just written.
const LAG: Duration = Duration::from_secs(2);
/// Repairs in a row that are made at once; whoever undoes more of them is
/// another controller, and must not be fought without a pause.
const PROMPT_REPAIRS: u32 = 3;
/// Longest pause between repairs.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Right {
    /// What the next repair of this destination is, for one made at `now`: a
    /// row of repairs ends when the destination stayed right for a while.
    pub fn next_repair(&self, now: Instant) -> u32 {
        if now.saturating_duration_since(self.since) > 2 * LONGEST_PAUSE {
            1
        } else {
            self.repairs.saturating_add(1)
        }
    }

    /// How long a destination that looks like `seen` is left alone; None: it is as it should be.
    fn pause(&self, seen: Option<&str>) -> Option<Duration> {
        let lagging = match seen {
            Some(seen) if seen == self.version => return None,
            Some(seen) => is_older(seen, &self.version),
            None => true,
        };
        let step = self.repairs.saturating_sub(PROMPT_REPAIRS).min(6);
        let pause = if self.repairs < PROMPT_REPAIRS {
            Duration::ZERO
        } else {
            Duration::from_secs(1 << step).min(LONGEST_PAUSE)
        };
        Some(if lagging { pause.max(LAG) } else { pause })
    }
}

/// resourceVersions of one resource are numbers that grow.
fn is_older(a: &str, b: &str) -> bool {
    matches!((a.parse::<u64>(), b.parse::<u64>()), (Ok(a), Ok(b)) if a < b)
}

/// What is seen of the resource now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its generation.
    pub generation: i64,
    /// Digest of the metadata that the data may depend on.
    pub metadata: u64,
    /// The destination's resourceVersion; None when it is not there.
    pub secret: Option<&'a str>,
    /// Someone asked for a visit.
    pub nudge: Option<Nudge>,
}

/// What a visit is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nudge {
    /// The data is to be made anew: templates or filters changed.
    Render,
    /// The secret is to be read: a reference changed, or a pod waits.
    Read,
}

/// Why a resource is visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is remembered of it.
    First,
    /// It was edited.
    Edited,
    /// Something that it refers to changed, or a pod waits for it.
    Nudged,
    /// Its data is to be made anew, from what was read before where that is at hand.
    Retransformed,
    /// Its Secret was edited or deleted.
    Drifted,
    /// Its time has come.
    Due,
}

/// What to do about a resource now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Read its secret.
    Go(Reason),
    /// Nothing for so long; None: nothing until it changes.
    Wait(Option<Duration>),
}

/// Decides by what is remembered and seen: a resource that is idle costs nothing here.
pub fn decide(remembered: Option<&Remembered>, seen: Seen<'_>, now: Instant) -> Visit {
    let Some(last) = remembered else {
        return Visit::Go(Reason::First);
    };
    if last.generation != seen.generation || last.metadata != seen.metadata {
        return Visit::Go(Reason::Edited);
    }
    if seen.nudge == Some(Nudge::Read) {
        return Visit::Go(Reason::Nudged);
    }
    if seen.nudge == Some(Nudge::Render) {
        return Visit::Go(Reason::Retransformed);
    }
    let drift = last
        .secret
        .as_ref()
        .and_then(|right| right.pause(seen.secret).map(|pause| right.since + pause));
    match drift {
        Some(repair) if repair <= now => return Visit::Go(Reason::Drifted),
        Some(repair) if last.due.is_none_or(|due| repair < due) => {
            return Visit::Wait(Some(repair - now));
        }
        Some(_) | None => {}
    }
    match last.due {
        Some(due) if due <= now => Visit::Go(Reason::Due),
        Some(due) => Visit::Wait(Some(due - now)),
        None => Visit::Wait(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(now: Instant) -> Remembered {
        Remembered {
            generation: 1,
            metadata: 7,
            due: Some(now + Duration::from_secs(30)),
            secret: Some(Right {
                version: "10".into(),
                since: now.checked_sub(Duration::from_secs(5)).unwrap(),
                repairs: 0,
            }),
        }
    }

    const SEEN: Seen<'_> = Seen {
        generation: 1,
        metadata: 7,
        secret: Some("10"),
        nudge: None,
    };

    #[test]
    fn an_idle_resource_waits_for_its_time() {
        let now = Instant::now();
        let last = remembered(now);
        assert_eq!(
            decide(Some(&last), SEEN, now),
            Visit::Wait(Some(Duration::from_secs(30)))
        );
        let later = now + Duration::from_secs(31);
        assert_eq!(decide(Some(&last), SEEN, later), Visit::Go(Reason::Due));
    }

    #[test]
    fn edits_drift_and_nudges_are_told_apart() {
        let now = Instant::now();
        let last = remembered(now);
        let cases = [
            (
                Seen {
                    generation: 2,
                    ..SEEN
                },
                Reason::Edited,
            ),
            (
                Seen {
                    metadata: 8,
                    ..SEEN
                },
                Reason::Edited,
            ),
            (
                Seen {
                    nudge: Some(Nudge::Read),
                    ..SEEN
                },
                Reason::Nudged,
            ),
            (
                Seen {
                    nudge: Some(Nudge::Render),
                    ..SEEN
                },
                Reason::Retransformed,
            ),
            (
                Seen {
                    secret: Some("11"),
                    ..SEEN
                },
                Reason::Drifted,
            ),
            (
                Seen {
                    secret: None,
                    ..SEEN
                },
                Reason::Drifted,
            ),
        ];
        for (seen, reason) in cases {
            assert_eq!(decide(Some(&last), seen, now), Visit::Go(reason));
        }
        assert_eq!(decide(None, SEEN, now), Visit::Go(Reason::First));
    }

    #[test]
    fn what_the_watch_does_not_show_yet_is_no_drift() {
        let now = Instant::now();
        let mut last = remembered(now);
        last.secret.as_mut().unwrap().since = now;
        for secret in [None, Some("9")] {
            let seen = Seen { secret, ..SEEN };
            assert_eq!(decide(Some(&last), seen, now), Visit::Wait(Some(LAG)));
        }
        let edited = Seen {
            secret: Some("11"),
            ..SEEN
        };
        assert_eq!(decide(Some(&last), edited, now), Visit::Go(Reason::Drifted));
    }

    #[test]
    fn a_fight_over_a_secret_is_fought_with_growing_pauses() {
        let now = Instant::now();
        let edited = Seen {
            secret: Some("11"),
            ..SEEN
        };
        let after = |repairs| {
            let mut last = remembered(now);
            let right = last.secret.as_mut().unwrap();
            (right.since, right.repairs) = (now, repairs);
            last.due = None;
            decide(Some(&last), edited, now)
        };
        assert_eq!(after(2), Visit::Go(Reason::Drifted));
        assert_eq!(after(3), Visit::Wait(Some(Duration::from_secs(1))));
        assert_eq!(after(5), Visit::Wait(Some(Duration::from_secs(4))));
        assert_eq!(after(100), Visit::Wait(Some(LONGEST_PAUSE)));
    }

    #[test]
    fn a_row_of_repairs_ends_with_a_quiet_time() {
        let now = Instant::now();
        let right = Right {
            version: "1".into(),
            since: now,
            repairs: 7,
        };
        assert_eq!(right.next_repair(now), 8);
        assert_eq!(right.next_repair(now + Duration::from_secs(121)), 1);
    }

    #[test]
    fn a_secret_that_was_never_right_does_not_drift() {
        let now = Instant::now();
        let last = Remembered {
            secret: None,
            ..remembered(now)
        };
        assert!(matches!(decide(Some(&last), SEEN, now), Visit::Wait(_)));
    }
}
