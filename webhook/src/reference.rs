//! References from annotations to resources: `[namespace/][kind/]name`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::is_dns_subdomain;
use crate::similar::nearest;

/// The kinds an annotation can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefKind {
    /// `VaultStaticSecret`, `vss`.
    VaultStaticSecret,
    /// `VaultDynamicSecret`, `vds`.
    VaultDynamicSecret,
    /// `VaultPKISecret`, `vps`.
    #[serde(rename = "VaultPKISecret")]
    VaultPkiSecret,
    /// A Secret without a resource of ours behind it.
    Secret,
}

impl RefKind {
    /// The kinds tried when a reference names none.
    pub const SYNCED: [Self; 3] = [
        Self::VaultStaticSecret,
        Self::VaultDynamicSecret,
        Self::VaultPkiSecret,
    ];

    /// The kind as in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VaultStaticSecret => "VaultStaticSecret",
            Self::VaultDynamicSecret => "VaultDynamicSecret",
            Self::VaultPkiSecret => "VaultPKISecret",
            Self::Secret => "Secret",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        SPELLINGS
            .iter()
            .find(|(spelling, _)| *spelling == word)
            .map(|(_, kind)| *kind)
    }
}

impl fmt::Display for RefKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an annotation names. The namespace is kept as written: whether it is the pod's own is known at admission only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The namespace, when written.
    pub namespace: Option<String>,
    /// The kind, when written; else the one kind that has the name.
    pub kind: Option<RefKind>,
    /// The name.
    pub name: String,
}

impl Reference {
    /// Parses `[namespace/][kind/]name`; the error is the sentence for the user.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with("selector(") {
            return Err(
                "selectors are not supported by this version; name one resource".to_owned(),
            );
        }
        let parts: Vec<&str> = text.split('/').collect();
        let (namespace, kind, name) = match parts.as_slice() {
            [name] => (None, None, *name),
            [word, name] => match RefKind::parse(word) {
                Some(kind) => (None, Some(kind), *name),
                None => (Some(namespace(word)?), None, *name),
            },
            [space, word, name] => (Some(namespace(space)?), Some(kind(word)?), *name),
            _ => return Err(format!("{text:?} is not [namespace/][kind/]name")),
        };
        if !is_dns_subdomain(name) {
            return Err(format!(
                "{name:?} is not a resource name; write kind/name such as \"vss/db-credentials\""
            ));
        }
        Ok(Self {
            namespace,
            kind,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{kind} {:?}", self.name),
            None => write!(f, "resource {:?}", self.name),
        }
    }
}

fn kind(word: &str) -> Result<RefKind, String> {
    RefKind::parse(word).ok_or_else(|| unknown_kind(word))
}

fn namespace(word: &str) -> Result<String, String> {
    if nearest(word, spellings()).is_some() || !is_dns_subdomain(word) {
        return Err(unknown_kind(word));
    }
    Ok(word.to_owned())
}

fn unknown_kind(word: &str) -> String {
    match nearest(word, spellings()) {
        Some(near) => format!("unknown kind {word:?}; did you mean {near:?}?"),
        None => format!("unknown kind {word:?}; kinds are vss, vds, vps and Secret"),
    }
}

fn spellings() -> impl Iterator<Item = &'static str> {
    SPELLINGS.iter().map(|(spelling, _)| *spelling)
}

const SPELLINGS: [(&str, RefKind); 7] = [
    ("VaultStaticSecret", RefKind::VaultStaticSecret),
    ("vss", RefKind::VaultStaticSecret),
    ("VaultDynamicSecret", RefKind::VaultDynamicSecret),
    ("vds", RefKind::VaultDynamicSecret),
    ("VaultPKISecret", RefKind::VaultPkiSecret),
    ("vps", RefKind::VaultPkiSecret),
    ("Secret", RefKind::Secret),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<String>, Option<RefKind>, String) {
        let reference = Reference::parse(text).unwrap();
        (reference.namespace, reference.kind, reference.name)
    }

    #[test]
    fn reads_every_form_of_the_grammar() {
        let vss = Some(RefKind::VaultStaticSecret);
        assert_eq!(parsed("db"), (None, None, "db".into()));
        assert_eq!(parsed(" vss/db "), (None, vss, "db".into()));
        assert_eq!(parsed("shop/db"), (Some("shop".into()), None, "db".into()));
        assert_eq!(
            parsed("shop/VaultStaticSecret/db"),
            (Some("shop".into()), vss, "db".into())
        );
        assert_eq!(
            parsed("Secret/a.b"),
            (None, Some(RefKind::Secret), "a.b".into())
        );
    }

    #[test]
    fn says_what_is_wrong_with_a_reference() {
        for (text, part) in [
            ("", "not a resource name"),
            ("vss/", "not a resource name"),
            ("vss/DB", "not a resource name"),
            ("vsss/db", "did you mean \"vss\""),
            (
                "VaultStaticSecrets/db",
                "did you mean \"VaultStaticSecret\"",
            ),
            ("shop/xyz/db", "unknown kind \"xyz\""),
            ("a/b/c/d", "[namespace/][kind/]name"),
            ("selector(app=api)", "not supported by this version"),
        ] {
            let message = Reference::parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
