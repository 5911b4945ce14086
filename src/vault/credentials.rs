use std::path::{Component, Path};

use futures::{FutureExt, future::BoxFuture};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{Secret, ServiceAccount},
};
use kube::{Api, Client, api::PostParams};
use secretwire_core::ObjectKey;
use secretwire_vault::{Credentials, CredentialsError, LoginBody};
use zeroize::Zeroizing;

/// Larger files are no secret id.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Logs in with a token of a ServiceAccount, made for each login.
pub(crate) struct ServiceAccountToken {
    /// Makes the tokens.
    pub(crate) kube: Client,
    /// The ServiceAccount.
    pub(crate) account: ObjectKey,
    /// Audiences of the token.
    pub(crate) audiences: Vec<String>,
    /// Its life in seconds.
    pub(crate) expiration_seconds: i64,
    /// Vault role.
    pub(crate) role: String,
}

impl Credentials for ServiceAccountToken {
    fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
        async move {
            let request = TokenRequest {
                spec: TokenRequestSpec {
                    audiences: self.audiences.clone(),
                    expiration_seconds: Some(self.expiration_seconds),
                    bound_object_ref: None,
                },
                ..Default::default()
            };
            let accounts: Api<ServiceAccount> =
                Api::namespaced(self.kube.clone(), &self.account.namespace);
            let answer = accounts
                .create_token_request(&self.account.name, &PostParams::default(), &request)
                .await
                .map_err(|error| {
                    CredentialsError::new(format!(
                        "no token for ServiceAccount {}: {error}",
                        self.account
                    ))
                })?;
            let token = answer.status.map(|status| status.token).unwrap_or_default();
            Ok(LoginBody::Jwt {
                role: self.role.clone(),
                jwt: Zeroizing::new(token),
            })
        }
        .boxed()
    }
}

/// Logs in with a token that a Secret holds.
pub(crate) struct JwtFromSecret {
    /// Reads the Secret.
    pub(crate) kube: Client,
    /// The Secret.
    pub(crate) secret: ObjectKey,
    /// Vault role.
    pub(crate) role: String,
}

impl Credentials for JwtFromSecret {
    fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
        async move {
            let jwt = secret_key(&self.kube, &self.secret, "jwt").await?;
            Ok(LoginBody::Jwt {
                role: self.role.clone(),
                jwt,
            })
        }
        .boxed()
    }
}

/// Logs in with a role id and a secret id.
pub(crate) struct AppRole {
    /// Reads the Secret.
    pub(crate) kube: Client,
    /// Role id.
    pub(crate) role_id: String,
    /// Where the secret id is.
    pub(crate) secret_id: SecretId,
}

/// Where a secret id is.
pub(crate) enum SecretId {
    /// Under the key `id` of a Secret.
    Secret(ObjectKey),
    /// In a file of the operator's pod.
    File(String),
}

impl Credentials for AppRole {
    fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
        async move {
            let secret_id = match &self.secret_id {
                SecretId::Secret(key) => secret_key(&self.kube, key, "id").await?,
                SecretId::File(path) => file(path).await?,
            };
            Ok(LoginBody::AppRole {
                role_id: self.role_id.clone(),
                secret_id,
            })
        }
        .boxed()
    }
}

async fn secret_key(
    kube: &Client,
    secret: &ObjectKey,
    key: &str,
) -> Result<Zeroizing<String>, CredentialsError> {
    let secrets: Api<Secret> = Api::namespaced(kube.clone(), &secret.namespace);
    let found = secrets.get(&secret.name).await.map_err(|error| {
        CredentialsError::new(format!("reading Secret {secret} failed: {error}"))
    })?;
    let value = found
        .data
        .and_then(|mut data| data.remove(key))
        .filter(|value| !value.0.is_empty())
        .ok_or_else(|| CredentialsError::new(format!("Secret {secret} has no key `{key}`")))?;
    String::from_utf8(value.0)
        .map(Zeroizing::new)
        .map_err(|_| CredentialsError::new(format!("key `{key}` of Secret {secret} is no text")))
}

async fn file(path: &str) -> Result<Zeroizing<String>, CredentialsError> {
    let refuse =
        |why: &str| CredentialsError::new(format!("spec.appRole.secretIDPath {path:?} {why}"));
    let parsed = Path::new(path);
    if !parsed.is_absolute() || parsed.components().any(|part| part == Component::ParentDir) {
        return Err(refuse("must be absolute and without `..`"));
    }
    let meta = tokio::fs::metadata(parsed)
        .await
        .map_err(|error| refuse(&format!("cannot be read: {error}")))?;
    if !meta.is_file() || meta.len() > MAX_FILE_BYTES {
        return Err(refuse("is no regular file of at most 1 MiB"));
    }
    let text = tokio::fs::read_to_string(parsed)
        .await
        .map(Zeroizing::new)
        .map_err(|error| refuse(&format!("cannot be read: {error}")))?;
    match text.trim() {
        "" => Err(refuse("is empty")),
        id => Ok(Zeroizing::new(id.to_owned())),
    }
}
