//! The registry, and the examples of every document, under what their front matter assumes.

use posture::finding::check::Severity;
use posture::finding::document::Document;
use posture::finding::fix::Grade;
use posture::model::edit;
use posture::model::object::Object;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::pod_templates;
use serde_json::Value as Json;

use super::{ALL, all, catalog, find};
use crate::effective::{How, Node, Pod, Scene, SeccompDefault};
use crate::facts::{Expected, Facts, Missing};
use crate::testing::object;
use crate::violation::Violation;

/// What an example is judged under.
struct Case {
    server: Minor,
    default: SeccompDefault,
    nodes: Vec<Node>,
    missing: Missing,
    expected: Vec<Expected>,
    setter: Option<&'static str>,
}

impl Case {
    fn new(server: u16, default: SeccompDefault) -> Self {
        Self {
            server: Minor(server),
            default,
            nodes: Vec::new(),
            missing: Missing::default(),
            expected: Vec::new(),
            setter: None,
        }
    }

    /// What the front matter of a document says.
    fn of(document: &Document<'_>) -> Self {
        let default = match document.front("assume") {
            Some("seccompDefault=true") => SeccompDefault::On(How::Assumed),
            Some("seccompDefault=false") => SeccompDefault::Off(How::Assumed),
            None => unknown(),
            other => panic!("assume: {other:?}"),
        };
        let mut case = Self::new(NEWEST.0, default);
        if let Some(server) = document.front("server") {
            case.server = server.parse().unwrap();
        }
        if let Some((kubelet, runtime)) =
            document.front("node").and_then(|node| node.split_once(' '))
        {
            case.nodes.push(node("node-1", kubelet, runtime));
        }
        if let Some(path) = document.front("missing") {
            case.missing.add(path, "node-1", "an event says so");
        }
        if let Some(setter) = document.front("expected") {
            case.expected.push(expected(setter));
        }
        case
    }

    fn judge(&self, object: &Object) -> Vec<Violation> {
        let mut nodes = self.nodes.clone();
        for node in &mut nodes {
            node.seccomp_default = self.default.clone();
        }
        let scene = Scene::new(self.server, nodes, self.default.clone());
        let templates = pod_templates(object);
        let pod = Pod::read(&templates[0], &scene).unwrap();
        let confinements = pod.confinements();
        all(Facts {
            pod: &pod,
            confinements: &confinements,
            missing: &self.missing,
            expected: &self.expected,
            setter: self.setter,
        })
    }

    /// What is found in a pod: `check severity path: message [grade]`.
    fn said(&self, object: &Object) -> Vec<String> {
        let all = self.judge(object).into_iter().map(|one| {
            let grade = one.fix.map(|fix| format!(" [{}]", fix.grade)).unwrap_or_default();
            format!("{} {} {}: {}{grade}", one.check, one.severity.as_str(), one.path, one.message)
        });
        all.collect()
    }
}

fn unknown() -> SeccompDefault {
    SeccompDefault::Unknown("nobody asked".to_owned())
}

fn expected(setter: &str) -> Expected {
    Expected { setter: setter.to_owned(), profile: "RuntimeDefault".to_owned(), why: None }
}

fn node(name: &str, kubelet: &str, runtime: &str) -> Node {
    Node::of(&object(&format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{nodeInfo: {{operatingSystem: linux, kubeletVersion: {kubelet}, containerRuntimeVersion: \"{runtime}\"}}}}\n"
    )))
}

fn pod(metadata: &str, spec: &str) -> Object {
    object(&format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{metadata}}}\nspec: {{{spec}}}\n"
    ))
}

fn off() -> Case {
    Case::new(33, SeccompDefault::Off(How::Assumed))
}

fn on() -> Case {
    Case::new(33, SeccompDefault::On(How::Probed))
}

/// The object after the edits of a fix.
fn mended(object: &Object, violation: &Violation) -> Option<Object> {
    let fix = violation.fix.as_ref().filter(|fix| !fix.edits.is_empty())?;
    let mut json = object.value().to_json();
    edit::apply(&fix.edits, &mut json).unwrap();
    Some(self::object(&json.to_string()))
}

