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
    /// The destination's resourceVersion as last seen right; None when it was
    /// not, or cannot be watched.
    pub secret: Option<String>,
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
    if last.secret.is_some() && last.secret.as_deref() != seen.secret {
        return Visit::Go(Reason::Drifted);
    }
    if seen.nudge == Some(Nudge::Render) {
        return Visit::Go(Reason::Retransformed);
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
            secret: Some("10".into()),
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
    fn a_secret_that_was_never_right_does_not_drift() {
        let now = Instant::now();
        let last = Remembered {
            secret: None,
            ..remembered(now)
        };
        assert!(matches!(decide(Some(&last), SEEN, now), Visit::Wait(_)));
    }
}
