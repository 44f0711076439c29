//! The annotations of old, at servers that read them and at servers that do not.

use serde_json::Value;

use super::{PLAIN, checks, effective, report, set};

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/a";

fn annotated(key: &str, value: &str, context: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations: {{{key}: {value}}}\nspec: {{{context}{PLAIN}}}\n"
    )
}

fn at(text: &str, version: &str) -> (Value, i32) {
    report(text, &["--server-version", version, "--assume", "seccompDefault=false"])
}

#[test]
fn who_reads_them_depends_on_the_release() {
    for key in [POD, CONTAINER] {
        for (value, confined) in [
            ("runtime/default", "RuntimeDefault"),
            ("docker/default", "RuntimeDefault"),
            ("localhost/a.json", "Localhost"),
        ] {
            let text = annotated(key, value, "");
            // 1.18: the kubelet; 1.24: both; 1.26: the server writes the field of a Pod.
            for version in ["1.18", "1.24", "1.26"] {
                let (report, code) = at(&text, version);
                assert_eq!(effective(&report), confined, "{key} {value} at {version}: {report:#}");
                assert_eq!(code, 0, "{key} {value} at {version}: {report:#}");
            }
            let (dead, code) = at(&text, "1.30");
            assert_eq!(
                (effective(&dead).as_str(), code),
                ("Unconfined", 1),
                "{key} {value}: {dead:#}"
            );
            assert!(checks(&dead).contains("annotationOnly"), "{dead:#}");
            assert!(!checks(&dead).contains("unset"), "it is said once: {dead:#}");
        }
    }
}

#[test]
fn templates_are_not_written_but_the_pods_of_them_are() {
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}, annotations: {{{POD}: runtime/default}}}}\n    spec: {{{PLAIN}}}\n"
    );
    for (version, profile) in
        [("1.24", "RuntimeDefault"), ("1.26", "RuntimeDefault"), ("1.27", "Unconfined")]
    {
        let (report, _) = at(&text, version);
        assert_eq!(effective(&report), profile, "{version}: {report:#}");
    }
}

#[test]
fn what_a_server_has_stored_is_not_written_again() {
    let stored =
        annotated(POD, "runtime/default", "").replace("  name: p\n", "  name: p\n  uid: abc\n");
    // At 1.26 no kubelet of that release reads it, and no server comes by any more.
    assert_eq!(effective(&at(&stored, "1.26").0), "Unconfined");
    assert_eq!(effective(&at(&stored, "1.24").0), "RuntimeDefault");
}

#[test]
fn the_field_counts_and_the_two_must_match() {
    let field = "securityContext: {seccompProfile: {type: RuntimeDefault}}, ";
    for version in ["1.24", "1.26", "1.30"] {
        let (same, code) = at(&annotated(POD, "runtime/default", field), version);
        assert_eq!((effective(&same).as_str(), code), ("RuntimeDefault", 0), "{version}: {same:#}");
        let (other, code) = at(&annotated(POD, "unconfined", field), version);
        assert_eq!((effective(&other).as_str(), code), ("Refused", 1), "{version}: {other:#}");
        assert_eq!(checks(&other), set(&["annotationOnly"]), "{version}: {other:#}");
    }
    let odd = at(&annotated(POD, "nonsense", ""), "1.30").0;
    assert_eq!(effective(&odd), "Refused", "{odd:#}");
    // Before 1.19 there is no field.
    let (before, _) = at(&annotated(POD, "unconfined", field), "1.18");
    assert_eq!(effective(&before), "Unconfined", "{before:#}");
}
