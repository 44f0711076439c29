//! What a snapshot never holds: the data of Secrets, the values of environment variables, the
//! copies of manifests that `kubectl apply` keeps in annotations.

use serde_json::{Map, Value};

/// Part of the key of every annotation in which a tool keeps what was last applied
/// (`kubectl.kubernetes.io/last-applied-configuration`).
const LAST_APPLIED: &str = "last-applied";

/// Takes out of an object what may be secret. Names stay: of keys in a Secret, of variables; and
/// where a variable gets its value from (`valueFrom`). Templates are looked into at whatever
/// depth, objects in objects too.
pub(super) fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            clean(fields);
            fields.values_mut().for_each(redact);
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

fn clean(fields: &mut Map<String, Value>) {
    let is_secret = fields.get("kind").is_some_and(|kind| kind == "Secret");
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        // Who set which field: as long as the object itself, and of no use here.
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !key.contains(LAST_APPLIED));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    for (key, value) in fields {
        match key.as_str() {
            "data" if is_secret => blank(value),
            // Templates of Secrets have it under kinds of their own.
            "stringData" => blank(value),
            _ if is_environment(key) => forget_values(value),
            _ => {}
        }
    }
}

/// Whether variables stand under a key: `env`, and what custom kinds call it.
fn is_environment(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["env", "envs", "envvars", "environment", "environmentvariables"]
        .iter()
        .any(|name| key.ends_with(name))
}

/// Empties everything below a value and keeps its keys.
fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Null => {}
        _ => *value = Value::from(""),
    }
}

/// Forgets the values of variables: `[{name, value}]`, `[NAME=value]` or `{NAME: value}`.
fn forget_values(value: &mut Value) {
    match value {
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(variable) => drop(variable.remove("value")),
                    Value::String(text) => {
                        let name = text.split_once('=').map_or("", |(name, _)| name);
                        *text = name.to_owned();
                    }
                    _ => {}
                }
            }
        }
        Value::Object(variables) => {
            for value in variables.values_mut() {
                match value {
                    Value::Object(variable) => drop(variable.remove("value")),
                    Value::Array(_) | Value::Null => {}
                    scalar => *scalar = Value::from(""),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redacted(mut value: Value) -> Value {
        redact(&mut value);
        value
    }

    #[test]
    fn secrets_keep_the_names_of_their_keys() {
        let secret = json!({
            "kind": "Secret", "type": "Opaque",
            "data": { "password": "Y2FuYXJ5" }, "stringData": { "token": "canary" },
        });
        let expected = json!({
            "kind": "Secret", "type": "Opaque",
            "data": { "password": "" }, "stringData": { "token": "" },
        });
        assert_eq!(redacted(secret.clone()), expected);
        // In another object too.
        assert_eq!(redacted(json!({ "spec": [secret] })), json!({ "spec": [expected] }));
        let template = json!({ "secretTemplate": { "stringData": { "a": "canary" } } });
        assert_eq!(redacted(template), json!({ "secretTemplate": { "stringData": { "a": "" } } }));
        let config = json!({ "kind": "ConfigMap", "data": { "a": "b" } });
        assert_eq!(redacted(config.clone()), config);
    }

    #[test]
    fn variables_keep_names_and_references() {
        let reference = json!({ "secretKeyRef": { "name": "s", "key": "k" } });
        let pod = json!({ "spec": { "initContainers": [{ "env": [
            { "name": "A", "value": "canary" }, { "name": "B", "valueFrom": reference },
        ] }] } });
        let expected = json!({ "spec": { "initContainers": [{ "env": [
            { "name": "A" }, { "name": "B", "valueFrom": reference },
        ] }] } });
        assert_eq!(redacted(pod), expected);
        let custom = json!({
            "extraEnv": [{ "name": "A", "value": "canary" }],
            "environment": { "A": "canary", "N": 1234, "B": { "value": "canary", "valueFrom": reference } },
            "env": ["A=canary", "canary"],
        });
        let expected = json!({
            "extraEnv": [{ "name": "A" }],
            "environment": { "A": "", "N": "", "B": { "valueFrom": reference } },
            "env": ["A", ""],
        });
        assert_eq!(redacted(custom), expected);
    }

    #[test]
    fn copies_of_what_was_applied_go() {
        let template = json!({ "metadata": { "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "canary",
        } } });
        let object = json!({
            "metadata": { "name": "a", "managedFields": [{ "manager": "x" }], "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "canary", "kept": "yes",
            } },
            "spec": { "template": template },
        });
        let expected = json!({
            "metadata": { "name": "a", "annotations": { "kept": "yes" } },
            "spec": { "template": { "metadata": {} } },
        });
        assert_eq!(redacted(object), expected);
    }
}
