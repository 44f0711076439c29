//! What a change needs is what we print: it is enough, and nothing of it is too much.

use std::time::{Duration, Instant};

use posture::client::rbac;
use posture::patch::live::{Options, Outcome, carry_out};
use posture_e2e::change::{Scripted, deployment, deployments, options, plan, target};
use posture_e2e::live;
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde_json::{Value, json};

use super::undo_file;

/// How long the server may take to learn of a role.
const DEADLINE: Duration = Duration::from_secs(20);

fn bind(cluster: &Cluster, rules: &Value) {
    let root = "/apis/rbac.authorization.k8s.io/v1/namespaces/rights";
    for plural in ["rolebindings", "roles"] {
        let gone = cluster.admin().delete(&format!("{root}/{plural}/minimal"));
        assert!(gone.is_success() || gone.status == 404, "{}", gone.message());
    }
    let group = "rbac.authorization.k8s.io";
    let metadata = json!({ "name": "minimal", "namespace": "rights" });
    let role = json!({ "apiVersion": format!("{group}/v1"), "kind": "Role",
        "metadata": metadata, "rules": rules });
    let binding = json!({ "apiVersion": format!("{group}/v1"), "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": { "apiGroup": group, "kind": "Role", "name": "minimal" },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": "alice" }] });
    for object in [&role, &binding] {
        let created = cluster.create(&cluster.collection(object), object, "");
        assert!(created.is_success(), "{}\n{object:#}", created.message());
    }
}

/// What alice gets done where somebody else is faster once, so that all rights are used.
fn overtaken(cluster: &Cluster, user: i64) -> Outcome {
    let admin = live::open(&cluster.kubeconfig(ADMIN), None, 0).0;
    let connection = live::open(&cluster.kubeconfig("alice"), None, 0).0;
    let object = "/apis/apps/v1/namespaces/rights/deployments/a";
    let profile = |profile: Value| {
        json!({ "spec": { "template": { "spec": { "securityContext": {
            "runAsUser": user, "seccompProfile": profile } } } } })
    };
    assert!(cluster.admin().merge(object, &profile(Value::Null)).is_success());
    let targets = vec![target(&admin, &deployments(), ("rights", "a"), plan)];
    let other = profile(json!({ "type": "Unconfined" }));
    assert!(cluster.admin().merge(object, &other).is_success());
    let (_folder, undo) = undo_file();
    let yes = Options { yes: true, ..options(&undo) };
    carry_out(&connection, targets, &plan, &mut Scripted::default(), &yes).expect("there")
}

#[test]
fn every_right_is_needed_and_all_are_enough() {
    // A cluster of its own: alice must have no other rights.
    let cluster = Cluster::start(&ClusterOptions::default());
    cluster.seed(&[Namespace::new("rights").object(deployment("a"))]);
    let accesses = deployments().change_accesses(Some("rights"), Some("a"));
    let text = rbac::manifests("minimal", &accesses).expect("a role");
    let role: Value = serde_yaml::from_str(&text).expect("YAML");
    let rules = &role["rules"];
    println!("{rules:#}");
    let without = |verb: &str| {
        let mut rules = rules.clone();
        for rule in rules.as_array_mut().expect("rules") {
            rule["verbs"].as_array_mut().expect("verbs").retain(|other| other != verb);
        }
        rules
    };
    let mut user = 0;
    let mut expect = |rules: &Value, refused: Option<&str>| {
        bind(&cluster, rules);
        let started = Instant::now();
        loop {
            user += 1;
            let outcome = overtaken(&cluster, user);
            let why = outcome.failed.first().map(|gap| gap.why.clone());
            let is_expected = match (refused, &why) {
                (None, None) => outcome.done.len() == 1,
                (Some(verb), Some(why)) => {
                    let cannot = format!(
                        "User \"alice\" cannot {verb} resource \"deployments\" in API group \"apps\""
                    );
                    let hint = "--print-rbac prints the role that this command needs";
                    why.contains(&cannot) && outcome.failed[0].hint == hint
                }
                _ => false,
            };
            if is_expected {
                assert_eq!(outcome.done.is_empty(), refused.is_some());
                return;
            }
            assert!(started.elapsed() < DEADLINE, "{refused:?}: {outcome:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    expect(&without("get"), Some("get"));
    expect(&without("patch"), Some("patch"));
    expect(rules, None);
}
