//! The process-wide rustls provider and the HTTP client with which the lab asks its servers.

use std::{sync::LazyLock, time::Duration};

use anyhow::{Context as _, Result};

/// Tests share one process and start labs at any time, so the provider is installed by whoever comes first.
static PROVIDER: LazyLock<()> = LazyLock::new(|| {
    // An error means that the host program installed one already, which serves as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
});

/// Installs rustls' aws-lc-rs provider once.
pub(crate) fn install_provider() {
    LazyLock::force(&PROVIDER);
}

/// A client that trusts only `ca_pem`.
pub(crate) fn http_client(ca_pem: &str) -> Result<reqwest::Client> {
    install_provider();
    let ca = reqwest::Certificate::from_pem(ca_pem.as_bytes()).context("reading the lab's CA")?;
    build(reqwest::Client::builder().tls_certs_only([ca]))
}

/// A client for servers without TLS.
pub(crate) fn plain_http_client() -> Result<reqwest::Client> {
    install_provider();
    build(reqwest::Client::builder().tls_certs_only([]))
}

/// It keeps no idle connection: a pooled one belongs to the runtime that opened it, and every `#[tokio::test]` has its own.
fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_mins(1))
        .build()
        .context("building the lab's HTTP client")
}
