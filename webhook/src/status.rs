//! The status annotation: what was wired, and from where. Provenance for people, and the controller's list of what a
//! gated pod waits for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::reference::{RefKind, Reference};

/// The content of the `status` annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// The version that wrote it.
    pub version: String,
    /// The pod is a placeholder: it has the gate and nothing else, as what it asks for was not known. It must never
    /// be released; it is deleted once everything is ready, so that its owner makes a wired one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// What was wired, by base key: `mount.db`.
    pub uses: BTreeMap<String, Use>,
}

/// One id of a wired pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// The resource's kind; absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RefKind>,
    /// The resource's name.
    pub name: String,
    /// The resource's uid; absent while it does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The Secret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The Secret's resourceVersion when the pod was wired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// The pod does not wait for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl PodStatus {
    pub(crate) fn new(uses: BTreeMap<String, Use>, incomplete: bool) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            incomplete,
            uses,
        }
    }

    /// Reads the annotation; `None` when it is not one that was written by this program.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What has to be ready before the pod may go.
    pub fn awaited(&self) -> BTreeSet<Reference> {
        let awaited = self.uses.values().filter(|used| !used.optional);
        awaited
            .map(|used| Reference {
                namespace: None,
                kind: used.kind,
                name: used.name.clone(),
            })
            .collect()
    }

    /// The annotation's value. Keys are sorted, so equal content is equal text.
    pub(crate) fn render(&self) -> String {
        serde_json::to_value(self)
            .map(|value| value.to_string())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_compact_and_reads_back() {
        let used = Use {
            kind: Some(RefKind::VaultPkiSecret),
            name: "cert".into(),
            uid: None,
            secret: None,
            resource_version: None,
            optional: false,
        };
        let optional = Use {
            optional: true,
            name: "extra".into(),
            ..used.clone()
        };
        let status = PodStatus::new(
            [("mount.b".into(), used), ("env.a".into(), optional)].into(),
            true,
        );
        let text = status.render();
        let cert = r#"{"kind":"VaultPKISecret","name":"cert"}"#;
        let extra = r#"{"kind":"VaultPKISecret","name":"extra","optional":true}"#;
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            r#"{{"incomplete":true,"uses":{{"env.a":{extra},"mount.b":{cert}}},"version":"{version}"}}"#
        );
        assert_eq!(text, expected);
        assert_eq!(PodStatus::parse(&text), Some(status.clone()));
        assert_eq!(
            status
                .awaited()
                .into_iter()
                .map(|r| r.name)
                .collect::<Vec<_>>(),
            ["cert"]
        );
        assert_eq!(PodStatus::parse("injected"), None);
    }
}