#[test]
fn registry_is_in_order() {
    let ids: Vec<&str> = ALL.iter().map(|one| one.check.id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    for id in ids {
        assert_eq!(find(id).map(|one| one.check.id), Some(id));
        assert!(catalog().find(id).is_some());
    }
    assert!(find("Unset").is_none());
}

#[test]
fn documents_are_complete_and_their_examples_hold() {
    for one in ALL {
        let id = one.check.id;
        let document =
            Document::parse(one.check.document).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert!(one.check.document.contains(&format!("\n# {id}: {}\n", one.check.title)), "{id}");
        assert!(document.front("facts").is_some(), "{id}");
        let case = Case::of(&document);
        let example = |heading: &str| {
            let examples = document.examples(heading);
            assert_eq!(examples.len(), 1, "{id}: {heading}");
            object(examples[0])
        };
        let failing = example("Fails");
        let found = case.judge(&failing);
        let mut fired: Vec<&str> = found.iter().map(|violation| violation.check).collect();
        fired.sort_unstable();
        let mut wanted = vec![id];
        wanted.extend(document.front("also").into_iter().flat_map(|also| also.split(", ")));
        assert_eq!(fired, wanted, "{id}: {:?}", case.said(&failing));
        assert_eq!(case.said(&example("Passes")), [""; 0], "{id}: Passes");
        let own = found.iter().find(|violation| violation.check == id).unwrap();
        assert_eq!(document.front("severity"), Some(own.severity.as_str()), "{id}");
        let grades = document.front("fix").unwrap();
        match &own.fix {
            None => assert_eq!(grades, "none", "{id}"),
            Some(fix) => {
                assert!(grades.split(", ").any(|grade| grade == fix.grade.to_string()), "{id}");
                let mended = mended(&failing, own).unwrap();
                assert_eq!(case.said(&mended), [""; 0], "{id}: mended");
            }
        }
    }
}

#[test]
fn every_violation_says_where_and_what_instead() {
    for one in ALL {
        let document = Document::parse(one.check.document).unwrap();
        let failing = object(document.examples("Fails")[0]);
        for violation in Case::of(&document).judge(&failing) {
            let (found, whole) = violation.path.look_up(failing.value());
            assert_eq!(whole.then(|| found.to_json()), violation.value, "{}", violation.path);
            assert!(!violation.advice.is_empty() && !violation.advice.ends_with('.'));
            assert!(!violation.message.is_empty() && !violation.message.ends_with('.'));
        }
    }
}

#[test]
fn unset_weighs_what_is_known() {
    let plain = pod("", "containers: [{name: a}], initContainers: [{name: i}]");
    let of = |case: &Case| case.said(&plain).swap_remove(1);
    assert_eq!(
        of(&off()),
        "unset error spec.containers[a].securityContext.seccompProfile: nothing sets a profile for container a: it runs unconfined: seccompDefault is off, as assumed [B]"
    );
    assert_eq!(
        of(&on()),
        "unset info spec.containers[a].securityContext.seccompProfile: nothing sets a profile for container a: it runs with RuntimeDefault by the kubelet alone: seccompDefault is on, by its configuration [A]"
    );
    assert_eq!(
        of(&Case::new(33, unknown())),
        "unset warning spec.containers[a].securityContext.seccompProfile: nothing sets a profile for container a: it runs unconfined, unless the kubelet is told otherwise: whether seccompDefault is on is not known: nobody asked [B]"
    );
    assert!(off().said(&plain)[0].contains("for init container i: "));
}

#[test]
fn unset_names_the_nodes_that_differ() {
    let with = |name: &str, default: SeccompDefault| Node {
        seccomp_default: default,
        ..node(name, "v1.33.1", "containerd://2.1.0")
    };
    let nodes = vec![
        with("a", SeccompDefault::On(How::Probed)),
        with("b", SeccompDefault::Off(How::Probed)),
        with("c", SeccompDefault::On(How::Probed)),
    ];
    let scene = Scene::new(Minor(33), nodes, unknown());
    let object = pod("", "containers: [{name: a}]");
    let templates = pod_templates(&object);
    let pod = Pod::read(&templates[0], &scene).unwrap();
    let confinements = pod.confinements();
    let missing = Missing::default();
    let facts = Facts {
        pod: &pod,
        confinements: &confinements,
        missing: &missing,
        expected: &[],
        setter: None,
    };
    let found = all(facts);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Error);
    assert_eq!(found[0].fix.as_ref().map(|fix| fix.grade), Some(Grade::B));
    assert_eq!(
        found[0].message,
        "nothing sets a profile for container a: it runs with RuntimeDefault on a, c by the kubelet alone: seccompDefault is on, by its configuration; it runs unconfined on b: seccompDefault is off, by its configuration"
    );
}

