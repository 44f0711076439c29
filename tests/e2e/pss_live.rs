//! `kubectl pss check` on a real cluster: what it says must be what the server says.
#![cfg(test)]

use std::env;
use std::path::PathBuf;
use std::process::Command;

use posture_generators::random::Random;
use posture_harness::binary::{self, Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::{judge, seed};
use serde_json::{Value, json};

/// A pod with one container whose security context is this.
fn pod(name: &str, spec: &Value, security: &Value) -> Value {
    let mut spec = spec.clone();
    spec["containers"] = json!([{ "name": "c", "image": "x", "securityContext": security }]);
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec })
}

/// A security context that restricted allows.
fn good() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "runAsNonRoot": true,
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

/// A Deployment whose pods have this spec and security context.
fn deployment(name: &str, spec: &Value, security: &Value) -> Value {
    let pod = pod("", spec, security);
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": pod["spec"] },
        },
    })
}

/// Makes an object the controller's.
fn owned(mut object: Value, owner: &Value) -> Value {
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
    }]);
    object
}

/// Creates an object and returns it as the server has stored it.
fn create(cluster: &Cluster, namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    let answer = cluster.create(&cluster.collection(&object), &object, "");
    assert!(answer.is_success(), "{}", answer.message());
    answer.json()
}

fn pss(cluster: &Cluster, user: &str, arguments: &[&str]) -> Finished {
    Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(user).to_str().expect("a path in UTF-8"))
        .args(arguments.iter().copied())
        .finish()
}

fn admin(arguments: &[&str]) -> Finished {
    pss(Cluster::shared(), ADMIN, arguments)
}

/// The report's entry for a namespace.
fn namespace<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["objects"].as_array().expect("objects");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {report:#}"))
}

/// Whether the server has nothing to object to when a namespace is to enforce a level.
fn server_is_content(cluster: &Cluster, namespace: &str, level: &str) -> bool {
    let patch = json!({ "metadata": { "labels": {
        "pod-security.kubernetes.io/enforce": level,
    } } });
    let answer =
        cluster.admin().merge(&format!("/api/v1/namespaces/{namespace}?dryRun=All"), &patch);
    assert!(answer.is_success(), "{}", answer.message());
    !answer.warnings.iter().any(|warning| warning.contains("violate the new PodSecurity"))
}

