//! Values of the wrong type: what the API server refuses to decode.

use serde_json::{Value, json};

use crate::random::Random;

/// Replaces one value somewhere in the pod's spec by one of another type, and returns the way to
/// it. The server may still take it: a null for anything, a number for a port's name.
pub fn mistype(random: &mut Random, pod: &mut Value) -> String {
    let mut paths = Vec::new();
    collect(&pod["spec"], "/spec", &mut paths);
    let path = paths[random.below(paths.len())].clone();
    if let Some(value) = pod.pointer_mut(&path) {
        *value = other(random, value);
    }
    path
}

/// The JSON pointers of everything below `value`.
fn collect(value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, child) in fields {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                paths.push(path.clone());
                collect(child, &path, paths);
            }
        }
        Value::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                let path = format!("{path}/{index}");
                paths.push(path.clone());
                collect(child, &path, paths);
            }
        }
        _ => {}
    }
}

/// A value that is not of the type of `value`.
fn other(random: &mut Random, value: &Value) -> Value {
    let candidates = [
        json!("true"),
        json!(""),
        json!("0"),
        json!(1),
        json!(0),
        json!(-1.5),
        json!(1e300),
        json!(4_294_967_296_u64),
        json!(9_223_372_036_854_775_808_u64),
        json!(true),
        json!(false),
        json!([]),
        json!(["a"]),
        json!({}),
        json!({ "a": "b" }),
    ];
    loop {
        let candidate = &candidates[random.below(candidates.len())];
        let same = std::mem::discriminant(candidate) == std::mem::discriminant(value);
        if !same || candidate.is_number() && candidate != value {
            return candidate.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::{Pods, Values};

    #[test]
    fn changes_exactly_one_value() {
        let mut random = Random::new(1);
        for pod in Pods::new(1, Values::Plausible).take(200) {
            let mut changed = pod.clone();
            let path = mistype(&mut random, &mut changed);
            assert_ne!(pod.pointer(&path), changed.pointer(&path), "{path}");
        }
    }
}
