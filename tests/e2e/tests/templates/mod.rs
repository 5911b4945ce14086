//! Templates and shared transformations, from the resource to the Secret.

mod chosen;
mod events;
mod examples;
mod inline;
mod shared;

use anyhow::Result;
use secretwire_e2e::Space;
use serde_json::{Value, json};

/// Creates a `SecretTransformation`.
async fn transformation(space: &Space<'_>, name: &str, spec: Value) -> Result<()> {
    let object = json!({
        "apiVersion": "secrets.hashicorp.com/v1beta1",
        "kind": "SecretTransformation",
        "metadata": {"name": name},
        "spec": spec,
    });
    space.create(object).await.map(drop)
}

/// Changes the template of a key of a `SecretTransformation`.
async fn edit_template(space: &Space<'_>, name: &str, key: &str, text: &str) -> Result<()> {
    let spec = json!({"templates": {key: {"text": text}}});
    space
        .patch("SecretTransformation", name, &json!({"spec": spec}))
        .await
}

/// The spec of a resource that is read once an hour and takes what `transformation` says.
fn hourly(transformation: &Value) -> Value {
    json!({"refreshAfter": "1h", "destination": {"transformation": transformation}})
}
