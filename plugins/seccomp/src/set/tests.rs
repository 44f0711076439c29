//! What to edit, by the manifests that show it.

use posture::model::edit::apply;
use serde_json::Value as Json;

use super::*;
use crate::testing::object;

fn wish(profile: &str) -> Wish {
    Wish {
        profile: Profile::parse(profile).unwrap(),
        containers: Vec::new(),
        override_containers: false,
        migrate_annotations: false,
    }
}

/// The pod's own part of a manifest: metadata of the template and the spec, in YAML flow style.
fn pod(metadata: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: x{metadata}}}\nspec: {{{spec}}}\n")
}

/// What the object is after the wish, and the notes.
fn after(text: &str, wish: &Wish) -> (Json, Vec<String>) {
    let object = object(text);
    match outcome(&object, wish) {
        Outcome::Change { doings, notes, .. } => {
            let mut value = object.value().to_json();
            for doing in &doings {
                apply(&doing.edits, &mut value).unwrap();
            }
            // A second time there is nothing to do.
            let again = self::object(&serde_yaml::to_string(&value).unwrap());
            let second = outcome(&again, wish);
            assert!(!matches!(second, Outcome::Change { .. }), "{second:?}");
            (value, notes)
        }
        other => panic!("{other:?}"),
    }
}

fn yaml(text: &str) -> Json {
    object(text).value().to_json()
}

/// Holds a pod's spec after the wish against what it should be; returns the notes.
fn becomes(spec: &str, wish: &Wish, expected: &str) -> Vec<String> {
    let (value, notes) = after(&pod("", spec), wish);
    assert_eq!(value, yaml(&pod("", expected)));
    notes
}

fn left(text: &str, wish: &Wish) -> (String, Vec<String>) {
    match outcome(&object(text), wish) {
        Outcome::Left { why, instead } => (why, instead),
        other => panic!("{other:?}"),
    }
}

const PLAIN: &str = "containers: [{name: a}]";

#[test]
fn the_pod_gets_one_line() {
    let notes = becomes(
        PLAIN,
        &wish("RuntimeDefault"),
        "containers: [{name: a}], securityContext: {seccompProfile: {type: RuntimeDefault}}",
    );
    assert!(notes.is_empty(), "{notes:?}");
    becomes(
        "containers: [{name: a}], securityContext: {runAsUser: 1, seccompProfile: null}",
        &wish("Localhost=x.json"),
        "containers: [{name: a}], securityContext: {runAsUser: 1, seccompProfile: {type: Localhost, localhostProfile: x.json}}",
    );
    becomes(
        "containers: [{name: a}], securityContext: null",
        &wish("Unconfined"),
        "containers: [{name: a}], securityContext: {seccompProfile: {type: Unconfined}}",
    );
}

#[test]
fn the_path_goes_with_the_type() {
    let localhost = "containers: [{name: a}], securityContext: {seccompProfile: {type: Localhost, localhostProfile: x.json}}";
    becomes(
        localhost,
        &wish("RuntimeDefault"),
        "containers: [{name: a}], securityContext: {seccompProfile: {type: RuntimeDefault}}",
    );
    becomes(localhost, &wish("Localhost=y.json"), &localhost.replace("x.json", "y.json"));
    assert_eq!(outcome(&object(&pod("", localhost)), &wish("Localhost=x.json")), Outcome::Already);
}

#[test]
fn every_kind_has_its_own_way() {
    for (head, path) in [
        ("apiVersion: apps/v1\nkind: Deployment", "spec.template"),
        ("apiVersion: apps/v1\nkind: StatefulSet", "spec.template"),
        ("apiVersion: apps/v1\nkind: DaemonSet", "spec.template"),
        ("apiVersion: apps/v1\nkind: ReplicaSet", "spec.template"),
        ("apiVersion: v1\nkind: ReplicationController", "spec.template"),
        ("apiVersion: batch/v1\nkind: Job", "spec.template"),
        ("apiVersion: batch/v1\nkind: CronJob", "spec.jobTemplate.spec.template"),
        ("apiVersion: v1\nkind: PodTemplate", "template"),
        ("apiVersion: argoproj.io/v1alpha1\nkind: Rollout", "spec.template"),
        ("apiVersion: serving.knative.dev/v1\nkind: Service", "spec.template"),
    ] {
        let parts: Vec<&str> = path.split('.').collect();
        let open = format!("{}: {{", parts.join(": {"));
        let (first, rest) = open.split_once(": {").unwrap();
        let close = "}".repeat(parts.len() - 1);
        let text =
            format!("{head}\nmetadata: {{name: x}}\n{first}: {{{rest}spec: {{{PLAIN}}}{close}}}\n");
        let (value, _) = after(&text, &wish("RuntimeDefault"));
        let pointer =
            format!("/{}/spec/securityContext/seccompProfile/type", path.replace('.', "/"));
        assert_eq!(value.pointer(&pointer), Some(&Json::from("RuntimeDefault")), "{head}");
    }
}

