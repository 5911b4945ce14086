use std::sync::Arc;

use kube::{Client as KubeClient, ResourceExt};
use secretwire_api::{AuthMethod, VaultAuth, VaultAuthSpec, VaultConnection};
use secretwire_core::{
    ObjectKey,
    reference::{self, ReferenceError},
};
use secretwire_vault::{
    Credentials, LoginTarget, Mount, Namespace, PathError, Session, Sessions, SettingsError,
};

use super::{
    ConnectError, Connector,
    connect::Connected,
    credentials::{AppRole, JwtFromSecret, ServiceAccountToken},
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

/// What is wrong with a VaultAuth's own fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MethodError {
    /// A field that the method needs.
    #[error("{0} is required")]
    Required(&'static str),
    /// Exactly one of two.
    #[error("set exactly one of {0}")]
    OneOf(&'static str),
    /// A file of the operator's pod: whoever may write a VaultAuth could have any
    /// of them, the operator's own token too, sent to a server of theirs.
    #[error(
        "spec.appRole.secretIDPath is refused: put the secret id in a Secret and name it in spec.appRole.secretRef"
    )]
    SecretIdPath,
    /// A method that is not served.
    #[error("method {0} is not supported by this version: use kubernetes, jwt or appRole")]
    Unsupported(&'static str),
    /// Global defaults are not served.
    #[error("spec.vaultAuthGlobalRef is not supported by this version: set the fields here")]
    Global,
    /// A path or namespace.
    #[error("{field} {source}")]
    Path {
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: PathError,
    },
    /// The login headers.
    #[error("spec.headers: {0}")]
    Headers(SettingsError),
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

enum Method<'a> {
    ServiceAccount {
        role: &'a str,
        account: &'a str,
        audiences: &'a [String],
        expiration_seconds: i64,
    },
    Jwt {
        role: &'a str,
        secret: &'a str,
    },
    AppRole {
        role_id: &'a str,
        secret: &'a str,
    },
}

fn method(spec: &VaultAuthSpec) -> Result<Method<'_>, MethodError> {
    if spec.vault_auth_global_ref.is_some() {
        return Err(MethodError::Global);
    }
    match spec.method.ok_or(MethodError::Required("spec.method"))? {
        AuthMethod::Kubernetes => {
            let block = spec
                .kubernetes
                .as_ref()
                .ok_or(MethodError::Required("spec.kubernetes"))?;
            Ok(Method::ServiceAccount {
                role: required("spec.kubernetes.role", block.role.as_deref())?,
                account: required(
                    "spec.kubernetes.serviceAccount",
                    block.service_account.as_deref(),
                )?,
                audiences: &block.audiences,
                expiration_seconds: block.token_expiration_seconds,
            })
        }
        AuthMethod::Jwt => {
            let block = spec.jwt.as_ref().ok_or(MethodError::Required("spec.jwt"))?;
            let role = required("spec.jwt.role", block.role.as_deref())?;
            match (
                set(block.service_account.as_deref()),
                set(block.secret_ref.as_deref()),
            ) {
                (Some(account), _) => Ok(Method::ServiceAccount {
                    role,
                    account,
                    audiences: &block.audiences,
                    expiration_seconds: block.token_expiration_seconds,
                }),
                (None, Some(secret)) => Ok(Method::Jwt { role, secret }),
                (None, None) => Err(MethodError::OneOf(
                    "spec.jwt.serviceAccount, spec.jwt.secretRef",
                )),
            }
        }
        AuthMethod::AppRole => {
            let block = spec
                .app_role
                .as_ref()
                .ok_or(MethodError::Required("spec.appRole"))?;
            let role_id = required("spec.appRole.roleId", block.role_id.as_deref())?;
            if set(block.secret_id_path.as_deref()).is_some() {
                return Err(MethodError::SecretIdPath);
            }
            let secret = required("spec.appRole.secretRef", block.secret_ref.as_deref())?;
            Ok(Method::AppRole { role_id, secret })
        }
        other @ (AuthMethod::Aws | AuthMethod::Gcp) => {
            Err(MethodError::Unsupported(other.as_str()))
        }
    }
}

fn target(spec: &VaultAuthSpec) -> Result<LoginTarget, MethodError> {
    let mount = required("spec.mount", spec.mount.as_deref())?;
    let mount = Mount::parse(mount).map_err(|source| MethodError::Path {
        field: "spec.mount",
        source,
    })?;
    let namespace = set(spec.namespace.as_deref())
        .map(Namespace::parse)
        .transpose()
        .map_err(|source| MethodError::Path {
            field: "spec.namespace",
            source,
        })?;
    LoginTarget::new(namespace, &mount)
        .with_headers(&spec.headers)
        .map_err(MethodError::Headers)
}

fn set(field: Option<&str>) -> Option<&str> {
    field.filter(|value| !value.is_empty())
}

fn required<'a>(name: &'static str, field: Option<&'a str>) -> Result<&'a str, MethodError> {
    set(field).ok_or(MethodError::Required(name))
}

#[cfg(test)]
mod tests {
    use secretwire_api::{AppRoleAuth, JwtAuth, KubernetesAuth};

    use super::*;

    fn spec(method: AuthMethod) -> VaultAuthSpec {
        VaultAuthSpec {
            method: Some(method),
            mount: Some("m".into()),
            ..Default::default()
        }
    }

    fn check_method(spec: &VaultAuthSpec) -> Result<(), MethodError> {
        method(spec).map(drop)
    }

    fn refused(spec: &VaultAuthSpec) -> String {
        check_method(spec).unwrap_err().to_string()
    }

    #[test]
    fn missing_fields_are_named() {
        assert_eq!(
            refused(&VaultAuthSpec::default()),
            "spec.method is required"
        );
        let mut auth = spec(AuthMethod::Kubernetes);
        assert_eq!(refused(&auth), "spec.kubernetes is required");
        auth.kubernetes = Some(KubernetesAuth {
            role: Some("r".into()),
            ..Default::default()
        });
        assert_eq!(refused(&auth), "spec.kubernetes.serviceAccount is required");
        let mut auth = spec(AuthMethod::Jwt);
        auth.jwt = Some(JwtAuth {
            role: Some("r".into()),
            ..Default::default()
        });
        assert!(refused(&auth).contains("spec.jwt.secretRef"));
    }

    #[test]
    fn app_role_takes_its_secret_id_from_a_secret_and_from_no_file() {
        let mut auth = spec(AuthMethod::AppRole);
        auth.app_role = Some(AppRoleAuth {
            role_id: Some("r".into()),
            secret_ref: Some("s".into()),
            secret_id_path: Some("/p".into()),
        });
        assert!(refused(&auth).contains("secretRef"));
        auth.app_role.as_mut().unwrap().secret_id_path = None;
        assert_eq!(check_method(&auth), Ok(()));
    }

    #[test]
    fn what_this_version_does_not_serve_is_said() {
        assert!(refused(&spec(AuthMethod::Aws)).contains("aws is not supported"));
    }
}
