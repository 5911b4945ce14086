use std::time::Instant;

use secretwire_api::{KvType, Transformation, VaultStaticSecret};
use secretwire_core::{
    ObjectKey,
    render::{Metadata, RenderError, Rendered, render},
    transform::{self, TransformError},
};

use super::{
    input::{Answer, VaultData},
    resources::Resources,
    secret_type,
};

/// What a resource produces.
pub(super) struct Product<'a> {
    pub(super) resource: &'a ObjectKey,
    pub(super) secret: &'a str,
    pub(super) type_: &'a str,
    pub(super) kv: KvType,
    pub(super) rendered: Rendered,
    pub(super) notes: Vec<String>,
}

/// Why a resource produces nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("spec.{0}")]
    Link(TransformError),
    #[error("{0}")]
    Transform(TransformError),
    #[error("{0}")]
    Render(#[from] RenderError),
    #[error("{0}")]
    Type(String),
}

impl Problem {
    /// Whether it is found in a shared transformation by itself too.
    pub(super) fn is_of_shared(&self) -> bool {
        matches!(
            self,
            Self::Transform(TransformError::Parse(_) | TransformError::Filter(_))
        )
    }
}

impl From<TransformError> for Problem {
    fn from(error: TransformError) -> Self {
        match error {
            TransformError::Missing(_)
            | TransformError::Unwatched(_)
            | TransformError::Malformed { .. }
            | TransformError::Repeated(_) => Self::Link(error),
            TransformError::NoTemplate { .. }
            | TransformError::DuplicateName(_)
            | TransformError::RawKey
            | TransformError::Parse(_)
            | TransformError::Filter(_) => Self::Transform(error),
        }
    }
}

/// Makes what the operator would write.
pub(super) fn produce<'a>(
    key: &'a ObjectKey,
    secret: &'a VaultStaticSecret,
    resources: &Resources,
    data: &VaultData<'_>,
    exclude_raw: bool,
    deadline: Instant,
) -> Result<Product<'a>, Problem> {
    let destination = &secret.spec.destination;
    let none = Transformation::default();
    let transform = transform::compile(
        key,
        destination.transformation.as_ref().unwrap_or(&none),
        exclude_raw,
        |link| {
            let object = resources.transformations.get(link);
            let object = object.ok_or_else(|| TransformError::Missing(link.clone()))?;
            Ok(&object.spec)
        },
        &transform::cache(),
    )?;
    let metadata = Metadata {
        annotations: secret.metadata.annotations.clone().unwrap_or_default(),
        labels: secret.metadata.labels.clone().unwrap_or_default(),
    };
    let Answer { text, kv, notes } = data.answer(secret.spec.type_);
    let rendered = render(text, kv, &transform, &metadata, Some(deadline))?;
    let type_ = destination
        .type_
        .as_deref()
        .filter(|type_| !type_.is_empty());
    let type_ = type_.unwrap_or("Opaque");
    secret_type::check(type_, &rendered.data).map_err(Problem::Type)?;
    Ok(Product {
        resource: key,
        secret: &destination.name,
        type_,
        kv,
        rendered,
        notes,
    })
}
