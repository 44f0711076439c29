//! Who sets profiles at admission: whom it has reached, whom it has missed, and what is said where it
//! cannot be read.

use posture_harness::proxy::{Fault, Rule};
use serde_json::Value;

use super::world::{check, check_before, effective, gaps, places, row, said};

#[test]
fn a_field_that_the_template_lacks_was_set_at_admission() {
    let (report, code) = check(&["-n", "shop"]);
    // The template itself is open: which pods it makes is the policy's matter.
    assert_eq!(code, 1, "{report:#}");
    let pod = row(&report, "web-1-a");
    assert_eq!(pod["owner"]["kind"], "Deployment", "{pod:#}");
    assert_eq!(effective(&report, "web-1-a"), "RuntimeDefault");
    let set = pod["setBy"].to_string();
    assert!(
        set.contains("spec.securityContext.seccompProfile was set to RuntimeDefault at admission"),
        "{set}"
    );
    assert!(set.contains("perhaps by mutatingadmissionpolicy") && set.contains("tenants"), "{set}");
    assert!(set.contains("its template does not have it"), "{set}");
    assert!(row(&report, "web")["setBy"].is_null(), "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("tenants") && notes.contains("vaults"), "{notes}");
}

#[test]
fn what_it_has_missed() {
    let (report, _) = check(&["-n", "vault"]);
    let [early] = said(&report, "missed", "early")[..] else { panic!("{report:#}") };
    assert!(early.contains("vaults sets RuntimeDefault on this cluster"), "{early}");
    assert!(early.contains("the pod was created before it"), "{early}");
    let [young] = said(&report, "missed", "young")[..] else { panic!("{report:#}") };
    assert!(young.contains("its failurePolicy is Ignore"), "{young}");
    // It is for other namespaces, and the policy says nothing of these.
    let (report, _) = check(&["-n", "bank"]);
    assert!(said(&report, "missed", "legacy").is_empty(), "{report:#}");
    let setters = row(&report, "legacy")["setters"].as_array().expect("setters");
    assert!(setters.iter().all(|one| one["verdict"] == "not"), "{setters:#?}");
}

/// The lists that are refused, how gaps name them, and whether it is known without that a pod was
/// missed.
const REFUSED: [(&str, &str, bool); 4] = [
    ("/api/v1/nodes?", "nodes", true),
    ("/apis/mutations.gatekeeper.sh/v1/assign?", "assign.mutations.gatekeeper.sh", false),
    (
        "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies?",
        "mutatingadmissionpolicies",
        true,
    ),
    ("/api/v1/namespaces?", "namespaces", false),
];

fn refused(list: &str) -> Vec<Rule> {
    vec![Rule::new(list, Fault::Status(403))]
}

#[test]
fn what_could_not_be_read_is_a_gap_where_it_matters() {
    let assumed = ["--assume", "seccompDefault=true"];
    let early = ["pods", "-A", "--field-selector", "metadata.name=early"];
    let words = [&early[..], &assumed].concat();
    let (whole, code) = check(&words);
    assert_eq!((code, gaps(&whole).len()), (0, 0), "{whole:#}");
    for (list, named, is_known) in REFUSED {
        let (report, code, _) = check_before(refused(list), &words);
        assert_eq!(code, 4, "{list}: {report:#}");
        let gaps = gaps(&report);
        let is_said = |gap: &String| gap.starts_with(named) && gap.contains("403");
        assert!(gaps.iter().any(is_said), "{list}: {gaps:?}");
        // What can be said is said.
        assert_eq!(effective(&report, "early"), "RuntimeDefault", "{list}");
        let missed = said(&report, "missed", "early").len();
        assert_eq!(missed, usize::from(is_known), "{list}: {report:#}");
    }
    // Nothing is open here, and so nothing is missing.
    for (list, _, _) in REFUSED {
        let fixed = ["pods", "-A", "--field-selector", "metadata.name=fixed"];
        let (report, code, _) = check_before(refused(list), &fixed);
        assert_eq!((code, gaps(&report).len()), (0, 0), "{list}: {report:#}");
    }
}

#[test]
fn without_nodes_nothing_is_said_of_them() {
    let (report, code, _) = check_before(refused("/api/v1/nodes"), &["-A"]);
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(places(&report, "fixed"), [" - Localhost"]);
    assert_eq!(effective(&report, "legacy"), "Unknown", "its release is not known either");
    let why = row(&report, "legacy")["containers"][0]["effective"]["why"].to_string();
    assert!(why.contains("the nodes could not be read"), "{why}");
    let (findings, all): (&Value, _) = (&report["findings"], check(&["-A"]).0);
    let chosen = |report: &Value| said(report, "unconfined", "chosen").len();
    assert_eq!(chosen(&report), chosen(&all), "{findings:#}");
}