#[test]
fn the_level_that_a_namespace_meets_is_the_one_that_the_server_would_take() {
    let cluster = Cluster::shared();
    let mut random = Random::new(seed::seed());
    let flaws: [(Value, Value); 6] = [
        (json!({}), good()),
        (json!({}), good()),
        (json!({}), json!({})),
        (json!({ "hostNetwork": true }), good()),
        (json!({ "hostPID": true }), json!({ "privileged": true })),
        (json!({ "securityContext": { "runAsUser": 0 } }), good()),
    ];
    let names: Vec<String> = (0..12).map(|at| format!("level-{at}")).collect();
    let namespaces: Vec<Namespace> = names
        .iter()
        .map(|name| {
            let pods = random.below(4);
            (0..pods).fold(Namespace::new(name), |namespace, at| {
                let (spec, security) = &flaws[random.below(flaws.len())];
                namespace.object(pod(&format!("p{at}"), spec, security))
            })
        })
        .collect();
    cluster.seed(&namespaces);
    // Admission looks at pods through a cache: it must have the last of them.
    let newest = Namespace::new("level-newest").object(pod("p", &json!({}), &json!({})));
    cluster.seed(&[newest]);
    while server_is_content(cluster, "level-newest", "restricted") {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let report = admin(&["check", "ns", "-o", "json"]).json();
    for name in &names {
        let ours = namespace(&report, name)["meets"].as_str().expect("a level").to_owned();
        let theirs = ["restricted", "baseline"]
            .into_iter()
            .find(|level| server_is_content(cluster, name, level))
            .unwrap_or("privileged");
        assert_eq!(ours, theirs, "{name}: {:#}", namespace(&report, name));
    }
}

#[test]
fn what_runs_and_would_be_refused_is_said_in_the_servers_words() {
    let cluster = Cluster::shared();
    let bare = pod("bare", &json!({ "hostNetwork": true }), &json!({ "privileged": true }));
    cluster.seed(&[Namespace::new("latent").object(bare.clone())]);
    let labels = json!({ "metadata": { "labels": {
        "pod-security.kubernetes.io/enforce": "baseline",
    } } });
    assert!(cluster.admin().merge("/api/v1/namespaces/latent", &labels).is_success());
    create(cluster, "latent", deployment("web", &json!({ "hostPID": true }), &good()));

    let refused = cluster.create(
        "/api/v1/namespaces/latent/pods",
        &{
            let mut again = bare;
            again["metadata"]["name"] = "again".into();
            again
        },
        "dryRun=All",
    );
    assert_eq!(refused.status, 403);
    let checked = admin(&["check", "-n", "latent", "-o", "json"]);
    assert_eq!(checked.code, 1, "{}", checked.stderr);
    let report = checked.json();
    let objects = report["objects"].as_array().expect("objects");
    let pod = objects.iter().find(|object| object["kind"] == "Pod").expect("the pod");
    let ours = format!(
        "violates PodSecurity \"baseline:latest\": {}",
        pod["message"].as_str().expect("a message")
    );
    assert!(refused.message().ends_with(&ours), "{}\n{ours}", refused.message());
    assert!(pod.get("place").is_none(), "{pod:#}");

    let report = admin(&["check", "ns", "latent", "-o", "json"]).json();
    let row = namespace(&report, "latent");
    assert_eq!(row["verdict"], "rejected");
    let latent = row["latent"].as_array().expect("latent breakage");
    let of = |kind: &str| latent.iter().find(|one| one["kind"] == kind).expect("a workload");
    assert_eq!(
        of("Pod")["controls"],
        json!(["hostNamespaces", "hostPorts", "privileged"]).as_array().map_or(
            Value::Null,
            |all| {
                // The pod has no port, so the host's network brings none.
                Value::from(
                    all.iter().filter(|id| **id != "hostPorts").cloned().collect::<Vec<_>>(),
                )
            }
        )
    );
    assert_eq!(of("Deployment")["controls"], json!(["hostNamespaces"]));
    assert_eq!(row["unseen"]["withoutPods"], 1, "{row:#}");
    let page = admin(&["check", "ns", "latent"]);
    assert!(page.stdout.contains("would be refused if created again"), "{}", page.stdout);
    assert!(page.stdout.contains("judged as server 1.37"), "{}", page.stdout);
}

#[test]
fn pods_stand_under_their_root_owner() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("owners").pod_security("enforce", "restricted")]);
    let web = create(cluster, "owners", deployment("web", &json!({}), &json!({})));
    let replica_set = |name: &str, replicas: u32| {
        let mut set = owned(web.clone(), &web);
        set["kind"] = "ReplicaSet".into();
        set["metadata"] =
            json!({ "name": name, "ownerReferences": set["metadata"]["ownerReferences"] });
        set["spec"] = json!({
            "replicas": replicas,
            "selector": web["spec"]["selector"],
            "template": web["spec"]["template"],
        });
        create(cluster, "owners", set)
    };
    replica_set("web-old", 0);
    let current = replica_set("web-new", 2);
    let privileged = json!({ "metadata": { "labels": {
        "pod-security.kubernetes.io/enforce": "privileged",
    } } });
    assert!(cluster.admin().merge("/api/v1/namespaces/owners", &privileged).is_success());
    for name in ["web-new-a", "web-new-b"] {
        create(cluster, "owners", owned(pod(name, &json!({}), &json!({})), &current));
    }
    let report = admin(&["check", "-n", "owners", "--level", "restricted", "-o", "json"]).json();
    let objects = report["objects"].as_array().expect("objects");
    let names: Vec<&str> = objects.iter().filter_map(|object| object["name"].as_str()).collect();
    assert!(!names.contains(&"web-old"), "a ReplicaSet at 0 is no news: {names:?}");
    assert_eq!(report["summary"]["skipped"], 1);
    let root = json!({ "kind": "Deployment", "name": "web" });
    for object in objects.iter().filter(|object| object["kind"] != "Deployment") {
        assert_eq!(object["owner"], root, "{object:#}");
    }
    // One workload, one fingerprint for each thing that is wrong with it.
    let prints: std::collections::BTreeSet<&str> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| finding["fingerprint"].as_str())
        .collect();
    assert_eq!(prints.len(), 4, "{:#}", report["findings"]);
    let shown = admin(&["check", "-n", "owners", "--level", "restricted"]).stdout;
    assert_eq!(shown.matches("REJECTED").count(), 1, "{shown}");
    assert!(shown.contains("the same: pod/web-new-a, pod/web-new-b"), "{shown}");
}

