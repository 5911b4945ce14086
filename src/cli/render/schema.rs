use serde_json::Value;

/// Says all that a value lacks or has too much for a schema as definitions of resources have it. Patterns and
/// ranges are left to the API server.
pub(super) fn check(field: &str, value: &Value, schema: &Value, faults: &mut Vec<String>) {
    let wanted = schema["type"].as_str().unwrap_or_default();
    if value.is_null() {
        faults.push(format!("{field}: it is missing"));
    } else if !is_of(value, wanted) {
        let hint = match wanted {
            "string" if !value.is_object() && !value.is_array() => ": put it into quotes",
            _ => "",
        };
        faults.push(format!(
            "{field}: it must be {}, and is {}{hint}",
            article(wanted),
            article(kind(value))
        ));
    } else if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        let choices: Vec<_> = choices.iter().filter_map(Value::as_str).collect();
        faults.push(format!("{field}: it must be one of {}", choices.join(", ")));
    } else {
        check_inside(field, value, schema, faults);
    }
}

fn check_inside(field: &str, value: &Value, schema: &Value, faults: &mut Vec<String>) {
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(&format!("{field}[{index}]"), item, &schema["items"], faults);
    }
    let Some(object) = value.as_object() else {
        return;
    };
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !object.contains_key(name) {
            faults.push(format!("{field}.{name}: it is missing"));
        }
    }
    let properties = schema["properties"].as_object();
    for (name, member) in object {
        if let Some(property) = properties.and_then(|properties| properties.get(name)) {
            check(&format!("{field}.{name}"), member, property, faults);
        } else if schema["additionalProperties"].is_object() {
            let property = &schema["additionalProperties"];
            check(&format!("{field}[{name}]"), member, property, faults);
        } else if let Some(properties) = properties
            && schema["x-kubernetes-preserve-unknown-fields"] != true
        {
            let known: Vec<_> = properties.keys().map(String::as_str).collect();
            faults.push(format!(
                "{field}.{name}: there is no such field; there are: {}",
                known.join(", ")
            ));
        }
    }
}

/// Takes members without a value away, as the API server does where a field may not be null.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_of(value: &Value, wanted: &str) -> bool {
    match wanted {
        "integer" => value.is_i64() || value.is_u64(),
        "" => true,
        _ => kind(value) == wanted,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_is_told_at_its_field() {
        let schema = json!({
            "type": "object",
            "required": ["path", "mount"],
            "properties": {
                "path": {"type": "string"},
                "mount": {"type": "string"},
                "type": {"type": "string", "enum": ["a", "b"]},
                "version": {"type": "integer"},
                "list": {"type": "array", "items": {"type": "string"}},
                "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
            },
        });
        let value = json!({
            "path": 1,
            "type": "c",
            "version": 1.5,
            "list": ["a", {}],
            "map": {"k": "true"},
            "mnt": "x",
        });
        let mut faults = Vec::new();
        check("spec", &value, &schema, &mut faults);
        assert_eq!(
            faults,
            [
                "spec.mount: it is missing",
                "spec.list[1]: it must be a string, and is an object",
                "spec.map[k]: it must be a boolean, and is a string",
                "spec.mnt: there is no such field; there are: list, map, mount, path, type, version",
                "spec.path: it must be a string, and is a number: put it into quotes",
                "spec.type: it must be one of a, b",
                "spec.version: it must be an integer, and is a number",
            ]
        );
    }
}
