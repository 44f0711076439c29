//! Values that a test made, as objects that our engines read.

use std::sync::Arc;

use posture::input::yaml;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Source;
use posture::model::workload::{PodTemplate, pod_templates};
use serde_json::Value;

/// An object from its JSON.
///
/// # Panics
/// If our reader of JSON refuses what `serde_json` wrote.
pub fn from_json(value: &Value) -> Object {
    let source = Arc::new(Source::new("generated.json", value.to_string().into_bytes()));
    let (tree, _) = yaml::json::read(&source, 0)
        .unwrap_or_else(|error| panic!("{} at {}: {value}", error.message, error.offset));
    let root = tree.root().id();
    Object::new(Arc::new(tree), root, FieldPath::root(), None)
}

/// The objects of a YAML text, one a document.
///
/// # Panics
/// If a document cannot be read.
pub fn from_yaml(name: &str, text: &str) -> Vec<Object> {
    let source = Arc::new(Source::new(name, text.as_bytes().to_vec()));
    let documents = yaml::read(&source).into_iter();
    let object = |outcome: yaml::Outcome| {
        let document = outcome.unwrap_or_else(|gap| panic!("{name}: {}", gap.why));
        let root = document.tree.root().id();
        Object::new(document.tree, root, FieldPath::root(), None)
    };
    documents.map(object).collect()
}

/// The one pod template of an object, or the pod itself.
///
/// # Panics
/// If there is none or more than one.
pub fn template(object: &Object) -> PodTemplate<'_> {
    let mut templates = pod_templates(object);
    assert_eq!(templates.len(), 1, "{} has {} templates", object.kind(), templates.len());
    templates.pop().expect("there is one")
}
