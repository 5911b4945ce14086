//! What the end-to-end suites share: labs with the operator installed, namespaces for tests, and the search for secret
//! values that got out.
//!
//! The suites are modules of the one test binary `tests/main.rs`. Ordinary tests share one lab and one operator, each in
//! its own [`Space`]; those that stop servers or count every request have a lab of their own.
//!
//! ```no_run
//! use secretwire_e2e::{secret_value, shared};
//! use serde_json::json;
//!
//! fn a_secret_is_synced() -> anyhow::Result<()> {
//!     shared(async |stage| {
//!         let space = stage.space("example").await?;
//!         space.put("db", &json!({"password": secret_value("first")})).await?;
//!         space.sync("db", json!({})).await?;
//!         space.await_value("db", "password", &secret_value("first")).await
//!     })
//! }
//! ```

mod binary;
mod leaks;
mod objects;
mod operator;
mod run;
mod silent;
mod space;
mod stage;

pub use binary::operator_binary;
pub use leaks::{Leaks, secret_value};
pub use objects::{Conditions, Data, restart_stamp, workload};
pub use operator::Operator;
pub use run::{alone, shared};
pub use silent::SilentVault;
pub use space::{Space, VAULT_AUTH, VAULT_CONNECTION};
pub use stage::Stage;

use std::time::Duration;

/// How long a test waits for what takes a moment: long, as a busy machine is no failure.
pub const DEADLINE: Duration = Duration::from_secs(60);
