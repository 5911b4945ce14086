//! An operator that is away keeps nobody from applying, and what was stored meanwhile can be mended and removed.

use anyhow::{Result, ensure};
use secretwire_e2e::{DEADLINE, Stage, alone};
use secretwire_lab::await_condition;
use serde_json::json;

use super::{accepted, apply, refusal, static_secret, try_apply};

const TYPO: &str = "
      templates: {url: {text: '{{ .Secrets.host | upercase }}'}}";
const OTHER_TYPO: &str = "
      templates: {url: {text: '{{ .Secrets.host | lowercase }}'}}";
const NO_EXPRESSION: &str = "
      includes: ['(user']";

#[test]
fn without_an_operator_all_is_stored_and_can_be_mended_and_removed_later() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let space = stage.space("away").await?;
        for (name, transformation) in [("template", TYPO), ("expression", NO_EXPRESSION)] {
            accepted(&apply(&space, &static_secret(&space, name, transformation)).await?)?;
        }
        space
            .patch(
                "VaultStaticSecret",
                "template",
                &json!({"metadata": {"finalizers": ["example.com/kept"]}}),
            )
            .await?;

        let operator = stage.operator().await?;
        // What admission did not see, the status says.
        let undefined = "function \"upercase\" not defined";
        space.await_failure("template", &[undefined]).await?;
        space
            .await_failure("expression", &["(user", "unclosed group"])
            .await?;
        let edit = static_secret(&space, "expression", OTHER_TYPO);
        await_condition("a refusal", DEADLINE, async || {
            // The API server learns the address of the webhook a moment after the operator is ready.
            let said = refusal(&try_apply(&space, &edit).await?)?;
            ensure!(
                said.contains("function \"lowercase\" not defined"),
                "{said}"
            );
            Ok(Some(()))
        })
        .await?;

        space
            .kubectl(&["label", "vaultstaticsecret", "template", "tier=db"])
            .await?;
        space.delete("VaultStaticSecret", "template").await?;
        let leaving = space.object("VaultStaticSecret", "template").await?;
        ensure!(leaving.is_some(), "the finalizer kept nothing");
        space
            .patch(
                "VaultStaticSecret",
                "template",
                &json!({"metadata": {"finalizers": null}}),
            )
            .await?;
        let gone = space.object("VaultStaticSecret", "template").await?;
        ensure!(gone.is_none(), "it is still there");

        operator.kill().await?;
        accepted(&apply(&space, &edit).await?)?;
        stage.stop().await
    })
}
