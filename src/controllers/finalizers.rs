use std::{fmt::Debug, time::Duration};

use kube::{
    Api, Client, Resource, ResourceExt,
    api::{Patch, PatchParams},
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::controller::Action,
};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Wait before a removal that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Lets a deleted object go, where VSO left its finalizer on it. Vault is not asked.
pub(crate) async fn release<K>(object: &K, finalizer: &str, kube: &Client) -> Action
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    if !object.finalizers().iter().any(|found| found == finalizer) {
        return Action::await_change();
    }
    let others: Vec<_> = object
        .finalizers()
        .iter()
        .filter(|found| *found != finalizer)
        .collect();
    // The resourceVersion keeps a finalizer that someone adds meanwhile from being lost.
    let patch = json!({
        "metadata": {"finalizers": others, "resourceVersion": object.resource_version()},
    });
    let api: Api<PartialObjectMeta<K>> =
        Api::namespaced(kube.clone(), &object.namespace().unwrap_or_default());
    let done = api
        .patch_metadata(
            &object.name_any(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await;
    match done {
        Err(kube::Error::Api(status)) if status.code == 404 => Action::await_change(),
        Err(error) => {
            tracing::warn!(name = object.name_any(), %error, "removing the finalizer failed, trying again");
            Action::requeue(RETRY)
        }
        Ok(_) => Action::await_change(),
    }
}
