//! placeholder
mod backoff;
mod certificates;
#[cfg(test)]
mod fake_api;
mod leader;
mod manifests;
fn main() {}
