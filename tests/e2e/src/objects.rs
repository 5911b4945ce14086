//! Reading objects, and making the simple ones.

use k8s_openapi::api::core::v1::Secret;
use secretwire_api::{Condition, VaultStaticSecret};
use serde_json::{Value, json};

/// The data of a Secret as text.
pub trait Data {
    /// The value of a key; `None` where the key is missing or holds no UTF-8.
    fn text(&self, key: &str) -> Option<&str>;

    /// All keys, sorted.
    fn keys(&self) -> Vec<&str>;
}

impl Data for Secret {
    fn text(&self, key: &str) -> Option<&str> {
        let value = self.data.as_ref()?.get(key)?;
        std::str::from_utf8(&value.0).ok()
    }

    fn keys(&self) -> Vec<&str> {
        let data = self.data.iter().flatten();
        data.map(|(key, _)| key.as_str()).collect()
    }
}

/// The conditions of a resource.
pub trait Conditions {
    /// The condition of this type.
    fn condition(&self, type_: &str) -> Option<&Condition>;
}

impl Conditions for VaultStaticSecret {
    fn condition(&self, type_: &str) -> Option<&Condition> {
        let conditions = &self.status.as_ref()?.conditions;
        conditions.iter().find(|found| found.type_ == type_)
    }
}

/// A workload of `apps/v1` that runs no pods: whether it was restarted shows in its template.
pub fn workload(kind: &str, name: &str) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "example.com/app:1"}]},
            },
        },
    });
    if kind == "DaemonSet" {
        // No node has this label.
        object["spec"]["template"]["spec"]["nodeSelector"] = json!({"example.com/none": "here"});
    } else {
        object["spec"]["replicas"] = json!(0);
    }
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = json!(name);
    }
    object
}

/// When the operator restarted a workload last, as the annotation says that the Vault Secrets Operator writes too.
pub fn restart_stamp(workload: &Value) -> Option<&str> {
    workload
        .pointer("/spec/template/metadata/annotations/vso.secrets.hashicorp.com~1restartedAt")?
        .as_str()
}
