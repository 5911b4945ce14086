//! Which object a reference means, and who may use it.

use std::fmt;

/// Namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// A key of these two parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Name of the objects that empty references mean, in the operator's namespace.
const DEFAULT: &str = "default";

/// A reference that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Not `name` or `namespace/name`.
    #[error("{field} {value:?} is not a reference: write `name` or `namespace/name`")]
    Malformed {
        /// Field that holds it.
        field: &'static str,
        /// What it holds.
        value: String,
    },
    /// A `VaultAuth` in the operator's namespace without a connection.
    #[error(
        "spec.vaultConnectionRef is empty: set it, as only the VaultAuth `default` \
         may leave it out in the operator's namespace"
    )]
    ConnectionRequired,
}

/// The `VaultAuth` that `spec.vaultAuthRef` of an object in `namespace` means.
pub fn vault_auth(
    reference: Option<&str>,
    namespace: &str,
    operator_namespace: &str,
) -> Result<ObjectKey, ReferenceError> {
    match reference.unwrap_or_default() {
        "" => Ok(ObjectKey::new(operator_namespace, DEFAULT)),
        value => parse("spec.vaultAuthRef", value, namespace),
    }
}

/// The `VaultConnection` that `spec.vaultConnectionRef` of the `VaultAuth` `auth` means.
pub fn vault_connection(
    reference: Option<&str>,
    auth: &ObjectKey,
    operator_namespace: &str,
) -> Result<ObjectKey, ReferenceError> {
    match reference.unwrap_or_default() {
        "" if auth.namespace == operator_namespace && auth.name != DEFAULT => {
            Err(ReferenceError::ConnectionRequired)
        }
        "" => Ok(ObjectKey::new(operator_namespace, DEFAULT)),
        value => parse("spec.vaultConnectionRef", value, &auth.namespace),
    }
}

fn parse(
    field: &'static str,
    value: &str,
    default_namespace: &str,
) -> Result<ObjectKey, ReferenceError> {
    let (namespace, name) = value.split_once('/').unwrap_or((default_namespace, value));
    if namespace.is_empty() || name.is_empty() || name.contains('/') {
        return Err(ReferenceError::Malformed {
            field,
            value: value.to_owned(),
        });
    }
    Ok(ObjectKey::new(namespace, name))
}

/// Whether an object in `consumer` may use the `VaultAuth` `auth`. An
/// element `*` counts only when it is the whole list; there is no globbing.
pub fn namespace_allowed(
    auth: &ObjectKey,
    allowed: &[String],
    consumer: &str,
    operator_namespace: &str,
) -> bool {
    auth.namespace == consumer
        || (auth.namespace == operator_namespace && auth.name == DEFAULT)
        || matches!(allowed, [only] if only == "*")
        || allowed.iter().any(|namespace| namespace == consumer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATOR: &str = "secretwire-system";

    #[test]
    fn vault_auth_references_resolve_as_users_of_vso_know() {
        for (reference, expected) in [
            (None, "secretwire-system/default"),
            (Some(""), "secretwire-system/default"),
            (Some("a"), "app/a"),
            (Some("n/a"), "n/a"),
        ] {
            let key = vault_auth(reference, "app", OPERATOR).unwrap();
            assert_eq!(key.to_string(), expected);
        }
    }

    #[test]
    fn malformed_references_name_field_and_value() {
        for value in ["a/b/c", "/a", "a/", "/"] {
            let error = vault_auth(Some(value), "app", OPERATOR).unwrap_err();
            assert!(error.to_string().contains("spec.vaultAuthRef"), "{error}");
            assert!(error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn an_empty_connection_means_default_but_for_named_auths_beside_it() {
        let in_app = ObjectKey::new("app", "auth");
        let default = ObjectKey::new(OPERATOR, "default");
        let named = ObjectKey::new(OPERATOR, "named");
        let key = ObjectKey::new(OPERATOR, "default");
        assert_eq!(vault_connection(None, &in_app, OPERATOR), Ok(key.clone()));
        assert_eq!(vault_connection(None, &default, OPERATOR), Ok(key));
        assert_eq!(
            vault_connection(None, &named, OPERATOR),
            Err(ReferenceError::ConnectionRequired)
        );
        assert_eq!(
            vault_connection(Some("c"), &in_app, OPERATOR),
            Ok(ObjectKey::new("app", "c"))
        );
    }

    #[test]
    fn foreign_namespaces_need_to_be_listed() {
        let auth = ObjectKey::new("vault", "shared");
        let default = ObjectKey::new(OPERATOR, "default");
        let cases: [(&ObjectKey, &[&str], &str, bool); 8] = [
            (&auth, &[], "vault", true),
            (&auth, &[], "app", false),
            (&default, &[], "app", true),
            (&auth, &["*"], "app", true),
            (&auth, &["*", "other"], "app", false),
            (&auth, &["app"], "app", true),
            (&auth, &["app*"], "app-1", false),
            (&auth, &["app"], OPERATOR, false),
        ];
        for (auth, allowed, consumer, expected) in cases {
            let allowed: Vec<_> = allowed.iter().map(|&s| s.to_owned()).collect();
            assert_eq!(
                namespace_allowed(auth, &allowed, consumer, OPERATOR),
                expected,
                "{auth} {allowed:?} {consumer}"
            );
        }
    }
}
