//! Which objects of the files are meant, and the Namespaces whose labels are policy all the same.

use posture::input::chosen::Chosen;
use posture::input::inventory::Inventory;
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::object::Object;
use posture::render::out;

/// `namespace` is that of `-n`. Fails where a selection cannot be answered from files.
pub(super) fn of(
    inventory: Inventory,
    selection: &Selection,
    namespace: Option<&str>,
) -> Result<Chosen> {
    let chosen = Chosen::of(inventory, selection, namespace, Object::is_namespace)?;
    out::warnings(&chosen.warnings);
    Ok(chosen)
}
