use std::time::Duration;

use secretwire_core::{
    duration::DurationError, render::RenderError, secret::Conflict, transform::TransformError,
};
use secretwire_vault::{PathError, Retry};

use crate::vault::IdentityError;

/// Why a secret could not be synced. Names objects, fields and keys, never values.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncError {
    /// The resource or its templates were edited meanwhile, so nobody wants the result any more.
    #[error("the resource or its templates were edited meanwhile")]
    Superseded,
    /// No Vault identity.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// A duration that is none.
    #[error("{0}")]
    Duration(#[from] DurationError),
    /// A path that is none.
    #[error("{field} {source}")]
    Path {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        source: PathError,
    },
    /// Vault did not give the secret.
    #[error("{}", chain(.0))]
    Read(#[from] secretwire_vault::Error),
    /// The templates and filters cannot be used.
    #[error("{0}")]
    Transform(#[from] TransformError),
    /// No data could be made of it.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// The destination is not ours to write.
    #[error("{0}")]
    Conflict(#[from] Conflict),
    /// The destination could not be written.
    #[error("{verb} Secret {name:?} failed: {source}")]
    Write {
        /// What was tried.
        verb: &'static str,
        /// The Secret.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// A workload could not be restarted for want of an answer.
    #[error("restarting {target} failed: {source}")]
    Restart {
        /// Kind and name of the workload.
        target: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

impl SyncError {
    /// Reason of the Event, as VSO names it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Identity(_)
            | Self::Read(
                secretwire_vault::Error::Login { .. } | secretwire_vault::Error::Credentials { .. },
            ) => "VaultClientConfigError",
            Self::Superseded | Self::Duration(_) | Self::Path { .. } => "VaultStaticSecretError",
            Self::Read(_) => "VaultClientError",
            Self::Transform(
                TransformError::Parse(_) | TransformError::Filter(_) | TransformError::RawKey,
            )
            | Self::Render(_) => "SecretDataBuilderError",
            Self::Transform(_) => "TransformationError",
            Self::Conflict(_) | Self::Write { .. } => "SecretSyncError",
            Self::Restart { .. } => "RolloutRestartFailed",
        }
    }

    /// The least time that it makes no sense to try again.
    pub(crate) fn not_before(&self) -> Duration {
        match self {
            Self::Read(error) => match error.retry() {
                Retry::After(wait) => wait,
                Retry::Backoff | Retry::OnChange => Duration::ZERO,
            },
            _ => Duration::ZERO,
        }
    }

    /// Whether an object is missing that may only be on its way: what is applied
    /// together arrives by several watches.
    pub(crate) fn may_be_early(&self) -> bool {
        matches!(
            self,
            Self::Identity(IdentityError::AuthMissing(_) | IdentityError::ConnectionMissing { .. })
                | Self::Transform(TransformError::Missing(_))
        )
    }

    /// Whether the server did not even answer.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Read(error) if matches!(error.cause(), secretwire_vault::Error::Unreachable { .. })
        )
    }
}

/// The error and what it came from, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_reasons_of_vso() {
        let object = secretwire_core::ObjectKey::new("app", "shared");
        for (error, reason) in [
            (TransformError::RawKey, "SecretDataBuilderError"),
            (TransformError::Parse("x".into()), "SecretDataBuilderError"),
            (TransformError::Missing(object), "TransformationError"),
        ] {
            assert_eq!(SyncError::from(error).reason(), reason);
        }
    }
}
