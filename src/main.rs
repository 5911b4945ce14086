//! placeholder
mod backoff;
#[cfg(test)]
mod fake_api;
mod leader;
fn main() {}
