use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::Resource;
use secretwire_api::{
    Condition, Destination, KvType, RolloutRestartTarget, SecretTransformation,
    SecretTransformationSpec, Transformation, VaultStaticSecret, VaultStaticSecretStatus,
    names::{condition, finalizer},
};
use secretwire_core::{
    ObjectKey, SecretData,
    render::{Metadata, RenderError, TEMPLATE_TIME, render},
    schedule,
    transform::{self, Transform, TransformError},
};
use secretwire_vault::{
    Error, KvRead, KvVersion, Mount, Namespace, SecretJson, Session, VaultPath,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cluster::{Cluster, Guarded, key_of};
use crate::sync::{Context, Delivered, Report, SyncError, Syncable};

impl Syncable for VaultStaticSecret {
    const KIND: &'static str = "VaultStaticSecret";
    const SHORT: &'static str = "vss";
    const FINALIZER: &'static str = finalizer::VAULT_STATIC_SECRET;

    fn generation_of(key: &ObjectKey, cluster: &Cluster) -> Option<i64> {
        cluster.static_secrets.get(key)?.meta().generation
    }

    fn vault_auth_ref(&self) -> Option<&str> {
        self.spec.vault_auth_ref.as_deref()
    }

    fn destination(&self) -> &Destination {
        &self.spec.destination
    }

    fn targets(&self) -> &[RolloutRestartTarget] {
        &self.spec.rollout_restart_targets
    }

    fn delivered(&self) -> Delivered {
        let status = self.status.as_ref();
        Delivered {
            digest: status
                .and_then(|status| status.secret_mac.clone())
                .filter(|mac| !mac.is_empty()),
            destination: status.and_then(|status| status.destination.clone()),
        }
    }

    fn conditions(&self) -> &[Condition] {
        self.status
            .as_ref()
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default()
    }

    fn period(&self) -> Result<Option<Duration>, SyncError> {
        Ok(schedule::period(
            self.spec.refresh_after.as_deref(),
            self.spec.hmac_secret_data,
        )?)
    }

    fn remark(&self) -> Option<&'static str> {
        let instant = self.spec.sync_config.as_ref()?.instant_updates?;
        instant.then_some(
            "syncConfig.instantUpdates is not supported by this version, \
             changes are found after spec.refreshAfter",
        )
    }

    fn keeps_digest(&self) -> bool {
        self.spec.hmac_secret_data
    }

    async fn read(
        &self,
        session: &Session,
        at_hand: Option<Zeroizing<String>>,
        context: &Context,
    ) -> Result<SecretData, SyncError> {
        // Templates first: what cannot be rendered need not be read.
        let transform = self.transform(context)?;
        let (read, kv) = self.request(session).await?;
        let metadata = Metadata {
            annotations: self.metadata.annotations.clone().unwrap_or_default(),
            labels: self.metadata.labels.clone().unwrap_or_default(),
        };
        // Without the operator's own `_raw`, a key of that name is one like others.
        let answer = match at_hand.filter(|_| transform.keeps_raw()) {
            Some(raw) => Answer::AtHand(raw),
            None => Answer::Read(read_kv(session, read).await?),
        };
        if !transform.has_templates() {
            return Ok(render(answer.expose(), kv, &transform, &metadata, None)?.data);
        }
        let deadline = context.clock.instant() + TEMPLATE_TIME;
        // A template may take long, and other visits are not to wait for it.
        let made = tokio::task::spawn_blocking(move || {
            render(answer.expose(), kv, &transform, &metadata, Some(deadline))
        });
        match made.await {
            Ok(rendered) => Ok(rendered?.data),
            Err(_) => {
                Err(RenderError::Template("the template could not be rendered".to_owned()).into())
            }
        }
    }

    fn status_patch(&self, report: &Report, conditions: Vec<Condition>) -> Option<Value> {
        let before = self.status.clone().unwrap_or_default();
        let after = VaultStaticSecretStatus {
            last_generation: self.meta().generation.unwrap_or_default(),
            secret_mac: report
                .delivered
                .digest
                .clone()
                .filter(|_| self.spec.hmac_secret_data),
            vault_client_meta: before.vault_client_meta.clone(),
            destination: report.delivered.destination.clone(),
            conditions,
        };
        // An unchanged status is not written; the restart condition is dropped by
        // replacing the list, as is every list in a merge patch.
        if self.status.as_ref() == Some(&after) {
            return None;
        }
        Some(json!({
            "status": {
                "lastGeneration": after.last_generation,
                "secretMAC": after.secret_mac,
                "destination": after.destination,
                "conditions": after.conditions,
            }
        }))
    }
}

/// What Vault answered.
enum Answer {
    Read(Arc<SecretJson>),
    AtHand(Zeroizing<String>),
}

impl Answer {
    fn expose(&self) -> &str {
        match self {
            Self::Read(answer) => answer.expose(),
            Self::AtHand(raw) => raw,
        }
    }
}

/// Reads a secret. An engine of the other version mostly has nothing at such a
/// path, so where nothing is found the engine is asked whether it is that.
async fn read_kv(session: &Session, read: KvRead) -> Result<Arc<SecretJson>, Error> {
    let (namespace, mount, version) = (read.namespace.clone(), read.mount.clone(), read.version);
    let path = format!("{}/{}", mount.as_str(), read.path.as_str());
    match session.read_kv(read).await {
        Err(not_found @ Error::NotFound(_)) => {
            match session.mount_version(namespace, mount).await {
                Ok(found) if found != version => Err(Error::WrongKvVersion {
                    path,
                    used: version,
                }),
                Ok(_) | Err(_) => Err(not_found),
            }
        }
        other => other,
    }
}

