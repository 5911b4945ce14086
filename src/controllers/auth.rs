use std::{sync::Arc, time::Duration};

use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
    runtime::controller::Action,
};
use secretwire_api::{VaultAuth, VaultAuthStatus, names::finalizer};
use secretwire_core::status;
use serde_json::json;

use super::{finalizers, run::malformed};
use crate::{
    cluster::{Guarded, key_of},
    events::{Note, Severity},
    sync::Context,
};

const KIND: &str = "VaultAuth";
/// Wait before a check that failed is made again, before jitter. A connection
/// that comes later triggers one anyway.
const RETRY: Duration = Duration::from_secs(30);

/// Checks that a VaultAuth makes a login, as far as that shows without one.
pub(crate) async fn reconcile(object: Arc<Guarded<VaultAuth>>, context: Arc<Context>) -> Action {
    let auth = match &object.0 {
        Ok(auth) => auth,
        Err(invalid) => {
            malformed(&*object, KIND, &invalid.error, &context);
            return Action::await_change();
        }
    };
    let key = key_of(auth);
    if auth.metadata.deletion_timestamp.is_some() {
        context.identities.prune_auth(&key, None);
        return finalizers::release(auth, finalizer::VAULT_AUTH, &context.kube).await;
    }
    let uid = auth.uid().unwrap_or_default();
    let generation = auth.metadata.generation.unwrap_or_default();
    context
        .identities
        .prune_auth(&key, Some((&uid, generation)));
    let problem = context
        .identities
        .check(auth)
        .err()
        .map(|error| error.to_string());
    if report(auth, problem.as_deref(), &context).await.is_err() || problem.is_some() {
        return Action::requeue(RETRY.mul_f64(0.75 + 0.5 * context.clock.chance()));
    }
    Action::await_change()
}

async fn report(
    auth: &VaultAuth,
    problem: Option<&str>,
    context: &Context,
) -> Result<(), kube::Error> {
    let before = auth.status.clone().unwrap_or_default();
    let generation = auth.metadata.generation.unwrap_or_default();
    let verdicts = status::health(KIND, problem.is_none());
    let after = VaultAuthStatus {
        valid: Some(problem.is_none()),
        error: problem.map(str::to_owned),
        spec_hash: before.spec_hash.clone(),
        conditions: status::conditions(
            &before.conditions,
            &verdicts,
            generation,
            context.clock.now(),
        ),
    };
    if auth.status.as_ref() == Some(&after) {
        return Ok(());
    }
    let api: Api<PartialObjectMeta<VaultAuth>> =
        Api::namespaced(context.kube.clone(), &auth.namespace().unwrap_or_default());
    let patch = Patch::Merge(json!({"status": {
        "valid": after.valid,
        "error": after.error,
        "conditions": after.conditions,
    }}));
    api.patch_status(&auth.name_any(), &PatchParams::default(), &patch)
        .await?;
    let note = match problem {
        None => Note::new(
            Severity::Normal,
            "Accepted",
            "Successfully handled VaultAuth resource request".to_owned(),
        ),
        Some(problem) => Note::new(Severity::Warning, "Accepted", problem.to_owned()),
    };
    context.recorder.record(auth, KIND, note);
    Ok(())
}
