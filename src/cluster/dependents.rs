//! Who has to be looked at again when something else changes.

use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, ResourceExt, core::PartialObjectMeta};
use secretwire_api::names::label;
use secretwire_core::{ObjectKey, reference, transform, visit::Nudge};

use super::{Cluster, key_of, owned::owner_of};

impl Cluster {
    /// The VaultStaticSecrets that log in with this VaultAuth.
    fn users_of_auth(&self, auth: &ObjectKey) -> Vec<ObjectKey> {
        self.static_secrets
            .select(|guarded| {
                guarded.0.as_ref().is_ok_and(|secret| {
                    let namespace = secret.namespace().unwrap_or_default();
                    reference::vault_auth(
                        secret.spec.vault_auth_ref.as_deref(),
                        &namespace,
                        &self.operator_namespace,
                    )
                    .is_ok_and(|key| key == *auth)
                })
            })
            .iter()
            .map(|secret| key_of(&**secret))
            .collect()
    }

    /// The VaultAuths that use this VaultConnection.
    fn users_of_connection(&self, connection: &ObjectKey) -> Vec<ObjectKey> {
        self.auths
            .select(|guarded| {
                guarded.0.as_ref().is_ok_and(|auth| {
                    reference::vault_connection(
                        auth.spec.vault_connection_ref.as_deref(),
                        &key_of(auth),
                        &self.operator_namespace,
                    )
                    .is_ok_and(|key| key == *connection)
                })
            })
            .iter()
            .map(|auth| key_of(&**auth))
            .collect()
    }

    /// The resource that a Secret belongs to: by its reference, else, where
    /// someone stripped that, by the UID in its labels.
    pub(super) fn owner(&self, secret: &PartialObjectMeta<Secret>) -> Option<ObjectKey> {
        owner_of(secret).or_else(|| {
            let uid = secret.labels().get(label::OWNER_UID)?;
            let owners = self
                .static_secrets
                .select(|resource| resource.meta().uid.as_ref() == Some(uid));
            owners.first().map(|resource| key_of(&**resource))
        })
    }

    pub(super) fn mark_all_static_secrets(&self) {
        for secret in self.static_secrets.select(|_| true) {
            self.static_secret_triggers.mark(key_of(&*secret));
        }
    }

    pub(super) fn auth_changed(&self, auth: &ObjectKey) {
        self.auth_triggers.mark(auth.clone());
        for secret in self.users_of_auth(auth) {
            self.nudge(secret, Nudge::Read);
        }
    }

    /// The VaultStaticSecrets that take templates or filters from this SecretTransformation.
    fn users_of_transformation(&self, transformation: &ObjectKey) -> Vec<ObjectKey> {
        self.static_secrets
            .select(|guarded| {
                guarded.0.as_ref().is_ok_and(|secret| {
                    let namespace = secret.namespace().unwrap_or_default();
                    let links = secret.spec.destination.transformation.iter();
                    links
                        .flat_map(|t| &t.transformation_refs)
                        .any(|link| transform::linked_key(link, &namespace) == *transformation)
                })
            })
            .iter()
            .map(|secret| key_of(&**secret))
            .collect()
    }

    pub(super) fn transformation_changed(&self, transformation: &ObjectKey) {
        self.transformation_triggers.mark(transformation.clone());
        for secret in self.users_of_transformation(transformation) {
            self.nudge(secret, Nudge::Render);
        }
        // A visit that waits for Vault is not to keep them waiting.
        self.changed.send_replace(());
    }

    pub(super) fn connection_changed(&self, connection: &ObjectKey) {
        self.connection_triggers.mark(connection.clone());
        for auth in self.users_of_connection(connection) {
            self.auth_changed(&auth);
        }
    }
}
