//! A Kubernetes namespace for one test.

use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::{Namespace as Object, ServiceAccount};
use kube::{
    Api, Client,
    api::{DeleteParams, ObjectMeta, PostParams},
};

use crate::{hex, wait::await_condition};

const READY: Duration = Duration::from_secs(30);

/// A namespace with a unique name. [`delete`](Self::delete) it at the end, or leave it to the end of the lab.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// `prefix` and a random end. Waits for the default service account where a controller makes one.
    pub(crate) async fn create(
        client: Client,
        prefix: &str,
        with_controllers: bool,
    ) -> Result<Self> {
        let name = format!("{prefix}-{}", hex::random(3)?);
        let metadata = ObjectMeta {
            name: Some(name.clone()),
            ..ObjectMeta::default()
        };
        let object = Object {
            metadata,
            ..Object::default()
        };
        let namespaces: Api<Object> = Api::all(client.clone());
        namespaces
            .create(&PostParams::default(), &object)
            .await
            .with_context(|| format!("creating namespace {name}"))?;
        if with_controllers {
            // Pods are refused without it.
            let accounts: Api<ServiceAccount> = Api::namespaced(client, &name);
            await_condition("the default service account", READY, async || {
                Ok(accounts.get_opt("default").await?)
            })
            .await?;
        }
        Ok(Self { name })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks for its deletion, without waiting: what is in it goes when controllers run, and else stays.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn delete(self, client: Client) -> Result<()> {
        let namespaces: Api<Object> = Api::all(client);
        let deleting = || format!("deleting namespace {}", self.name);
        namespaces
            .delete(&self.name, &DeleteParams::background())
            .await
            .map(drop)
            .with_context(deleting)
    }
}
