//! Objects for unit tests, from YAML.

use std::sync::Arc;

use posture::input::inventory::Inventory;
use posture::model::object::Object;
use posture::model::source::Source;

/// The objects of a YAML text, in its order.
pub(crate) fn objects(text: &str) -> Vec<Object> {
    let mut inventory = Inventory::default();
    inventory.add(&Arc::new(Source::new("x.yaml", text.as_bytes().to_vec())));
    assert!(inventory.gaps.is_empty(), "{:?}", inventory.gaps);
    inventory.objects
}