#[test]
fn whoever_may_only_list_pods_gets_verdicts_and_a_gap() {
    let cluster = Cluster::shared();
    let plain = pod("plain", &json!({}), &json!({}));
    cluster.seed(&[Namespace::new("limited").object(plain)]);
    let rules = json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["list"] }]);
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": "pods" }, "rules": rules });
    create(cluster, "limited", role);
    let binding = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "pods" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "pods" },
        "subjects": [{ "kind": "User", "name": "alice" }] });
    create(cluster, "limited", binding);
    let checked = pss(cluster, "alice", &["check", "pods", "-n", "limited", "-o", "json"]);
    let report = checked.json();
    assert_eq!(report["objects"][0]["name"], "plain");
    assert_eq!(report["objects"][0]["meets"], "baseline");
    assert_eq!(report["objects"][0]["verdict"], "rejected", "judged by restricted, as is said");
    assert_eq!(report["summary"]["complete"], false);
    let gaps = report["gaps"].as_array().expect("gaps");
    assert!(gaps.iter().any(|gap| gap["object"] == "namespaces/limited"), "{gaps:#?}");
    assert_eq!(checked.code, 1);

    let checked = pss(cluster, "alice", &["check", "ns", "limited", "-o", "json"]);
    let report = checked.json();
    let row = namespace(&report, "limited");
    assert_eq!((&row["meets"], row.get("asks")), (&json!("baseline"), None), "{row:#}");
    assert_eq!(checked.code, 4, "{}", checked.stdout);
    // Who may nothing at all is told so.
    let checked = pss(cluster, "nobody", &["check", "pods", "-n", "limited"]);
    assert_eq!((checked.code, checked.stdout.as_str()), (3, ""), "{}", checked.stderr);
    assert!(checked.stderr.contains("forbidden"), "{}", checked.stderr);
}

#[test]
fn the_pinned_version_decides_what_can_be_enforced() {
    let cluster = Cluster::shared();
    let spec = json!({ "securityContext": { "sysctls": [
        { "name": "net.ipv4.tcp_keepalive_time", "value": "1" },
    ] } });
    for (name, version, meets) in
        [("pinned", "v1.20", "privileged"), ("newest", "latest", "restricted")]
    {
        cluster.seed(&[Namespace::new(name)
            .pod_security("enforce", "privileged")
            .pod_security("enforce-version", version)
            .object(pod("p", &spec, &good()))]);
        let report = admin(&["check", "ns", name, "-o", "json"]).json();
        let row = namespace(&report, name);
        assert_eq!((&row["meets"], &row["ready"]), (&json!(meets), &json!(meets == "restricted")));
        let refused = json!(["sysctls"]);
        let next = &row["next"]["blocked"][0]["controls"];
        assert_eq!(*next, if meets == "restricted" { Value::Null } else { refused });
    }
}

#[test]
fn labels_that_are_invalid_all_the_same_are_said() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("mislabelled")]);
    // The server does not look at labels that come by this way.
    let labels = json!({ "metadata": { "labels": {
        "pod-security.kubernetes.io/enforce": "Restricted",
    } } });
    assert!(cluster.admin().merge("/api/v1/namespaces/mislabelled/status", &labels).is_success());
    let report = admin(&["check", "ns", "mislabelled", "-o", "json"]);
    let row = namespace(&report.json(), "mislabelled").clone();
    assert_eq!((&row["verdict"], report.code), (&json!("invalid"), 1), "{row:#}");
    assert_eq!(row["asks"]["enforce"]["level"], "restricted");
    let page = admin(&["check", "ns", "mislabelled"]).stdout;
    assert!(page.contains("must be one of privileged, baseline, restricted"), "{page}");
}

