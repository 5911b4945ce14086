//! What containers see of their secrets.

use anyhow::{Result, ensure};
use secretwire_e2e::secret_value;
use serde_json::json;

use super::{await_word, on_node, reader};
use crate::admission::{
    objects::{is_gated, uid},
    stand::Stand,
};

const WIRED: [(&str, &str); 3] = [
    ("mount.db", "vss/db"),
    ("mount.db.path", "/etc/db"),
    ("env.db", "vss/db"),
];

#[test]
fn containers_start_with_their_secrets_however_late_these_are_and_follow_a_rotation() -> Result<()>
{
    on_node(async |stage| {
        let operator = stage.operator().await?;
        let stand = Stand::open(stage, "containers").await?;
        for name in ["stays", "restarted"] {
            stand.make(&reader(name, &WIRED)).await?;
            let waiting = stand.await_pod(name, "gated", is_gated).await?;
            ensure!(waiting["status"]["phase"] == "Pending", "{waiting}");
        }
        let (first, second) = (secret_value("first"), secret_value("second"));
        stand.put("db", &json!({"password": first})).await?;
        let targets = json!([{"kind": "Deployment", "name": "restarted"}]);
        stand
            .sync("db", json!({"rolloutRestartTargets": targets}))
            .await?;
        let both = |value: &str| format!("file={value} variable={value}");
        let stays = await_word(&stand, "stays", &both(&first)).await?;
        let restarted = await_word(&stand, "restarted", &both(&first)).await?;

        stand.put("db", &json!({"password": second})).await?;
        let next = await_word(&stand, "restarted", &both(&second)).await?;
        ensure!(
            uid(&next) != uid(&restarted),
            "variables never change in a running container"
        );
        // A file changes under a container that goes on; its variables are those it was started with.
        let word = format!("file={second} variable={first}");
        let stayed = await_word(&stand, "stays", &word).await?;
        ensure!(uid(&stayed) == uid(&stays), "nobody asked for a restart");
        stand.search().await?;
        drop(stand);
        operator.terminate().await.map(drop)
    })
}
