use std::time::Duration;

use kube::Resource;
use secretwire_api::{
    Condition, Destination, KvType, RolloutRestartTarget, VaultStaticSecret,
    VaultStaticSecretStatus,
    names::{condition, finalizer},
};
use secretwire_core::{SecretData, render, schedule};
use secretwire_vault::{KvRead, KvVersion, Mount, Namespace, Session, VaultPath};
use serde_json::{Value, json};

use crate::sync::{Context, Delivered, Report, SyncError, Syncable};

impl Syncable for VaultStaticSecret {
    const KIND: &'static str = "VaultStaticSecret";
    const SHORT: &'static str = "vss";
    const FINALIZER: &'static str = finalizer::VAULT_STATIC_SECRET;

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

    fn keeps_digest(&self) -> bool {
        self.spec.hmac_secret_data
    }

    async fn read(&self, session: &Session, context: &Context) -> Result<SecretData, SyncError> {
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
        let answer = session.read_kv(read).await?;
        let transformation = spec.destination.transformation.as_ref();
        Ok(render::render(
            answer.expose(),
            kv,
            transformation,
            context.exclude_raw,
        )?)
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