#[test]
fn what_can_be_no_name_is_no_pass() {
    for (arguments, code) in [
        (&["check", "ns", ""][..], 2),
        (&["check", "ns", ".."], 2),
        (&["check", "-n", "a/b"], 2),
        (&["check", "ns", "default?x"], 4),
        (&["check", "-n", "default?x"], 4),
        (&["check", "ns", "default", "--level", "baseline"], 2),
        (&["check", "--with-cluster"], 2),
        (&["check", "pods", "--token", "a\nb"], 2),
    ] {
        let finished = admin(arguments);
        assert_eq!(finished.code, code, "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    }
}

#[test]
fn text_of_the_cluster_does_not_steer_the_terminal() {
    let cluster = Cluster::shared();
    let mut hostile = pod("hostile", &json!({ "hostPID": true }), &json!({}));
    hostile["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "a/v1", "kind": "Ki\u{1b}[31mnd", "name": "o\u{1b}[31m", "uid": "u", "controller": true,
    }]);
    hostile["metadata"]["annotations"] = json!({ "a": "\u{1b}[31m" });
    cluster.seed(&[Namespace::new("hostile").object(hostile)]);
    for arguments in [
        &["check", "-n", "hostile"][..],
        &["check", "-n", "hostile", "-o", "wide"],
        &["check", "-n", "hostile", "-o", "json"],
        &["check", "-n", "hostile", "-o", "yaml"],
        &["check", "ns", "hostile"],
        &["check", "ns", "-o", "wide"],
        &["check", "ns", "hostile", "-o", "json"],
    ] {
        let finished = admin(arguments);
        assert!(!(finished.stdout + &finished.stderr).contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn manifests_are_judged_by_the_labels_of_the_cluster() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("labelled").pod_security("enforce", "baseline")]);
    let manifest = pod("plain", &json!({}), &json!({})).to_string();
    let run = |extra: &[&str]| {
        Run::new("kubectl-pss")
            .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
            .args(["check", "-f", "-", "-n", "labelled", "-o", "json"])
            .args(extra.iter().copied())
            .input(manifest.clone())
            .finish()
    };
    assert_eq!(run(&[]).json()["objects"][0]["verdict"], "rejected", "restricted is assumed");
    let with_cluster = run(&["--with-cluster"]);
    let report = with_cluster.json();
    assert_eq!(report["objects"][0]["verdict"], "allowed", "{report:#}");
    assert_eq!(report["target"]["context"], "test");
    assert_eq!(with_cluster.code, 0);
}

#[test]
fn through_kubectl_it_is_the_same() {
    let cluster = Cluster::shared();
    let bad = pod("bad", &json!({ "hostPID": true }), &json!({}));
    cluster.seed(&[Namespace::new("through").object(bad)]);
    let plugin = binary::path("kubectl-pss");
    let folder = plugin.parent().map(PathBuf::from).expect("a folder");
    let path = env::join_paths(
        std::iter::once(folder).chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    )
    .expect("a path");
    for arguments in [
        &["check", "ns", "through"][..],
        &["check", "pods", "--namespace=through", "-o", "name"],
        &["check", "pods", "bad", "-n", "through", "--level=privileged"],
        &["check", "ns", "through", "--no-such-flag"],
    ] {
        let output = Command::new(judge::kubectl())
            .arg("pss")
            .args(arguments)
            .env_clear()
            .env("PATH", &path)
            .env("HOME", cluster.folder())
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .env("KUBECONFIG", cluster.kubeconfig(ADMIN))
            .output()
            .expect("kubectl can be started");
        let ours = admin(arguments);
        assert_eq!(output.status.code(), Some(ours.code), "{arguments:?}: {}", ours.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), ours.stdout, "{arguments:?}");
    }
}
