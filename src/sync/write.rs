use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, PostParams, Preconditions},
};
use secretwire_api::{DestinationStatus, names::RAW_KEY};
use secretwire_core::{
    ObjectKey, SecretData,
    secret::{SecretStep, Strictness, plan_secret},
};

use zeroize::Zeroizing;

use super::{Context, Delivered, SyncError, Syncable, Written, owner};

/// Field manager of what is written here.
const FIELD_MANAGER: &str = "secretwire";
/// How often a plan is made anew when someone else writes at the same time.
const ATTEMPTS: usize = 3;

/// Brings the destination to `data`; costs no API call when the destination is
/// known to hold it.
pub(crate) async fn write<K: Syncable>(
    object: &K,
    data: &SecretData,
    digest: &str,
    before: &Delivered,
    strictness: Strictness,
    context: &Context,
) -> Result<Written, SyncError> {
    let namespace = object.namespace().unwrap_or_default();
    let key = ObjectKey::new(&namespace, &object.destination().name);
    let generation = object.meta().generation.unwrap_or_default();
    if let Some(destination) = untouched(object, &key, digest, before, generation, context) {
        return Ok(Written {
            destination,
            changed: false,
        });
    }
    let secrets: Api<Secret> = Api::namespaced(context.kube.clone(), &namespace);
    // A Secret that is created here is not there as a rule: asking first would be in vain.
    let mut ask = !object.destination().create || context.cluster.secrets.get(&key).is_some();
    let mut attempt = 0;
    let written = loop {
        attempt += 1;
        let live = if ask {
            secrets
                .get_opt(&key.name)
                .await
                .map_err(failed("reading", &key))?
        } else {
            None
        };
        let step = plan_secret(
            &owner(object),
            object.destination(),
            data,
            live.as_ref(),
            strictness,
        );
        match apply(step, live, &secrets, &key).await {
            Ok((secret, changed)) => break Written::new(&secret, generation, changed),
            Err(SyncError::Write { source, .. }) if attempt < ATTEMPTS && is_conflict(&source) => {
                ask = true;
            }
            Err(error) => return Err(error),
        }
    };
    if before
        .destination
        .as_ref()
        .is_none_or(|before| before.name != key.name)
    {
        remove_orphans(object, &key, &secrets, context).await;
    }
    Ok(written)
}

/// What Vault answered when the destination was written, as far as the Secret
/// still holds all of it untouched. An edit that could not be delivered yet may
/// ask for another secret, and then nothing is at hand.
pub(crate) async fn raw_at_hand<K: Syncable>(
    object: &K,
    before: &Delivered,
    context: &Context,
) -> Option<Zeroizing<String>> {
    let destination = delivered_raw(object, before)?;
    let digest = before.digest.as_deref()?;
    let namespace = object.namespace().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(context.kube.clone(), &namespace);
    let live = secrets.get_opt(&destination.name).await.ok()??;
    let mut data = live.data?;
    let untouched = live.metadata.uid.as_deref() == Some(destination.uid.as_str())
        && context.mac_key.digest_of(
            data.iter()
                .map(|(key, value)| (key.as_str(), value.0.as_slice())),
        ) == digest;
    let raw = data.remove(RAW_KEY).filter(|_| untouched)?;
    String::from_utf8(raw.0).ok().map(Zeroizing::new)
}

/// Whether [`raw_at_hand`] is worth a look.
pub(crate) fn holds_raw<K: Syncable>(object: &K, before: &Delivered) -> bool {
    delivered_raw(object, before).is_some()
}

/// The destination, where it was delivered with `_raw` and for the resource as it is now.
fn delivered_raw<'a, K: Syncable>(
    object: &K,
    before: &'a Delivered,
) -> Option<&'a DestinationStatus> {
    let generation = object.meta().generation.unwrap_or_default();
    let destination = before.destination.as_ref()?;
    let keys = destination.keys.as_ref()?;
    let has_raw = keys.iter().any(|key| key == RAW_KEY);
    (has_raw && destination.generation == generation).then_some(destination)
}

/// The destination as it was delivered, when nothing happened to it since and
/// nothing else is wanted now.
fn untouched<K: Syncable>(
    object: &K,
    key: &ObjectKey,
    digest: &str,
    before: &Delivered,
    generation: i64,
    context: &Context,
) -> Option<DestinationStatus> {
    let destination = before.destination.as_ref()?;
    let (version, uid) = context.cluster.secrets.version(key)?;
    let same = object.destination().create
        && before.digest.as_deref() == Some(digest)
        && destination.name == key.name
        && destination.generation == generation
        && destination.uid == uid
        && destination.resource_version == version;
    same.then(|| destination.clone())
}

async fn apply(
    step: SecretStep,
    live: Option<Secret>,
    secrets: &Api<Secret>,
    key: &ObjectKey,
) -> Result<(Secret, bool), SyncError> {
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..Default::default()
    };
    match step {
        SecretStep::Keep => Ok((live.unwrap_or_default(), false)),
        SecretStep::Refuse(conflict) => Err(conflict.into()),
        SecretStep::Create(secret) => secrets
            .create(&params, &secret)
            .await
            .map(|secret| (secret, true))
            .map_err(failed("creating", key)),
        SecretStep::Replace(secret) => secrets
            .replace(&key.name, &params, &secret)
            .await
            .map(|secret| (secret, true))
            .map_err(failed("updating", key)),
        SecretStep::Recreate(secret) => {
            let delete = DeleteParams {
                preconditions: live.as_ref().map(|live| Preconditions {
                    uid: live.uid(),
                    resource_version: live.resource_version(),
                }),
                ..Default::default()
            };
            secrets
                .delete(&key.name, &delete)
                .await
                .map_err(failed("deleting", key))?;
            secrets
                .create(&params, &secret)
                .await
                .map(|secret| (secret, true))
                .map_err(failed("creating", key))
        }
    }
}

/// Deletes Secrets that this resource made under a name it no longer asks for.
/// What fails here is tried again with the next rename only, so it is said.
async fn remove_orphans<K: Syncable>(
    object: &K,
    key: &ObjectKey,
    secrets: &Api<Secret>,
    context: &Context,
) {
    let uid = object.uid().unwrap_or_default();
    for (orphan, orphan_uid) in context.cluster.secrets.owned_by(&key.namespace, &uid) {
        if orphan == *key {
            continue;
        }
        let delete = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(orphan_uid),
                resource_version: None,
            }),
            ..Default::default()
        };
        if let Err(error) = secrets.delete(&orphan.name, &delete).await {
            tracing::warn!(secret = %orphan, %error, "deleting the Secret of a former destination failed");
        }
    }
}

/// Someone created, changed or deleted the Secret between look and write.
fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 404 | 409))
}

fn failed(verb: &'static str, key: &ObjectKey) -> impl FnOnce(kube::Error) -> SyncError {
    let name = key.name.clone();
    move |source| SyncError::Write {
        verb,
        name,
        source: Box::new(source),
    }
}
