//! Events about an object.

use anyhow::{Context as _, Result};
use secretwire_e2e::{DEADLINE, Space};
use secretwire_lab::await_condition;
use serde_json::Value;

/// Waits for an Event of this reason about the object called `name`, and returns its message.
pub(super) async fn await_event(space: &Space<'_>, name: &str, reason: &str) -> Result<String> {
    let selector = format!("involvedObject.name={name},reason={reason}");
    let arguments = ["get", "events", "--output=json", "--field-selector"];
    await_condition(&format!("Event {reason} of {name}"), DEADLINE, async || {
        let events = space
            .kubectl(&[&arguments[..], &[selector.as_str()]].concat())
            .await?;
        let events: Value = serde_json::from_str(&events)?;
        let message = events
            .pointer("/items/0/message")
            .and_then(Value::as_str)
            .context("there is none")?;
        Ok(Some(message.to_owned()))
    })
    .await
}
