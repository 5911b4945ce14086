use std::{sync::Arc, time::Duration};

use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
    runtime::controller::Action,
};
use secretwire_api::{SecretTransformation, SecretTransformationStatus};
use secretwire_core::{status, transform};
use serde_json::json;

use super::run::malformed;
use crate::{
    cluster::{Guarded, key_of},
    events::{Note, Severity},
    sync::Context,
};

const KIND: &str = "SecretTransformation";
/// How VSO spells the kind in the messages of its conditions.
const MESSAGE_KIND: &str = "SecretsTransformation";
/// Longer errors are cut: a status that is too large could never be written.
const MAX_ERROR_BYTES: usize = 1024;
/// Wait after a status write that failed.
const RETRY: Duration = Duration::from_secs(2);

/// Checks that templates and filters can be used. Those who use them are told by the watch.
pub(crate) async fn reconcile(
    object: Arc<Guarded<SecretTransformation>>,
    context: Arc<Context>,
) -> Action {
    let transformation = match &object.0 {
        Ok(transformation) => transformation,
        Err(invalid) => {
            malformed(&*object, KIND, &invalid.error, &context);
            return Action::await_change();
        }
    };
    if transformation.metadata.deletion_timestamp.is_some() {
        return Action::await_change();
    }
    let key = key_of(transformation);
    let problem = transform::check(&key, &transformation.spec, &context.templates)
        .err()
        .map(|error| status::bounded(&error.to_string(), MAX_ERROR_BYTES));
    match report(transformation, problem, &context).await {
        Ok(()) => Action::await_change(),
        Err(error) => {
            tracing::warn!(object = %key, %error, "writing the status failed, trying again");
            Action::requeue(RETRY)
        }
    }
}

async fn report(
    transformation: &SecretTransformation,
    problem: Option<String>,
    context: &Context,
) -> Result<(), kube::Error> {
    let before = transformation.status.clone().unwrap_or_default();
    let generation = transformation.metadata.generation.unwrap_or_default();
    let verdicts = status::health(MESSAGE_KIND, problem.is_none());
    let conditions = status::conditions(
        &before.conditions,
        &verdicts,
        generation,
        context.clock.now(),
    );
    let after = SecretTransformationStatus {
        valid: problem.is_none(),
        error: problem.clone().unwrap_or_default(),
        conditions,
    };
    if transformation.status.as_ref() == Some(&after) {
        return Ok(());
    }
    let api: Api<PartialObjectMeta<SecretTransformation>> = Api::namespaced(
        context.kube.clone(),
        &transformation.namespace().unwrap_or_default(),
    );
    let patch = Patch::Merge(json!({ "status": after }));
    api.patch_status(&transformation.name_any(), &PatchParams::default(), &patch)
        .await?;
    if let Some(problem) = problem {
        let note = Note::new(Severity::Warning, "InvalidConfiguration", problem);
        context.recorder.record(transformation, KIND, note);
    }
    Ok(())
}