#[test]
fn several_templates_of_one_object() {
    let set = |spec: &str| {
        format!(
            "apiVersion: jobset.x-k8s.io/v1\nkind: JobSet\nmetadata: {{name: x}}\nspec: {{replicatedJobs: [
            {{name: a, template: {{spec: {{template: {{spec: {{{PLAIN}}}}}}}}}}},
            {{name: b, template: {{spec: {{template: {{spec: {{{spec}}}}}}}}}}}]}}\n"
        )
    };
    let Outcome::Change { doings, notes, .. } =
        outcome(&object(&set(PLAIN)), &wish("RuntimeDefault"))
    else {
        panic!("there is something to do")
    };
    assert_eq!((doings.len(), notes.len()), (2, 0));
    assert!(doings[1].title.contains("in spec.replicatedJobs[b].template.spec.template"));
    // One of them cannot be changed: the other is, and that is said.
    let windows = set("os: {name: windows}, containers: [{name: a}]");
    let (_, notes) = after(&windows, &wish("RuntimeDefault"));
    assert!(notes[0].starts_with("a Windows pod in spec.replicatedJobs[b]"), "{notes:?}");
}

#[test]
fn containers_may_stand_above_the_pod() {
    let own = "{name: a, securityContext: {seccompProfile: {type: Unconfined}}}, {name: b, securityContext: {runAsUser: 1, seccompProfile: {type: Localhost, localhostProfile: x}}}";
    let spec = format!("containers: [{own}, {{name: c}}]");
    let asked = "securityContext: {seccompProfile: {type: RuntimeDefault}}";
    let notes = becomes(&spec, &wish("RuntimeDefault"), &format!("{spec}, {asked}"));
    assert_eq!(notes.len(), 2);
    assert_eq!(
        notes[0],
        "container a has a profile of its own, Unconfined; --override-containers removes it"
    );
    assert!(notes[1].contains("container b has a profile of its own, Localhost x"));
    let force = Wish { override_containers: true, ..wish("RuntimeDefault") };
    becomes(
        &spec,
        &force,
        &format!(
            "containers: [{{name: a}}, {{name: b, securityContext: {{runAsUser: 1}}}}, {{name: c}}], {asked}"
        ),
    );
    // The pod has it, and the containers do not get it.
    let (why, instead) = left(&pod("", &format!("{spec}, {asked}")), &wish("RuntimeDefault"));
    assert!(
        why.starts_with("container a has a profile of its own, Unconfined; container b"),
        "{why}"
    );
    assert_eq!(instead, [OVERRIDE_HINT]);
    becomes(
        &format!("{spec}, {asked}"),
        &force,
        &format!(
            "containers: [{{name: a}}, {{name: b, securityContext: {{runAsUser: 1}}}}, {{name: c}}], {asked}"
        ),
    );
}

const OVERRIDE_HINT: &str = "--override-containers removes it";

#[test]
fn nothing_restarts_for_nothing() {
    let own = "{name: a, securityContext: {seccompProfile: {type: RuntimeDefault}}}";
    let every = pod("", &format!("containers: [{own}]"));
    assert_eq!(outcome(&object(&every), &wish("RuntimeDefault")), Outcome::Already);
    let init = format!("initContainers: [{{name: i}}], containers: [{own}]");
    becomes(
        &init,
        &wish("RuntimeDefault"),
        &format!("{init}, securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}"),
    );
    // What the pod says is looked at by Pod Security whatever the containers say.
    let loose = "securityContext: {seccompProfile: {type: Unconfined}}";
    becomes(
        &format!("containers: [{own}], {loose}"),
        &wish("RuntimeDefault"),
        &format!("containers: [{own}], {}", loose.replace("Unconfined", "RuntimeDefault")),
    );
}

#[test]
fn one_container_alone() {
    let spec = "initContainers: [{name: i}], containers: [{name: a}, {name: b}]";
    let only = |names: &[&str], profile: &str| Wish {
        containers: names.iter().map(|name| (*name).to_owned()).collect(),
        ..wish(profile)
    };
    let own = "securityContext: {seccompProfile: {type: Unconfined}}";
    becomes(
        spec,
        &only(&["b", "i"], "Unconfined"),
        &format!(
            "initContainers: [{{name: i, {own}}}], containers: [{{name: a}}, {{name: b, {own}}}]"
        ),
    );
    let notes = becomes(
        spec,
        &only(&["a", "z"], "Unconfined"),
        &format!("initContainers: [{{name: i}}], containers: [{{name: a, {own}}}, {{name: b}}]"),
    );
    assert_eq!(notes, ["there is no container z"]);
    assert_eq!(outcome(&object(&pod("", spec)), &only(&["z"], "Unconfined")), Outcome::NoContainer);
    // The pod has it already.
    let with = pod("", &format!("{spec}, {own}"));
    assert_eq!(outcome(&object(&with), &only(&["a"], "Unconfined")), Outcome::Already);
}

