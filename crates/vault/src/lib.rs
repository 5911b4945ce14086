//! Vault and OpenBao over HTTP, as an operator needs it: logins, token life and KV reads.
//!
//! A [`Client`] is one Vault server with its TLS and header settings. A [`Session`] is one identity
//! at that server: it logs in when first used, keeps its token alive and is shared by everyone who
//! reads as that identity. A [`Sessions`] pool holds one session a key.
//!
//! The crate knows nothing of Kubernetes: where credentials come from is behind [`Credentials`].

mod backoff;
mod call;
mod client;
mod error;
mod failure;
mod flight;
mod gate;
mod kv;
mod lock;
mod login;
mod observe;
mod path;
mod pool;
mod redirect;
mod renewal;
mod response;
mod secret;
mod session;
mod settings;
mod token;
mod transport;

pub use call::Call;
pub use client::{Client, SealStatus};
pub use error::{Error, ErrorKind, Refusal, Retry};
pub use kv::{KvRead, KvVersion};
pub use login::{Credentials, CredentialsError, LoginBody, LoginTarget};
pub use observe::{Observer, Operation, Outcome, Unobserved};
pub use path::{Mount, Namespace, PathError, VaultPath};
pub use pool::Sessions;
pub use response::{Auth, Lease, Response};
pub use secret::SecretJson;
pub use session::Session;
pub use settings::{ConnectionSettings, SettingsError, TlsSettings};
