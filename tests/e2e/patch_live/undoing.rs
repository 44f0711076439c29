//! Changes that are taken back.

use posture::model::edit::Edit;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::patch::live::undoing::take_back;
use posture::patch::live::{DryRun, Options, Outcome, carry_out};
use posture::patch::plan::Planned;
use posture::patch::undo::Undo;
use posture_e2e::change::{Scripted, deployment, deployments, options, plan_edits, target};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde_json::json;

use super::{connect, json, path, somebody, spec, undo_file};

/// Sets, replaces, adds to a list, and takes out, of what the server compares letter by letter too.
fn many(object: Object) -> Planned {
    let pod = || FieldPath::of("spec.template.spec");
    let web = || pod().field("containers").named(0, "web");
    let edits = vec![
        Edit::set(pod().fields("securityContext.seccompProfile.type"), "RuntimeDefault"),
        Edit::remove(web().field("args")),
        Edit::set(web().fields("securityContext.capabilities.drop"), json!(["ALL"])),
        Edit::set(web().field("image"), "y"),
        Edit::append(pod().field("containers"), json!({ "name": "more", "image": "z" })),
        Edit::set(pod().fields("terminationGracePeriodSeconds"), 7),
        Edit::set(FieldPath::of("metadata.annotations").field("a/b.c"), "x"),
    ];
    plan_edits(object, edits)
}

fn yes(undo: &std::path::Path) -> Options {
    Options { yes: true, ..options(undo) }
}

/// Changes these Deployments and leaves the undo file.
fn change(namespace: &str, names: &[&str], undo: &std::path::Path) -> Outcome {
    let connection = connect();
    let target = |name: &&str| target(&connection, &deployments(), (namespace, name), many);
    let targets = names.iter().map(target).collect();
    let outcome = carry_out(&connection, targets, &many, &mut Scripted::default(), &yes(undo));
    outcome.expect("the server is there")
}

#[test]
fn the_spec_is_restored_byte_for_byte() {
    let cluster = Cluster::shared();
    let mut full = deployment("full");
    let pod = &mut full["spec"]["template"]["spec"];
    pod["securityContext"] = json!({ "seccompProfile": { "type": "Localhost",
        "localhostProfile": "a.json" }, "runAsUser": 1 });
    pod["containers"][0]["securityContext"] = json!({ "capabilities": { "add": ["CHOWN"] } });
    pod["initContainers"] = json!([{ "name": "first", "image": "x" }]);
    let localhost = |object: Object| {
        let profile = FieldPath::of("spec.template.spec.securityContext.seccompProfile");
        plan_edits(object, vec![Edit::set(profile, json!({ "type": "RuntimeDefault" }))])
    };
    let seeded = Namespace::new("undone").object(deployment("plain")).object(full);
    cluster.seed(&[seeded.object(deployment("beside")).object(deployment("over"))]);
    let connection = connect();
    let paths = ["plain", "full", "beside", "over"].map(|name| path("undone", name));
    let before = paths.each_ref().map(|path| spec(path));
    let (_folder, undo) = undo_file();
    let outcome = change("undone", &["plain", "beside", "over"], &undo);
    assert_eq!(outcome.done.len(), 3, "{outcome:#?}");
    let (_other, second) = undo_file();
    let full = vec![target(&connection, &deployments(), ("undone", "full"), localhost)];
    carry_out(&connection, full, &localhost, &mut Scripted::default(), &yes(&second))
        .expect("the server is there");
    let after = paths.each_ref().map(|path| spec(path));
    for (before, after) in before.iter().zip(&after) {
        assert_ne!(before, after);
    }
    // It holds no more than what was changed.
    let text = std::fs::read_to_string(&undo).expect("an undo file");
    for elsewhere in ["replicas", "matchLabels", "resourceVersion", "dnsPolicy"] {
        assert!(!text.contains(elsewhere), "{text}");
    }

    // Somebody changes one elsewhere, and another at the same place.
    let replicas = json!({ "spec": { "replicas": 5 } });
    somebody(&paths[2], &replicas);
    let period = json!({ "spec": { "template": { "spec": {
        "terminationGracePeriodSeconds": 8 } } } });
    somebody(&paths[3], &period);
    let theirs = spec(&paths[3]);

    let file = Undo::read(&undo).expect("an undo file");
    let (_third, again) = undo_file();
    let mut audience = Scripted::default();
    let asked = take_back(&connection, &file, &mut audience, &options(&again)).expect("there");
    assert_eq!((asked.declined.len(), asked.left.len(), again.exists()), (2, 1, false));
    let question = "Take back what was changed in deployment.apps/beside in namespace undone?";
    assert_eq!(audience.asked[0], (question.to_owned(), 1, 2));
    let dry = Options { dry_run: DryRun::Server, ..yes(&again) };
    let shown = take_back(&connection, &file, &mut audience, &dry).expect("there");
    assert_eq!((shown.shown.len(), shown.left.len()), (2, 1), "{shown:#?}");
    assert_eq!(spec(&paths[0]), after[0]);
    let outcome = take_back(&connection, &file, &mut audience, &yes(&again)).expect("there");
    assert_eq!((outcome.done.len(), outcome.left.len()), (2, 1), "{outcome:#?}");
    assert!(outcome.left[0].why.contains("changed since"), "{outcome:#?}");
    assert_eq!(outcome.left[0].object.name, "over");
    assert_eq!(spec(&paths[0]), before[0]);
    assert_eq!(spec(&paths[2]), before[2].replace("\"replicas\":1", "\"replicas\":5"));
    assert_eq!(spec(&paths[3]), theirs);
    let annotations = &json(&paths[0])["metadata"]["annotations"];
    assert!(annotations.get("a/b.c").is_none(), "{annotations}");

    // Once more: there is nothing left to do.
    let (_fourth, last) = undo_file();
    let outcome = take_back(&connection, &file, &mut audience, &yes(&last)).expect("there");
    assert_eq!((outcome.done.len(), outcome.already.len(), outcome.left.len()), (0, 2, 1));
    assert!(!last.exists());

    let file = Undo::read(&second).expect("an undo file");
    let (_fifth, last) = undo_file();
    take_back(&connection, &file, &mut audience, &yes(&last)).expect("there");
    assert_eq!(spec(&paths[1]), before[1]);

    // And taking back can be taken back.
    let file = Undo::read(&again).expect("an undo file");
    take_back(&connection, &file, &mut audience, &yes(&undo.with_extension("2"))).expect("there");
    assert_eq!(spec(&paths[0]), after[0]);
}

