use std::collections::BTreeMap;

use kube::{CustomResourceExt, Resource};
use secretwire_api::{SecretTransformation, VaultStaticSecret};
use secretwire_core::{
    ObjectKey,
    transform::{Fault, FaultKind, Linter},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schema;
use crate::cluster::key_of;

const API_VERSION: &str = "secrets.hashicorp.com/v1beta1";

/// The resources of a file, and the transformations that they name.
#[derive(Default)]
pub(super) struct Resources {
    pub(super) secrets: Vec<(ObjectKey, VaultStaticSecret)>,
    pub(super) transformations: BTreeMap<ObjectKey, SecretTransformation>,
    /// Kinds of what else is there.
    others: Vec<String>,
}

impl Resources {
    /// Reads the documents of a YAML text, and says all that is wrong with them.
    pub(super) fn parse(text: &str, namespace: &str) -> Result<Self, Vec<String>> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).map_err(|error| vec![unreadable(&error)])?;
        let mut resources = Self::default();
        let mut problems = Vec::new();
        for (index, document) in documents.into_iter().enumerate() {
            let place = format!("document {}", index + 1);
            resources.add(&place, document, namespace, &mut problems);
        }
        if problems.is_empty() {
            Ok(resources)
        } else {
            Err(problems)
        }
    }

    fn add(
        &mut self,
        place: &str,
        mut document: Value,
        namespace: &str,
        problems: &mut Vec<String>,
    ) {
        if document.is_null() {
            return;
        }
        let kind = document["kind"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "" => problems.push(format!("{place}: it has no `kind`")),
            // What `kubectl get -o yaml` prints.
            "List" => {
                let items = document["items"].take();
                for (index, item) in items.as_array().into_iter().flatten().enumerate() {
                    let place = format!("{place}, item {}", index + 1);
                    self.add(&place, item.clone(), namespace, problems);
                }
            }
            "VaultStaticSecret" => match parse::<VaultStaticSecret>(document, namespace) {
                Ok(secret) => {
                    let key = key_of(&secret);
                    if self.secrets.iter().any(|(other, _)| *other == key) {
                        problems.push(repeated(place, &kind, &key));
                    }
                    self.secrets.push((key, secret));
                }
                Err(faults) => tell(place, &kind, faults, problems),
            },
            "SecretTransformation" => match parse::<SecretTransformation>(document, namespace) {
                Ok(object) => {
                    let key = key_of(&object);
                    if self.transformations.contains_key(&key) {
                        problems.push(repeated(place, &kind, &key));
                    }
                    self.transformations.insert(key, object);
                }
                Err(faults) => tell(place, &kind, faults, problems),
            },
            _ => self.others.push(kind),
        }
    }

    /// All that is wrong with the shared transformations by themselves.
    pub(super) fn shared_faults(&self) -> Vec<String> {
        let linter = Linter::new();
        let mut problems = Vec::new();
        for (key, object) in &self.transformations {
            for Fault { field, text, .. } in stopping(linter.shared(key, &object.spec)) {
                problems.push(format!("SecretTransformation {key}: spec.{field}: {text}"));
            }
        }
        problems
    }

    /// Why there is nothing to render.
    pub(super) fn nothing_to_render(&self, name: Option<&str>) -> String {
        match name {
            Some(name) if !self.secrets.is_empty() => format!(
                "the file has no VaultStaticSecret {name}; it has: {}",
                choices(self.secrets.iter().map(|(key, _)| key))
            ),
            _ if self.others.is_empty() => "the file has no VaultStaticSecret".to_owned(),
            _ => format!(
                "the file has no VaultStaticSecret; it has: {}",
                self.others.join(", ")
            ),
        }
    }
}

/// Whether a user may mean this resource by `name`: `NAME` or `NAMESPACE/NAME`.
pub(super) fn is_called(key: &ObjectKey, name: &str) -> bool {
    match name.split_once('/') {
        Some((namespace, name)) => key.namespace == namespace && key.name == name,
        None => key.name == name,
    }
}

