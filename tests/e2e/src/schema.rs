//! Whether a report is what its schema says.

use serde_json::Value;

/// What is wrong with a report: a line each, with the way to it. Of JSON schema it knows what ours
/// use: types, required fields, properties, items, references, several shapes.
pub fn violations(schema: &Value, report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(schema, schema, report, "report", &mut found);
    found
}

fn look(schema: &Value, root: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        look(&root["$defs"][name], root, value, path, found);
    }
    let shapes = schema["anyOf"].as_array().into_iter().flatten();
    let nearest = shapes.map(|shape| {
        let mut wrong = Vec::new();
        look(shape, root, value, path, &mut wrong);
        wrong
    });
    found.extend(nearest.min_by_key(Vec::len).into_iter().flatten());
    for required in schema["required"].as_array().into_iter().flatten() {
        if required.as_str().is_some_and(|name| value.get(name).is_none()) {
            found.push(format!("{path} lacks {required}"));
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(field) = value.get(name) {
            look(property, root, field, &format!("{path}.{name}"), found);
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        match &schema["additionalProperties"] {
            other @ Value::Object(_) => look(other, root, field, &format!("{path}.{name}"), found),
            _ if schema["properties"].is_object() && schema["properties"].get(name).is_none() => {
                found.push(format!("{path}.{name} is not in the schema"));
            }
            _ => {}
        }
    }
    for item in value.as_array().into_iter().flatten() {
        look(&schema["items"], root, item, &format!("{path}[]"), found);
    }
    let found_type = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    if !allowed.contains(&found_type) {
        found.push(format!("{path} is {found_type}, not {allowed:?}"));
    }
}
