//! Kustomizations that fit examples to the servers of this demo, so that the files themselves stay as they are.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::stage::Names;
use super::vault::Vault;

/// The Secret with the certificate authority of a Vault that needs one.
const AUTHORITY: &str = "vault-ca";

/// What differs between the examples and a demo.
pub(super) struct Overlay<'a> {
    pub(super) names: &'a Names,
    pub(super) vault: &'a Vault,
    /// Where kustomizations are written.
    pub(super) folder: &'a Path,
}

impl Overlay<'_> {
    /// The kustomization of a folder with one.
    pub(super) fn of_folder(&self, name: &str, folder: &Path) -> Result<PathBuf> {
        let overlay = self.create(name)?;
        let base = relative(&overlay, folder)?;
        self.write(&overlay, &base, self.authority())
    }

    /// The kustomization of the objects in `text`.
    pub(super) fn of_text(&self, name: &str, text: &str) -> Result<PathBuf> {
        let overlay = self.create(name)?;
        let file = format!("{name}.yaml");
        fs::write(overlay.join(&file), text).context("writing an example")?;
        self.write(&overlay, Path::new(&file), None)
    }

    fn create(&self, name: &str) -> Result<PathBuf> {
        let overlay = self.folder.join(name);
        fs::create_dir_all(&overlay).with_context(|| format!("creating {}", overlay.display()))?;
        Ok(overlay.canonicalize()?)
    }

    fn write(&self, overlay: &Path, base: &Path, authority: Option<Value>) -> Result<PathBuf> {
        let mut kustomization = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": self.names.namespace,
            "resources": [base],
            "patches": [
                patch("VaultConnection", &self.connection()),
                patch("VaultAuth", &self.auth()),
                patch("VaultStaticSecret", &[replace("/spec/mount", &self.names.kv)]),
            ],
        });
        if let Some(authority) = authority {
            kustomization["secretGenerator"] = json!([authority]);
        }
        // JSON is YAML.
        fs::write(
            overlay.join("kustomization.yaml"),
            serde_json::to_string_pretty(&kustomization)?,
        )
        .context("writing a kustomization")?;
        Ok(overlay.to_owned())
    }

    fn connection(&self) -> Vec<Value> {
        let mut operations = vec![replace("/spec/address", &self.vault.address)];
        if self.vault.authority.is_some() {
            operations.push(replace("/spec/caCertSecretRef", AUTHORITY));
        }
        operations
    }

    fn auth(&self) -> Vec<Value> {
        let mut operations = vec![
            replace("/spec/mount", &self.names.auth),
            replace("/spec/kubernetes/role", &self.names.role),
        ];
        if !self.vault.namespace.is_empty() {
            operations.push(replace("/spec/namespace", &self.vault.namespace));
        }
        operations
    }

    fn authority(&self) -> Option<Value> {
        let authority = self.vault.authority.as_deref()?;
        Some(json!({
            "name": AUTHORITY,
            "literals": [format!("ca.crt={authority}")],
            "options": {"disableNameSuffixHash": true},
        }))
    }
}

fn patch(kind: &str, operations: &[Value]) -> Value {
    json!({"target": {"kind": kind}, "patch": Value::from(operations).to_string()})
}

/// `add` sets a member whether or not it is there.
fn replace(path: &str, value: &str) -> Value {
    json!({"op": "add", "path": path, "value": value})
}

/// The way from one folder to another, as kustomize takes no absolute ones. Both are free of links.
fn relative(from: &Path, to: &Path) -> Result<PathBuf> {
    let to = to
        .canonicalize()
        .with_context(|| format!("looking for {}", to.display()))?;
    let up = from
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    let mut path: PathBuf = up.map(|_| Component::ParentDir).collect();
    path.extend(
        to.components()
            .filter(|part| matches!(part, Component::Normal(_))),
    );
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_two_folders_leads_over_the_root() {
        assert_eq!(
            relative(Path::new("/a/b"), Path::new("/")).unwrap(),
            Path::new("../..")
        );
        let temporary = std::env::temp_dir().canonicalize().unwrap();
        let expected = Path::new("..").join(temporary.strip_prefix("/").unwrap());
        assert_eq!(relative(Path::new("/a"), &temporary).unwrap(), expected);
    }
}
