//! What stays the same about a finding when files move, documents are reordered, or the object
//! is read from a cluster instead.

use sha2::{Digest as _, Sha256};

use crate::model::object::ObjectRef;
use crate::model::path::{FieldPath, Segment};
use crate::model::workload::template_path_of;

/// The first 16 hex digits of SHA-256 over check, API group, kind, namespace, name of the root
/// owner, and the field path with list indices replaced by names, joined by NUL.
pub fn fingerprint(check: &str, owner: &ObjectRef, path: &FieldPath) -> String {
    let mut hash = Sha256::new();
    let path = stable_path(path);
    let namespace = owner.namespace.as_deref().unwrap_or_default();
    let parts = [check, owner.group(), &owner.kind, namespace, &owner.name, &path];
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(String::with_capacity(16), |mut text, byte| {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
        text
    })
}

/// The fingerprint of a finding in a pod or template: that of the workload that owns it, so that a
/// pod's findings are those of its workload. `path` leads from the object's root to the field, the
/// first `steps` of it to the pod or template.
pub fn of_pod(
    check: &str,
    object: &ObjectRef,
    owner: Option<&ObjectRef>,
    path: &FieldPath,
    steps: usize,
) -> String {
    let Some(owner) = owner else { return fingerprint(check, object, path) };
    match template_path_of(owner.group(), &owner.kind) {
        Some(dotted) => fingerprint(check, owner, &FieldPath::of(dotted).join(&path.behind(steps))),
        None => fingerprint(check, owner, path),
    }
}

/// A path whose bare indices are left out: positions are not stable.
fn stable_path(path: &FieldPath) -> String {
    let mut stable = FieldPath::root();
    for segment in path.segments() {
        stable = match segment {
            Segment::Field(key) => stable.field(key.clone()),
            Segment::Named { name, .. } => stable.named(0, name),
            Segment::Index(_) => stable.field("*"),
        };
    }
    stable.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_do_not_matter_and_names_do() {
        let owner = ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        };
        let path = |index, name| FieldPath::of("spec.containers").named(index, name).field("image");
        let first = fingerprint("privileged", &owner, &path(0, "a"));
        assert_eq!(first.len(), 16);
        assert_eq!(first, fingerprint("privileged", &owner, &path(3, "a")));
        assert_ne!(first, fingerprint("privileged", &owner, &path(0, "b")));
        assert_ne!(first, fingerprint("hostPorts", &owner, &path(0, "a")));
    }
}
