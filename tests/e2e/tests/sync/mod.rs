//! From Vault into Secrets.

mod quickstart;
