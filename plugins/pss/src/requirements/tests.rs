//! The words, the documents with their examples, and what does not depend on the order of things.

use std::sync::Arc;

use posture::finding::document::Document;
use posture::input::yaml;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Source;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::pod_templates;

use super::{ALL, Answer, Facts, Required, Requirement};
use crate::quota::Surroundings;

fn objects(text: &str) -> Vec<Object> {
    let source = Arc::new(Source::new("test.yaml", text.as_bytes().to_vec()));
    let documents = yaml::read(&source).into_iter();
    let object = |outcome: yaml::Outcome| {
        let document = outcome.unwrap_or_else(|gap| panic!("{}\n{text}", gap.why));
        let root = document.tree.root().id();
        Object::new(document.tree, root, FieldPath::root(), None)
    };
    documents.map(object).collect()
}

/// What each requirement answers about each pod or template of a text.
fn answers(text: &str, server: u16) -> Vec<(&'static Requirement, Answer)> {
    let objects = objects(text);
    let mut around = Surroundings::default();
    let mut gaps = Vec::new();
    around.note(&objects, |object| object.namespace().unwrap_or("default"), &mut gaps);
    assert!(gaps.is_empty(), "{gaps:?}");
    let mut answers = Vec::new();
    for object in &objects {
        for template in &pod_templates(object) {
            let facts = Facts {
                object,
                template,
                server: Minor(server),
                counted: false,
                neighbours: around.of(object.namespace().unwrap_or("default")),
                around: &around,
            };
            for requirement in ALL.iter().copied() {
                let mut answer = Answer::default();
                (requirement.find)(&facts, &mut answer);
                answers.push((requirement, answer));
            }
        }
    }
    answers
}

/// The requirements that are not met, each once.
fn fired(text: &str) -> Vec<&'static str> {
    let unmet = answers(text, NEWEST.0).into_iter().filter(|(_, answer)| !answer.unmet.is_empty());
    let mut fired: Vec<&str> = unmet.map(|(requirement, _)| requirement.check.id).collect();
    fired.dedup();
    fired
}

/// Where one requirement is not met.
fn paths(id: &str, text: &str) -> Vec<String> {
    let of_it = answers(text, NEWEST.0).into_iter().filter(|(known, _)| known.check.id == id);
    let unmet = of_it.flat_map(|(_, answer)| answer.unmet);
    unmet.map(|unmet| unmet.violation.path.to_string()).collect()
}

#[test]
fn words_ask_for_requirements() {
    let ids = |words: &[&str]| -> Vec<&str> {
        let required = Required::parse(words).unwrap_or_else(|why| panic!("{why}"));
        required.iter().map(|requirement| requirement.check.id).collect()
    };
    assert!(ALL.windows(2).all(|pair| pair[0].check.id < pair[1].check.id));
    assert_eq!(ids(&["resources", "probes"]), ["probes", "resourceLimits", "resourceRequests"]);
    assert_eq!(ids(&["all"]).len(), ALL.len());
    assert!(ids(&[]).is_empty());
    let unknown = Required::parse(&["probe"]).expect_err("no requirement");
    assert_eq!(
        unknown,
        "\"probe\" cannot be required; did you mean probes?; known: automountServiceAccountToken, probes, quota, readOnlyRootFilesystem, resourceLimits, resourceRequests, all, resources"
    );
}

#[test]
fn documents_are_complete_and_their_examples_hold() {
    for requirement in ALL {
        let check = &requirement.check;
        let id = check.id;
        let document = Document::parse(check.document).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert!(check.document.contains(&format!("\n# {id}: {}\n", check.title)), "{id}");
        assert_eq!(document.front("severity"), Some("error"), "{id}");
        assert_eq!(document.front("require"), Some(id), "{id}");
        assert!(document.front("facts").is_some(), "{id}");
        assert_eq!(document.front("fix"), Some("none"), "{id}");
        let mut expected = vec![id];
        expected.extend(document.front("also").into_iter().flat_map(|also| also.split(", ")));
        expected.sort_unstable();
        for (heading, expected) in [("Fails", expected), ("Passes", Vec::new())] {
            let examples = document.examples(heading);
            assert_eq!(examples.len(), 1, "{id}: {heading}");
            assert_eq!(fired(examples[0]), expected, "{id}: {heading}");
        }
    }
}

#[test]
fn everything_says_where_and_what_instead() {
    for requirement in ALL {
        let document = Document::parse(requirement.check.document).expect("well formed");
        for (of, answer) in answers(document.examples("Fails")[0], NEWEST.0) {
            for unmet in answer.unmet {
                let path = unmet.violation.path.to_string();
                assert!(path.starts_with("spec."), "{path}");
                let advice = &unmet.violation.advice;
                assert!(!advice.is_empty() && !advice.ends_with('.'), "{advice}");
                assert_eq!(unmet.says.is_some(), of.check.id == "quota", "{path}");
            }
        }
    }
}

