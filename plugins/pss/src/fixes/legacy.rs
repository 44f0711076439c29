//! Annotations that fields have replaced: moved to the fields, where the server does the same.

use std::borrow::Cow;

use posture::model::edit::Edit;
use posture::model::version::Minor;
use serde_json::{Value as Json, json};

use super::table;
use super::{Proposal, Scene};
use crate::skew::APP_ARMOR_PREFIX;

/// The first server whose API has the field, and that copies annotations to it.
const APP_ARMOR_FIELDS: Minor = Minor(30);

impl Scene<'_, '_> {
    /// Fixes for what no policy objects to: AppArmor annotations with allowed values, which belong
    /// into fields by now. Paths of edits begin at the pod.
    pub(super) fn migrations(&self) -> Vec<Proposal> {
        if self.pod.server() < APP_ARMOR_FIELDS || self.pod.is_windows() {
            return Vec::new();
        }
        let annotations = self.pod.annotations().iter();
        annotations
            .filter_map(|annotation| {
                let name = annotation.key.strip_prefix(APP_ARMOR_PREFIX)?;
                self.migration(&annotation.key, name, profile(annotation.text)?)
            })
            .collect()
    }

    fn migration(&self, key: &str, name: &str, profile: Json) -> Option<Proposal> {
        // The server refuses an annotation for a container that does not exist.
        let container = self.pod.containers().iter().find(|own| own.name == name)?;
        let path = container.security_path("appArmorProfile");
        let same = |path| self.at(&path).map(|value| value.to_json() == profile);
        let of_pod = || same(crate::pod::Pod::security_path("appArmorProfile"));
        let mut edits = vec![self.without_annotation(key)];
        match same(path.clone()).or_else(of_pod) {
            // It refuses two that differ, too.
            Some(false) => return None,
            Some(true) => {}
            None => edits.insert(0, Edit::set(path, profile)),
        }
        let mut proposal = self.patch(&table::APP_ARMOR_ANNOTATION, || edits);
        proposal.fix.title = Cow::Owned(format!("{} for container {name}", proposal.fix.title));
        Some(proposal)
    }
}

/// The field for an annotation's value (`ApparmorFieldForAnnotation`), where it is allowed.
fn profile(text: &str) -> Option<Json> {
    if text == "runtime/default" {
        return Some(json!({ "type": "RuntimeDefault" }));
    }
    let file = text.strip_prefix("localhost/").filter(|file| !file.trim().is_empty())?;
    Some(json!({ "type": "Localhost", "localhostProfile": file }))
}
