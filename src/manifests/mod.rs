//! Everything that `kubectl apply` needs to install the operator, made from the same code that runs it.

use secretwire_webhook::{Endpoint, Prefix, validation_configuration, webhook_configuration};
use serde_json::{Value, json};

mod rbac;
mod workload;

/// Name of the operator's objects, and of the webhook configurations.
pub(crate) const NAME: &str = "secretwire";
/// Name of the Service in front of the webhook.
pub(crate) const WEBHOOK_SERVICE: &str = "secretwire-webhook";

/// What to install.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selection<'a> {
    /// The resource definitions alone.
    Definitions,
    /// An operator that runs in the cluster.
    InCluster {
        /// Its namespace.
        namespace: &'a str,
    },
    /// Everything but the operator itself, which runs elsewhere and serves the webhook at this URL.
    Outside {
        /// The namespace for its Lease and Secrets.
        namespace: &'a str,
        /// `https://host:port`.
        webhook_url: &'a str,
    },
}

/// An object could not be written as YAML.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// It has no JSON form.
    #[error("a resource definition has no JSON form")]
    Json(#[from] serde_json::Error),
    /// It has no YAML form.
    #[error("an object has no YAML form")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

/// The selected objects as one YAML stream, in an order in which they can be applied.
pub(crate) fn render(selection: Selection<'_>) -> Result<String, RenderError> {
    let documents: Vec<_> = objects(selection)?
        .iter()
        .map(|(_, object)| serde_saphyr::to_string(object))
        .collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

/// Objects, each with the file below `manifests/` in which it is kept.
fn objects(selection: Selection<'_>) -> Result<Vec<(String, Value)>, RenderError> {
    let definitions = secretwire_api::crds();
    let kinds: Vec<_> = definitions
        .iter()
        .map(|crd| crd.spec.names.plural.as_str())
        .collect();
    let mut files = Vec::new();
    for crd in &definitions {
        let name = crd.metadata.name.as_deref().unwrap_or_default();
        files.push((format!("crds/{name}.yaml"), serde_json::to_value(crd)?));
    }
    let (namespace, endpoint, workload) = match selection {
        Selection::Definitions => return Ok(files),
        Selection::InCluster { namespace } => {
            let endpoint = Endpoint::Service {
                namespace: namespace.to_owned(),
                name: WEBHOOK_SERVICE.to_owned(),
                port: 443,
            };
            (namespace, endpoint, workload::objects(namespace))
        }
        Selection::Outside {
            namespace,
            webhook_url,
        } => (namespace, Endpoint::Url(webhook_url.to_owned()), Vec::new()),
    };
    let prefix = Prefix::default();
    let mutating = webhook_configuration(NAME, namespace, &endpoint, &prefix);
    let validating = validation_configuration(NAME, &endpoint, &prefix);
    let rest = [("operator/namespace.yaml", self::namespace(namespace))]
        .into_iter()
        .chain(rbac::objects(namespace, &kinds))
        .chain(workload)
        .chain([
            ("webhook/validation.yaml", validating),
            ("webhook/configuration.yaml", mutating),
        ]);
    files.extend(rest.map(|(path, object)| (path.to_owned(), object)));
    Ok(files)
}

fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/name": NAME,
                "pod-security.kubernetes.io/enforce": "restricted",
            },
        },
    })
}

fn metadata(name: &str, namespace: &str) -> Value {
    json!({
        "name": name,
        "namespace": namespace,
        "labels": { "app.kubernetes.io/name": NAME },
    })
}

fn cluster_metadata(name: &str) -> Value {
    json!({ "name": name, "labels": { "app.kubernetes.io/name": NAME } })
}

#[cfg(test)]
mod tests;
