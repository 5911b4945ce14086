//! What the demo asks of servers that it does not know.

use std::{
    env,
    net::{IpAddr, SocketAddr, UdpSocket},
};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client};
use secretwire_lab::Kubectl;

/// The manifests without resource definitions that the cluster has, which stay as they are.
pub(super) async fn missing(kubectl: &Kubectl, manifests: &str) -> Result<String> {
    let found = kubectl
        .check(
            &["get", "-f", "-", "--ignore-not-found", "-o", "name"],
            manifests,
        )
        .await?;
    let kinds: Vec<_> = found
        .lines()
        .filter_map(|line| line.split_once('/'))
        .collect();
    let others: Vec<_> = kinds
        .iter()
        .filter(|(kind, _)| *kind != "customresourcedefinition.apiextensions.k8s.io")
        .map(|(kind, name)| format!("{kind}/{name}"))
        .collect();
    if !others.is_empty() {
        bail!(
            "this cluster has Secretwire already: {}; the demo installs its own and does not touch another",
            others.join(", ")
        );
    }
    let is_there = |document: &&str| {
        let defines = document
            .lines()
            .any(|line| line == "kind: CustomResourceDefinition");
        let named = |name: &str| {
            document
                .lines()
                .any(|line| line == format!("  name: {name}"))
        };
        !(defines && kinds.iter().any(|(_, name)| named(name)))
    };
    let documents: Vec<_> = manifests.split("---\n").filter(is_there).collect();
    Ok(documents.join("---\n"))
}

/// Why no pod can run, if so.
pub(super) async fn no_node(client: &Client) -> Result<Option<String>> {
    let nodes: Api<Node> = Api::all(client.clone());
    let ready = nodes
        .list(&kube::api::ListParams::default())
        .await?
        .into_iter()
        .any(|node| {
            let conditions = node
                .status
                .and_then(|status| status.conditions)
                .unwrap_or_default();
            conditions
                .iter()
                .any(|condition| condition.type_ == "Ready" && condition.status == "True")
        });
    Ok((!ready).then(|| "the cluster has no ready node".to_owned()))
}

/// Where the API server finds this machine: `DEMO_WEBHOOK_HOST`, else the address by which this machine finds it.
pub(super) fn webhook_host(server: &str) -> Result<IpAddr> {
    if let Some(host) = env::var_os("DEMO_WEBHOOK_HOST").filter(|host| !host.is_empty()) {
        let host = host.to_string_lossy();
        return host
            .parse()
            .with_context(|| format!("DEMO_WEBHOOK_HOST {host:?} is no IP address"));
    }
    let finding = || {
        format!("looking for the way to {server}; DEMO_WEBHOOK_HOST names this machine's address")
    };
    let url = reqwest::Url::parse(server).with_context(finding)?;
    let addresses = url.socket_addrs(|| Some(443)).with_context(finding)?;
    let address: &SocketAddr = addresses.first().with_context(finding)?;
    let local = if address.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    // No packet is sent.
    let socket = UdpSocket::bind(local).with_context(finding)?;
    socket.connect(address).with_context(finding)?;
    Ok(socket.local_addr().with_context(finding)?.ip())
}
