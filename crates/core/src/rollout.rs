//! Whether and how to restart the workloads that use a secret.

use jiff::Timestamp;
use secretwire_api::{RolloutRestartTargetKind, names::RESTARTED_AT};
use serde_json::{Value, json};

/// Annotation on a pod template that tells which change it was restarted for,
/// so that a restart is not repeated when the operator dies before it could
/// note that it was done. Not under our own prefix: that would make the pods
/// ask for something.
pub const RESTARTED_FOR: &str = "vso.secrets.hashicorp.com/restartedFor";

/// Whether workloads are to be restarted: only when data that was delivered
/// before has become different, so neither on the first sync nor on a repair.
pub fn is_due(delivered: Option<&str>, digest: &str) -> bool {
    delivered.is_some_and(|delivered| !delivered.is_empty() && delivered != digest)
}

/// Names the change that a restart is for: the resource and its new data.
pub fn cause(kind: &str, name: &str, digest: &str) -> String {
    let short: String = digest.chars().take(16).collect();
    format!("{kind}/{name}@{short}")
}

/// The merge patch that restarts a workload.
pub fn patch(kind: RolloutRestartTargetKind, now: Timestamp, cause: &str) -> Value {
    match kind {
        RolloutRestartTargetKind::ArgoRollout => json!({
            "metadata": {"annotations": {RESTARTED_FOR: cause}},
            "spec": {"restartAt": format!("{now:.0}")},
        }),
        RolloutRestartTargetKind::Deployment
        | RolloutRestartTargetKind::DaemonSet
        | RolloutRestartTargetKind::StatefulSet => json!({
            "spec": {"template": {"metadata": {"annotations": {
                // Two restarts within one second must differ, or the second is lost.
                RESTARTED_AT: format!("{now:.9}"),
                RESTARTED_FOR: cause,
            }}}},
        }),
    }
}

/// Where [`patch`] leaves the cause in a workload with a pod template.
pub const TEMPLATE_CAUSE_POINTER: &str =
    "/spec/template/metadata/annotations/vso.secrets.hashicorp.com~1restartedFor";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_syncs_and_repairs_restart_nothing() {
        assert!(!is_due(None, "a"));
        assert!(!is_due(Some(""), "a"));
        assert!(!is_due(Some("a"), "a"));
        assert!(is_due(Some("a"), "b"));
    }

    #[test]
    fn the_cause_is_found_where_the_patch_put_it() {
        let patch = patch(
            RolloutRestartTargetKind::Deployment,
            Timestamp::UNIX_EPOCH,
            "vss/a@1",
        );
        assert_eq!(
            patch.pointer(TEMPLATE_CAUSE_POINTER),
            Some(&json!("vss/a@1"))
        );
    }

    #[test]
    fn restarts_within_a_second_differ() {
        let at = |nanosecond| {
            let now = Timestamp::new(1, nanosecond).unwrap();
            patch(RolloutRestartTargetKind::Deployment, now, "c")
        };
        assert_ne!(at(1), at(2));
        assert_eq!(
            at(1).pointer(
                "/spec/template/metadata/annotations/vso.secrets.hashicorp.com~1restartedAt"
            ),
            Some(&json!("1970-01-01T00:00:01.000000001Z"))
        );
    }
}