#[test]
fn elements_that_have_moved_are_found_by_their_names() {
    Cluster::shared().seed(&[Namespace::new("moved").object(deployment("a"))]);
    let object = path("moved", "a");
    let (_folder, undo) = undo_file();
    assert_eq!(change("moved", &["a"], &undo).done.len(), 1);
    let mut containers = json(&object)["spec"]["template"]["spec"]["containers"].clone();
    let injected = json!({ "name": "injected", "image": "proxy" });
    containers.as_array_mut().expect("containers").insert(0, injected);
    somebody(&object, &json!({ "spec": { "template": { "spec": { "containers": containers } } } }));
    let file = Undo::read(&undo).expect("an undo file");
    let (_other, again) = undo_file();
    let outcome = take_back(&connect(), &file, &mut Scripted::default(), &yes(&again));
    assert_eq!(outcome.expect("there").done.len(), 1);
    let containers = json(&object)["spec"]["template"]["spec"]["containers"].clone();
    let names: Vec<_> = containers.as_array().expect("containers").iter().collect();
    assert_eq!(names.len(), 2, "{containers:#}");
    assert_eq!((&names[0]["name"], &names[1]["name"]), (&json!("injected"), &json!("web")));
    assert_eq!((&names[1]["image"], &names[1]["args"][0]), (&json!("x"), &json!("a <b> & 'c'")));
}

#[test]
fn what_admission_adds_is_shown_and_taken_back() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("mutated").object(deployment("a"))]);
    // The server makes a field of its own of another one.
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy",
        "metadata": { "name": "adds" },
        "spec": { "failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "matchConstraints": { "resourceRules": [{ "apiGroups": ["apps"],
                "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"] }],
                "namespaceSelector": { "matchLabels": {
                    "kubernetes.io/metadata.name": "mutated" } } },
            "matchConditions": [{ "name": "profile", "expression":
                "has(object.spec.template.spec.securityContext.seccompProfile)" }],
            "mutations": [{ "patchType": "ApplyConfiguration", "applyConfiguration": {
                "expression": "Object{spec: Object.spec{minReadySeconds: 9}}" } }] } });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding", "metadata": { "name": "adds" },
        "spec": { "policyName": "adds" } });
    for object in [&policy, &binding] {
        let created = cluster.create(&cluster.collection(object), object, "");
        assert!(created.is_success(), "{}", created.message());
    }
    let object = path("mutated", "a");
    let before = spec(&object);
    let probe = json!({ "spec": { "template": { "spec": { "securityContext": {
        "seccompProfile": { "type": "Unconfined" } } } } } });
    let started = std::time::Instant::now();
    loop {
        let answer = cluster.admin().merge(&format!("{object}?dryRun=All"), &probe).json();
        if answer["spec"]["minReadySeconds"] == 9 {
            break;
        }
        assert!(started.elapsed().as_secs() < 30, "the policy is not in force: {answer:#}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (_folder, undo) = undo_file();
    let outcome = change("mutated", &["a"], &undo);
    assert_eq!(outcome.done.len(), 1, "{outcome:#?}");
    assert!(outcome.done[0].diff.contains("+  minReadySeconds: 9\n"), "{}", outcome.done[0].diff);
    let file = Undo::read(&undo).expect("an undo file");
    let (_other, again) = undo_file();
    let outcome = take_back(&connect(), &file, &mut Scripted::default(), &yes(&again));
    assert_eq!(outcome.expect("there").done.len(), 1);
    assert_eq!(spec(&object), before);
}

#[test]
fn another_cluster_is_left_alone() {
    Cluster::shared().seed(&[Namespace::new("here").object(deployment("a"))]);
    let (_folder, undo) = undo_file();
    change("here", &["a"], &undo);
    let other = Cluster::start(&ClusterOptions::default());
    let there = posture_e2e::live::open(&other.kubeconfig(ADMIN), None, 0).0;
    let file = Undo::read(&undo).expect("an undo file");
    let (_other, again) = undo_file();
    let refused = take_back(&there, &file, &mut Scripted::default(), &yes(&again));
    let refused = refused.expect_err("it is another one");
    let expected = format!(
        "the changes were made at {}, and this is {}",
        Cluster::shared().url(),
        other.url()
    );
    assert_eq!(refused.to_string(), expected);
    assert_eq!(refused.hints(), ["name the context that was used: test"]);
}
