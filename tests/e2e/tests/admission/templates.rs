//! The stamp on pod templates.

use anyhow::{Context as _, Result, ensure};
use secretwire_e2e::secret_value;
use serde_json::{Value, json};

use super::{
    objects::{annotation, deployment},
    stand::{Stand, on_stage},
};

const VARIABLES: [(&str, &str); 1] = [("env.db", "vss/db")];

async fn stamp(stand: &Stand<'_>, name: &str) -> Result<Value> {
    let deployment = stand.read("Deployment", name).await?;
    Ok(annotation(&deployment["spec"]["template"], "stamp").clone())
}

/// Replaces a Deployment as a client does that knows nothing of the stamp.
async fn replace(stand: &Stand<'_>, object: &Value) -> Result<()> {
    let file = stand
        .lab()
        .path()
        .join(format!("{}-replaced.json", stand.name()));
    std::fs::write(&file, object.to_string())?;
    let file = file.to_string_lossy();
    stand
        .kubectl(&["replace", "--filename", &file])
        .await
        .map(drop)
}

/// How many generations of pods the Deployment has had.
async fn rollouts(stand: &Stand<'_>, name: &str) -> Result<usize> {
    Ok(stand.list("ReplicaSet", name).await?.len())
}

#[test]
fn a_new_template_has_the_stamp_at_once_and_an_update_keeps_it_so_nothing_rolls_twice() -> Result<()>
{
    on_stage("stamp", async |stand| {
        stand.synced("db").await?;
        let object = deployment("api", &VARIABLES);
        let made = stand.make(&object).await?;
        let first = annotation(&made["spec"]["template"], "stamp").clone();
        let text = first.as_str().context("no stamp")?;
        ensure!(text.starts_with("v1:") && text.len() == 19, "{text}");
        stand
            .await_pods("api", "one", |pods| pods.len() == 1)
            .await?;

        replace(stand, &object).await?;
        ensure!(stamp(stand, "api").await? == first, "the stamp was dropped");
        // Not even for a value that is new: that is for the one who restarts to decide.
        stand
            .put(
                "db",
                &json!({"username": secret_value("a"), "password": secret_value("b")}),
            )
            .await?;
        stand
            .await_value("db", "password", &secret_value("b"))
            .await?;
        stand.await_synced("db").await?;
        let mut scaled = object.clone();
        scaled["spec"]["replicas"] = json!(2);
        replace(stand, &scaled).await?;
        stand
            .await_pods("api", "two", |pods| pods.len() == 2)
            .await?;
        ensure!(
            stamp(stand, "api").await? == first,
            "scaling changed the stamp"
        );
        ensure!(rollouts(stand, "api").await? == 1);
        Ok(())
    })
}

#[test]
fn a_template_that_changes_anyway_gets_the_current_stamp() -> Result<()> {
    on_stage("restamp", async |stand| {
        stand.synced("db").await?;
        let mut object = deployment("api", &VARIABLES);
        stand.apply(&object).await?;
        let first = stamp(stand, "api").await?;
        let before = stand
            .static_secret("db")
            .await?
            .status
            .and_then(|status| status.secret_mac);
        stand
            .put(
                "db",
                &json!({"username": secret_value("a"), "password": secret_value("b")}),
            )
            .await?;
        stand.await_secret("db", "synced again", |_| true).await?;
        secretwire_lab::await_condition("the new digest", secretwire_e2e::DEADLINE, async || {
            let status = stand.static_secret("db").await?.status;
            Ok((status.and_then(|status| status.secret_mac) != before).then_some(()))
        })
        .await?;
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("example.com/app:2");
        stand.apply(&object).await?;
        let second = stamp(stand, "api").await?;
        ensure!(
            first.is_string() && second.is_string() && first != second,
            "{first} {second}"
        );
        Ok(())
    })
}

#[test]
fn there_is_no_stamp_for_files_which_follow_by_themselves_nor_before_the_first_sync() -> Result<()>
{
    on_stage("unstamped", async |stand| {
        stand.synced("db").await?;
        stand
            .make(&deployment("files", &[("mount.db", "vss/db")]))
            .await?;
        ensure!(stamp(stand, "files").await?.is_null());
        stand
            .make(&deployment("early", &[("env.late", "vss/late")]))
            .await?;
        ensure!(stamp(stand, "early").await?.is_null());
        Ok(())
    })
}
