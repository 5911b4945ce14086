//! What to do next about certificates. Pure: what is known comes in, one step comes out.

use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use crate::{
    authority::{Authority, IssueError, is_ours},
    coverage::Coverage,
    leaf::Leaf,
    policy::Policy,
    slots::CaSlots,
};

/// The shared authorities as they were last read.
#[derive(Clone, Copy, Debug)]
pub enum Stored<'a> {
    /// The Secret does not exist.
    Missing,
    /// The Secret exists, and what it holds cannot be used.
    Broken,
    /// All is well.
    Sound {
        /// The parsed content.
        slots: &'a CaSlots,
        /// Whether somebody asks for a new authority before its time.
        rotate: bool,
    },
}

/// Everything that a decision is based on.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What the replicas share.
    pub stored: Stored<'a>,
    /// The last sound content that this replica has seen; it repairs a Secret that was deleted or damaged.
    pub remembered: Option<&'a CaSlots>,
    /// What this replica serves.
    pub leaf: Option<&'a Leaf>,
    /// What the API server publishes.
    pub coverage: &'a Coverage,
}

/// One thing to do. Afterwards the caller looks again and asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write [`Change::apply`]'s result to the shared Secret, provided that nobody else wrote since it was read.
    Store(Change),
    /// Sign a leaf with the current authority and serve it.
    Issue,
    /// Publish the bundle of the stored slots on every webhook entry.
    Publish,
    /// Nothing, unless something changes before then.
    Wait {
        /// When time alone makes the next step due.
        until: Timestamp,
    },
}

/// A change of the shared authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Begin with a new authority, since none is usable.
    Create,
    /// Put back what is remembered. A deleted Secret also gets a successor, as whoever deletes it wants a new one.
    Restore,
    /// Add a successor that does not sign yet.
    Introduce,
    /// Let the successor sign. The old key is gone with this, the old certificate stays published.
    Promote,
    /// Stop publishing authorities whose last leaf has expired.
    Forget,
}

/// The next step.
pub fn due(now: Timestamp, policy: &Policy, view: &View<'_>) -> Step {
    let Stored::Sound { slots, rotate } = view.stored else {
        return Step::Store(recovery(now, view));
    };
    if !slots.current.validity().contains(now) {
        return Step::Store(succession(now, slots));
    }
    let issue = issue_at(now, policy, slots, view);
    if issue <= now {
        return Step::Issue;
    }
    if !view.coverage.shows(&slots.bundle()) {
        return Step::Publish;
    }
    let mut pending = vec![(issue, Step::Issue)];
    if let Some(old) = &slots.retained {
        pending.push((old.until, Step::Store(Change::Forget)));
    }
    pending.push(match &slots.next {
        Some(next) if next.validity().contains(now) => {
            let at = settled_at(policy, view.coverage, next);
            (at, Step::Store(Change::Promote))
        }
        Some(_) => (now, Step::Store(Change::Introduce)),
        None if rotate => (now, Step::Store(Change::Introduce)),
        None => {
            let at = slots.current.validity().renew_at();
            (at, Step::Store(Change::Introduce))
        }
    });
    let (at, step) = pending
        .into_iter()
        .min_by_key(|(at, _)| *at)
        .unwrap_or((issue, Step::Issue));
    if at <= now {
        step
    } else {
        Step::Wait { until: at }
    }
}

impl Change {
    /// The slots after the change.
    pub fn apply(
        self,
        now: Timestamp,
        policy: &Policy,
        view: &View<'_>,
    ) -> Result<CaSlots, IssueError> {
        let stored = match view.stored {
            Stored::Sound { slots, .. } => Some(slots.clone()),
            Stored::Missing | Stored::Broken => None,
        };
        let until = now + policy.retention();
        let generate = || Authority::generate(now, policy);
        let base = match self {
            Self::Create => None,
            Self::Restore => view.remembered.cloned(),
            Self::Introduce | Self::Promote | Self::Forget => stored,
        };
        let Some(mut slots) = base else {
            let mut fresh = CaSlots::of(generate()?);
            fresh.retain(published(view.coverage), until);
            return Ok(fresh);
        };
        match self {
            Self::Create => {}
            Self::Restore => {
                if slots.next.is_none() && matches!(view.stored, Stored::Missing) {
                    slots.next = Some(Arc::new(generate()?));
                }
                slots.retain(published(view.coverage), until);
            }
            Self::Introduce => slots.next = Some(Arc::new(generate()?)),
            Self::Promote => {
                if let Some(next) = slots.next.take() {
                    let old = std::mem::replace(&mut slots.current, next);
                    slots.retain([old.certificate().clone()], until);
                }
            }
            Self::Forget => slots.retained = None,
        }
        Ok(slots)
    }
}

/// How to get from an absent or useless Secret to a good one.
fn recovery(now: Timestamp, view: &View<'_>) -> Change {
    match view.remembered {
        Some(slots) if slots.current.validity().contains(now) => Change::Restore,
        Some(_) | None => Change::Create,
    }
}

/// What follows an authority that has expired, or that a clock far ahead has made: calls fail already, so the
/// successor need not wait.
fn succession(now: Timestamp, slots: &CaSlots) -> Change {
    match &slots.next {
        Some(next) if next.validity().contains(now) => Change::Promote,
        Some(_) | None => Change::Create,
    }
}

/// When this replica needs another leaf.
fn issue_at(now: Timestamp, policy: &Policy, slots: &CaSlots, view: &View<'_>) -> Timestamp {
    let Some(leaf) = view.leaf else {
        return now;
    };
    let validity = leaf.validity();
    if validity.not_before > now {
        return now;
    }
    if leaf.issuer() == slots.current.certificate() {
        return validity.renew_at();
    }
    // The authority was replaced, as a rule after it had settled. Where it was not (all keys were lost), the old
    // leaf is better for as long as it is the one that API servers accept.
    let settled = settled_at(policy, view.coverage, &slots.current);
    let accepted = view.coverage.since(leaf.issuer()).is_some();
    let known = view.coverage.since(slots.current.certificate()).is_some();
    if known && !accepted {
        now
    } else {
        settled.min(validity.not_after)
    }
}

/// When every API server can be taken to know the authority.
fn settled_at(policy: &Policy, coverage: &Coverage, authority: &Authority) -> Timestamp {
    coverage
        .since(authority.certificate())
        .map_or(Timestamp::MAX, |since| since + policy.settle)
}

/// Authorities that are published now; other replicas may be serving what they signed.
fn published(coverage: &Coverage) -> Vec<CertificateDer<'static>> {
    coverage
        .authorities()
        .certificates()
        .filter(is_ours)
        .collect()
}

#[cfg(test)]
mod tests;
