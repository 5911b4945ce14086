//! Waiting for what a space is to become.

use anyhow::{Context as _, Result, anyhow, ensure};
use k8s_openapi::api::core::v1::Secret;
use secretwire_api::{Condition, VaultStaticSecret, names::condition};
use secretwire_lab::await_condition;

use super::Space;
use crate::{Conditions as _, DEADLINE, Data as _};

impl Space<'_> {
    /// Waits until a Secret is as `wanted` says.
    ///
    /// # Errors
    /// It was not in time.
    pub async fn await_secret(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&Secret) -> bool,
    ) -> Result<Secret> {
        let what = format!("Secret {}/{name}: {what}", self.name);
        await_condition(&what, DEADLINE, async || {
            let secret = self.find_secret(name).await?.context("it is not there")?;
            if wanted(&secret) {
                return Ok(Some(secret));
            }
            let meta = &secret.metadata;
            Err(anyhow!("keys {:?}, metadata {meta:?}", secret.keys()))
        })
        .await
    }

    /// Waits until a key of a Secret has this value.
    ///
    /// # Errors
    /// It had not in time.
    pub async fn await_value(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let what = format!("the new value of {key}");
        self.await_secret(name, &what, |secret| secret.text(key) == Some(value))
            .await
            .map(drop)
    }

    /// Waits until a Secret is gone.
    ///
    /// # Errors
    /// It was still there at the end.
    pub async fn await_no_secret(&self, name: &str) -> Result<()> {
        let what = format!("the end of Secret {}/{name}", self.name);
        await_condition(&what, DEADLINE, async || {
            Ok(self.find_secret(name).await?.is_none().then_some(()))
        })
        .await
    }

    /// Waits until a `VaultStaticSecret` says that it is synced as it stands now.
    ///
    /// # Errors
    /// It did not in time.
    pub async fn await_synced(&self, name: &str) -> Result<VaultStaticSecret> {
        self.await_condition(name, "synced", |found| found.status == "True")
            .await
    }

    /// Waits until a `VaultStaticSecret` says that it is not synced, with all these words.
    ///
    /// # Errors
    /// It did not in time, or is Ready all the same.
    pub async fn await_failure(&self, name: &str, words: &[&str]) -> Result<VaultStaticSecret> {
        let failed = |found: &Condition| {
            found.status == "False" && words.iter().all(|word| found.message.contains(word))
        };
        let what = format!("a failure that says {words:?}");
        let secret = self.await_condition(name, &what, failed).await?;
        for type_ in [condition::HEALTHY, condition::READY] {
            let status = secret.condition(type_).map(|found| found.status.as_str());
            ensure!(
                status == Some("False"),
                "{type_} is {status:?} after a failure"
            );
        }
        Ok(secret)
    }

    async fn await_condition(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&Condition) -> bool,
    ) -> Result<VaultStaticSecret> {
        let what = format!("VaultStaticSecret {}/{name}: {what}", self.name);
        await_condition(&what, DEADLINE, async || {
            let secret = self.static_secret(name).await?;
            let found = secret
                .condition(condition::SECRET_SYNCED)
                .context("no condition yet")?;
            let current = found.observed_generation == secret.metadata.generation;
            if current && wanted(found) {
                return Ok(Some(secret));
            }
            Err(anyhow!(
                "{}: {} (current: {current})",
                found.status,
                found.message
            ))
        })
        .await
    }
}
