//! From Vault into Secrets.

mod cost;
mod crash;
mod destination;
mod drift;
mod failures;
mod filters;
mod hygiene;
mod kv;
mod leadership;
mod logins;
mod namespaces;
mod outage;
mod ownership;
mod quickstart;
mod references;
mod rotation;
mod takeover;
mod tls;
mod values;
