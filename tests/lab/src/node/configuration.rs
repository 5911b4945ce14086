//! What containerd, its network plugin and the kubelet are told.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{cgroup::Cgroup, image::PAUSE, network::Subnet};
use crate::{directory::write_private, pki::Identity};

/// Where Debian puts network plugins.
const PLUGINS: &str = "/usr/lib/cni";

/// What goes into the files of one node.
pub(super) struct Configuration<'a> {
    pub(super) folder: &'a Path,
    pub(super) subnet: &'a Subnet,
    pub(super) cgroup: &'a Cgroup,
    pub(super) identity: &'a Identity,
}

impl Configuration<'_> {
    /// Writes all files below the node's folder.
    pub(super) fn write(&self) -> Result<()> {
        for folder in ["cni", "images", "volume-plugins"] {
            fs::create_dir_all(self.folder.join(folder)).context("creating the node's folder")?;
        }
        let files = [
            ("kubelet.pem", self.identity.certificate.clone()),
            ("kubelet.key", self.identity.key.clone()),
            ("kubelet.json", self.kubelet()),
            ("containerd.toml", self.containerd()),
            ("cni/lab.conflist", self.network()),
        ];
        files
            .iter()
            .try_for_each(|(name, content)| write_private(&self.folder.join(name), content))
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The socket and the state are in their usual places, which are the node's own.
    fn containerd(&self) -> String {
        let (root, cni) = (self.path("containerd"), self.path("cni"));
        // Without `restrict_oom_score_adj` runc fails where scores must not be lowered, as in containers.
        format!(
            r#"version = 2
root = "{root}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{PLUGINS}"
conf_dir = "{cni}"
"#
        )
    }

    fn network(&self) -> String {
        json!({
            "cniVersion": "0.4.0",
            "name": "lab",
            "plugins": [{
                "type": "ptp",
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": self.subnet.pods()}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": self.path("addresses"),
                },
            }],
        })
        .to_string()
    }

    fn kubelet(&self) -> String {
        json!({
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": self.cgroup.kubelet_root(),
            "enforceNodeAllocatable": [],
            "failCgroupV1": false,
            "failSwapOn": false,
            "resolvConf": "",
            "tlsCertFile": self.path("kubelet.pem"),
            "tlsPrivateKeyFile": self.path("kubelet.key"),
            // Only this machine can reach it.
            "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}},
            "authorization": {"mode": "AlwaysAllow"},
            "configMapAndSecretChangeDetectionStrategy": "Watch",
            "nodeStatusUpdateFrequency": "2s",
            "syncFrequency": "10s",
            "maxPods": 250,
            // A full disk of the developer must not evict pods or throw images away.
            "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%",
                             "nodefs.inodesFree": "0%"},
            "imageGCHighThresholdPercent": 100,
        })
        .to_string()
    }
}