/// What is needed to read and render one.
trait Source {
    fn transform(&self, context: &Context) -> Result<Transform, TransformError>;
    fn request(
        &self,
        session: &Session,
    ) -> impl Future<Output = Result<(KvRead, KvType), SyncError>> + Send;
}

impl Source for VaultStaticSecret {
    fn transform(&self, context: &Context) -> Result<Transform, TransformError> {
        let none = Transformation::default();
        let transformation = self
            .spec
            .destination
            .transformation
            .as_ref()
            .unwrap_or(&none);
        let transformations = &context.cluster.transformations;
        let linked: BTreeMap<_, _> = transformation
            .transformation_refs
            .iter()
            .filter_map(|link| {
                let namespace = self.metadata.namespace.as_deref().unwrap_or_default();
                let key = transform::linked_key(link, namespace);
                let object = transformations.get(&key)?;
                Some((key, object))
            })
            .collect();
        transform::compile(
            &key_of(self),
            transformation,
            context.exclude_raw,
            |key| match linked.get(key) {
                Some(object) => usable(key, object),
                None if transformations.index_of(&key.namespace).is_none() => {
                    Err(TransformError::Unwatched(key.clone()))
                }
                None => Err(TransformError::Missing(key.clone())),
            },
            &context.templates,
        )
    }

    async fn request(&self, session: &Session) -> Result<(KvRead, KvType), SyncError> {
        let spec = &self.spec;
        let path = |field| move |source| SyncError::Path { field, source };
        let mount = Mount::parse(&spec.mount).map_err(path("spec.mount"))?;
        let namespace = spec
            .namespace
            .as_deref()
            .filter(|namespace| !namespace.is_empty())
            .map(Namespace::parse)
            .transpose()
            .map_err(path("spec.namespace"))?;
        let secret = VaultPath::parse(&spec.path).map_err(path("spec.path"))?;
        let kv = match spec.type_ {
            Some(kv) => kv,
            None => match session
                .mount_version(namespace.clone(), mount.clone())
                .await?
            {
                KvVersion::V1 => KvType::V1,
                KvVersion::V2 => KvType::V2,
            },
        };
        let read = KvRead {
            namespace,
            mount,
            path: secret,
            version: match kv {
                KvType::V1 => KvVersion::V1,
                KvType::V2 => KvVersion::V2,
            },
            fixed: spec.version.and_then(|version| u32::try_from(version).ok()),
        };
        Ok((read, kv))
    }
}

/// What a SecretTransformation says, where it can be read.
fn usable<'a>(
    key: &ObjectKey,
    object: &'a Guarded<SecretTransformation>,
) -> Result<&'a SecretTransformationSpec, TransformError> {
    match &object.0 {
        Ok(object) => Ok(&object.spec),
        Err(invalid) => Err(TransformError::Malformed {
            object: key.clone(),
            cause: invalid.error.clone(),
        }),
    }
}

/// Whether the Secret holds what the resource asks for now: what pods wait for.
pub(crate) fn is_current(secret: &VaultStaticSecret) -> bool {
    let generation = secret.metadata.generation;
    secret
        .status
        .as_ref()
        .and_then(|status| status.destination.as_ref())
        .is_some_and(|destination| {
            Some(destination.generation) == generation
                && destination.name == secret.spec.destination.name
        })
}

/// What the last sync said, when it failed.
pub(crate) fn failure(secret: &VaultStaticSecret) -> Option<&str> {
    secret
        .conditions()
        .iter()
        .find(|found| found.type_ == condition::SECRET_SYNCED && found.status == "False")
        .map(|found| found.message.as_str())
}

#[cfg(test)]
mod tests {
    use secretwire_api::DestinationStatus;

    use super::*;

    #[test]
    fn a_transformation_that_cannot_be_read_is_told_from_one_that_is_not_there() {
        let object = json!({
            "apiVersion": "secrets.hashicorp.com/v1beta1", "kind": "SecretTransformation",
            "metadata": {"name": "shared", "namespace": "app"}, "spec": {"includes": "^a"},
        });
        let object: Guarded<SecretTransformation> = serde_json::from_value(object).unwrap();
        let error = usable(&ObjectKey::new("app", "shared"), &object).unwrap_err();
        let told = SyncError::from(error).to_string();
        assert!(
            told.contains("SecretTransformation app/shared cannot be read, mend it: Invalid type"),
            "{told}"
        );
    }

    #[test]
    fn a_status_that_says_nothing_new_is_not_written() {
        let mut secret =
            VaultStaticSecret::new("a", secretwire_api::VaultStaticSecretSpec::default());
        secret.spec.hmac_secret_data = true;
        let report = Report {
            result: Err(secretwire_core::secret::Conflict::Missing("s".into()).into()),
            delivered: Delivered {
                digest: Some("mac".into()),
                destination: Some(DestinationStatus::default()),
            },
        };
        let patch = secret.status_patch(&report, Vec::new()).unwrap();
        secret.status = serde_json::from_value(patch["status"].clone()).unwrap();
        assert_eq!(secret.status_patch(&report, Vec::new()), None);
    }
}
