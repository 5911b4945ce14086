//! Conditions: which, with what, and whether writing them would say anything new.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use secretwire_api::names::{condition, reason};

/// A condition before its time is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Type of the condition.
    pub type_: &'static str,
    /// Its status.
    pub holds: bool,
    /// Its reason.
    pub reason: &'static str,
    /// Its message: stable text, as a change of it is a write.
    pub message: String,
}

impl Verdict {
    /// A verdict of these parts.
    pub fn new(
        type_: &'static str,
        holds: bool,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            type_,
            holds,
            reason,
            message: message.into(),
        }
    }
}

/// The pair that every kind ends its conditions with.
pub fn health(kind: &str, healthy: bool) -> [Verdict; 2] {
    let (reason, state) = if healthy {
        (reason::HEALTHY, "Healthy")
    } else {
        (reason::UNHEALTHY, "Unhealthy")
    };
    [
        Verdict::new(
            condition::HEALTHY,
            healthy,
            reason,
            format!("{kind}{state}"),
        ),
        Verdict::new(
            condition::READY,
            healthy,
            reason::READY,
            format!("{kind}Ready"),
        ),
    ]
}

/// The conditions after `verdicts`, in the order they had: types that have no
/// verdict stay, and the time of a condition moves only when its status does.
pub fn conditions(
    before: &[Condition],
    verdicts: &[Verdict],
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let mut after: Vec<Condition> = Vec::with_capacity(before.len().max(verdicts.len()));
    for condition in before {
        let known = after.iter().any(|c| c.type_ == condition.type_);
        if !known {
            let verdict = verdicts.iter().rfind(|v| v.type_ == condition.type_);
            after.push(verdict.map_or_else(
                || condition.clone(),
                |verdict| merged(verdict, Some(condition), generation, now),
            ));
        }
    }
    for verdict in verdicts {
        if !after
            .iter()
            .any(|condition| condition.type_ == verdict.type_)
        {
            after.push(merged(verdict, None, generation, now));
        }
    }
    after
}

fn merged(
    verdict: &Verdict,
    before: Option<&Condition>,
    generation: i64,
    now: Timestamp,
) -> Condition {
    let status = if verdict.holds { "True" } else { "False" };
    let since = before
        .filter(|before| before.status == status)
        .map_or(Time(now), |before| before.last_transition_time.clone());
    Condition {
        type_: verdict.type_.to_owned(),
        status: status.to_owned(),
        reason: verdict.reason.to_owned(),
        message: verdict.message.clone(),
        observed_generation: Some(generation),
        last_transition_time: since,
    }
}

/// A message cut to what a condition or event takes, at a character boundary.
pub fn bounded(message: &str, bytes: usize) -> String {
    if message.len() <= bytes {
        return message.to_owned();
    }
    let mut end = bytes.saturating_sub('…'.len_utf8());
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &message[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::UNIX_EPOCH;

    fn later() -> Timestamp {
        Timestamp::from_second(60).unwrap()
    }

    #[test]
    fn time_moves_only_when_the_status_does() {
        let up = Verdict::new("Ready", true, "Ready", "m");
        let down = Verdict::new("Ready", false, "Ready", "m");
        let first = conditions(&[], std::slice::from_ref(&up), 1, T0);
        let again = conditions(&first, &[up], 1, later());
        assert_eq!(first, again);
        let flipped = conditions(&again, &[down], 1, later());
        assert_eq!(flipped[0].last_transition_time, Time(later()));
    }

    #[test]
    fn untouched_types_stay_and_duplicates_go() {
        let foreign = conditions(&[], &[Verdict::new("Foreign", true, "R", "m")], 1, T0);
        let doubled = [foreign[0].clone(), foreign[0].clone()];
        let after = conditions(&doubled, &health("VaultAuth", true), 2, T0);
        let types: Vec<_> = after.iter().map(|c| c.type_.as_str()).collect();
        assert_eq!(types, ["Foreign", "Healthy", "Ready"]);
        assert_eq!(after[0].observed_generation, Some(1));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(bounded("ääääää", 8), "ää…");
        assert_eq!(bounded("short", 8), "short");
    }
}
