//! Which seccomp profiles the API server takes: its own decoding and validation, on every
//! combination of fields and annotations of old.
#![cfg(test)]

use kubectl_seccomp::effective::{How, Pod, Scene, SeccompDefault};
use posture::model::version::NEWEST;
use posture_e2e::object;
use posture_e2e::pss::judge::{ObjectAnswer, ObjectQuestion};
use posture_harness::judge::LineJudge;
use posture_harness::score;
use serde_json::{Value, json};

/// The judge with the API server's own code.
const JUDGE: &str = "kubernetes-objects";

/// How many differences are printed in full.
const PRINTED: usize = 5;

/// As many must be taken, and as many refused.
const LEAST: usize = 300;

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// What may stand in a `securityContext`; nothing at all first.
fn fields() -> Vec<Option<Value>> {
    let profiles = [
        json!(null),
        json!({}),
        json!({"type": null}),
        json!({"type": ""}),
        json!({"type": "RuntimeDefault"}),
        json!({"type": "RuntimeDefault", "localhostProfile": null}),
        json!({"type": "RuntimeDefault", "localhostProfile": ""}),
        json!({"type": "Unconfined"}),
        json!({"type": "Unconfined", "localhostProfile": "a.json"}),
        json!({"type": "unconfined"}),
        json!({"type": "OCI"}),
        json!({"type": "Localhost"}),
        json!({"type": "Localhost", "localhostProfile": ""}),
        json!({"type": "Localhost", "localhostProfile": "a.json"}),
        json!({"type": "Localhost", "localhostProfile": "a/b..c.json"}),
        json!({"type": "Localhost", "localhostProfile": "/a.json"}),
        json!({"type": "Localhost", "localhostProfile": "a/../b.json"}),
        json!({"type": "Localhost", "localhostProfile": ".."}),
        json!({"type": 7}),
        json!("RuntimeDefault"),
        json!([]),
    ];
    let context = |profile| Some(json!({ "seccompProfile": profile }));
    std::iter::once(None).chain(profiles.into_iter().map(context)).collect()
}

/// The values of annotations; none at all first.
const VALUES: [Option<&str>; 12] = [
    None,
    Some("runtime/default"),
    Some("docker/default"),
    Some("unconfined"),
    Some("Unconfined"),
    Some("localhost/a.json"),
    Some("localhost/a/b..c.json"),
    Some("localhost/"),
    Some("localhost//a.json"),
    Some("localhost/a/../b.json"),
    Some("a.json"),
    Some(""),
];

/// A pod with all of it in the given places.
fn pod(
    own: Option<&Value>,
    whole: Option<&Value>,
    annotation: Option<(&str, &str)>,
    os: &str,
) -> Value {
    let mut container = json!({"name": "a", "image": "registry.example/a:1"});
    let mut spec = json!({});
    if let Some(context) = own {
        container["securityContext"] = context.clone();
    }
    if let Some(context) = whole {
        spec["securityContext"] = context.clone();
    }
    if !os.is_empty() {
        spec["os"] = json!({ "name": os });
    }
    spec["containers"] = json!([container]);
    let mut metadata = json!({"name": "p", "namespace": "default"});
    if let Some((key, value)) = annotation {
        metadata["annotations"] = json!({ key: value });
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// Every combination of a field and an annotation, at every place; then of two fields.
fn pods() -> Vec<Value> {
    let fields = fields();
    let keys = [POD.to_owned(), format!("{CONTAINER}a"), format!("{CONTAINER}b")];
    let mut pods = Vec::new();
    for os in ["", "linux", "windows"] {
        for context in &fields {
            for value in VALUES {
                for key in &keys {
                    let annotation = value.map(|value| (key.as_str(), value));
                    pods.push(pod(context.as_ref(), None, annotation, os));
                    pods.push(pod(None, context.as_ref(), annotation, os));
                }
            }
            for other in &fields {
                pods.push(pod(context.as_ref(), other.as_ref(), None, os));
            }
        }
    }
    pods
}

/// Why we say that no server takes it; nothing where we do not.
fn ours(pod: &Value) -> Vec<String> {
    let read = object::from_json(pod);
    let template = object::template(&read);
    let scene = Scene::new(NEWEST, Vec::new(), SeccompDefault::Off(How::Assumed));
    let pod = Pod::read(&template, &scene).expect("a spec");
    pod.refusals.iter().map(|refusal| format!("{}: {}", refusal.path, refusal.why)).collect()
}

#[test]
fn profiles_are_refused_that_the_server_refuses() {
    let pods = pods();
    let questions: Vec<ObjectQuestion> = pods
        .iter()
        .map(|pod| ObjectQuestion { object: pod.clone(), policies: Vec::new(), omit_spec: true })
        .collect();
    let answers: Vec<ObjectAnswer> = LineJudge::start(JUDGE).ask_all(&questions);
    assert_eq!(answers.len(), pods.len());
    let (mut refused, mut differ) = (0, Vec::new());
    for (pod, answer) in pods.iter().zip(&answers) {
        assert_eq!(answer.error, None, "{pod}");
        let theirs: Vec<String> = match (&answer.decode_error, &answer.object) {
            (Some(why), _) => vec![why.clone()],
            (None, admitted) => {
                admitted.iter().flat_map(|admitted| admitted.invalid.clone()).collect()
            }
        };
        refused += usize::from(!theirs.is_empty());
        let ours = ours(pod);
        if ours.is_empty() != theirs.is_empty() {
            differ.push(format!("{pod}\n  the server: {theirs:?}\n  we: {ours:?}"));
        }
    }
    for difference in differ.iter().take(PRINTED) {
        println!("{difference}");
    }
    let compared = format!("{} pods, {refused} refused", pods.len());
    let what = "seccomp: fields and annotations that the API server refuses";
    score::record("seccomp_refused", what, &compared, differ.len());
    assert!(differ.is_empty(), "{} differences", differ.len());
    assert!(refused >= LEAST && pods.len() - refused >= LEAST, "too few of a kind");
}
