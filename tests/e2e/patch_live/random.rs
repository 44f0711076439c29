//! Random workloads, changed at random and taken back: the server agrees with every test, and has
//! the same bytes in the end. Many at once are no trouble.

use std::time::Instant;

use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::live::{self, Arrival};
use posture::model::object::Object;
use posture::patch::live::undoing::take_back;
use posture::patch::live::{Options, Target, carry_out};
use posture::patch::operations::{self, Operation};
use posture::patch::plan::{Change, Planned};
use posture::patch::undo::Undo;
use posture_e2e::change::{Scripted, deployment, deployments, options, plan};
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::wrap;
use posture_harness::cluster::{Cluster, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

use super::{connect, json, spec, undo_file};

/// The kinds, their plural names, and where their pods are.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("apps", "Deployment", "deployments", "/spec/template"),
    ("apps", "DaemonSet", "daemonsets", "/spec/template"),
    ("apps", "StatefulSet", "statefulsets", "/spec/template"),
    ("batch", "CronJob", "cronjobs", "/spec/jobTemplate/spec/template"),
];

/// Texts that JSON may write in several ways.
const TEXTS: [&str; 6] = ["<a> & 'b'", "\u{2028}ü\"\\", "\u{1}\n\t\r", "", "on", "0x1f"];

fn target(object: Object, resource: &Resource, after: Value) -> Target {
    let reference = object.reference(object.namespace());
    let before = object.value().to_json();
    let (steps, notes) = (Vec::new(), Vec::new());
    let change = Change { object, reference, steps, before, after, notes };
    Target { resource: resource.clone(), change }
}

/// Changes a few things; the server may refuse what comes of it.
fn change(random: &mut Random, object: &mut Value, template: &str) {
    let text = |random: &mut Random| json!(random.pick(&TEXTS));
    for _ in 0..=random.below(4) {
        if random.percent(15) {
            object["metadata"]["annotations"][format!("x.y/{}", random.below(3))] = text(random);
        }
        let template = object.pointer_mut(template).expect("a template");
        if random.percent(15) {
            template["metadata"]["annotations"]["z"] = text(random);
        }
        let pod = &mut template["spec"];
        if random.percent(30) {
            pod["securityContext"]["seccompProfile"] = json!({ "type": "RuntimeDefault" });
        }
        if random.percent(20) {
            pod["terminationGracePeriodSeconds"] = json!(random.below(60));
        }
        if random.percent(10) {
            pod["tolerations"] = json!([{ "operator": "Exists" }]);
        }
        let containers = pod["containers"].as_array_mut().expect("containers");
        if containers.len() > 1 && random.percent(20) {
            containers.remove(random.below(containers.len()));
        }
        let count = containers.len();
        let container = &mut containers[random.below(count)];
        match random.below(9) {
            0 => container["args"] = json!([text(random), text(random)]),
            1 => drop(container.as_object_mut().expect("a container").remove("securityContext")),
            2 => drop(container.as_object_mut().expect("a container").remove("args")),
            3 => container["image"] = json!("other"),
            4 => container["securityContext"]["capabilities"]["drop"] = json!(["ALL"]),
            5 => container["env"] = json!([{ "name": "A", "value": text(random) }]),
            6 => {
                if let Some(env) = container.get_mut("env").and_then(Value::as_array_mut) {
                    env.insert(0, json!({ "name": "NEW", "value": text(random) }));
                }
            }
            7 => {
                let port = json!({ "containerPort": 1 + random.below(9), "protocol": "UDP" });
                container["ports"] = json!([port]);
            }
            _ => {
                let at = random.below(count + 1);
                let name = format!("new-{}", random.number() % 1_000_000);
                containers.insert(at, json!({ "name": name, "image": "x", "args": ["<&>"] }));
            }
        }
    }
}

/// An object's annotations, without the one in which the server counts.
fn annotations(path: &str) -> Value {
    let mut annotations = json(path)["metadata"]["annotations"].clone();
    if let Some(fields) = annotations.as_object_mut() {
        fields.remove("deprecated.daemonset.template.generation");
    }
    annotations
}

