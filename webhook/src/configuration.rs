//! The webhook configuration objects. They are made so that nothing in the cluster depends on this operator but the pods
//! that ask for something of it.

use secretwire_api::names;
use serde_json::{Value, json};

use crate::names::Prefix;
use crate::router::{PODS_PATH, RESOURCES_PATH, WORKLOADS_PATH};

/// Where the API server finds the webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Within the cluster.
    Service {
        /// Namespace of the Service.
        namespace: String,
        /// Name of the Service.
        name: String,
        /// Port of the Service.
        port: u16,
    },
    /// Anywhere: `https://host:port`, without a path.
    Url(String),
}

impl Endpoint {
    fn client_config(&self, path: &str) -> Value {
        match self {
            Self::Service {
                namespace,
                name,
                port,
            } => {
                json!({ "service": { "namespace": namespace, "name": name, "path": path, "port": port } })
            }
            Self::Url(url) => json!({ "url": format!("{}{path}", url.trim_end_matches('/')) }),
        }
    }
}

/// The `MutatingWebhookConfiguration` called `name`, for an operator in `namespace`. The caBundle is left out: it has
/// an owner of its own, and a manifest that names it would fight with it.
pub fn webhook_configuration(
    name: &str,
    namespace: &str,
    endpoint: &Endpoint,
    prefix: &Prefix,
) -> Value {
    let elsewhere = json!({
        "matchExpressions": [{
            "key": "kubernetes.io/metadata.name",
            "operator": "NotIn",
            "values": [namespace, "kube-system", "kube-node-lease"],
        }],
    });
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": name, "labels": { "app.kubernetes.io/name": "secretwire" } },
        "webhooks": [
            {
                "name": format!("pods.{prefix}"),
                "clientConfig": endpoint.client_config(PODS_PATH),
                "rules": [rule("", "v1", &["pods"], &["CREATE"])],
                "namespaceSelector": elsewhere,
                "matchPolicy": "Equivalent",
                "matchConditions": [condition("asks-for-secrets", &annotated("object", prefix))],
                "failurePolicy": "Fail",
                "reinvocationPolicy": "IfNeeded",
                "sideEffects": "None",
                "timeoutSeconds": 10,
                "admissionReviewVersions": ["v1"],
            },
            {
                "name": format!("workloads.{prefix}"),
                "clientConfig": endpoint.client_config(WORKLOADS_PATH),
                "rules": [
                    rule("apps", "v1", &["deployments", "statefulsets", "daemonsets"], &["CREATE", "UPDATE"]),
                    rule("batch", "v1", &["jobs", "cronjobs"], &["CREATE", "UPDATE"]),
                ],
                "namespaceSelector": elsewhere,
                "matchPolicy": "Equivalent",
                "matchConditions": [condition("template-asks-for-secrets", &templates(prefix))],
                "failurePolicy": "Ignore",
                "reinvocationPolicy": "Never",
                "sideEffects": "None",
                "timeoutSeconds": 3,
                "admissionReviewVersions": ["v1"],
            },
        ],
    })
}

/// The `ValidatingWebhookConfiguration` called `name`, without a caBundle too. It only tells early what the status would
/// tell late, so nothing waits for it, and what changes no spec does not even ask: finalizers go, labels come.
pub fn validation_configuration(name: &str, endpoint: &Endpoint, prefix: &Prefix) -> Value {
    let kinds = ["secrettransformations", "vaultstaticsecrets"];
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": name, "labels": { "app.kubernetes.io/name": "secretwire" } },
        "webhooks": [{
            "name": format!("resources.{prefix}"),
            "clientConfig": endpoint.client_config(RESOURCES_PATH),
            "rules": [rule(names::GROUP, names::VERSION, &kinds, &["CREATE", "UPDATE"])],
            "matchPolicy": "Equivalent",
            "matchConditions": [condition("spec-changes", SPEC_CHANGES)],
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "timeoutSeconds": 3,
            "admissionReviewVersions": ["v1"],
        }],
    })
}

/// CEL: the object is new, or its spec is.
const SPEC_CHANGES: &str =
    "request.operation == 'CREATE' || object.?spec.orValue({}) != oldObject.?spec.orValue({})";

fn rule(group: &str, version: &str, resources: &[&str], operations: &[&str]) -> Value {
    json!({
        "apiGroups": [group],
        "apiVersions": [version],
        "resources": resources,
        "operations": operations,
        "scope": "Namespaced",
    })
}

fn condition(name: &str, expression: &str) -> Value {
    json!({ "name": name, "expression": expression })
}

/// CEL: the object at `path` has an annotation of ours. Optional field access throughout, as an error while evaluating
/// would refuse the object.
fn annotated(path: &str, prefix: &Prefix) -> String {
    format!(
        "{path}.?metadata.?annotations.orValue({{}}).exists(name, name.startsWith('{prefix}/'))"
    )
}

fn templates(prefix: &Prefix) -> String {
    let plain = annotated("object.?spec.?template", prefix);
    let nested = annotated("object.?spec.?jobTemplate.?spec.?template", prefix);
    format!("request.kind.kind == 'CronJob' ? {nested} : {plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(endpoint: &Endpoint) -> Vec<Value> {
        let configuration =
            webhook_configuration("secretwire", "vault", endpoint, &Prefix::default());
        configuration["webhooks"].as_array().unwrap().clone()
    }

    #[test]
    fn only_pods_that_ask_depend_on_us() {
        let entries = entries(&Endpoint::Url("https://127.0.0.1:9443/".into()));
        let condition = entries[0]["matchConditions"][0]["expression"]
            .as_str()
            .unwrap();
        assert_eq!(
            condition,
            "object.?metadata.?annotations.orValue({}).exists(name, name.startsWith('secretwire.dev/'))"
        );
        assert_eq!(entries[0]["failurePolicy"], "Fail");
        assert_eq!(entries[1]["failurePolicy"], "Ignore");
        for entry in &entries {
            let excluded = &entry["namespaceSelector"]["matchExpressions"][0]["values"];
            assert_eq!(
                *excluded,
                json!(["vault", "kube-system", "kube-node-lease"])
            );
            assert_eq!(entry["sideEffects"], "None");
        }
    }

    #[test]
    fn our_own_resources_can_always_be_stored_when_we_are_away() {
        let endpoint = Endpoint::Url("https://127.0.0.1:9443".into());
        let configuration = validation_configuration("secretwire", &endpoint, &Prefix::default());
        let [entry] = configuration["webhooks"].as_array().unwrap().as_slice() else {
            panic!("{configuration}");
        };
        assert_eq!(entry["name"], "resources.secretwire.dev");
        assert_eq!(entry["failurePolicy"], "Ignore");
        assert_eq!(
            entry["clientConfig"],
            json!({ "url": "https://127.0.0.1:9443/validate/resources" })
        );
        assert_eq!(
            entry["rules"][0]["resources"],
            json!(["secrettransformations", "vaultstaticsecrets"])
        );
    }

    #[test]
    fn the_ca_bundle_is_left_to_its_owner() {
        let service = Endpoint::Service {
            namespace: "vault".into(),
            name: "secretwire-webhook".into(),
            port: 443,
        };
        for entry in entries(&service) {
            assert!(entry["clientConfig"].get("caBundle").is_none());
            assert_eq!(
                entry["clientConfig"]["service"]["name"],
                "secretwire-webhook"
            );
        }
        let by_url = entries(&Endpoint::Url("https://10.0.0.1:9443".into()));
        assert_eq!(
            by_url[1]["clientConfig"],
            json!({ "url": "https://10.0.0.1:9443/mutate/workloads" })
        );
    }
}
