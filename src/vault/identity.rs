//! The Vault identity that a resource has, and one session for all that share it.

use std::sync::Arc;

use kube::{Client as KubeClient, ResourceExt};
use secretwire_api::{VaultAuth, VaultAuthSpec, VaultConnection};
use secretwire_core::{
    ObjectKey,
    reference::{self, ReferenceError},
};
use secretwire_vault::{Credentials, Session, Sessions};

use super::{
    ConnectError, Connector,
    connect::Connected,
    credentials::{AppRole, JwtFromSecret, ServiceAccountToken},
    method::{Method, MethodError, method, target},
};
use crate::cluster::{Cluster, Guarded, key_of};

/// Why a resource has no Vault identity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// A reference names nothing.
    #[error("{0}")]
    Reference(#[from] ReferenceError),
    /// The VaultAuth is not there.
    #[error("VaultAuth {0} does not exist: create it, or name another in spec.vaultAuthRef")]
    AuthMissing(ObjectKey),
    /// The VaultAuth cannot be read.
    #[error("VaultAuth {0} is malformed: {1}")]
    AuthMalformed(ObjectKey, String),
    /// The VaultAuth is another namespace's.
    #[error(
        "VaultAuth {auth} may not be used from namespace {consumer}: \
         add it to the VaultAuth's spec.allowedNamespaces"
    )]
    NotAllowed {
        /// The VaultAuth.
        auth: ObjectKey,
        /// Who asked.
        consumer: String,
    },
    /// The VaultConnection is not there.
    #[error("VaultConnection {connection} of VaultAuth {auth} does not exist")]
    ConnectionMissing {
        /// The VaultAuth.
        auth: ObjectKey,
        /// What it names.
        connection: ObjectKey,
    },
    /// The VaultConnection cannot be read.
    #[error("VaultConnection {0} is malformed: {1}")]
    ConnectionMalformed(ObjectKey, String),
    /// The VaultConnection makes no client.
    #[error("VaultConnection {0}: {1}")]
    Connect(ObjectKey, #[source] ConnectError),
    /// The VaultAuth says too little, or what does not fit.
    #[error("VaultAuth {0}: {1}")]
    Method(ObjectKey, #[source] MethodError),
}

/// One session for each VaultAuth, VaultConnection and account, shared by all resources that ask.
pub(crate) struct Identities {
    kube: KubeClient,
    cluster: Arc<Cluster>,
    connector: Arc<Connector>,
    operator_namespace: String,
    sessions: Sessions<Key>,
}

/// What makes a session another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    auth: ObjectKey,
    auth_uid: String,
    auth_generation: i64,
    build: u64,
    consumer: String,
}

/// A session, and the connection that it goes through.
pub(crate) struct Identity {
    /// The session.
    pub(crate) session: Session,
    /// The connection.
    pub(crate) connection: ObjectKey,
}

impl Identities {
    /// Sessions for what `cluster` holds.
    pub(crate) fn new(
        kube: KubeClient,
        cluster: Arc<Cluster>,
        connector: Arc<Connector>,
        operator_namespace: &str,
    ) -> Self {
        Self {
            kube,
            cluster,
            connector,
            operator_namespace: operator_namespace.to_owned(),
            sessions: Sessions::default(),
        }
    }