#[test]
fn unconfined_says_who_chose_it() {
    let context =
        |profile: &str| format!("securityContext: {{seccompProfile: {{type: {profile}}}}}");
    let spec = format!(
        "{}, containers: [{{name: a, {}}}, {{name: b}}]",
        context("RuntimeDefault"),
        context("Unconfined")
    );
    assert_eq!(
        off().said(&pod("", &spec)),
        [
            "unconfined error spec.containers[a].securityContext.seccompProfile.type: container a chooses Unconfined for itself, though the pod's is RuntimeDefault [C]"
        ]
    );
    let spec = format!(
        "{}, containers: [{{name: a, {}}}, {{name: b}}]",
        context("Unconfined"),
        context("RuntimeDefault")
    );
    let case = Case { setter: Some("the webhook x"), ..off() };
    assert_eq!(
        case.said(&pod("", &spec)),
        [
            "unconfined error spec.securityContext.seccompProfile.type: the pod chooses Unconfined, for container b (set by the webhook x) [C]"
        ]
    );
    // It holds for nothing.
    let spec = format!(
        "{}, containers: [{{name: a, {}}}]",
        context("Unconfined"),
        context("RuntimeDefault")
    );
    assert_eq!(off().said(&pod("", &spec)), [""; 0]);
    // Servers that read it.
    let annotated = pod(
        ", annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}",
        "containers: [{name: a}]",
    );
    let old = Case::new(26, SeccompDefault::On(How::Assumed));
    let found = old.judge(&annotated);
    let ids: Vec<&str> = found.iter().map(|one| one.check).collect();
    assert_eq!(ids, ["annotationOnly", "unconfined"]);
    assert!(found[1].message.ends_with("chooses unconfined, for container a: it is read at 1.26"));
    assert_eq!(old.said(&mended(&annotated, &found[1]).unwrap()), [""; 0]);
}

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/a";

/// What is said of annotations: severity, grade, and how the message ends.
fn annotated(case: &Case, metadata: &str, spec: &str) -> Vec<(Severity, Option<Grade>, String)> {
    let found = case.judge(&pod(metadata, spec));
    let all = found.into_iter().filter(|one| one.check == "annotationOnly");
    all.map(|one| (one.severity, one.fix.map(|fix| fix.grade), one.message)).collect()
}

