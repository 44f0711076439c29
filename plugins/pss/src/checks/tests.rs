//! The registry, the words of every check, and the examples of every document.

use posture::finding::document::Document;
use posture::model::version::{Minor, NEWEST};

use super::{ALL, find};
use crate::evaluate::{Evaluator, Outcome};
use crate::level::{Level, LevelVersion};
use crate::testing::{created, templated, tree};

#[test]
fn registry_is_in_order_and_sound() {
    let keys: Vec<_> = ALL.iter().map(|check| (check.level, check.id())).collect();
    assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
    for check in ALL {
        let id = check.id();
        assert_ne!(check.level, Level::Privileged, "{id}");
        assert!(!check.revisions.is_empty(), "{id}");
        let versions: Vec<_> = check.revisions.iter().map(|revision| revision.since).collect();
        assert!(
            versions.windows(2).all(|pair| pair[0] < pair[1])
                && versions[versions.len() - 1] <= NEWEST,
            "{id}"
        );
        for overridden in check.revisions.iter().flat_map(|revision| revision.overrides) {
            assert_eq!(check.level, Level::Restricted, "{id}");
            assert_eq!(find(overridden).expect("registered").level, Level::Baseline, "{id}");
        }
        assert_eq!(find(id).map(super::PssCheck::id), Some(id));
    }
    assert!(find("Privileged").is_none());
}

/// The identifiers that a policy runs.
fn ids(server: u16, policy: &str) -> Vec<&'static str> {
    let policy: LevelVersion = policy.parse().expect("a policy");
    Evaluator::new(Minor(server)).checks(policy).map(|(check, _)| check.id()).collect()
}

#[test]
fn restricted_is_baseline_but_for_what_it_overrides() {
    let missing = |version: &str| -> Vec<&str> {
        let restricted = ids(37, &format!("restricted:{version}"));
        ids(37, &format!("baseline:{version}"))
            .into_iter()
            .filter(|id| !restricted.contains(id))
            .collect()
    };
    assert_eq!(missing("1.0"), ["hostPathVolumes"]);
    assert_eq!(missing("1.18"), ["hostPathVolumes"]);
    assert_eq!(missing("1.19"), ["hostPathVolumes", "seccompProfile_baseline"]);
    assert_eq!(
        missing("1.22"),
        ["capabilities_baseline", "hostPathVolumes", "seccompProfile_baseline"]
    );
    let newest =
        ["capabilities_baseline", "hostPathVolumes", "procMount", "seccompProfile_baseline"];
    assert_eq!(missing("1.35"), newest);
    assert_eq!(missing("latest"), newest);
    assert_eq!(ids(37, "privileged"), [""; 0]);
}

#[test]
fn no_version_is_newer_than_the_server() {
    assert!(!ids(33, "baseline:latest").contains(&"hostProbesAndHostLifecycle"));
    assert!(!ids(33, "baseline:1.34").contains(&"hostProbesAndHostLifecycle"));
    assert!(ids(34, "baseline:1.99").contains(&"hostProbesAndHostLifecycle"));
    assert!(!ids(37, "baseline:1.33").contains(&"hostProbesAndHostLifecycle"));
    // A server that nobody knows yet, and one that is older than all that are told apart.
    assert_eq!(ids(99, "restricted"), ids(37, "restricted"));
    assert_eq!(ids(9, "restricted"), ids(24, "restricted"));
}

/// What one check says about a pod; nothing if it passes.
fn said(outcome: &Outcome, id: &str) -> String {
    let result = outcome.results.iter().find(|result| result.check.id() == id);
    result.map(|result| format!("{} ({})", result.reason, result.detail)).unwrap_or_default()
}

