use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

use crate::{SecretTransformation, VaultAuth, VaultConnection, VaultStaticSecret};

/// The definitions of all resources that this version serves, by name.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut all = vec![
        SecretTransformation::crd(),
        VaultAuth::crd(),
        VaultConnection::crd(),
        VaultStaticSecret::crd(),
    ];
    for crd in &mut all {
        spec_is_not_required(crd);
    }
    all.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    all
}

/// Objects without a `spec` pass VSO's schema, so they may be stored already;
/// refusing them here would make them unchangeable.
fn spec_is_not_required(crd: &mut CustomResourceDefinition) {
    for version in &mut crd.spec.versions {
        let root = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut());
        if let Some(root) = root {
            root.required = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn schema(plural: &str) -> Value {
        let name = format!("{plural}.secrets.hashicorp.com");
        let crd = crds()
            .into_iter()
            .find(|crd| crd.metadata.name.as_deref() == Some(&name))
            .unwrap();
        serde_json::to_value(&crd.spec.versions[0]).unwrap()
    }

    #[test]
    fn durations_take_one_number_and_one_unit() {
        let version = schema("vaultstaticsecrets");
        assert_eq!(
            version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["refreshAfter"]
                ["pattern"],
            r"^([0-9]+(\.[0-9]+)?(s|m|h))$"
        );
    }

    #[test]
    fn printer_columns_are_those_that_users_of_vso_know() {
        let version = schema("vaultstaticsecrets");
        let names: Vec<_> = version["additionalPrinterColumns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Synced", "Healthy", "Ready", "Age"]);
    }

    #[test]
    fn the_engine_version_may_be_omitted_and_is_an_enum() {
        let version = schema("vaultstaticsecrets");
        let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"];
        assert_eq!(
            spec["properties"]["type"]["enum"],
            json!(["kv-v1", "kv-v2"])
        );
        assert_eq!(spec["required"], json!(["destination", "mount", "path"]));
        assert_eq!(spec["properties"]["hmacSecretData"]["default"], json!(true));
    }

    #[test]
    fn objects_without_a_spec_stay_valid() {
        for crd in crds() {
            let version = serde_json::to_value(&crd.spec.versions[0]).unwrap();
            assert_eq!(
                version["schema"]["openAPIV3Schema"]["required"],
                Value::Null
            );
            assert_eq!(version["subresources"]["status"], json!({}));
        }
    }

    #[test]
    fn status_of_an_object_that_vso_left_is_read() {
        let status: crate::VaultStaticSecretStatus = serde_json::from_value(json!({
            "lastGeneration": 2,
            "secretMAC": "bof+q4QXOMN/kjyF7fCX5l5kGvPctPRPYcZHpgMp9js=",
            "vaultClientMeta": {"cacheKey": "kubernetes-90a5403b45093e69e32b7c", "id": "9c33"},
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "Ready", "message": "m",
                "lastTransitionTime": "2026-11-22T00:42:01Z", "observedGeneration": 2,
            }],
        }))
        .unwrap();
        assert_eq!(status.last_generation, 2);
        assert_eq!(status.conditions.len(), 1);
    }
}
