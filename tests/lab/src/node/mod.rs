//! A real node: kubelet and containerd in namespaces of their own, so that one kill ends them with all pods and mounts.

mod cgroup;
mod configuration;
mod image;
mod network;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Node as Object;
use kube::Api;
use rustix::process::{Signal, geteuid};

use crate::{
    kubernetes::{Admin, ApiServer, Cluster, Credentials, SERVICE_ADDRESS},
    process::{Program, Server},
    servers::{node_obtainable, program},
    wait::await_condition,
};
use cgroup::Cgroup;
use configuration::Configuration;
pub(crate) use network::Subnet;

const READY: Duration = Duration::from_mins(3);
/// It gets SIGKILL at once: the kernel then ends everything inside.
const GRACE: Duration = Duration::from_secs(20);
const SCRIPT: &str = include_str!("node.sh");

/// One node that runs pods. Images come from the lab, never from a registry.
pub struct Node {
    server: Server,
    admin: Admin,
    folder: PathBuf,
    ctr: PathBuf,
    _subnet: Subnet,
    cgroup: Cgroup,
}

impl Node {
    /// An image with a static busybox and a shell, for test workloads.
    pub const BUSYBOX: &str = "secretwire.test/busybox:1";

    /// Whether a node can run on this machine, or else why not.
    pub(crate) fn possible() -> Result<(), String> {
        if !geteuid().is_root() {
            return Err("a real node needs root".to_owned());
        }
        let namespaces = ["--mount", "--pid", "--net", "--fork", "true"];
        let entered = Command::new("unshare")
            .args(namespaces)
            .output()
            .map_err(|error| format!("unshare: {error}"))?;
        if !entered.status.success() {
            let reason = String::from_utf8_lossy(&entered.stderr);
            return Err(format!(
                "a real node needs mount, process and network namespaces: {}",
                reason.trim()
            ));
        }
        Cgroup::possible()?;
        node_obtainable().map_err(|error| format!("{error:#}"))
    }

    pub(crate) fn new(
        cluster: &Cluster<'_>,
        apiserver: &ApiServer,
        subnet: Subnet,
    ) -> Result<Self> {
        Self::possible().map_err(anyhow::Error::msg)?;
        let folder = cluster.directory.file("node");
        let cgroup = Cgroup::of(cluster.directory.path())?;
        let kubeconfig = cluster.directory.file("kubelet.kubeconfig");
        apiserver.write_kubeconfig_from(
            cluster.reach.host,
            &kubeconfig,
            &cluster.credentials.node,
        )?;
        let identity = cluster.authority.serving(
            Credentials::NODE_NAME,
            &[Credentials::NODE_NAME],
            &[subnet.node().into()],
        )?;
        let configuration = Configuration {
            folder: &folder,
            subnet: &subnet,
            cgroup: &cgroup,
            identity: &identity,
        };
        configuration.write()?;
        let script = cluster.directory.write("node.sh", SCRIPT)?;
        let program = Program::new("/bin/sh")
            .arg(script)
            .env("NODE_FOLDER", &folder)
            .env("NODE_NAME", Credentials::NODE_NAME)
            .env("NODE_LINK", subnet.link())
            .env("NODE_HOST_ADDRESS", subnet.host().to_string())
            .env("NODE_ADDRESS", subnet.node().to_string())
            .env("NODE_PODS", subnet.pods())
            .env(
                "NODE_API_SERVER",
                format!("{}:{}", subnet.host(), apiserver.port()),
            )
            .env("NODE_SERVICE_ADDRESS", SERVICE_ADDRESS.to_string())
            .env("NODE_KUBELET", cluster.servers.kubernetes("kubelet"))
            .env("NODE_KUBECONFIG", kubeconfig);
        let server = Server::new("node", program, cluster.directory.file("node.log"), GRACE)
            .stopped_by(Signal::KILL);
        let ctr = program_path("ctr")?;
        Ok(Self {
            server,
            admin: apiserver.admin(),
            folder,
            ctr,
            _subnet: subnet,
            cgroup,
        })
    }

    /// Starts it and waits until it is ready for pods.
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn start(&self) -> Result<()> {
        let base = self.folder.join("images/base.tar");
        if !base.is_file() {
            tokio::task::spawn_blocking(move || image::write_base(&base)).await??;
        }
        self.cgroup.create()?;
        let started = Timestamp::now();
        self.server.start()?;
        let nodes: Api<Object> = Api::all(self.admin.client().await?);
        self.server
            .ready(READY, async || {
                let node = nodes.get(Credentials::NODE_NAME).await?;
                ready_since(&node, started).map(Some)
            })
            .await
    }

    /// Ends the node as a power cut does, and waits until no pod, mount or process of it is left.
    ///
    /// # Errors
    /// Something of it stays.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await?;
        await_condition("the node's processes to end", GRACE, async || {
            self.cgroup.remove().map(Some)
        })
        .await
    }

    /// The name of the node object.
    pub fn name(&self) -> &'static str {
        Credentials::NODE_NAME
    }

    /// The log of containerd and kubelet.
    pub fn log_path(&self) -> &Path {
        self.server.log()
    }

    /// Makes an image of a dynamically linked `binary` and the libraries it needs, with the binary as its entry point,
    /// and gives it to the node. Returns the image's name; pods need `imagePullPolicy: Never` or `IfNotPresent`.
    ///
    /// # Errors
    /// The binary cannot be read, or containerd refuses the image.
    pub async fn import_operator_image(&self, binary: &Path) -> Result<String> {
        let (binary, images) = (binary.to_owned(), self.folder.join("images"));
        // Packing a large binary takes a moment of processor time.
        let (name, archive) =
            tokio::task::spawn_blocking(move || image::write_operator(&binary, &images)).await??;
        let socket = self.folder.join("run/containerd/containerd.sock");
        let mut import = tokio::process::Command::new(&self.ctr);
        import
            .arg("--address")
            .arg(socket)
            .args(["--namespace", "k8s.io", "images", "import"])
            .arg(&archive);
        let output = import
            .kill_on_drop(true)
            .output()
            .await
            .context("running ctr")?;
        if !output.status.success() {
            bail!(
                "importing {name}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        fs::remove_file(archive)?;
        Ok(name)
    }
}

/// The condition of a node that died stays true for a while, so it counts only with a heartbeat after `started`.
fn ready_since(node: &Object, started: Timestamp) -> Result<()> {
    let mut conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let ready = conditions
        .find(|condition| condition.type_ == "Ready")
        .context("no condition Ready")?;
    if ready
        .last_heartbeat_time
        .as_ref()
        .is_none_or(|time| time.0 < started)
    {
        bail!("no heartbeat yet");
    }
    if ready.status != "True" {
        bail!(
            "not ready: {}",
            ready.message.as_deref().unwrap_or_default()
        );
    }
    Ok(())
}

fn program_path(name: &str) -> Result<PathBuf> {
    program(name).with_context(|| format!("{name} is not on this machine"))
}
