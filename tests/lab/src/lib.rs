//! Real etcd, Kubernetes API server, controllers, node, OpenBao and PostgreSQL for tests, demo and benchmarks.
//!
//! A [`Lab`] is one private cluster on free ports, with its logs in one folder. Several run side by side. Every server
//! dies with the process that started it, whatever ends that process.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let lab = secretwire_lab::Lab::builder().controllers().vault().start().await?;
//! lab.vault().kv_put("app/db", &serde_json::json!({"password": "s3cret"})).await?;
//! let namespace = lab.namespace("demo").await?;
//! println!("{} {}", namespace.name(), lab.apiserver().kubeconfig_path().display());
//! lab.stop().await
//! # }
//! ```
//!
//! Errors are [`anyhow::Error`]: a caller of a test harness reads them and never tells them apart.

mod audit;
mod builder;
mod directory;
mod hex;
mod kubectl;
mod kubernetes;
mod lab;
mod namespace;
mod node;
mod operator;
mod pki;
mod ports;
mod postgres;
mod process;
mod reach;
mod servers;
mod tls;
mod vault;
mod wait;

pub use audit::Mark;
pub use builder::LabBuilder;
pub use kubectl::Kubectl;
pub use kubernetes::{ApiRequest, ApiServer, Controller, User};
pub use lab::Lab;
pub use namespace::Namespace;
pub use node::Node;
pub use operator::{OperatorOptions, OperatorProcess, Webhook};
pub use postgres::Postgres;
pub use process::Usage;
pub use servers::{Component, fetch};
pub use vault::{AuditEntry, KV_V1, KV_V2, Vault};
pub use wait::await_condition;
