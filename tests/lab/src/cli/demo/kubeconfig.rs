//! Kubeconfig files of others: a copy for the demo, and the same for another user.

use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secretwire_lab::Kubectl;
use serde_json::{Value, json};
use std::io::Write as _;

/// Copies what `KUBECONFIG` names, current context only, with everything in it and `namespace` as the default.
pub(super) async fn copy(kubectl: &Kubectl, path: &Path, namespace: &str) -> Result<()> {
    // Not by a flag: the variable may name several files.
    let output = tokio::process::Command::new(kubectl.program())
        .args([
            "config",
            "view",
            "--raw",
            "--minify",
            "--flatten",
            "--output",
            "json",
        ])
        .kill_on_drop(true)
        .output()
        .await
        .context("running kubectl")?;
    if !output.status.success() {
        bail!(
            "reading KUBECONFIG: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let mut config: Value = serde_json::from_slice(&output.stdout).context("reading KUBECONFIG")?;
    config["contexts"][0]["context"]["namespace"] = json!(namespace);
    write(path, &config)
}

/// Writes the same with another user.
pub(super) fn write_for(original: &Path, path: &Path, token: &str) -> Result<()> {
    let mut config = read(original)?;
    config["users"][0]["user"] = json!({"token": token});
    write(path, &config)
}

/// The API server's URL.
pub(super) fn server(path: &Path) -> Result<String> {
    let config = read(path)?;
    let server = config["clusters"][0]["cluster"]["server"].as_str();
    Ok(server.context("KUBECONFIG names no server")?.to_owned())
}

/// The certificate authority of the API server, PEM; empty where it is one that everybody trusts.
pub(super) fn authority(path: &Path) -> Result<String> {
    let config = read(path)?;
    let encoded = config["clusters"][0]["cluster"]["certificate-authority-data"].as_str();
    let decoded = STANDARD
        .decode(encoded.unwrap_or_default())
        .context("reading the cluster's CA")?;
    String::from_utf8(decoded).context("the cluster's CA is no PEM")
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
}

/// JSON is YAML.
fn write(path: &Path, config: &Value) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file.and_then(|mut file| file.write_all(config.to_string().as_bytes()))
        .with_context(|| format!("writing {}", path.display()))
}