#[test]
fn annotations_weigh_what_they_pretend() {
    let plain = "containers: [{name: a}]";
    let one = |case: &Case, key: &str, value: &str, spec: &str| {
        let mut all = annotated(case, &format!(", annotations: {{{key}: {value}}}"), spec);
        assert_eq!(all.len(), 1, "{all:?}");
        all.swap_remove(0)
    };
    let (error, warning, info) = (Severity::Error, Severity::Warning, Severity::Info);
    let (severity, grade, message) = one(&off(), POD, "localhost/x.json", plain);
    assert_eq!((severity, grade), (error, Some(Grade::B)));
    assert_eq!(
        message,
        "an annotation asks for Localhost x.json, and nothing reads it since 1.27; container a runs unconfined"
    );
    // What the kubelet does anyway.
    let (severity, grade, _) = one(&on(), POD, "runtime/default", plain);
    assert_eq!((severity, grade), (info, Some(Grade::A)));
    // Another profile than the one that is asked for.
    let (severity, grade, message) = one(&on(), CONTAINER, "localhost/x.json", plain);
    assert_eq!((severity, grade), (warning, Some(Grade::B)));
    assert!(message.ends_with("; container a runs with RuntimeDefault"), "{message}");
    // Nothing that anybody could miss.
    let (severity, grade, _) = one(&off(), POD, "unconfined", plain);
    assert_eq!((severity, grade), (info, Some(Grade::A)));
    let (severity, _, message) =
        one(&off(), CONTAINER, "localhost/x.json", "containers: [{name: b}]");
    assert_eq!(severity, warning);
    assert!(message.ends_with("that is not there: a"), "{message}");
    // Servers that read it.
    let (severity, grade, _) = one(&Case::new(26, unknown()), POD, "runtime/default", plain);
    assert_eq!((severity, grade), (warning, Some(Grade::A)));
    // What the API server refuses.
    let field = format!("securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}, {plain}");
    let (severity, grade, message) = one(&off(), POD, "unconfined", &field);
    assert_eq!((severity, grade), (error, Some(Grade::C)));
    assert!(message.contains("the API server refuses"), "{message}");
    assert_eq!(one(&off(), POD, "RuntimeDefault", plain).0, error);
    // A pod that runs, to which it was added later.
    let metadata = format!(", uid: u, annotations: {{{POD}: unconfined}}");
    let found = annotated(&off(), &metadata, &field);
    assert_eq!((found[0].0, found[0].1), (warning, Some(Grade::A)));
    // The field carries it.
    let metadata = format!(", annotations: {{{POD}: docker/default}}");
    assert_eq!(annotated(&off(), &metadata, &field), []);
}

#[test]
fn what_a_dead_annotation_hides_is_said_by_one_check() {
    let ids = |metadata: &str| -> Vec<&str> {
        let metadata = format!(", uid: u, annotations: {{{metadata}}}");
        off()
            .judge(&pod(&metadata, "containers: [{name: a}]"))
            .iter()
            .map(|one| one.check)
            .collect()
    };
    assert_eq!(ids(&format!("{POD}: runtime/default")), ["annotationOnly"]);
    assert_eq!(ids(&format!("{POD}: unconfined")), ["annotationOnly", "unset"]);
    // A value that names nothing hides nothing.
    assert_eq!(ids(&format!("{POD}: x")), ["unset"]);
    let both = format!("{POD}: runtime/default, {CONTAINER}: unconfined");
    assert_eq!(ids(&both), ["annotationOnly", "annotationOnly", "unset"]);
}

#[test]
fn setting_the_profile_takes_what_contradicts_away() {
    let metadata = format!(", annotations: {{{POD}: unconfined, x: y}}");
    let plain = pod(&metadata, "containers: [{name: a}]");
    let found = off().judge(&plain);
    let unset = found.iter().find(|one| one.check == "unset").unwrap();
    let mended = mended(&plain, unset).unwrap();
    assert_eq!(off().said(&mended), [""; 0]);
    assert_eq!(
        mended.value().get("metadata").unwrap().get("annotations").unwrap().entries().count(),
        1
    );
}

#[test]
fn privileged_by_what_is_void() {
    let of = |pod_context: &str, own: &str| {
        let spec = format!(
            "securityContext: {{{pod_context}}}, containers: [{{name: a, securityContext: {{privileged: true{own}}}}}]"
        );
        off().said(&pod("", &spec)).join("; ")
    };
    let profile = "seccompProfile: {type: RuntimeDefault}";
    assert_eq!(
        of("", &format!(", {profile}")),
        "privileged warning spec.containers[a].securityContext.seccompProfile: the profile of container a, RuntimeDefault, is void: it is privileged"
    );
    assert_eq!(
        of(profile, ""),
        "privileged warning spec.containers[a].securityContext.privileged: the profile of the pod, RuntimeDefault, is void for container a: it is privileged"
    );
    let info = "privileged info spec.containers[a].securityContext.privileged: container a is privileged, and so runs unconfined";
    assert_eq!(of("", ""), info);
    assert_eq!(of("", ", seccompProfile: {type: Unconfined}"), info);
    let mut case = off();
    case.nodes.push(node("one", "v1.33.1", "cri-o://1.33.1"));
    let object = pod("", "containers: [{name: a, securityContext: {privileged: true}}]");
    assert!(
        case.said(&object)[0]
            .ends_with("(unless the configuration of CRI-O names a privileged_seccomp_profile)")
    );
}