/// A pod of one container "a" with a security context, and more of the spec.
fn container(security: &str, spec: &str) -> String {
    format!(r#"{{"spec":{{"containers":[{{"name":"a","securityContext":{security}}}]{spec}}}}}"#)
}

#[test]
fn words_of_baseline() {
    let two = |fields: &str| {
        format!(
            r#"{{"spec":{{"initContainers":[{{"name":"i",{fields}}}],"containers":[{{"name":"a",{fields}}}]}}}}"#
        )
    };
    let table = [
        (
            "appArmorProfile",
            r#"{"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/b":"x\"y"}},"spec":{"securityContext":{"appArmorProfile":{"type":"Unconfined"}},"containers":[{"name":"a","securityContext":{"appArmorProfile":{}}}]}}"#.to_owned(),
            r#"forbidden AppArmor profiles (pod and container "a" and annotation must not set AppArmor profile type to "", "Unconfined", "container.apparmor.security.beta.kubernetes.io/b="x\"y"")"#,
        ),
        (
            "capabilities_baseline",
            two(r#""securityContext":{"capabilities":{"add":["SYS_TIME","CHOWN","NET_RAW",null]}}"#),
            r#"non-default capabilities (containers "i", "a" must not include "", "NET_RAW", "SYS_TIME" in securityContext.capabilities.add)"#,
        ),
        (
            "hostNamespaces",
            r#"{"spec":{"hostIPC":true,"hostPID":true,"hostNetwork":true}}"#.to_owned(),
            "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
        ),
        (
            "hostPathVolumes",
            r#"{"spec":{"volumes":[{"name":"v","hostPath":{}},{"name":"w","hostPath":null},{"name":"x","hostPath":{"path":"/"}}]}}"#.to_owned(),
            r#"hostPath volumes (volumes "v", "x")"#,
        ),
        (
            "hostPorts",
            two(r#""ports":[{"hostPort":9},{"hostPort":10},{"hostPort":0},null]"#),
            r#"hostPort (containers "i", "a" use hostPorts 10, 9)"#,
        ),
        (
            "hostProbesAndHostLifecycle",
            two(r#""livenessProbe":{"httpGet":{"host":"h"}},"lifecycle":{"preStop":{"tcpSocket":{"host":"g"}}}"#),
            r#"probe or lifecycle host (containers "a", "i" use probe or lifecycle hosts "g", "h")"#,
        ),
        (
            "privileged",
            container(r#"{"privileged":true}"#, ""),
            r#"privileged (container "a" must not set securityContext.privileged=true)"#,
        ),
        (
            "procMount",
            container(r#"{"procMount":"Unmasked"}"#, ""),
            r#"procMount (container "a" must not set securityContext.procMount to "Unmasked")"#,
        ),
        (
            "seLinuxOptions",
            container(
                r#"{"seLinuxOptions":{"type":"spc_t","role":"r"}}"#,
                r#","securityContext":{"seLinuxOptions":{"type":"x","user":"u"}}"#,
            ),
            r#"seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: types "spc_t", "x"; user may not be set; role may not be set)"#,
        ),
        (
            "seccompProfile_baseline",
            container(r#"{"seccompProfile":{}}"#, r#","securityContext":{"seccompProfile":{"type":"Unconfined"}}"#),
            r#"seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "", "Unconfined")"#,
        ),
        (
            "sysctls",
            r#"{"spec":{"securityContext":{"sysctls":[{"name":"b"},{"name":"net.ipv4.tcp_rmem"},{"name":"a"},{"name":"b"}]}}}"#.to_owned(),
            "forbidden sysctls (b, a, b)",
        ),
        (
            "windowsHostProcess",
            container(
                r#"{"windowsOptions":{"hostProcess":true}}"#,
                r#","securityContext":{"windowsOptions":{"hostProcess":true}}"#,
            ),
            r#"hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)"#,
        ),
    ];
    for (id, pod, expected) in table {
        assert_eq!(said(&created(&pod, "baseline", 37), id), expected, "{id}");
        assert_eq!(said(&created(&container("{}", ""), "baseline", 37), id), "", "{id}");
    }
}

#[test]
fn words_of_restricted() {
    let table = [
        (
            "allowPrivilegeEscalation",
            container("null", ""),
            r#"allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)"#,
        ),
        (
            "capabilities_restricted",
            container(r#"{"capabilities":{"drop":["all"],"add":["NET_BIND_SERVICE","CHOWN"]}}"#, ""),
            r#"unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)"#,
        ),
        (
            "procMount_restricted",
            container(r#"{"procMount":""}"#, r#","hostUsers":false"#),
            r#"procMount (container "a" must not set securityContext.procMount to "")"#,
        ),
        (
            "restrictedVolumes",
            r#"{"spec":{"volumes":[{"name":"v","nfs":{}},{"name":"w","rbd":{},"hostPath":{}},{"name":"e"},{"name":"i","image":{}}]}}"#.to_owned(),
            r#"restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs")"#,
        ),
        (
            "runAsNonRoot",
            container("{}", ""),
            r#"runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)"#,
        ),
        (
            "runAsNonRoot",
            container("{}", r#","securityContext":{"runAsNonRoot":false}"#),
            "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)",
        ),
        (
            "runAsUser",
            container(r#"{"runAsUser":0}"#, r#","securityContext":{"runAsUser":0}"#),
            r#"runAsUser=0 (pod and container "a" must not set runAsUser=0)"#,
        ),
        (
            "seccompProfile_restricted",
            container("{}", ""),
            r#"seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#,
        ),
        (
            "seccompProfile_restricted",
            container("{}", r#","securityContext":{"seccompProfile":{"type":"x"}}"#),
            r#"seccompProfile (pod must not set securityContext.seccompProfile.type to "x")"#,
        ),
    ];
    let good = container(
        r#"{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}"#,
        r#","securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"Localhost"}}"#,
    );
    assert_eq!(created(&good, "restricted", 37).detail(), "");
    for (id, pod, expected) in table {
        assert_eq!(said(&created(&pod, "restricted", 37), id), expected, "{id}");
    }
}

#[test]
fn what_is_hidden_in_the_words_is_still_found() {
    let outcome =
        created(&container("{}", r#","securityContext":{"runAsNonRoot":false}"#), "restricted", 37);
    let result =
        outcome.results.iter().find(|result| result.check.id() == "runAsNonRoot").expect("failed");
    let paths: Vec<String> =
        result.violations.iter().map(|violation| violation.path.to_string()).collect();
    assert_eq!(
        paths,
        ["spec.securityContext.runAsNonRoot", "spec.containers[a].securityContext.runAsNonRoot"]
    );
}

#[test]
fn windows_and_user_namespaces_by_version() {
    let windows = container(r#"{"runAsNonRoot":true}"#, r#","os":{"name":"windows"}"#);
    assert!(created(&windows, "restricted:1.25", 37).allowed());
    assert_eq!(created(&windows, "restricted:1.24", 37).results.len(), 3);
    let remapped = container(r#"{"procMount":"Unmasked","runAsUser":0}"#, r#","hostUsers":false"#);
    assert!(created(&remapped, "baseline:1.35", 37).allowed());
    assert!(!created(&remapped, "baseline:1.34", 37).allowed());
    let reasons =
        "allowPrivilegeEscalation != false, unrestricted capabilities, procMount, seccompProfile";
    assert_eq!(created(&remapped, "restricted:1.35", 37).reason(), reasons);
    assert!(created(&remapped, "restricted:1.34", 37).reason().contains("runAsUser=0"));
}

#[test]
fn words_that_older_servers_chose_otherwise() {
    let pod = r#"{"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/b":"y","container.apparmor.security.beta.kubernetes.io/a":"x"}},"spec":{"securityContext":{"appArmorProfile":{"type":"x"}}}}"#;
    assert_eq!(
        created(pod, "baseline", 29).detail(),
        r#"forbidden AppArmor profiles (container.apparmor.security.beta.kubernetes.io/a="x", container.apparmor.security.beta.kubernetes.io/b="y")"#
    );
    let pod = r#"{"spec":{"securityContext":{"seLinuxOptions":{"user":"u"}}}}"#;
    assert_eq!(
        created(pod, "baseline", 25).detail(),
        "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: )"
    );
    assert_eq!(
        created(pod, "baseline", 26).detail(),
        "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: user may not be set)"
    );
    let pod = r#"{"spec":{"volumes":[{"name":"v","image":{}}]}}"#;
    assert_eq!(created(pod, "restricted:1.0", 30).detail(), "");
    assert_eq!(
        created(pod, "restricted:1.0", 32).detail(),
        r#"restricted volume types (volume "v" uses restricted volume type "unknown")"#
    );
    assert_eq!(created(pod, "restricted:1.0", 33).detail(), "");
}

#[test]
fn seccomp_annotations_before_1_19() {
    let pod = r#"{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"","container.seccomp.security.alpha.kubernetes.io/a":"unconfined","container.seccomp.security.alpha.kubernetes.io/b":"unconfined"}},"spec":{"containers":[{"name":"a"}]}}"#;
    assert_eq!(
        templated(pod, "restricted:1.7", 37).results[0].detail,
        r#"forbidden annotations container.seccomp.security.alpha.kubernetes.io/a="unconfined", seccomp.security.alpha.kubernetes.io/pod="""#
    );
    assert_eq!(templated(pod, "baseline:1.19", 37).detail(), "");
}

/// The YAML of an example as JSON text.
fn json_of(example: &str) -> String {
    let value: serde_json::Value = serde_yaml::from_str(example).expect("valid YAML");
    value.to_string()
}

#[test]
fn documents_are_complete_and_their_examples_hold() {
    for check in ALL {
        let id = check.id();
        let document =
            Document::parse(check.check.document).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert!(
            check.check.document.contains(&format!("\n# {id}: ")),
            "{id}: the title names the check"
        );
        assert_eq!(document.front("severity"), Some("error"), "{id}");
        assert_eq!(document.front("level"), Some(check.level.as_str()), "{id}");
        assert_eq!(document.front("facts"), Some("pod"), "{id}");
        let versions: Vec<String> =
            check.revisions.iter().map(|revision| format!("v{}", revision.since)).collect();
        let versions =
            if let [only] = &versions[..] { format!("{only}+") } else { versions.join(", ") };
        assert_eq!(document.front("versions"), Some(versions.as_str()), "{id}");
        let judged = document.front("judged").expect("judged");
        for (heading, expected) in [("Fails", vec![id]), ("Passes", vec![])] {
            let examples = document.examples(heading);
            assert_eq!(examples.len(), 1, "{id}: {heading}");
            let json = json_of(examples[0]);
            let tree = tree(&json);
            let name = tree.root().get("metadata").and_then(|metadata| metadata.get("name"));
            assert!(name.is_some_and(|name| name.as_str().is_some()), "{id}: {heading} has a name");
            let outcome = created(&json, judged, NEWEST.0);
            let fired: Vec<&str> = outcome.results.iter().map(|result| result.check.id()).collect();
            let mut expected = expected;
            if heading == "Fails" {
                let also = document.front("also").into_iter().flat_map(|also| also.split(", "));
                expected.extend(also);
                expected.sort_by_key(|id| ALL.iter().position(|check| check.id() == *id));
            }
            assert_eq!(fired, expected, "{id}: {heading}: {}", outcome.detail());
            if heading == "Passes" {
                assert_eq!(created(&json, "restricted", NEWEST.0).detail(), "", "{id}");
            }
        }
    }
}

#[test]
fn every_violation_says_where_and_what_instead() {
    for check in ALL {
        let document = Document::parse(check.check.document).expect("well formed");
        let example = json_of(document.examples("Fails")[0]);
        let tree = tree(&example);
        let outcome = created(&example, document.front("judged").expect("judged"), NEWEST.0);
        for (_, violation) in outcome.violations() {
            let path = violation.path.to_string();
            assert!(path.starts_with("spec") || path.starts_with("metadata"), "{path}");
            assert!(
                !violation.advice.is_empty() && !violation.advice.ends_with('.'),
                "{}",
                violation.advice
            );
            assert_eq!(violation.node.is_some(), violation.value.is_some(), "{path}");
            if violation.derived.is_none() {
                let (found, whole) = violation.path.look_up(tree.root());
                assert_eq!(whole.then(|| found.to_json()), violation.value, "{path}");
            }
        }
    }
}
