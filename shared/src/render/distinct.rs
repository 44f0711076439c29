//! Fingerprints that no two findings of a report share: readers that keep a list of issues take
//! two of the same for one.

use std::collections::HashSet;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::finding::report::Finding;

/// The fingerprint of each finding, in their order. The first of several with the same one keeps
/// it (pods of one workload, elements of a list that have no name); behind the others' stands
/// what tells them apart: digits made of object and field, and a number for what is there twice.
pub(super) fn fingerprints(findings: &[&Finding]) -> Vec<String> {
    let mut known = HashSet::with_capacity(findings.len());
    findings
        .iter()
        .map(|finding| {
            let mut fingerprint = finding.fingerprint.clone();
            if known.contains(&fingerprint) {
                let own = format!("{fingerprint}-{}", digits(finding));
                fingerprint.clone_from(&own);
                let mut number = 1;
                while known.contains(&fingerprint) {
                    number += 1;
                    fingerprint = format!("{own}-{number}");
                }
            }
            known.insert(fingerprint.clone());
            fingerprint
        })
        .collect()
}

fn digits(finding: &Finding) -> String {
    let object = &finding.object;
    let namespace = object.namespace.as_deref().unwrap_or_default();
    hex(&[&object.api_version, &object.kind, namespace, &object.name, &finding.path], 4)
}

/// So many bytes of SHA-256 over the parts, joined by NUL, in hexadecimal digits.
pub(super) fn hex(parts: &[&str], bytes: usize) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(bytes).fold(String::with_capacity(2 * bytes), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::check::Severity;
    use crate::model::object::ObjectRef;

    #[test]
    fn the_first_keeps_its_own_and_the_others_do_not_depend_on_their_order() {
        let finding = |name: &str| Finding {
            check: "privileged",
            severity: Severity::Error,
            object: ObjectRef {
                api_version: "v1".to_owned(),
                kind: "Pod".to_owned(),
                namespace: None,
                name: name.to_owned(),
            },
            position: 0,
            container: None,
            path: String::new(),
            place: None,
            value: None,
            allowed: None,
            message: String::new(),
            advice: None,
            fix: None,
            fingerprint: "0123456789abcdef".to_owned(),
        };
        let (a, b, c) = (finding("a"), finding("b"), finding("c"));
        let first = fingerprints(&[&a, &b, &c, &c]);
        assert_eq!(first[0], "0123456789abcdef");
        let other = fingerprints(&[&a, &c, &b]);
        assert_eq!((&first[1], &first[2]), (&other[2], &other[1]));
        assert_eq!(first[3], format!("{}-2", first[2]));
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), 4);
    }
}
