//! What Secretwire decides, without I/O: every function here is total and
//! synchronous, and takes time, randomness and the state of the world as
//! arguments. Doing is the business of the operator binary.

pub mod backoff;
pub mod duration;
pub mod json;
pub mod mac;
pub mod reference;
pub mod render;
pub mod rollout;
pub mod schedule;
pub mod secret;
mod secret_data;
pub mod status;
pub mod transform;
pub mod vault_path;
pub mod visit;

pub use reference::ObjectKey;
pub use secret_data::SecretData;
