//! What must hold without any judge: a verdict follows the pod, not what is around it.
#![cfg(test)]

use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::PolicyVersion;
use kubectl_pss::pod::Pod;
use posture::model::version::Minor;
use posture::model::workload::PodTemplate;
use posture_e2e::object;
use posture_e2e::pss::policy::{NEWEST, policies};
use posture_generators::pod::{Pods, Values};
use posture_generators::workload::{KINDS, wrap};
use posture_harness::seed;
use serde_json::{Value, json};

const PODS: [usize; 2] = [1_000, 20_000];

/// How far the API server has come with a pod or a template.
#[derive(Clone, Copy)]
enum View {
    Written,
    Template,
    Created,
}

impl View {
    fn of<'a>(self, template: &PodTemplate<'a>, server: Minor) -> Pod<'a> {
        match self {
            Self::Written => Pod::as_written(template, server),
            Self::Template => Pod::of_template(template, server),
            Self::Created => Pod::created_from(template, server),
        }
    }
}

const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Every policy's words about an object.
fn words(value: &Value, view: View) -> Vec<String> {
    let evaluator = Evaluator::new(Minor(NEWEST));
    let versions = [0, 18, 21, 24, 31, 34, NEWEST].map(PolicyVersion::of);
    let object = object::from_json(value);
    let template = object::template(&object);
    let pod = view.of(&template, evaluator.server());
    let mut session = evaluator.session(&pod);
    policies(&versions).into_iter().map(|policy| session.evaluate(policy).detail()).collect()
}

#[test]
fn the_kind_around_a_pod_changes_nothing() {
    let count = PODS[usize::from(seed::long())];
    for pod in Pods::new(seed::seed(), Values::Odd).take(count) {
        let written = words(&pod, View::Written);
        let created = words(&pod, View::Created);
        let mut templates = Vec::new();
        for kind in KINDS {
            let object = wrap(kind, &pod);
            assert_eq!(words(&object, View::Written), written, "as written in a {kind}: {pod}");
            assert_eq!(words(&object, View::Created), created, "created by a {kind}: {pod}");
            if kind != "Pod" {
                templates.push(words(&object, View::Template));
            }
        }
        assert!(templates.windows(2).all(|pair| pair[0] == pair[1]), "templates differ: {pod}");
    }
}

/// With one container the words stay the same too; with more, the order of their names changes.
#[test]
fn the_list_of_a_container_changes_nothing() {
    let count = PODS[usize::from(seed::long())];
    for pod in Pods::new(seed::seed(), Values::Odd).take(count) {
        let Some(first) = pod["spec"]["containers"].get(0).cloned() else { continue };
        let spec = pod["spec"].as_object().expect("a spec is an object");
        let in_list = |list: &str| {
            let mut spec = spec.clone();
            for other in LISTS {
                spec.remove(other);
            }
            spec.insert(list.to_owned(), json!([first]));
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"], "spec": spec })
        };
        let expected = words(&in_list("containers"), View::Written);
        for list in LISTS {
            assert_eq!(words(&in_list(list), View::Written), expected, "{list}: {pod}");
        }
    }
}
