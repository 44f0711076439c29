//! The table of grades on pods as small as can be, written by hand: a pod, what is known beside it,
//! and the grade of the fix for what one check objects to.

use std::collections::BTreeSet;

use posture::finding::fix::Grade::{self, A, B, C, X};
use posture::model::workload::Carrier;
use serde_json::{Value as Json, json};

use super::tests::{Case, context, pod};
use super::{Facts, table};

type Expected = (&'static str, Json, Case, Grade);

fn usual() -> Case {
    Case::default()
}

/// A running pod whose container has this user.
fn seen(uid: i64) -> Case {
    let facts = Facts { users: [("a".to_owned(), uid)].into(), ..Facts::default() };
    Case { facts, ..usual() }
}

/// Kubelets that run with `seccompDefault`.
fn defaulted() -> Case {
    Case { facts: Facts { seccomp_default: true, ..Facts::default() }, ..usual() }
}

fn own_address() -> Case {
    let facts = Facts { addresses: ["10.0.0.7".to_owned()].into(), ..Facts::default() };
    Case { facts, ..usual() }
}

fn hosted(field: &str) -> Json {
    pod(json!({}), json!({ field: true }))
}

fn add(name: &str) -> Json {
    pod(json!({"capabilities": {"drop": ["ALL"], "add": [name]}}), json!({}))
}

fn drop(name: &str) -> Json {
    pod(json!({"capabilities": {"drop": [name]}}), json!({}))
}

fn probe(action: &str, host: &str, scheme: &str) -> Json {
    let action = json!({action: {"host": host, "port": 80, "scheme": scheme}});
    json!({"spec": {"containers": [{"name": "a", "livenessProbe": action}]}})
}

fn annotated(key: &str, value: &str) -> Json {
    json!({"metadata": {"annotations": {key: value}}, "spec": {"containers": [{"name": "a"}]}})
}

/// A directory of the node that makes an agent of a pod.
fn agent() -> Json {
    json!([{"name": "v", "hostPath": {"path": "/var/lib/kubelet"}}])
}

/// One that does not.
fn zone() -> Json {
    json!([{"name": "v", "hostPath": {"path": "/etc/localtime"}}])
}

fn windows(options: Json) -> Json {
    let security = Json::Object([("windowsOptions".to_owned(), options)].into_iter().collect());
    pod(json!({}), json!({"os": {"name": "windows"}, "securityContext": security}))
}

fn profile(kind: &str) -> Json {
    json!({"seccompProfile": {"type": kind}})
}

const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/a";

#[rustfmt::skip]
fn of_users() -> Vec<Expected> {
    vec![
        ("runAsNonRoot", pod(json!({"runAsUser": 1000}), json!({})), usual(), A),
        ("runAsNonRoot", pod(json!({}), context(json!({"runAsUser": 1000}))), usual(), A),
        ("runAsNonRoot", pod(json!({}), json!({})), seen(1000), B),
        ("runAsNonRoot", pod(json!({}), json!({})), usual(), C),
        ("runAsNonRoot", pod(json!({}), json!({})), seen(0), C),
        ("runAsNonRoot", pod(json!({"runAsNonRoot": false, "runAsUser": 1000}), json!({})), usual(), C),
        ("runAsNonRoot", pod(json!({}), context(json!({"runAsNonRoot": false}))), usual(), C),
        ("runAsNonRoot", pod(json!({"runAsUser": 0}), json!({})), usual(), C),
        ("runAsNonRoot", pod(json!({"runAsUser": 1000}), context(json!({"runAsUser": 0}))), usual(), C),
        ("runAsNonRoot", windows(json!({"runAsUserName": "ContainerUser"})), usual(), A),
        ("runAsNonRoot", windows(json!({"runAsUserName": "containeradministrator"})), usual(), C),
        ("runAsNonRoot", windows(json!({})), usual(), C),
        ("runAsUser", pod(json!({"runAsUser": 0}), json!({})), usual(), C),
    ]
}

#[rustfmt::skip]
fn of_profiles() -> Vec<Expected> {
    vec![
        ("seccompProfile_restricted", pod(json!({}), json!({})), usual(), B),
        ("seccompProfile_restricted", pod(json!({}), json!({})), defaulted(), A),
        ("seccompProfile_restricted", pod(profile("Unconfined"), json!({})), usual(), C),
        ("seccompProfile_restricted", pod(json!({}), context(profile("Unconfined"))), usual(), C),
        ("seccompProfile_restricted", annotated(SECCOMP, "unconfined"), usual(), B),
        ("seccompProfile_restricted", annotated(SECCOMP, "localhost/x"), usual(), C),
        ("seccompProfile_restricted", windows(json!({})), Case::policy("restricted:1.24"), X),
        ("seccompProfile_baseline", pod(profile("Unconfined"), json!({})), Case::policy("baseline"), C),
        ("seccompProfile_baseline", annotated(SECCOMP, "unconfined"), Case::policy("baseline:1.18"), C),
        ("appArmorProfile", pod(json!({"appArmorProfile": {"type": "Unconfined"}}), json!({})), usual(), C),
        ("appArmorProfile", annotated(APP_ARMOR, "unconfined"), Case { carrier: Carrier::Workload, ..usual() }, C),
        ("seLinuxOptions", pod(json!({"seLinuxOptions": {"type": "spc_t"}}), json!({})), usual(), C),
        ("seLinuxOptions", pod(json!({"seLinuxOptions": {"user": "u", "level": "s0"}}), json!({})), usual(), C),
        ("sysctls", pod(json!({}), context(json!({"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}]}))), Case::policy("restricted:1.31"), C),
        ("sysctls", pod(json!({}), context(json!({"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}))), usual(), C),
    ]
}

#[rustfmt::skip]
fn of_capabilities() -> Vec<Expected> {
    vec![
        ("allowPrivilegeEscalation", pod(json!({}), json!({})), usual(), B),
        ("allowPrivilegeEscalation", pod(json!({"allowPrivilegeEscalation": true}), json!({})), usual(), B),
        ("allowPrivilegeEscalation", pod(json!({"privileged": true}), json!({})), usual(), C),
        ("allowPrivilegeEscalation", add("CAP_SYS_ADMIN"), usual(), C),
        ("allowPrivilegeEscalation", add("SYS_ADMIN"), usual(), C),
        ("allowPrivilegeEscalation", windows(json!({})), Case::policy("restricted:1.24"), X),
        ("capabilities_restricted", drop("all"), usual(), A),
        ("capabilities_restricted", drop("KILL"), usual(), B),
        ("capabilities_restricted", pod(json!({}), json!({})), usual(), B),
        ("capabilities_restricted", pod(json!({"runAsUser": 1000}), json!({})), usual(), B),
        ("capabilities_restricted", pod(json!({"runAsUser": 0}), json!({})), usual(), C),
        ("capabilities_restricted", pod(json!({}), context(json!({"runAsUser": 0}))), usual(), C),
        ("capabilities_restricted", pod(json!({}), json!({})), seen(0), C),
        ("capabilities_restricted", add("net_bind_service"), usual(), A),
        ("capabilities_restricted", add("CAP_NET_BIND_SERVICE"), usual(), B),
        ("capabilities_restricted", add("CHOWN"), usual(), C),
        ("capabilities_baseline", add("chown"), Case::policy("baseline"), A),
        ("capabilities_baseline", add("CAP_CHOWN"), Case::policy("baseline"), B),
        ("capabilities_baseline", add("NET_RAW"), Case::policy("baseline"), C),
        ("allowPrivilegeEscalation", pod(json!({"privileged": true}), json!({"volumes": agent()})), usual(), X),
    ]
}

#[rustfmt::skip]
fn of_host() -> Vec<Expected> {
    vec![
        ("hostProbesAndHostLifecycle", probe("httpGet", "shop.example", "HTTP"), usual(), B),
        ("hostProbesAndHostLifecycle", probe("httpGet", "10.0.0.7", "HTTP"), own_address(), B),
        ("hostProbesAndHostLifecycle", probe("httpGet", "shop.example", "HTTPS"), usual(), C),
        ("hostProbesAndHostLifecycle", probe("httpGet", "127.0.0.1", "HTTP"), usual(), C),
        ("hostProbesAndHostLifecycle", probe("httpGet", "localhost", "HTTP"), usual(), C),
        ("hostProbesAndHostLifecycle", probe("httpGet", "169.254.169.254", "HTTP"), usual(), C),
        ("hostProbesAndHostLifecycle", probe("tcpSocket", "shop.example", "HTTP"), usual(), C),
        ("hostPorts", json!({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 80}]}]}}), usual(), C),
        ("hostPorts", json!({"spec": {"hostNetwork": true, "containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}), usual(), C),
        ("hostPorts", json!({"spec": {"hostNetwork": true, "volumes": agent(), "containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}), usual(), X),
        ("hostNamespaces", hosted("hostNetwork"), usual(), C),
        ("hostNamespaces", hosted("hostPID"), usual(), C),
        ("hostNamespaces", hosted("hostIPC"), usual(), C),
        ("hostNamespaces", pod(json!({}), json!({"hostPID": true, "volumes": zone()})), usual(), C),
        ("hostNamespaces", pod(json!({}), json!({"hostPID": true, "volumes": agent()})), usual(), X),
        ("privileged", pod(json!({"privileged": true}), json!({})), usual(), C),
        ("privileged", pod(json!({"privileged": true}), json!({"volumes": agent()})), usual(), X),
        ("privileged", json!({"spec": {"containers": [{"name": "a", "securityContext": {"privileged": true}, "volumeMounts": [{"mountPropagation": "Bidirectional"}]}]}}), usual(), X),
        ("windowsHostProcess", pod(json!({}), context(json!({"windowsOptions": {"hostProcess": true}}))), usual(), C),
        ("windowsHostProcess", pod(json!({"windowsOptions": {"hostProcess": true}}), json!({"volumes": agent()})), usual(), X),
        ("procMount", pod(json!({"procMount": "Unmasked"}), json!({})), Case::policy("baseline"), C),
        ("procMount_restricted", pod(json!({"procMount": "Unmasked"}), json!({})), usual(), C),
        ("hostPathVolumes", pod(json!({}), json!({"volumes": agent()})), Case::policy("baseline"), X),
        ("restrictedVolumes", pod(json!({}), json!({"volumes": zone()})), usual(), X),
        ("restrictedVolumes", pod(json!({}), json!({"volumes": [{"name": "v", "nfs": {}}]})), usual(), X),
        ("restrictedVolumes", pod(json!({}), json!({"volumes": [{"name": "v", "gitRepo": {}}]})), usual(), X),
    ]
}

#[test]
fn every_control_has_its_grade() {
    let mut met = BTreeSet::new();
    let all = [of_users(), of_profiles(), of_capabilities(), of_host()];
    for (check, pod, case, grade) in all.into_iter().flatten() {
        let rows = case.rows(&pod, check);
        assert!(!rows.is_empty(), "{check} does not fire: {pod}");
        for row in rows {
            assert_eq!(row.grade, grade, "{check}: {pod}: {}", row.when);
            met.insert((row.when, row.title));
        }
    }
    // What no policy objects to, and what cannot be written, have tests of their own.
    let apart = [&table::APP_ARMOR_ANNOTATION, &table::UNREADABLE].map(|row| (row.when, row.title));
    let all = table::TABLE.iter().map(|row| (row.when, row.title));
    let missing: Vec<_> = all.filter(|row| !met.contains(row) && !apart.contains(row)).collect();
    assert!(missing.is_empty(), "never met: {missing:#?}");
}
