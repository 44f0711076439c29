//! Objects for unit tests, from YAML.

use std::sync::Arc;

use posture::input::yaml;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Source;

/// The object of a YAML text.
pub(crate) fn object(text: &str) -> Object {
    let source = Arc::new(Source::new("x.yaml", text.as_bytes().to_vec()));
    let tree = yaml::single_document(&source).unwrap().unwrap();
    let root = tree.root().id();
    Object::new(tree, root, FieldPath::root(), None)
}
