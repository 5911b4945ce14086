//! The story itself: every line that is ticked off was seen to happen.

use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;

use super::{
    acts::{API_KEY, DATABASE, GATE},
    cluster::{gates, is_wired, state},
    overlay::Overlay,
    screen::{Screen, seconds},
    stage::Stage,
};

const QUICKSTART: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../manifests/examples/quickstart"
);
const EARLY: &str = include_str!("early.yaml");

/// Tells it from the first secret to the last.
pub(super) async fn tell(screen: &Screen, stage: &Stage) -> Result<()> {
    let story = Story { screen, stage };
    story.sync().await?;
    let pod = story.run().await?;
    let worker = story.wait().await?;
    story.arrive().await?;
    story.release(&worker).await?;
    story.change().await?;
    story.roll(&pod).await?;
    story.repair().await
}

struct Story<'a> {
    screen: &'a Screen,
    stage: &'a Stage,
}

impl Story<'_> {
    /// A value in Vault becomes a Secret.
    async fn sync(&self) -> Result<()> {
        let overlay = self
            .overlay()
            .of_folder("quickstart", Path::new(QUICKSTART))?;
        self.put_command("production/db", "username=app password=first");
        self.apply_command(
            &overlay,
            "manifests/examples/quickstart, with this Vault's address",
        );
        let work = async {
            let first = [("username", "app"), ("password", "first")];
            self.stage.put("production/db", &first).await?;
            self.stage.apply(&overlay).await?;
            self.stage.synced("db-credentials").await?;
            self.stage.holds(&DATABASE, "first").await?;
            self.stage.cluster.keys(DATABASE.secret).await
        };
        let told = |keys: &Vec<String>, _| {
            let keys = keys.join(" and ");
            format!("VaultStaticSecret db-credentials is synced: Secret db-secret holds {keys}")
        };
        let doing = "syncing VaultStaticSecret db-credentials";
        self.screen.step(doing, work, told).await.map(drop)
    }

    /// The quickstart's Deployment gets it. Returns the name of its pod.
    async fn run(&self) -> Result<String> {
        let told = |pod: &Pod, _| {
            let has = if self.stage.has_node() {
                "runs: file /etc/db/password and variable $password say \"first\""
            } else {
                "is wired: files in /etc/db and variable $password come from db-secret"
            };
            format!("Deployment api-server {has}, in pod {}", pod.name_any())
        };
        let work = self.stage.started("", "first");
        let pod = self
            .screen
            .step("waiting for Deployment api-server", work, told)
            .await?;
        Ok(pod.name_any())
    }

    /// A pod that comes before its secret does not start. Returns it, waiting.
    async fn wait(&self) -> Result<Pod> {
        let overlay = self.overlay().of_text("early", EARLY)?;
        self.apply_command(
            &overlay,
            "pod worker wants a secret that Vault does not have",
        );
        let work = async {
            self.stage.apply(&overlay).await?;
            let reason = self.stage.told("worker", "WaitingForSecret").await?;
            let pod = self.stage.cluster.pod("worker").await?;
            ensure!(gates(&pod) == [GATE], "not at gate {GATE}: {}", state(&pod));
            ensure!(
                is_wired(&pod, API_KEY.secret, API_KEY.folder),
                "pod worker waits without its volume and variable"
            );
            Ok((pod, reason))
        };
        let told = |_: &(Pod, String), _| {
            format!(
                "Pod worker came too early: it waits, not scheduled, at gate {GATE}, and says why:"
            )
        };
        let (pod, reason) = self
            .screen
            .step("creating pod worker too early", work, told)
            .await?;
        self.screen.detail(&reason);
        Ok(pod)
    }

    /// The secret that the pod waits for arrives.
    async fn arrive(&self) -> Result<()> {
        self.put_command("production/api-key", "token=open-sesame");
        let work = async {
            self.stage
                .put("production/api-key", &[("token", "open-sesame")])
                .await?;
            self.stage.holds(&API_KEY, "open-sesame").await
        };
        let told = |(): &(), time| {
            format!(
                "Its Secret api-key arrives, {} after the value",
                seconds(time)
            )
        };
        self.screen
            .step("waiting for Secret api-key", work, told)
            .await
    }

    /// The pod starts, with the secret in place.
    async fn release(&self, waiting: &Pod) -> Result<()> {
        let work = async {
            let pod = self.stage.started_by_name("worker").await?;
            ensure!(
                pod.uid() == waiting.uid(),
                "pod worker was replaced instead of released"
            );
            self.stage.reads(&pod, &API_KEY, "open-sesame").await
        };
        let told = |(): &(), time| {
            let has = if self.stage.has_node() {
                "starts: file /etc/api/token and variable $API_TOKEN say \"open-sesame\""
            } else {
                "may be scheduled: files in /etc/api and variable $API_TOKEN are in its spec"
            };
            format!("The same pod {has}, {} later", seconds(time))
        };
        self.screen
            .step("waiting for pod worker to start", work, told)
            .await
    }

    /// The value changes in Vault.
    async fn change(&self) -> Result<()> {
        let patch = r#"{"spec":{"refreshAfter":"5s"}}"#;
        let options = [
            "patch",
            "vaultstaticsecret",
            "db-credentials",
            "--type=merge",
            "-p",
            patch,
        ];
        self.screen.command(
            &format!("kubectl patch vaultstaticsecret db-credentials --type=merge -p '{patch}'"),
            "instead of the example's 1h",
        );
        self.put_command("production/db", "username=app password=second");
        let work = async {
            self.stage.cluster.kubectl.check(&options, "").await?;
            let second = [("username", "app"), ("password", "second")];
            self.stage.put("production/db", &second).await?;
            self.stage.holds(&DATABASE, "second").await
        };
        let told = |(): &(), time: Duration| {
            format!(
                "The password changes in Vault: Secret db-secret follows within {}",
                seconds(time)
            )
        };
        self.screen
            .step("changing the password in Vault", work, told)
            .await
    }

    /// The workload follows, too.
    async fn roll(&self, old: &str) -> Result<()> {
        let work = Box::pin(async {
            let new = self.stage.started(old, "second").await?;
            // Without a node nobody makes the new pod ready, so the old one stays.
            if self.stage.has_node() {
                self.stage.gone(old).await?;
            }
            Ok(new)
        });
        let told = |new: &Pod, time| {
            let has = if self.stage.has_node() {
                "says \"second\""
            } else {
                "is there"
            };
            format!(
                "Deployment api-server rolls: its new pod {} {has}, {} later",
                new.name_any(),
                seconds(time)
            )
        };
        self.screen
            .step("waiting for Deployment api-server to roll", work, told)
            .await
            .map(drop)
    }

    /// An edit by hand does not last.
    async fn repair(&self) -> Result<()> {
        let patch = r#"{"stringData":{"password":"tampered"}}"#;
        self.screen
            .command(&format!("kubectl patch secret db-secret -p '{patch}'"), "");
        let work = async {
            let cluster = &self.stage.cluster;
            let before = cluster.version(DATABASE.secret).await?;
            cluster
                .kubectl
                .check(&["patch", "secret", DATABASE.secret, "-p", patch], "")
                .await?;
            let after = cluster.version(DATABASE.secret).await?;
            ensure!(before != after, "the edit by hand changed nothing");
            self.stage.holds(&DATABASE, "second").await
        };
        let told = |(): &(), time| {
            format!(
                "Somebody edits the Secret by hand: put right within {}",
                seconds(time)
            )
        };
        self.screen
            .step("editing the Secret by hand", work, told)
            .await
    }

    fn put_command(&self, path: &str, pairs: &str) {
        self.screen.command(
            &format!("bao kv put {}/{path} {pairs}", self.stage.names.kv),
            "",
        );
    }

    fn apply_command(&self, folder: &Path, why: &str) {
        self.screen
            .command(&format!("kubectl apply -k {}", folder.display()), why);
    }

    fn overlay(&self) -> Overlay<'_> {
        let Stage {
            names,
            vault,
            folder,
            ..
        } = self.stage;
        Overlay {
            names,
            vault,
            folder,
        }
    }
}