#[test]
fn whatever_is_changed_is_taken_back_byte_for_byte() {
    let cluster = Cluster::shared();
    let workloads = seed::scaled(200, 4_000);
    cluster.seed(&[Namespace::new("random").pod_security("enforce", "privileged")]);
    let seed = seed::seed();
    let mut random = Random::new(seed);
    let mut pods = Pods::new(seed, Values::Valid);
    let connection = connect();
    let (mut created, mut done, mut refused, mut idle) = (0, 0, 0, 0);
    while created < workloads {
        let (group, kind, plural, template) = KINDS[random.below(KINDS.len())];
        let mut object = wrap(kind, &pods.next().expect("there is no end"));
        let name = format!("w{created}");
        object["metadata"] = json!({ "name": name, "namespace": "random",
            "annotations": { "x.y/0": random.pick(&TEXTS) } });
        let pod = object.pointer_mut(template).expect("a template");
        pod["spec"]["restartPolicy"] = json!(if kind == "CronJob" { "Never" } else { "Always" });
        if !cluster.create(&cluster.collection(&object), &object, "").is_success() {
            continue;
        }
        created += 1;
        let resource = Resource::new(group, "v1", plural, kind, true);
        let path = format!("/apis/{group}/v1/namespaces/random/{plural}/{name}");
        let (before, noted) = (spec(&path), annotations(&path));
        let read = live::object(&connection, &resource, Some("random"), &name).expect("there");
        let mut after = read.value().to_json();
        change(&mut random, &mut after, template);
        let (_folder, undo) = undo_file();
        let yes = Options { yes: true, ..options(&undo) };
        let targets = vec![target(read, &resource, after.clone())];
        let outcome =
            carry_out(&connection, targets, &|_| Planned::Aside, &mut Scripted::default(), &yes);
        let outcome = outcome.expect("the server is there");
        if let Some(gap) = outcome.failed.first() {
            // Nothing but the object itself is refused.
            let is_about_it = gap.why.contains("is invalid: ") || gap.why.contains("leave it as");
            assert!(is_about_it, "{kind} {name}: {gap:#?}\n{after:#}");
            refused += 1;
        } else if outcome.already.len() == 1 {
            idle += 1;
        } else {
            assert_eq!(outcome.done.len(), 1, "{outcome:#?}");
            done += 1;
        }
        let now = json(&path);
        for made in &outcome.done {
            // The server may add to what is new, and leaves out what is empty: nothing else of ours
            // is missing.
            let tests = operations::between(&after, &now);
            let empty = [json!(""), json!([]), json!({}), Value::Null];
            let is_lost = |operation: &Operation| {
                let value = after.pointer(operation.path());
                operation.to_string().starts_with("remove /spec")
                    && value.is_some_and(|value| !empty.contains(value))
            };
            assert!(
                !tests.iter().any(is_lost),
                "{kind} {name}: {made:#?}\n{}",
                operations::text(&tests)
            );
            let file = Undo::read(&undo).expect("an undo file");
            let (_other, again) = undo_file();
            let yes = Options { yes: true, ..options(&again) };
            let undone = take_back(&connection, &file, &mut Scripted::default(), &yes);
            let undone = undone.expect("the server is there");
            assert_eq!(undone.done.len(), 1, "{kind} {name}: {undone:#?}\n{file:#?}");
        }
        assert_eq!(spec(&path), before, "{kind} {name}: {outcome:#?}");
        assert_eq!(annotations(&path), noted, "{kind} {name}");
    }
    println!("{created} workloads: {done} changed, {refused} refused, {idle} with nothing to do");
    assert!(done * 3 > created * 2);
    score::record(
        "patch_live",
        "changes of what runs, made and taken back, against kube-apiserver",
        &format!("{done} workloads, their specs byte for byte"),
        0,
    );
}

#[test]
fn many_at_once_are_no_trouble() {
    let cluster = Cluster::shared();
    let count = seed::scaled(250, 2_000);
    let namespace = (0..count).fold(Namespace::new("many"), |namespace, number| {
        namespace.object(deployment(&format!("d{number}")))
    });
    cluster.seed(&[namespace]);
    let connection = connect();
    let mut targets = Vec::new();
    for (_, arrival) in live::read(&connection, vec![List::of(deployments(), Some("many"))]) {
        match arrival {
            Arrival::Objects(objects) => targets.extend(objects.into_iter().map(|object| {
                let Planned::Change(change) = plan(object) else { panic!("it is to be changed") };
                Target { resource: deployments(), change: *change }
            })),
            Arrival::End => {}
            other => panic!("{other:?}"),
        }
    }
    let (_folder, undo) = undo_file();
    let yes = Options { yes: true, ..options(&undo) };
    let started = Instant::now();
    let mut audience = Scripted::default();
    let outcome = carry_out(&connection, targets, &plan, &mut audience, &yes).expect("there");
    let changed_in = started.elapsed();
    assert_eq!((outcome.done.len(), audience.diffs.len()), (count, count));
    // What the items of a list do not name is no difference.
    assert!(!audience.diffs[0].contains("+kind"), "{}", audience.diffs[0]);
    let file = Undo::read(&undo).expect("an undo file");
    assert_eq!(file.objects.len(), count);
    let names: Vec<&str> = file.objects.iter().map(|entry| entry.name.as_str()).collect();
    let done: Vec<&str> = outcome.done.iter().map(|done| done.object.name.as_str()).collect();
    assert_eq!(names, done);
    let (_other, again) = undo_file();
    let yes = Options { yes: true, ..options(&again) };
    let started = Instant::now();
    let outcome = take_back(&connection, &file, &mut audience, &yes).expect("there");
    assert_eq!(outcome.done.len(), count, "{:#?}", outcome.failed);
    let count = u32::try_from(count).expect("not that many");
    println!(
        "{count} Deployments: {:.1?} each to change, {:.1?} to take back",
        changed_in / count,
        started.elapsed() / count
    );
}