#[test]
fn annotations_that_contradict_are_in_the_way() {
    let annotated = |value: &str, spec: &str| {
        pod(&format!(", annotations: {{seccomp.security.alpha.kubernetes.io/pod: {value}}}"), spec)
    };
    let (why, instead) = left(&annotated("unconfined", PLAIN), &wish("RuntimeDefault"));
    assert!(why.contains("seccomp.security.alpha.kubernetes.io/pod says unconfined"), "{why}");
    assert!(instead[0].starts_with("--migrate-annotations"));
    // One that agrees is only said to be of no use.
    let (_, notes) = after(&annotated("docker/default", PLAIN), &wish("RuntimeDefault"));
    assert!(notes[0].contains("have no effect since v1.27"), "{notes:?}");
    let there =
        "containers: [{name: a}], securityContext: {seccompProfile: {type: RuntimeDefault}}";
    let already = outcome(&object(&annotated("runtime/default", there)), &wish("RuntimeDefault"));
    assert_eq!(already, Outcome::Already);
    // Of a container, beside a field of that container.
    let key = "container.seccomp.security.alpha.kubernetes.io/a";
    let only = Wish { containers: vec!["a".to_owned()], ..wish("RuntimeDefault") };
    let text = pod(&format!(", annotations: {{{key}: localhost/x}}"), PLAIN);
    assert!(left(&text, &only).0.contains(key));
    // The pod's field is not compared with it.
    let (value, _) = after(&text, &wish("RuntimeDefault"));
    assert_eq!(value["metadata"]["annotations"][key], "localhost/x");
}

#[test]
fn annotations_become_fields() {
    let migrate = |profile: &str| Wish { migrate_annotations: true, ..wish(profile) };
    let metadata = ", annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/a: localhost/x.json, container.seccomp.security.alpha.kubernetes.io/b: runtime/default, container.seccomp.security.alpha.kubernetes.io/z: unconfined, container.seccomp.security.alpha.kubernetes.io/c: nonsense}";
    let spec = "containers: [{name: a}, {name: b}, {name: c}]";
    let own = "securityContext: {seccompProfile: {type: Localhost, localhostProfile: x.json}}";
    let asked = "securityContext: {seccompProfile: {type: RuntimeDefault}}";
    let (value, notes) = after(&pod(metadata, spec), &migrate("RuntimeDefault"));
    let expected = format!("containers: [{{name: a, {own}}}, {{name: b}}, {{name: c}}], {asked}");
    assert_eq!(value, yaml(&pod("", &expected)));
    assert!(notes.iter().any(|note| note.contains("z is for a container that is not there")));
    assert!(notes.iter().any(|note| note.contains("names no profile: \"nonsense\"")));
    assert!(notes.iter().any(|note| note.contains("container a has a profile of its own")));
    let force = Wish { override_containers: true, ..migrate("RuntimeDefault") };
    let (value, _) = after(&pod(metadata, spec), &force);
    assert_eq!(value, yaml(&pod("", &format!("{spec}, {asked}"))));
    // For one container, the others and the pod get what their annotations say.
    let only = Wish { containers: vec!["a".to_owned()], ..migrate("RuntimeDefault") };
    let (value, _) = after(&pod(metadata, spec), &only);
    let expected = format!(
        "containers: [{{name: a, {asked}}}, {{name: b, {asked}}}, {{name: c}}], securityContext: {{seccompProfile: {{type: Unconfined}}}}"
    );
    assert_eq!(value, yaml(&pod("", &expected)));
    // Other annotations stay.
    let more = ", annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, a: b}";
    let (value, _) = after(&pod(more, PLAIN), &migrate("RuntimeDefault"));
    assert_eq!(value, yaml(&pod(", annotations: {a: b}", &format!("{PLAIN}, {asked}"))));
}

#[test]
fn what_is_void_is_said() {
    let spec = "containers: [{name: a, securityContext: {privileged: true}}, {name: b}]";
    let (_, notes) = after(&pod("", spec), &wish("RuntimeDefault"));
    assert_eq!(notes, ["container a is privileged: no profile applies to it"]);
    let only = Wish { containers: vec!["b".to_owned()], ..wish("RuntimeDefault") };
    assert!(after(&pod("", spec), &only).1.is_empty());
    let (why, _) =
        left(&pod("", "os: {name: windows}, containers: [{name: a}]"), &wish("Unconfined"));
    assert_eq!(why, "a Windows pod: seccompProfile cannot be set there");
}

#[test]
fn other_objects() {
    let of = |text: &str| outcome(&object(text), &wish("RuntimeDefault"));
    let named = "metadata: {name: x}\n";
    assert_eq!(of(&format!("apiVersion: v1\nkind: Service\n{named}")), Outcome::Aside);
    let unknown = |text: &str| matches!(of(text), Outcome::Unknown(_));
    assert!(unknown(&format!("apiVersion: apps/v1\nkind: Deployment\n{named}")));
    assert!(unknown(&format!(
        "apiVersion: apps/v1\nkind: Deployment\n{named}spec: {{template: {{}}}}"
    )));
    assert!(unknown(&format!("apiVersion: v1\nkind: Pod\n{named}")));
    let unconfined = |profile: &str| match outcome(&object(&pod("", PLAIN)), &wish(profile)) {
        Outcome::Change { unconfined, .. } => unconfined,
        other => panic!("{other:?}"),
    };
    assert!(unconfined("Unconfined") && !unconfined("RuntimeDefault"));
}
