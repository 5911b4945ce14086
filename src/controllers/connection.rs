use std::{sync::Arc, time::Duration};

use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
    runtime::controller::Action,
};
use secretwire_api::{
    VaultConnection, VaultConnectionStatus,
    names::{condition, finalizer, reason},
};
use secretwire_core::status::{self, Verdict};
use serde_json::json;

use super::{finalizers, run::malformed};
use crate::{
    cluster::{Guarded, key_of},
    events::{Note, Severity},
    sync::Context,
};

const KIND: &str = "VaultConnection";
/// Wait before a server that did not answer is asked again, before jitter.
const RETRY: Duration = Duration::from_secs(10);

/// Checks that a VaultConnection leads to a server, until it once has.
pub(crate) async fn reconcile(
    object: Arc<Guarded<VaultConnection>>,
    context: Arc<Context>,
) -> Action {
    let connection = match &object.0 {
        Ok(connection) => connection,
        Err(invalid) => {
            malformed(&*object, KIND, &invalid.error, &context);
            return Action::await_change();
        }
    };
    if connection.metadata.deletion_timestamp.is_some() {
        context.connector.forget(&key_of(connection));
        return finalizers::release(connection, finalizer::VAULT_CONNECTION, &context.kube).await;
    }
    if is_settled(connection) {
        return Action::await_change();
    }
    let check = check(connection, &context).await;
    let healthy = check.is_ok();
    if report(connection, &check, &context).await.is_err() || !healthy {
        return Action::requeue(RETRY.mul_f64(0.75 + 0.5 * context.clock.chance()));
    }
    Action::await_change()
}

/// Whether this generation has been found right already.
fn is_settled(connection: &VaultConnection) -> bool {
    connection.status.as_ref().is_some_and(|status| {
        status.valid
            && status.conditions.iter().any(|found| {
                found.type_ == condition::READY
                    && found.status == "True"
                    && found.observed_generation == connection.metadata.generation
            })
    })
}

/// What is wrong, and where.
enum Problem {
    Settings(String),
    Ping(String),
}

async fn check(connection: &VaultConnection, context: &Context) -> Result<(), Problem> {
    let connected = context
        .connector
        .connect(connection)
        .await
        .map_err(|error| Problem::Settings(error.to_string()))?;
    match connected.client.seal_status().await {
        Ok(seal) if seal.sealed => Err(Problem::Ping("the server is sealed: unseal it".to_owned())),
        Ok(_) => Ok(()),
        Err(error) => {
            context.connector.distrust(&key_of(connection));
            Err(Problem::Ping(error.to_string()))
        }
    }
}

async fn report(
    connection: &VaultConnection,
    check: &Result<(), Problem>,
    context: &Context,
) -> Result<(), kube::Error> {
    let address = &connection.spec.address;
    let (valid, reachable) = match check {
        Ok(()) => (Ok(()), Ok(())),
        Err(Problem::Settings(problem)) => (Err(problem), Err(problem)),
        Err(Problem::Ping(problem)) => (Ok(()), Err(problem)),
    };
    let verdict = |type_, outcome: Result<(), &String>, fine: &str| match outcome {
        Ok(()) => Verdict::new(
            type_,
            true,
            reason::ACCEPTED,
            format!("{fine}, address={address}"),
        ),
        Err(problem) => Verdict::new(type_, false, reason::INVALID_CONFIGURATION, problem.clone()),
    };
    let mut verdicts = vec![
        verdict(condition::VAULT_PING, reachable, "Vault ping"),
        verdict(
            condition::RESOURCE_VALIDATION,
            valid,
            "Successfully validated resource",
        ),
    ];
    if let Err(problem) = valid {
        verdicts.push(Verdict::new(
            condition::VAULT_CLIENT,
            false,
            reason::VAULT_CLIENT_CONFIG_ERROR,
            problem.clone(),
        ));
    }
    verdicts.extend(status::health(KIND, check.is_ok()));
    let before = connection.status.clone().unwrap_or_default();
    let kept: Vec<_> = before
        .conditions
        .iter()
        .filter(|found| valid.is_err() || found.type_ != condition::VAULT_CLIENT)
        .cloned()
        .collect();
    let generation = connection.metadata.generation.unwrap_or_default();
    let after = VaultConnectionStatus {
        valid: check.is_ok(),
        conditions: status::conditions(&kept, &verdicts, generation, context.clock.now()),
    };
    if connection.status.as_ref() == Some(&after) {
        return Ok(());
    }
    let api: Api<PartialObjectMeta<VaultConnection>> = Api::namespaced(
        context.kube.clone(),
        &connection.namespace().unwrap_or_default(),
    );
    let patch = Patch::Merge(json!({ "status": after }));
    api.patch_status(&connection.name_any(), &PatchParams::default(), &patch)
        .await?;
    let note = match check {
        Ok(()) => Note::new(
            Severity::Normal,
            "Accepted",
            "VaultConnection accepted".to_owned(),
        ),
        Err(Problem::Settings(problem)) => {
            Note::new(Severity::Warning, "InvalidConfiguration", problem.clone())
        }
        Err(Problem::Ping(problem)) => {
            Note::new(Severity::Warning, "VaultClientError", problem.clone())
        }
    };
    context.recorder.record(connection, KIND, note);
    Ok(())
}
