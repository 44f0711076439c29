//! A real API server as the judge of what mutating admission adds.
#![cfg(test)]

mod injected;
mod json_patch;
mod patched;
mod running;
mod sent;

use std::sync::Arc;
use std::time::Duration;

use kubectl_pss::assume::{Assumed, Assumptions, Scene, Unknown};
use posture::input::yaml::json as reader;
use posture::model::json_patch::Patch;
use posture::model::source::Source;
use posture::model::version::NEWEST;
use posture_e2e::object;
use posture_e2e::pss::server::{self, Labelled, Request, Tally};
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_harness::cluster::{Cluster, Namespace};
use posture_harness::seed;
use serde_json::{Value, json};

/// Each of the ways in which a request may end must turn up this often.
pub(crate) const LEAST: usize = 20;

/// How many namespaces the pods are spread over.
const NAMESPACES: usize = 40;

/// How long the server may take until it knows of something new.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) fn pods(count: usize) -> impl Iterator<Item = Value> {
    Pods::new(seed::seed(), Values::Valid).take(count)
}

pub(crate) fn namespaces(cluster: &Cluster, prefix: &str) -> Vec<Labelled> {
    let mut random = Random::new(seed::seed());
    let labelled = server::namespaces(&mut random, prefix, NAMESPACES);
    let made: Vec<Namespace> = labelled
        .iter()
        .map(|own| {
            let labels = own.labels.iter();
            labels.fold(Namespace::new(&own.name), |made, (key, value)| made.label(key, value))
        })
        .collect();
    cluster.seed(&made);
    labelled
}

/// What our engine makes of a pod in a namespace.
pub(crate) fn assume(
    assumptions: &Assumptions,
    pod: &Value,
    namespace: &str,
) -> Result<Assumed, Unknown> {
    let object = object::from_json(pod);
    let scene = Scene { namespace, known: None, server: NEWEST };
    assumptions.apply(&object::template(&object), &scene, false)
}

/// The request for a pod as it is sent, of which another one is judged.
pub(crate) fn request(
    sent: &Value,
    judged: &Value,
    number: usize,
    namespace: (usize, &str),
) -> Request {
    let (position, name) = namespace;
    Request {
        method: "POST",
        target: format!(
            "/api/v1/namespaces/{name}/pods?dryRun=All&fieldValidation=Ignore&fieldManager=o{number}"
        ),
        content_type: "application/json",
        body: sent.clone(),
        namespace: position,
        object: judged.clone(),
        old: None,
    }
}

pub(crate) fn record(what: &str, tally: &Tally) {
    tally.print(what);
    assert_eq!(tally.differences, 0, "see above");
    for (ending, count) in
        [("refused", tally.refused), ("warned", tally.warned), ("admitted", tally.admitted)]
    {
        assert!(count >= LEAST, "{what}: only {count} {ending}");
    }
}

/// A pod that one of the policies changes, and that no admission plugin of the test's cluster lacks.
pub(crate) fn labelled_pod(mut pod: Value, name: &str, policy: &str, namespace: &str) -> Value {
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["namespace"] = json!(namespace);
    pod["metadata"]["labels"] = json!({ "patch": policy });
    pod["metadata"]["annotations"]["patched"] = json!("no");
    // That plugin is switched off there.
    pod["spec"]["automountServiceAccountToken"] = json!(false);
    pod
}

/// A patch as our reader has it.
pub(crate) fn read(patch: &Value) -> Patch {
    let source = Arc::new(Source::new("patch.json", patch.to_string().into_bytes()));
    let (tree, _) = reader::read(&source, 0).expect("JSON");
    Patch::read(tree.root()).expect("a patch")
}