/// A pod with these containers, one a line.
fn pod(fields: &str, containers: &[&str]) -> String {
    let containers: Vec<String> = containers.iter().map(|text| format!("  - {text}\n")).collect();
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: p }}\nspec:\n{fields}  containers:\n{}",
        containers.concat()
    )
}

#[test]
fn the_order_of_containers_does_not_matter() {
    let containers = [
        "{ name: a, resources: { limits: { cpu: 1 } }, livenessProbe: {} }",
        "{ name: b, securityContext: { readOnlyRootFilesystem: true } }",
        "{ name: c, resources: { requests: { memory: 1Gi } }, readinessProbe: {} }",
    ];
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: q }\nspec: { hard: { requests.memory: 1Mi, limits.cpu: 10m } }\n---\n";
    let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]];
    let found = orders.map(|order| {
        let text = format!("{quota}{}", pod("", &order.map(|index| containers[index])));
        let mut all: Vec<(&str, Option<String>, String)> = answers(&text, NEWEST.0)
            .into_iter()
            .flat_map(|(requirement, answer)| {
                let id = requirement.check.id;
                answer.unmet.into_iter().map(move |unmet| {
                    // What every container must say is told at the first that does not.
                    let path = unmet.violation.path.to_string();
                    (id, unmet.says, if id == "quota" { String::new() } else { path })
                })
            })
            .collect();
        all.sort();
        all
    });
    assert!(found[0].len() > 10, "{:?}", found[0]);
    assert!(found.iter().all(|order| *order == found[0]), "{found:#?}");
}

#[test]
fn limits_stand_for_requests_and_the_pod_for_its_containers() {
    let requests = |fields, resources: &str| {
        paths(
            "resourceRequests",
            &pod(fields, &[&format!("{{ name: a, resources: {resources} }}")]),
        )
    };
    assert_eq!(requests("", "{ limits: { cpu: 1, memory: 1Gi } }"), [""; 0]);
    assert_eq!(
        requests("", "{ limits: { cpu: 1 }, requests: { cpu: 0 } }"),
        [
            "spec.containers[a].resources.requests.cpu",
            "spec.containers[a].resources.requests.memory"
        ]
    );
    let of_pod = "  resources: { limits: { cpu: 1, memory: 1Gi } }\n";
    assert_eq!(requests(of_pod, "{}"), [""; 0]);
    let text = pod(of_pod, &["{ name: a }"]);
    let unmet = |server| -> usize {
        let answers = answers(&text, server).into_iter();
        let about = answers.filter(|(known, _)| known.check.id.starts_with("resource"));
        about.map(|(_, answer)| answer.unmet.len()).sum()
    };
    assert_eq!((unmet(34), unmet(33)), (0, 4));
}

#[test]
fn who_needs_probes() {
    let list = "  initContainers: [{ name: i }, { name: s, restartPolicy: Always }]\n  ephemeralContainers: [{ name: e }]\n";
    let found = paths("probes", &pod(list, &["{ name: a, livenessProbe: {} }"]));
    assert_eq!(
        found,
        [
            "spec.initContainers[s].livenessProbe",
            "spec.initContainers[s].readinessProbe",
            "spec.containers[a].readinessProbe"
        ]
    );
    assert_eq!(paths("probes", &pod("  restartPolicy: OnFailure\n", &["{ name: a }"])), [""; 0]);
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec: { template: { spec: { containers: [{ name: a }] } } }\n";
    assert_eq!(paths("probes", job), [""; 0]);
}

#[test]
fn who_is_given_a_token() {
    let account = |says: &str| {
        format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{ name: robot }}\n{says}\n---\n")
    };
    let denied = account("automountServiceAccountToken: false");
    let with = |account: &str, fields: &str| {
        let text = format!("{account}{}", pod(fields, &["{ name: a }"]));
        paths("automountServiceAccountToken", &text).len()
    };
    let robot = "  serviceAccountName: robot\n";
    assert_eq!(with(&denied, robot), 0);
    assert_eq!(with(&denied, "  serviceAccount: robot\n"), 0);
    assert_eq!(with(&denied, ""), 1);
    assert_eq!(with(&account(""), robot), 1);
    assert_eq!(with("", robot), 1);
    let wins = format!("{robot}  automountServiceAccountToken: true\n");
    assert_eq!(with(&denied, &wins), 1);
    assert_eq!(with("", "  automountServiceAccountToken: false\n"), 0);
}

#[test]
fn windows_has_no_read_only_root() {
    let windows = pod("  os: { name: windows }\n", &["{ name: a }"]);
    assert_eq!(paths("readOnlyRootFilesystem", &windows), [""; 0]);
    let linux = pod("", &["{ name: a }"]);
    assert_eq!(
        paths("readOnlyRootFilesystem", &linux),
        ["spec.containers[a].securityContext.readOnlyRootFilesystem"]
    );
}