#[test]
fn an_empty_path_by_kubelet() {
    let of = |kubelet: &str, privileged: bool| {
        let mut case = off();
        case.nodes.push(node("one", kubelet, "containerd://1.7.0"));
        let spec = format!(
            "securityContext: {{seccompProfile: {{type: Localhost, localhostProfile: \"\"}}}}, containers: [{{name: a, securityContext: {{privileged: {privileged}}}}}]"
        );
        case.said(&pod("", &spec)).join("; ")
    };
    let head = "emptyLocalhost error spec.securityContext.seccompProfile.localhostProfile: the Localhost profile of the pod has an empty path: ";
    let unconfined = of("v1.27.1", false);
    assert_eq!(
        unconfined,
        format!("{head}it runs unconfined on one, whose kubelets have CVE-2023-2431")
    );
    assert!(of("v1.27.2", false).starts_with(&format!("{head}it does not start on one: ")));
    // The kubelet looks at the profile of a privileged container too.
    assert!(of("v1.27.2", true).starts_with(head));
    assert!(of("v1.27.1", true).starts_with("privileged warning"));
}

#[test]
fn missing_files_count_where_the_pod_may_run() {
    let mut case = off();
    for name in ["a", "b"] {
        case.nodes.push(node(name, "v1.33.1", "containerd://2.1.0"));
        case.missing.add("x.json", name, "the status of the profile");
    }
    let spec = "containers: [{name: a, securityContext: {seccompProfile: {type: Localhost, localhostProfile: x.json}}}]";
    assert_eq!(
        case.said(&pod("", spec)),
        [
            "localhostMissing error spec.containers[a].securityContext.seccompProfile.localhostProfile: the profile x.json of container a is not on a, b, and containers are not created without it (known of a: the status of the profile)"
        ]
    );
    let on_b = case.said(&pod("", &format!("nodeName: b, {spec}")));
    assert!(on_b[0].contains("is not on b, "), "{on_b:?}");
    case.nodes.push(node("c", "v1.33.1", "containerd://2.1.0"));
    assert_eq!(case.said(&pod("", &format!("nodeName: c, {spec}"))), [""; 0]);
}

#[test]
fn what_is_missed_is_said_once_for_the_pod() {
    let mut case = off();
    case.expected.push(Expected { why: Some("it is older".to_owned()), ..expected("Assign x") });
    let said = case.said(&pod("", "containers: [{name: a}, {name: b}]"));
    assert_eq!(
        said[0],
        "missed warning spec.securityContext.seccompProfile: Assign x sets RuntimeDefault on this cluster, and container a, container b have none: it is older"
    );
    assert_eq!(said.iter().filter(|one| one.starts_with("missed")).count(), 1);
    let set = "securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a}]";
    assert_eq!(case.said(&pod("", set)), [""; 0]);
}

#[test]
fn templates_are_judged_from_the_object_on() {
    let text = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}\n";
    let found = off().judge(&object(text));
    let at = "spec.jobTemplate.spec.template.spec";
    assert_eq!(
        found[0].path.to_string(),
        format!("{at}.containers[a].securityContext.seccompProfile")
    );
    let fixed = mended(&object(text), &found[0]).unwrap();
    assert_eq!(off().said(&fixed), [""; 0]);
    let set: Json = fixed.value().to_json();
    let kind =
        set.pointer("/spec/jobTemplate/spec/template/spec/securityContext/seccompProfile/type");
    assert_eq!(kind, Some(&Json::from("RuntimeDefault")));
}

#[test]
fn windows_pods_have_nothing_to_find() {
    let spec = "os: {name: windows}, containers: [{name: a}]";
    let metadata = format!(", annotations: {{{POD}: runtime/default}}");
    assert_eq!(off().said(&pod(&metadata, spec)), [""; 0]);
}
