use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use kube::Client;
use secretwire_certs::{CertificateResolver, ServerNames, server_config};
use secretwire_webhook::{
    Admission, Drain, Endpoint, Prefix, serve, validation_configuration, webhook_configuration,
};
use tokio::{net::TcpListener, sync::watch};

use super::{Lifecycle, Tasks};
use crate::{
    certificates::{self, Registration},
    manifests,
    settings::WebhookEndpoint,
};

/// Serves admission, and keeps its certificates and registration in order.
pub(super) struct Webhook {
    pub(super) address: SocketAddr,
    pub(super) endpoint: WebhookEndpoint,
    pub(super) namespace: String,
    pub(super) prefix: Prefix,
    pub(super) client: Client,
}

impl Webhook {
    /// Binds the address now, so that a taken one ends the start.
    pub(super) async fn start(
        self,
        tasks: &mut Tasks,
        admission: Arc<Admission>,
        certificate: watch::Sender<bool>,
        life: &Lifecycle,
    ) -> anyhow::Result<()> {
        let (endpoint, names, registration, drain) = match self.endpoint {
            WebhookEndpoint::Service(name) => (
                Endpoint::Service {
                    namespace: self.namespace.clone(),
                    name: name.clone(),
                    port: 443,
                },
                ServerNames::of_service(&name, &self.namespace),
                Registration::WhenMissing,
                Drain::default(),
            ),
            WebhookEndpoint::Url(url) => {
                let host = host_of(&url).context("--webhook-url is no https URL")?;
                let names = ServerNames::of_service(manifests::WEBHOOK_SERVICE, &self.namespace)
                    .and_host(&host);
                // No endpoint list has to forget this address first.
                let drain = Drain {
                    delay: Duration::ZERO,
                    ..Drain::default()
                };
                (Endpoint::Url(url), names, Registration::Always, drain)
            }
        };
        let resolver = CertificateResolver::new();
        let settings = certificates::Settings {
            mutating: webhook_configuration(
                manifests::NAME,
                &self.namespace,
                &endpoint,
                &self.prefix,
            ),
            validating: validation_configuration(manifests::NAME, &endpoint, &self.prefix),
            namespace: self.namespace,
            registration,
            names,
            rotate_annotation: self.prefix.name("rotate-ca"),
            policy: secretwire_certs::Policy::default(),
        };
        let tls = server_config(Arc::clone(&resolver));
        let listener = TcpListener::bind(self.address)
            .await
            .with_context(|| format!("admission cannot be served on {}", self.address))?;
        tasks.spawn({
            let (client, ended) = (self.client, life.ended.clone());
            async move {
                let keeping = certificates::run(client, settings, resolver, certificate, ended);
                Box::pin(keeping).await?;
                Ok(())
            }
        });
        tasks.spawn({
            let (stopping, served) = (life.stopping.clone(), life.served.clone());
            async move {
                serve(listener, tls, admission, drain, stopping).await;
                served.cancel();
                Ok(())
            }
        });
        Ok(())
    }
}

/// Host of `https://host[:port][/…]`.
fn host_of(url: &str) -> Option<String> {
    let uri: axum::http::Uri = url.parse().ok()?;
    (uri.scheme_str() == Some("https"))
        .then(|| uri.host().map(str::to_owned))
        .flatten()
}

#[cfg(test)]
mod tests {
    use secretwire_core::vault_path;
    use secretwire_vault::VaultPath;

    #[test]
    fn admission_refuses_those_paths_that_the_client_for_vault_refuses() {
        for text in [
            "", "/", "a", "/a//b/", "a b", ".", "..", "a/../b", "a/./b", "..a", "a/b..", "a\nb",
            "\u{7f}", "ä/ö",
        ] {
            let refused = VaultPath::parse(text).is_err();
            assert_eq!(vault_path::check(text).is_err(), refused, "{text:?}");
        }
    }
}