/// The names that choose one of these resources each.
pub(super) fn choices<'a>(keys: impl Iterator<Item = &'a ObjectKey>) -> String {
    let keys: Vec<_> = keys.collect();
    let is_alone =
        |key: &ObjectKey| keys.iter().filter(|other| other.name == key.name).count() == 1;
    let names: Vec<_> = keys
        .iter()
        .map(|key| {
            if is_alone(key) {
                key.name.clone()
            } else {
                key.to_string()
            }
        })
        .collect();
    names.join(", ")
}

/// What is wrong with a text that is no YAML.
fn unreadable(error: &serde_saphyr::Error) -> String {
    match error.without_snippet() {
        serde_saphyr::Error::DuplicateMappingKey { key, location } => {
            let key = key
                .as_ref()
                .map_or("a key".to_owned(), |key| format!("{key:?}"));
            let (line, column) = (location.line(), location.column());
            format!(
                "YAML: line {line}, column {column}: {key} is there already: drop one of the two"
            )
        }
        _ => format!("YAML: {error}"),
    }
}

fn repeated(place: &str, kind: &str, key: &ObjectKey) -> String {
    format!("{place}, {kind}: {key} is there already: drop one of the two")
}

/// All that is wrong with a resource's own transformation by itself.
pub(super) fn inline_faults(
    key: &ObjectKey,
    secret: &VaultStaticSecret,
    exclude_raw: bool,
) -> Vec<String> {
    let Some(transformation) = &secret.spec.destination.transformation else {
        return Vec::new();
    };
    let told = |Fault { field, text, .. }| {
        format!("VaultStaticSecret {key}: spec.destination.transformation.{field}: {text}")
    };
    let faults = Linter::new().inline(key, transformation, exclude_raw);
    stopping(faults).map(told).collect()
}

/// Without those that matter only where rendering comes to them, which tells of them itself.
fn stopping(faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults
        .into_iter()
        .filter(|fault| fault.kind != FaultKind::Input)
}

fn tell(place: &str, kind: &str, faults: Vec<String>, problems: &mut Vec<String>) {
    problems.extend(
        faults
            .into_iter()
            .map(|fault| format!("{place}, {kind}: {fault}")),
    );
}

/// Makes an object as strictly as the API server does on request: fields that it does not know are refused.
fn parse<K>(mut document: Value, namespace: &str) -> Result<K, Vec<String>>
where
    K: Resource<DynamicType = ()> + CustomResourceExt + DeserializeOwned,
{
    if document["apiVersion"] != API_VERSION {
        return Err(vec![format!("apiVersion: write {API_VERSION}")]);
    }
    schema::drop_nulls(&mut document);
    if let Some(object) = document.as_object_mut() {
        // Not wanted but seen; that of another operator's version may look otherwise.
        object.remove("status");
    }
    let mut faults = Vec::new();
    schema::check(
        "metadata",
        &document["metadata"],
        &metadata_schema(),
        &mut faults,
    );
    let spec = serde_json::to_value(K::crd()).unwrap_or_default()["spec"]["versions"][0]["schema"]
        ["openAPIV3Schema"]["properties"]["spec"]
        .take();
    schema::check("spec", &document["spec"], &spec, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut object: K =
        serde_json::from_value(document).map_err(|error| vec![error.to_string()])?;
    let meta = object.meta_mut();
    meta.namespace.get_or_insert_with(|| namespace.to_owned());
    Ok(object)
}

/// What matters of an object's metadata here.
fn metadata_schema() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "object", "additionalProperties": text});
    json!({
        "type": "object",
        "required": ["name"],
        "properties": {"name": text, "namespace": text, "labels": texts, "annotations": texts},
        "x-kubernetes-preserve-unknown-fields": true,
    })
}
