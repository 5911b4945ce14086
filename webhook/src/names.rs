//! The names this operator writes into other people's objects, all derived from one configurable prefix.

use std::fmt;
use std::sync::Arc;

/// The DNS name before the slash of every annotation, label and gate of ours, `secretwire.dev` unless configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(Arc<str>);

/// The configured annotation prefix is no DNS name.
#[derive(Debug, thiserror::Error)]
#[error("annotation prefix {0:?} is not a DNS name such as \"secretwire.dev\"")]
pub struct InvalidPrefix(String);

impl Prefix {
    /// Accepts `secretwire.dev` and `secretwire.dev/`.
    ///
    /// # Errors
    /// When the rest is not a DNS subdomain of at least two labels: names without a dot, and everything under
    /// `kubernetes.io` and `k8s.io`, belong to others.
    pub fn new(text: &str) -> Result<Self, InvalidPrefix> {
        let domain = text.strip_suffix('/').unwrap_or(text);
        let reserved = ["kubernetes.io", "k8s.io"]
            .iter()
            .any(|root| domain == *root || domain.ends_with(&format!(".{root}")));
        let labels: Vec<_> = domain.split('.').collect();
        if reserved
            || domain.len() > 253
            || labels.len() < 2
            || !labels.iter().all(|label| is_dns_label(label, 63))
        {
            return Err(InvalidPrefix(text.to_owned()));
        }
        Ok(Self(domain.into()))
    }

    /// The domain without the slash.
    pub fn domain(&self) -> &str {
        &self.0
    }

    /// The full annotation or label name of `key`: `mount.db` becomes `secretwire.dev/mount.db`.
    pub fn name(&self, key: &str) -> String {
        format!("{}/{key}", self.0)
    }

    /// What follows the slash, when `name` is one of ours.
    pub fn strip<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.domain())?.strip_prefix('/')
    }

    /// The annotation in which the webhook records what it wired.
    pub fn status(&self) -> String {
        self.name(STATUS)
    }

    /// The pod template annotation whose change restarts a workload.
    pub fn stamp(&self) -> String {
        self.name(STAMP)
    }

    /// The label on every pod the webhook has touched; its value is `"true"`.
    pub fn wired_label(&self) -> String {
        self.name("wired")
    }

    /// The scheduling gate that keeps a pod until its secrets are there.
    pub fn gate(&self) -> String {
        self.name("secrets")
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("secretwire.dev".into())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is an RFC 1123 label of at most `longest` characters.
pub(crate) fn is_dns_label(text: &str, longest: usize) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    bytes.len() <= longest
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// Whether `text` is an RFC 1123 subdomain, as resource names are.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|label| is_dns_label(label, 253))
}

/// Whether `text` can be the key of a label or annotation: `[domain/]name`.
pub(crate) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_dns_subdomain(domain) && is_word(name),
        None => is_word(text),
    }
}

/// Whether `text` can be the value of a label.
pub(crate) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_word(text)
}

fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Key of the annotation the webhook writes on pods.
pub(crate) const STATUS: &str = "status";
/// Key of the annotation the webhook and the restarter write on pod templates.
pub(crate) const STAMP: &str = "stamp";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_dns_name_we_may_use() {
        for (text, fine) in [
            ("secretwire.dev", true),
            ("secretwire.dev/", true),
            ("wiring.example.github.io", true),
            ("secretwire", false),
            ("", false),
            ("Secretwire.dev", false),
            ("a..b", false),
            ("x.kubernetes.io", false),
            ("k8s.io", false),
        ] {
            assert_eq!(Prefix::new(text).is_ok(), fine, "{text}");
        }
    }

    #[test]
    fn labels_are_what_the_api_server_takes() {
        for (key, fine) in [
            ("tier", true),
            ("app.kubernetes.io/managed-by", true),
            ("Team_1.x", true),
            ("", false),
            ("/name", false),
            ("UPPER.io/name", false),
            ("a/b/c", false),
            ("-edge", false),
        ] {
            assert_eq!(is_qualified_name(key), fine, "{key}");
        }
        assert!(is_label_value("") && is_label_value("a.B-c_1"));
        assert!(!is_label_value("a b") && !is_label_value(&"x".repeat(64)));
    }

    #[test]
    fn strips_only_its_own_domain() {
        let prefix = Prefix::default();
        assert_eq!(prefix.strip("secretwire.dev/mount.db"), Some("mount.db"));
        assert_eq!(prefix.strip("secretwire.device/mount.db"), None);
        assert_eq!(prefix.gate(), "secretwire.dev/secrets");
    }
}
