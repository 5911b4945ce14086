//! What is wrong with a resource is said at `kubectl apply`.

mod absence;

use std::{fs, process::Output};

use anyhow::{Result, ensure};
use secretwire_e2e::{Data as _, Space, VAULT_AUTH, secret_value, shared};
use serde_json::json;

#[test]
fn a_typo_in_a_template_is_refused_with_its_place_together_with_all_else() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("template").await?;
        let transformation = "
      templates:
        url:
          text: |
            first line
            {{ .Secrets.host | upercase }}
        a/b: {text: x}
      includes: ['^(user']";
        let output = apply(&space, &static_secret(&space, "db", transformation)).await?;
        let said = refusal(&output)?;
        for part in [
            "The VaultStaticSecret \"db\" is invalid",
            "spec.destination.transformation.templates[url].text: SW701: line 2: function \"upercase\" not defined",
            "spec.destination.transformation.templates[a/b]: SW704: \"a/b\" is no key of a Secret",
            "spec.destination.transformation.includes[0]: SW702: \"^(user\" is no regular expression (RE2): character 2: unclosed group",
        ] {
            ensure!(said.contains(part), "{part:?} is not in\n{said}");
        }
        ensure!(space.object("VaultStaticSecret", "db").await?.is_none());
        Ok(())
    })
}

#[test]
fn a_shared_transformation_is_refused_with_the_place_in_its_expression() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("shared-transformation").await?;
        let broken = shared_transformation("'{{ .Secrets.user }}'", "'user[a'");
        let said = refusal(&apply(&space, &broken).await?)?;
        let part = "spec.excludes[0]: SW702: \"user[a\" is no regular expression (RE2): character 5: unclosed character class";
        ensure!(said.contains(part), "{said}");
        let whole = shared_transformation("'{{ .Secrets.user }}'", "'user[a]'");
        accepted(&apply(&space, &whole).await?).map(drop)
    })
}

#[test]
fn kubectl_tells_ten_mistakes_of_many_and_how_many_there_are_besides() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("mistakes").await?;
        let broken = shared_transformation("x", &["'('"; 500].join(", "));
        let said = refusal(&apply(&space, &broken).await?)?;
        ensure!(said.matches("SW702").count() == 10, "{said}");
        ensure!(said.contains("spec: and 490 more"), "{said}");
        Ok(())
    })
}

#[test]
fn a_resource_that_is_right_passes_without_a_word_and_is_synced() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("right").await?;
        let value = secret_value("right");
        space.put("db", &json!({"user": value})).await?;
        let transformation = "
      templates:
        '{{ .Key | upper }}': {text: '{{ .Value }}'}
      includes: ['^user$']";
        let output = apply(&space, &static_secret(&space, "db", transformation)).await?;
        let said = accepted(&output)?;
        ensure!(said.is_empty(), "{said}");
        space.await_synced("db").await?;
        let secret = space.secret("db").await?;
        ensure!(secret.text("USER") == Some(&*value) && secret.text("user") == Some(&*value));
        Ok(())
    })
}

#[test]
fn what_another_object_may_put_right_is_only_a_warning() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("order").await?;
        let transformation = "
      transformationRefs: [{name: shared}]";
        let output = apply(&space, &static_secret(&space, "db", transformation)).await?;
        let said = accepted(&output)?;
        for field in [
            "vaultAuthRef: VaultAuth",
            "destination.transformation.transformationRefs[0]: SecretTransformation",
        ] {
            let warning = format!("Warning: SW707 spec.{field}");
            ensure!(said.contains(&warning), "{warning:?} is not in\n{said}");
        }
        Ok(())
    })
}

#[test]
fn a_template_with_the_names_of_another_tool_is_accepted_with_a_warning_that_has_ours() -> Result<()>
{
    shared(async |stage| {
        let space = stage.empty_space("agent").await?;
        let template = "'{{ .Data.data.user }}'";
        let output = apply(&space, &shared_transformation(template, "user")).await?;
        let said = accepted(&output)?;
        let warning = "SW709 spec.templates[user].text: line 1, column 4: the input has no .Data: it has .Secrets";
        ensure!(said.contains(warning), "{said}");
        Ok(())
    })
}

/// Applies as users do.
async fn apply(space: &Space<'_>, text: &str) -> Result<Output> {
    submit(space, text, "--dry-run=none").await
}

/// Asks whether it would be accepted.
async fn try_apply(space: &Space<'_>, text: &str) -> Result<Output> {
    submit(space, text, "--dry-run=server").await
}

async fn submit(space: &Space<'_>, text: &str, mode: &str) -> Result<Output> {
    let file = space.lab().path().join(format!("{}.yaml", space.name()));
    fs::write(&file, text)?;
    let file = file.to_string_lossy();
    let arguments = [
        "--namespace",
        space.name(),
        "apply",
        mode,
        "--filename",
        &file,
    ];
    space.lab().kubectl(&arguments).await
}

/// What was said with a refusal.
fn refusal(output: &Output) -> Result<String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success(), "it was accepted: {said}");
    Ok(said)
}

/// What was said beside the acceptance.
fn accepted(output: &Output) -> Result<String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{said}");
    Ok(said)
}

fn static_secret(space: &Space<'_>, name: &str, transformation: &str) -> String {
    let path = space.path(name);
    format!(
        "apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata:
  name: {name}
spec:
  vaultAuthRef: {VAULT_AUTH}
  mount: kv-v2
  type: kv-v2
  path: {path}
  refreshAfter: 2s
  destination:
    name: {name}
    create: true
    transformation:{transformation}
"
    )
}

fn shared_transformation(template: &str, exclude: &str) -> String {
    format!(
        "apiVersion: secrets.hashicorp.com/v1beta1
kind: SecretTransformation
metadata:
  name: shared
spec:
  templates:
    user: {{text: {template}}}
  excludes: [{exclude}]
"
    )
}
