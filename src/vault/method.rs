//! What a VaultAuth says about logging in, checked.

use secretwire_api::{AuthMethod, VaultAuthSpec};
use secretwire_vault::{LoginTarget, Mount, Namespace, PathError, SettingsError};

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

/// A login, with everything that it needs.
pub(super) enum Method<'a> {
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

/// The login that a VaultAuth describes.
pub(super) fn method(spec: &VaultAuthSpec) -> Result<Method<'_>, MethodError> {
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

/// Where it goes.
pub(super) fn target(spec: &VaultAuthSpec) -> Result<LoginTarget, MethodError> {
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
