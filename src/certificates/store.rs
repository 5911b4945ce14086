//! The Secret in which replicas share their certificate authorities.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use secretwire_certs::CaSlots;
use tracing::warn;

use super::{Error, call};

/// Reads and writes the Secret.
pub(super) struct Store {
    secrets: Api<Secret>,
    rotate_annotation: String,
}

/// The Secret as it was read.
pub(super) enum Content {
    Missing,
    Broken {
        envelope: Box<Envelope>,
    },
    Sound {
        envelope: Box<Envelope>,
        slots: CaSlots,
        rotate: bool,
    },
}

/// What a Secret has beside its data.
pub(super) struct Envelope {
    metadata: ObjectMeta,
    kind: Option<String>,
}

impl Store {
    pub(super) fn new(client: Client, namespace: &str, rotate_annotation: String) -> Self {
        Self {
            secrets: Api::namespaced(client, namespace),
            rotate_annotation,
        }
    }

    pub(super) async fn read(&self) -> Result<Content, Error> {
        let found = call("reading the CA Secret", self.secrets.get_opt(NAME)).await?;
        let Some(secret) = found else {
            return Ok(Content::Missing);
        };
        let data = secret.data.unwrap_or_default();
        let envelope = Box::new(Envelope {
            metadata: secret.metadata,
            kind: secret.type_,
        });
        match CaSlots::parse(|key| data.get(key).map(|value| value.0.as_slice())) {
            Ok(slots) => Ok(Content::Sound {
                rotate: self.asks_to_rotate(&envelope.metadata),
                envelope,
                slots,
            }),
            Err(defect) => {
                warn!(secret = NAME, %defect, "the CA Secret is damaged and will be repaired");
                Ok(Content::Broken { envelope })
            }
        }
    }

    /// Writes over what was read; `false` when somebody else wrote since.
    pub(super) async fn write(&self, read: &Content, slots: &CaSlots) -> Result<bool, Error> {
        let data: BTreeMap<_, _> = slots
            .to_data()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), ByteString(value.to_vec())))
            .collect();
        let params = PostParams::default();
        let written = match read {
            Content::Missing => {
                let secret = Secret {
                    metadata: ObjectMeta {
                        name: Some(NAME.to_owned()),
                        labels: Some(BTreeMap::from([(
                            "app.kubernetes.io/name".to_owned(),
                            "secretwire".to_owned(),
                        )])),
                        ..ObjectMeta::default()
                    },
                    type_: Some("kubernetes.io/tls".to_owned()),
                    data: Some(data),
                    ..Secret::default()
                };
                let request = self.secrets.create(&params, &secret);
                call("creating the CA Secret", request).await
            }
            Content::Broken { envelope } | Content::Sound { envelope, .. } => {
                let mut metadata = envelope.metadata.clone();
                metadata.managed_fields = None;
                if let Some(annotations) = &mut metadata.annotations {
                    annotations.remove(&self.rotate_annotation);
                }
                let secret = Secret {
                    metadata,
                    type_: envelope.kind.clone(),
                    data: Some(data),
                    ..Secret::default()
                };
                let request = self.secrets.replace(NAME, &params, &secret);
                call("writing the CA Secret", request).await
            }
        };
        match written {
            Ok(_) => Ok(true),
            Err(Error::Call { source, .. }) if lost_the_race(&source) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn asks_to_rotate(&self, metadata: &ObjectMeta) -> bool {
        let annotations = metadata.annotations.as_ref();
        annotations.is_some_and(|annotations| annotations.contains_key(&self.rotate_annotation))
    }
}

fn lost_the_race(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else {
        return false;
    };
    status.is_conflict() || status.is_already_exists() || status.is_not_found()
}

/// Name of the Secret, in the operator's namespace.
pub(crate) const NAME: &str = "secretwire-webhook-ca";
