//! The key of the digests: VSO's Secret, so that nothing looks changed after a
//! take-over.

use std::{collections::BTreeMap, time::Duration};

use aws_lc_rs::rand;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use secretwire_api::names::{HMAC_SECRET, HMAC_SECRET_KEY, label};
use secretwire_core::mac::{KEY_BYTES, MacKey};

use crate::backoff::Backoff;

/// Why there is no key. The Secret is never replaced: with another key every
/// secret would look changed and restart its workloads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The Secret does not hold one.
    #[error(
        "Secret {0}/{HMAC_SECRET} holds no HMAC key of {KEY_BYTES} bytes under `{HMAC_SECRET_KEY}`: \
         restore it, or delete it to have one made (every secret is then compared anew)"
    )]
    Malformed(String),
    /// The system gives no randomness.
    #[error("the system gives no random bytes")]
    Random,
    /// The API server refused for good.
    #[error("Secret {HMAC_SECRET} can neither be read nor created")]
    Refused(#[source] Box<kube::Error>),
}

/// The key of this installation; made when there is none. Waits for an API
/// server that does not answer.
pub(crate) async fn load(client: &Client, namespace: &str) -> Result<MacKey, KeyError> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut pauses = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    loop {
        match load_once(&secrets, namespace).await {
            Err(Attempt::Again(error)) => {
                tracing::warn!(%error, "reading the HMAC key failed, trying again");
                tokio::time::sleep(pauses.grow()).await;
            }
            Err(Attempt::Failed(error)) => return Err(error),
            Ok(key) => return Ok(key),
        }
    }
}

enum Attempt {
    Again(kube::Error),
    Failed(KeyError),
}

impl From<kube::Error> for Attempt {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if matches!(status.code, 400 | 404 | 422) => {
                Self::Failed(KeyError::Refused(Box::new(error)))
            }
            _ => Self::Again(error),
        }
    }
}

async fn load_once(secrets: &Api<Secret>, namespace: &str) -> Result<MacKey, Attempt> {
    if let Some(secret) = secrets.get_opt(HMAC_SECRET).await? {
        return key_in(&secret, namespace).map_err(Attempt::Failed);
    }
    let mut bytes = [0; KEY_BYTES];
    rand::fill(&mut bytes).map_err(|_| Attempt::Failed(KeyError::Random))?;
    match secrets
        .create(&PostParams::default(), &secret_of(&bytes))
        .await
    {
        Ok(secret) => key_in(&secret, namespace).map_err(Attempt::Failed),
        // A replica was faster.
        Err(kube::Error::Api(status)) if status.code == 409 => {
            key_in(&secrets.get(HMAC_SECRET).await?, namespace).map_err(Attempt::Failed)
        }
        Err(error) => Err(error.into()),
    }
}

fn key_in(secret: &Secret, namespace: &str) -> Result<MacKey, KeyError> {
    secret
        .data
        .as_ref()
        .and_then(|data| data.get(HMAC_SECRET_KEY))
        .and_then(|key| MacKey::new(&key.0).ok())
        .ok_or_else(|| KeyError::Malformed(namespace.to_owned()))
}

fn secret_of(key: &[u8]) -> Secret {
    let labels = [
        (label::NAME, label::NAME_VALUE),
        (label::MANAGED_BY, label::MANAGED_BY_VALUE),
        (label::COMPONENT, label::COMPONENT_HMAC),
    ];
    Secret {
        metadata: ObjectMeta {
            name: Some(HMAC_SECRET.to_owned()),
            labels: Some(
                labels
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            ),
            ..Default::default()
        },
        immutable: Some(true),
        data: Some(BTreeMap::from([(
            HMAC_SECRET_KEY.to_owned(),
            ByteString(key.to_vec()),
        )])),
        ..Default::default()
    }
}
