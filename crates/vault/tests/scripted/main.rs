//! The client against a server that answers by script: what goes over the wire, and what comes of
//! every answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod connection;
mod kv;
mod login;
mod paths;
mod pool;
mod redirects;
mod renewal;
mod server;
mod tls;
mod vault;
