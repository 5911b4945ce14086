use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
};
use secretwire_api::{
    Condition,
    names::{condition, reason},
};
use secretwire_core::status::{self, Verdict};

use super::{
    Context, Delivered, SyncError, Syncable, Written, memory::Failing, propagate::Restarts,
};
use crate::events::{Note, Severity};

/// Longer messages are cut.
const MAX_MESSAGE_BYTES: usize = 1024;

/// What a visit came to.
pub(crate) struct Report {
    /// The sync.
    pub(crate) result: Result<Synced, SyncError>,
    /// What is delivered now; after a failure what was before.
    pub(crate) delivered: Delivered,
}

/// A sync that went well.
pub(crate) struct Synced {
    /// Digest of the data.
    pub(crate) digest: String,
    /// The destination.
    pub(crate) written: Written,
    /// The restarts.
    pub(crate) restart: Restarts,
}

impl Report {
    /// Of this result, where `before` was delivered before.
    pub(crate) fn new(result: Result<Synced, SyncError>, before: Delivered) -> Self {
        let delivered = match &result {
            Ok(synced) => Delivered {
                digest: Some(synced.digest.clone()),
                destination: Some(synced.written.destination.clone()),
            },
            Err(_) => before,
        };
        Self { result, delivered }
    }
}

/// Writes the status when it says something new, and tells of what happened.
pub(crate) async fn report<K: Syncable>(
    object: &K,
    report: &Report,
    previous: Option<&Failing>,
    context: &Context,
) -> Result<(), kube::Error> {
    let generation = object.meta().generation.unwrap_or_default();
    let before: Vec<Condition> = object
        .conditions()
        .iter()
        .filter(|found| !object.targets().is_empty() || found.type_ != condition::ROLLOUT_RESTART)
        .cloned()
        .collect();
    let verdicts = verdicts(object, report);
    let conditions = status::conditions(&before, &verdicts, generation, context.clock.now());
    if let Some(patch) = object.status_patch(report, conditions) {
        write(object, &patch, context).await?;
    }
    for note in notes(report, previous) {
        context.recorder.record(object, K::KIND, note);
    }
    Ok(())
}

async fn write<K: Syncable>(
    object: &K,
    patch: &serde_json::Value,
    context: &Context,
) -> Result<(), kube::Error> {
    let api: Api<PartialObjectMeta<K>> = Api::namespaced(
        context.kube.clone(),
        &object.namespace().unwrap_or_default(),
    );
    let name = object.name_any();
    let params = PatchParams::default();
    match api.patch_status(&name, &params, &Patch::Merge(patch)).await {
        // Deleted meanwhile: nobody is left to read it.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => {
            tracing::warn!(kind = K::KIND, name, %error, "writing the status failed, trying again");
            Err(error)
        }
        Ok(_) => Ok(()),
    }
}

fn verdicts<K: Syncable>(object: &K, report: &Report) -> Vec<Verdict> {
    let mut verdicts = Vec::with_capacity(4);
    match &report.result {
        Ok(synced) => {
            let message = object.remark().map_or_else(
                || "Secret synced".to_owned(),
                |remark| format!("Secret synced; {remark}"),
            );
            verdicts.push(Verdict::new(
                condition::SECRET_SYNCED,
                true,
                reason::SYNCED,
                message,
            ));
            verdicts.extend(synced.restart.as_ref().map(|restarts| {
                let problems: Vec<_> = restarts.iter().filter_map(|r| r.problem.clone()).collect();
                if problems.is_empty() {
                    Verdict::new(
                        condition::ROLLOUT_RESTART,
                        true,
                        reason::ROLLOUT_RESTART_TRIGGERED,
                        "Rollout restart triggered",
                    )
                } else {
                    Verdict::new(
                        condition::ROLLOUT_RESTART,
                        false,
                        reason::ROLLOUT_RESTART_TRIGGERED_FAILED,
                        status::bounded(&problems.join("; "), MAX_MESSAGE_BYTES),
                    )
                }
            }));
        }
        Err(error) => {
            let kept = match report.delivered.destination {
                Some(_) => "; the Secret keeps its last data",
                None => "",
            };
            let message = status::bounded(
                &format!("Failed to sync the secret: {error}{kept}"),
                MAX_MESSAGE_BYTES,
            );
            verdicts.push(Verdict::new(
                condition::SECRET_SYNCED,
                false,
                reason::SYNCED,
                message,
            ));
        }
    }
    verdicts.extend(status::health(K::KIND, report.result.is_ok()));
    verdicts
}

/// The Events that this visit is worth: a failure that lasts is told once.
fn notes(report: &Report, previous: Option<&Failing>) -> Vec<Note> {
    match &report.result {
        Ok(synced) => {
            let mut notes = Vec::new();
            if synced.written.changed || previous.is_some() {
                notes.push(Note::new(
                    Severity::Normal,
                    "SecretSynced",
                    "Secret synced".to_owned(),
                ));
            }
            for restart in synced.restart.iter().flatten() {
                notes.push(match &restart.problem {
                    None => Note::new(
                        Severity::Normal,
                        "RolloutRestartTriggered",
                        format!("Rollout restart triggered for {}", restart.target),
                    ),
                    Some(problem) => Note::new(
                        Severity::Warning,
                        "RolloutRestartFailed",
                        format!("Rollout restart failed: {problem}"),
                    ),
                });
            }
            notes
        }
        Err(error) => {
            let message = error.to_string();
            if previous.is_some_and(|previous| previous.message == message) {
                return Vec::new();
            }
            vec![Note::new(
                Severity::Warning,
                error.reason(),
                status::bounded(
                    &format!("Failed to sync the secret: {message}"),
                    MAX_MESSAGE_BYTES,
                ),
            )]
        }
    }
}
