//! Values of the wrong type: what the API server refuses to decode.

use serde_json::{Value, json};

use crate::random::Random;

/// Replaces one value somewhere in an object by one of another type, and returns the way to it.
/// The server may still take it: a number for the name of a port, say.
pub fn mistype(random: &mut Random, object: &mut Value) -> String {
    let mut paths = Vec::new();
    collect(object, "", &mut paths);
    // Without these two the server does not know what to decode.
    paths.retain(|path| path != "/apiVersion" && path != "/kind");
    let path = paths[random.below(paths.len())].clone();
    if let Some(value) = object.pointer_mut(&path) {
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

/// A value that is not of the type of `value`. kubectl sends larger integers on as floats, which
/// is not what a test that asks the server directly is about.
fn other(random: &mut Random, value: &Value) -> Value {
    let candidates = [
        json!("true"),
        json!(""),
        json!("0"),
        json!(1),
        json!(0),
        json!(-1.5),
        json!(2_147_483_648_u64),
        json!(4_294_967_296_u64),
        json!(i64::MAX),
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
