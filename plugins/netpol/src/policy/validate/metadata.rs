//! Name, labels and annotations.
//!
//! Source: `ValidateObjectMeta` in pkg/api/validation of k8s.io/apimachinery. Owners, finalizers
//! and managed fields are not judged here.

use posture::model::naming::{key_faults, subdomain_faults};
use posture::model::object::Object;
use posture::model::path::FieldPath;

use super::faults::Faults;
use super::selectors::{self, text};

/// The most bytes of all annotations together.
const MOST_OF_ANNOTATIONS: usize = 256 << 10;

/// Metadata of an object; its namespace is that of the request.
pub(super) fn validate(object: &Object, faults: &mut Faults) {
    let path = FieldPath::of("metadata");
    let metadata = object.value().field("metadata");
    let (name, prefix) = (text(metadata, "name"), text(metadata, "generateName"));
    let in_characters = |why: String| match why.strip_suffix(" bytes") {
        Some(front) => format!("{front} characters"),
        None => why,
    };
    for why in prefix_faults(prefix).into_iter().map(in_characters) {
        faults.invalid_text(&path.clone().field("generateName"), prefix, &why);
    }
    if name.is_empty() && prefix.is_empty() {
        faults.required(&path.clone().field("name"), "name or generateName is required");
    }
    if !name.is_empty() {
        for why in subdomain_faults(name).into_iter().map(in_characters) {
            faults.invalid_text(&path.clone().field("name"), name, &why);
        }
    }
    let field = |key| metadata.and_then(|metadata| metadata.field(key));
    selectors::labels(field("labels"), &path.clone().field("labels"), faults);
    annotations(object, &path.field("annotations"), faults);
}

/// What is wrong with a prefix of a name: it may end with a hyphen (`maskTrailingDash`).
fn prefix_faults(prefix: &str) -> Vec<String> {
    let masked =
        prefix.strip_suffix('-').and_then(|front| front.get(..front.len().checked_sub(1)?));
    match masked {
        _ if prefix.is_empty() => Vec::new(),
        Some(front) => subdomain_faults(&format!("{front}a")),
        None => subdomain_faults(prefix),
    }
}

fn annotations(object: &Object, path: &FieldPath, faults: &mut Faults) {
    let annotations = object.value().field("metadata").and_then(|data| data.field("annotations"));
    let mut total = 0;
    let mut keys = Vec::new();
    for (key, value) in annotations.into_iter().flat_map(|annotations| annotations.entries()) {
        let key = key.as_str().unwrap_or_default();
        total += key.len() + value.as_str().unwrap_or_default().len();
        keys.push(key);
    }
    keys.sort_unstable();
    for key in keys {
        // Case does not matter here.
        for why in key_faults(&key.to_lowercase()) {
            faults.invalid_text(path, key, &why);
        }
    }
    if total > MOST_OF_ANNOTATIONS {
        faults.too_long(path, MOST_OF_ANNOTATIONS);
    }
}
