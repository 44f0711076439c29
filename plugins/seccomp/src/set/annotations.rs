//! The annotations that named profiles before the fields did. No kubelet looks at them since v1.25,
//! no API server since v1.27; but one that contradicts the field beside it is refused still.

use posture::model::edit::Edit;
use posture::model::node::Value;
use posture::model::path::FieldPath;

/// For the whole pod.
///
/// Source: `SeccompPodAnnotationKey` of k8s.io/api/core/v1.
pub(crate) const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// For one container, whose name follows.
///
/// Source: `SeccompContainerAnnotationKeyPrefix` of k8s.io/api/core/v1.
pub(crate) const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// One of the annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) key: String,
    /// Empty where it is no string.
    pub(crate) value: String,
}

impl Annotation {
    /// The container that it is for; `None` where it is for the pod.
    pub(crate) fn container(&self) -> Option<&str> {
        self.key.strip_prefix(CONTAINER)
    }
}

/// The annotations of a pod or a template, in their order.
pub(crate) fn of(template: Value<'_>) -> Vec<Annotation> {
    let Some(all) = mapping(template) else { return Vec::new() };
    all.entries()
        .filter_map(|(key, value)| {
            let key = key.as_str()?;
            let is_ours = key == POD || key.starts_with(CONTAINER);
            let value = value.as_str().unwrap_or_default().to_owned();
            is_ours.then(|| Annotation { key: key.to_owned(), value })
        })
        .collect()
}

/// The edits that take all of them out; the mapping too, where nothing else is in it.
pub(crate) fn removal(template: Value<'_>, at: &FieldPath, found: &[Annotation]) -> Vec<Edit> {
    let at = at.clone().fields("metadata.annotations");
    let all = mapping(template).map_or(0, |all| all.entries().count());
    if all == found.len() {
        return vec![Edit::remove(at)];
    }
    found.iter().map(|one| Edit::remove(at.clone().field(one.key.clone()))).collect()
}

fn mapping(template: Value<'_>) -> Option<Value<'_>> {
    template.get("metadata")?.get("annotations")
}
