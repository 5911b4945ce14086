use futures::{FutureExt, future::BoxFuture};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{Secret, ServiceAccount},
};
use kube::{Api, Client, api::PostParams};
use secretwire_core::ObjectKey;
use secretwire_vault::{Credentials, CredentialsError, LoginBody};
use zeroize::Zeroizing;

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
    /// Secret whose key `id` holds the secret id.
    pub(crate) secret: ObjectKey,
}

impl Credentials for AppRole {
    fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
        async move {
            let secret_id = secret_key(&self.kube, &self.secret, "id").await?;
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
