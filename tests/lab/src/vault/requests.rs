//! What Vault was asked, from its audit log.

use std::{collections::HashMap, path::Path};

use anyhow::Result;
use jiff::Timestamp;
use serde::Deserialize;

use crate::audit::{Mark, lines};

/// One request. The log holds no secret: values in it are keyed hashes.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When it came.
    pub time: Timestamp,
    /// `read`, `list`, `create`, `update`, `delete`.
    pub operation: String,
    /// Below `/v1/`, for example `kv-v2/data/app/db` or `auth/kubernetes/login`.
    pub path: String,
    /// Vault's namespace, without slashes at its ends; empty for the root.
    pub namespace: String,
    /// Address and port of the client.
    pub remote: String,
    /// The display name of the token, for example `root` or `kubernetes-ns-app`; empty for logins.
    pub identity: String,
    /// Why Vault refused, if it did.
    pub error: Option<String>,
}

/// The requests in the log after `mark`. A request and its answer are two lines; only the answer knows about refusal.
pub(super) fn read(log: &Path, mark: &Mark) -> Result<Vec<AuditEntry>> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    let mut places = HashMap::new();
    for line in lines::<Line>(log, mark)? {
        match line.kind {
            Kind::Request if mark.covers(line.time) => {
                places.insert(line.request.id.clone(), entries.len());
                entries.push(line.into());
            }
            Kind::Response => {
                let entry = places
                    .get(&line.request.id)
                    .and_then(|&place| entries.get_mut(place));
                if let (Some(entry), Some(error)) = (entry, line.error) {
                    entry.error = Some(error);
                }
            }
            Kind::Request => {}
        }
    }
    Ok(entries)
}

#[derive(Deserialize)]
struct Line {
    time: Timestamp,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    auth: Auth,
    request: Request,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Request,
    Response,
}

#[derive(Default, Deserialize)]
struct Auth {
    #[serde(default)]
    display_name: String,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    namespace: Namespace,
    #[serde(default)]
    remote_address: String,
    #[serde(default)]
    remote_port: u16,
}

#[derive(Default, Deserialize)]
struct Namespace {
    #[serde(default)]
    path: String,
}

impl From<Line> for AuditEntry {
    fn from(line: Line) -> Self {
        let Request {
            id: _,
            operation,
            path,
            namespace,
            remote_address,
            remote_port,
        } = line.request;
        Self {
            time: line.time,
            operation,
            path,
            namespace: namespace.path.trim_matches('/').to_owned(),
            remote: format!("{remote_address}:{remote_port}"),
            identity: line.auth.display_name,
            error: line.error,
        }
    }
}
