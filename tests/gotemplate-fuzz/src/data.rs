//! The data of a case: plain JSON with tags for Go types that JSON lacks.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secretwire_gotemplate::{List, Map, Str, Type, Value};

/// The value that templates of a case see. Always a fresh one: templates change maps.
pub(crate) fn typed(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::List(list) => {
            let items: Result<Vec<Value>> = list.items().iter().map(typed).collect();
            List::any(items?).into()
        }
        Value::Map(map) => match map.entries().as_slice() {
            [(tag, content)] if tag.starts_with(b"$") => tagged(&tag.to_text(), content)?,
            entries => {
                let entries: Result<BTreeMap<Str, Value>> = entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), typed(value)?)))
                    .collect();
                Map::of(&Type::Any, entries?).into()
            }
        },
        other => other.clone(),
    })
}

/// External Secrets hands its data over as strings.
pub(crate) fn as_strings(data: Value) -> Value {
    match &data {
        Value::Map(map) if map.entries().iter().all(|(_, value)| is_string(value)) => strings(map),
        _ => data,
    }
}

fn is_string(value: &Value) -> bool {
    matches!(value, Value::Str(_))
}

fn strings(map: &Map) -> Value {
    Map::of(&Type::String, map.entries().into_iter().collect()).into()
}

fn tagged(tag: &str, content: &Value) -> Result<Value> {
    let text = || -> Result<String> {
        let text = content.as_str().context("a tagged value is a string")?;
        Ok(text.to_text().into_owned())
    };
    let bytes = || -> Result<Str> { Ok(STANDARD.decode(text()?)?.into()) };
    Ok(match (tag, content) {
        ("$int", _) => Value::Int(text()?.parse()?),
        ("$int64", _) => Value::Int64(text()?.parse()?),
        ("$uint64", _) => Value::Uint64(text()?.parse()?),
        ("$float64", _) => Value::Float64(text()?.parse()?),
        ("$bytes", _) => Value::Bytes(bytes()?),
        ("$binary", _) => Value::Str(bytes()?),
        ("$strings", Value::List(list)) if list.items().iter().all(is_string) => {
            List::strings(list.items().iter().cloned()).into()
        }
        ("$stringmap", Value::Map(map)) => strings(map),
        _ => bail!("unknown tag {tag}"),
    })
}
