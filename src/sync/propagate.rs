use kube::{
    Api, ResourceExt,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams},
};
use secretwire_api::{RolloutRestartTarget, RolloutRestartTargetKind};
use secretwire_core::rollout;

use super::{Context, SyncError, Syncable};

/// Field manager of restarts.
const FIELD_MANAGER: &str = "secretwire-restarter";

/// How the restart of the targets went; None where none was due.
pub(crate) type Restarts = Option<Vec<Restart>>;

/// How the restart of one target went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restart {
    /// Kind and name of the workload.
    pub(crate) target: String,
    /// Why it was not restarted, where that will not change by itself.
    pub(crate) problem: Option<String>,
}

/// Restarts the targets when the delivered data has become other data.
pub(crate) async fn restart<K: Syncable>(
    object: &K,
    delivered: Option<&str>,
    digest: &str,
    context: &Context,
) -> Result<Restarts, SyncError> {
    if object.targets().is_empty() || !object.keeps_digest() || !rollout::is_due(delivered, digest)
    {
        return Ok(None);
    }
    let namespace = object.namespace().unwrap_or_default();
    let cause = rollout::cause(K::SHORT, &object.name_any(), digest);
    let mut restarts = Vec::new();
    for target in object.targets() {
        restarts.push(restart_one(target, &namespace, &cause, context).await?);
    }
    Ok(Some(restarts))
}

async fn restart_one(
    target: &RolloutRestartTarget,
    namespace: &str,
    cause: &str,
    context: &Context,
) -> Result<Restart, SyncError> {
    let described = format!("{} {}", kind_name(target.kind), target.name);
    let outcome = |problem: Option<String>| {
        Ok(Restart {
            target: described.clone(),
            problem,
        })
    };
    let resource = ApiResource::from_gvk(&kind(target.kind));
    let workloads: Api<DynamicObject> =
        Api::namespaced_with(context.kube.clone(), namespace, &resource);
    let failed = |source| SyncError::Restart {
        target: described.clone(),
        source: Box::new(source),
    };
    let live = match workloads.get(&target.name).await {
        Ok(live) => live,
        Err(kube::Error::Api(status)) if status.code == 404 => {
            return outcome(Some(format!("{described} does not exist")));
        }
        Err(kube::Error::Api(status)) if status.code == 403 => {
            return outcome(Some(format!("{described}: {}", status.message)));
        }
        Err(error) => return Err(failed(error)),
    };
    if live.data.pointer("/spec/paused") == Some(&serde_json::Value::Bool(true)) {
        return outcome(Some(format!(
            "{described} is paused: resume it to roll it out"
        )));
    }
    if has_cause(&live, target.kind, cause) {
        return outcome(None);
    }
    let patch = rollout::patch(target.kind, context.clock.now(), cause);
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..Default::default()
    };
    match workloads
        .patch(&target.name, &params, &Patch::Merge(&patch))
        .await
    {
        Ok(_) => outcome(None),
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404 | 422) => {
            outcome(Some(format!("{described}: {}", status.message)))
        }
        Err(error) => Err(failed(error)),
    }
}

fn has_cause(live: &DynamicObject, kind: RolloutRestartTargetKind, cause: &str) -> bool {
    match kind {
        RolloutRestartTargetKind::ArgoRollout => live
            .annotations()
            .get(rollout::RESTARTED_FOR)
            .is_some_and(|found| found == cause),
        RolloutRestartTargetKind::Deployment
        | RolloutRestartTargetKind::DaemonSet
        | RolloutRestartTargetKind::StatefulSet => live
            .data
            .pointer(rollout::TEMPLATE_CAUSE_POINTER)
            .is_some_and(|found| found == cause),
    }
}

fn kind_name(kind: RolloutRestartTargetKind) -> &'static str {
    match kind {
        RolloutRestartTargetKind::Deployment => "Deployment",
        RolloutRestartTargetKind::DaemonSet => "DaemonSet",
        RolloutRestartTargetKind::StatefulSet => "StatefulSet",
        RolloutRestartTargetKind::ArgoRollout => "argo.Rollout",
    }
}

fn kind(kind: RolloutRestartTargetKind) -> GroupVersionKind {
    match kind {
        RolloutRestartTargetKind::Deployment => GroupVersionKind::gvk("apps", "v1", "Deployment"),
        RolloutRestartTargetKind::DaemonSet => GroupVersionKind::gvk("apps", "v1", "DaemonSet"),
        RolloutRestartTargetKind::StatefulSet => GroupVersionKind::gvk("apps", "v1", "StatefulSet"),
        RolloutRestartTargetKind::ArgoRollout => {
            GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Rollout")
        }
    }
}
