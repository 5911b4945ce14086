//! A webhook configuration: registering it, reading back what it publishes, publishing the CA bundle.

use std::{collections::BTreeSet, fmt::Debug};

use k8s_openapi::{
    ByteString,
    api::{
        admissionregistration::v1::{
            MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
        },
        core::v1::Namespace,
    },
};
use kube::{
    Api, Client, Resource,
    api::{Patch, PatchParams, PostParams},
    core::ClusterResourceScope,
};
use secretwire_certs::Bundle;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::{Error, call};

/// Whose objects the webhook configurations are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    /// The installer's: created where it is missing, otherwise only the `caBundle` is written.
    WhenMissing,
    /// Ours in full, as an operator outside of the cluster is reached at an address that only it knows.
    Always,
}

/// A kind of webhook configuration.
pub(super) trait Configuration:
    Resource<DynamicType = (), Scope = ClusterResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Each entry's name, and how it is called.
    fn entries(&self) -> impl Iterator<Item = (&str, &WebhookClientConfig)>;
}

impl Configuration for MutatingWebhookConfiguration {
    fn entries(&self) -> impl Iterator<Item = (&str, &WebhookClientConfig)> {
        let entries = self.webhooks.iter().flatten();
        entries.map(|entry| (entry.name.as_str(), &entry.client_config))
    }
}

impl Configuration for ValidatingWebhookConfiguration {
    fn entries(&self) -> impl Iterator<Item = (&str, &WebhookClientConfig)> {
        let entries = self.webhooks.iter().flatten();
        entries.map(|entry| (entry.name.as_str(), &entry.client_config))
    }
}

/// A webhook configuration in the cluster.
pub(super) struct Registered<K> {
    client: Client,
    configurations: Api<K>,
    namespace: String,
    name: String,
    generated: Value,
    wanted: K,
    registration: Registration,
    entries: Vec<String>,
}

impl<K: Configuration> Registered<K> {
    pub(super) fn new(
        client: Client,
        namespace: String,
        generated: Value,
        registration: Registration,
    ) -> Result<Self, Error> {
        let wanted: K = serde_json::from_value(generated.clone()).map_err(Error::Configuration)?;
        Ok(Self {
            configurations: Api::all(client.clone()),
            client,
            namespace,
            name: name(&generated)?.to_owned(),
            generated,
            wanted,
            registration,
            entries: Vec::new(),
        })
    }

    /// What each webhook entry publishes; registers the webhook first where that is ours to do.
    pub(super) async fn read(&mut self) -> Result<Vec<Bundle>, Error> {
        let request = self.configurations.get_opt(&self.name);
        let found = call("reading the webhook configuration", request).await?;
        let live = match found {
            Some(live) if self.points_elsewhere(&live) => Some(self.point_here(&live).await?),
            Some(live) => Some(live),
            None => self.create().await?,
        };
        let published = |call: &WebhookClientConfig| match &call.ca_bundle {
            Some(ByteString(pem)) => Bundle::from_pem(pem),
            None => Bundle::default(),
        };
        let entries = live.iter().flat_map(K::entries);
        let (names, bundles) = entries
            .map(|(name, call)| (name.to_owned(), published(call)))
            .unzip();
        self.entries = names;
        Ok(bundles)
    }

    /// Publishes on every entry that was read. The field has a manager of its own, so that installers which leave it
    /// out of their manifest do not fight over it.
    pub(super) async fn publish(&self, bundle: &Bundle) -> Result<(), Error> {
        if self.entries.is_empty() {
            return Ok(()); // to apply an empty list would create a configuration without entries
        }
        let bundle = ByteString(bundle.to_pem().into_bytes());
        let entries: Vec<_> = self
            .entries
            .iter()
            .map(|name| json!({ "name": name, "clientConfig": { "caBundle": bundle } }))
            .collect();
        let patch = Patch::Apply(json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": { "name": self.name },
            "webhooks": entries,
        }));
        let params = PatchParams::apply(BUNDLE_MANAGER).force();
        let request = self.configurations.patch(&self.name, &params, &patch);
        call("publishing the CA bundle", request).await?;
        Ok(())
    }

    fn points_elsewhere(&self, live: &K) -> bool {
        self.registration == Registration::Always && addresses(live) != addresses(&self.wanted)
    }

    /// Replaces the configuration as a whole: merged with one that names a Service, it would name both.
    async fn point_here(&self, live: &K) -> Result<K, Error> {
        let mut wanted = self.wanted.clone();
        let version = &live.meta().resource_version;
        wanted.meta_mut().resource_version.clone_from(version);
        let params = PostParams::default();
        let request = self.configurations.replace(&self.name, &params, &wanted);
        let live = call("moving the webhook configuration", request).await?;
        info!(
            kind = %K::kind(&()),
            configuration = self.name,
            "registered the webhook at this address"
        );
        Ok(live)
    }

    async fn create(&self) -> Result<Option<K>, Error> {
        let mut generated = self.generated.clone();
        if self.registration == Registration::WhenMissing {
            match self.owner().await? {
                Owner::Lives(owner) => generated["metadata"]["ownerReferences"] = json!([owner]),
                Owner::Unknown => {}
                // This is an uninstall: a configuration left behind would refuse pods for ever.
                Owner::Leaves => return Ok(None),
            }
        }
        // Applied rather than created, as a right can be restricted to a name only for a request that has one.
        let params = PatchParams::apply(REGISTRATION_MANAGER).force();
        let patch = Patch::Apply(generated);
        let request = self.configurations.patch(&self.name, &params, &patch);
        let live = call("registering the webhook", request).await?;
        info!(kind = %K::kind(&()), configuration = self.name, "registered the webhook");
        Ok(Some(live))
    }

    /// Our namespace as the owner of a configuration that no installer keeps track of, so that both end together.
    async fn owner(&self) -> Result<Owner, Error> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let request = namespaces.get_opt(&self.namespace);
        match call("reading the operator's namespace", request).await {
            Ok(Some(namespace)) if namespace.metadata.deletion_timestamp.is_some() => {
                Ok(Owner::Leaves)
            }
            Ok(Some(namespace)) => Ok(Owner::Lives(json!({
                "apiVersion": Namespace::api_version(&()),
                "kind": Namespace::kind(&()),
                "name": self.namespace,
                "uid": namespace.metadata.uid,
            }))),
            Ok(None) => Ok(Owner::Unknown),
            Err(Error::Call { source, .. }) if matches!(&*source, kube::Error::Api(_)) => {
                warn!(error = %source, "the webhook configuration will outlive this installation");
                Ok(Owner::Unknown)
            }
            Err(error) => Err(error),
        }
    }
}

enum Owner {
    Lives(Value),
    Leaves,
    Unknown,
}

/// The name of a generated configuration.
pub(super) fn name(generated: &Value) -> Result<&str, Error> {
    generated["metadata"]["name"].as_str().ok_or(Error::Unnamed)
}

/// Which entries there are, and where the API server is told to call.
fn addresses(configuration: &impl Configuration) -> BTreeSet<(&str, Option<&str>)> {
    let entries = configuration.entries();
    entries
        .map(|(name, call)| (name, call.url.as_deref()))
        .collect()
}

const BUNDLE_MANAGER: &str = "secretwire-ca-bundle";
const REGISTRATION_MANAGER: &str = "secretwire-webhook";