    /// The session of a resource in `consumer` with this `spec.vaultAuthRef`.
    pub(crate) async fn resolve(
        &self,
        vault_auth_ref: Option<&str>,
        consumer: &str,
    ) -> Result<Identity, IdentityError> {
        let auth_key = reference::vault_auth(vault_auth_ref, consumer, &self.operator_namespace)?;
        let auth = self
            .cluster
            .auths
            .get(&auth_key)
            .ok_or_else(|| IdentityError::AuthMissing(auth_key.clone()))?;
        let auth = auth.0.as_ref().map_err(|invalid| {
            IdentityError::AuthMalformed(auth_key.clone(), invalid.error.clone())
        })?;
        if !reference::namespace_allowed(
            &auth_key,
            &auth.spec.allowed_namespaces,
            consumer,
            &self.operator_namespace,
        ) {
            return Err(IdentityError::NotAllowed {
                auth: auth_key,
                consumer: consumer.to_owned(),
            });
        }
        let target =
            target(&auth.spec).map_err(|error| IdentityError::Method(auth_key.clone(), error))?;
        let (connection, connected) = self.connect(auth).await?;
        let credentials = self
            .credentials(&auth.spec, consumer)
            .map_err(|error| IdentityError::Method(auth_key.clone(), error))?;
        let key = Key {
            auth: auth_key,
            auth_uid: auth.uid().unwrap_or_default(),
            auth_generation: auth.metadata.generation.unwrap_or_default(),
            build: connected.build,
            consumer: consumer.to_owned(),
        };
        let session = self.sessions.get(&key).unwrap_or_else(|| {
            // What this session replaces would keep its token alive for nobody.
            self.sessions
                .retain(|other| other.auth != key.auth || other.consumer != key.consumer);
            self.sessions
                .get_or_create(&key, || Session::new(connected.client, target, credentials))
        });
        Ok(Identity {
            session,
            connection,
        })
    }

    /// Drops the sessions of older generations of this VaultAuth, or all of them when it is gone.
    pub(crate) fn prune_auth(&self, auth: &ObjectKey, current: Option<(&str, i64)>) {
        self.sessions.retain(|key| {
            key.auth != *auth || current == Some((key.auth_uid.as_str(), key.auth_generation))
        });
    }

    /// Whether a VaultAuth makes a login, as far as that shows without one.
    pub(crate) fn check(&self, auth: &VaultAuth) -> Result<(), IdentityError> {
        let key = key_of(auth);
        let wrong = |error| IdentityError::Method(key.clone(), error);
        method(&auth.spec).map_err(wrong)?;
        target(&auth.spec).map_err(wrong)?;
        self.connection_of(auth)?;
        Ok(())
    }

    async fn connect(&self, auth: &VaultAuth) -> Result<(ObjectKey, Connected), IdentityError> {
        let (key, connection) = self.connection_of(auth)?;
        let connection = connection.0.as_ref().map_err(|invalid| {
            IdentityError::ConnectionMalformed(key.clone(), invalid.error.clone())
        })?;
        match self.connector.connect(connection).await {
            Ok(connected) => Ok((key, connected)),
            Err(error) => Err(IdentityError::Connect(key, error)),
        }
    }

    fn connection_of(
        &self,
        auth: &VaultAuth,
    ) -> Result<(ObjectKey, Arc<Guarded<VaultConnection>>), IdentityError> {
        let auth_key = key_of(auth);
        let key = reference::vault_connection(
            auth.spec.vault_connection_ref.as_deref(),
            &auth_key,
            &self.operator_namespace,
        )?;
        match self.cluster.connections.get(&key) {
            Some(connection) => Ok((key, connection)),
            None => Err(IdentityError::ConnectionMissing {
                auth: auth_key,
                connection: key,
            }),
        }
    }

    fn credentials(
        &self,
        spec: &VaultAuthSpec,
        consumer: &str,
    ) -> Result<Arc<dyn Credentials>, MethodError> {
        let in_consumer = |name: &str| ObjectKey::new(consumer, name);
        let kube = self.kube.clone();
        Ok(match method(spec)? {
            Method::ServiceAccount {
                role,
                account,
                audiences,
                expiration_seconds,
            } => Arc::new(ServiceAccountToken {
                kube,
                account: in_consumer(account),
                audiences: audiences.to_vec(),
                expiration_seconds,
                role: role.to_owned(),
            }),
            Method::Jwt { role, secret } => Arc::new(JwtFromSecret {
                kube,
                secret: in_consumer(secret),
                role: role.to_owned(),
            }),
            Method::AppRole { role_id, secret } => Arc::new(AppRole {
                kube,
                role_id: role_id.to_owned(),
                secret: in_consumer(secret),
            }),
        })
    }
}
