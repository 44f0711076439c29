//! What the tests of several modules need: pods from JSON.

use std::sync::Arc;

use posture::input::yaml::json;
use posture::model::node::Tree;
use posture::model::path::FieldPath;
use posture::model::source::Source;
use posture::model::version::Minor;
use posture::model::workload::{Carrier, PodTemplate};

use crate::evaluate::{Evaluator, Outcome};
use crate::level::LevelVersion;
use crate::pod::Pod;

/// A document from JSON text.
pub(crate) fn tree(text: &str) -> Tree {
    let source = Arc::new(Source::new("test.json", text.as_bytes().to_vec()));
    json::read(&source, 0).expect("valid JSON").0
}

/// The template that a whole document is.
pub(crate) fn template(tree: &Tree, carrier: Carrier) -> PodTemplate<'_> {
    PodTemplate { carrier, path: FieldPath::root(), value: tree.root(), claims: None }
}

/// What a policy says about a Pod that is being created on a server.
pub(crate) fn created(text: &str, policy: &str, server: u16) -> Outcome {
    let tree = tree(text);
    let pod = Pod::created_from(&template(&tree, Carrier::Pod), Minor(server));
    evaluate(&pod, policy, server)
}

/// What a policy says about the template of a workload.
pub(crate) fn templated(text: &str, policy: &str, server: u16) -> Outcome {
    let tree = tree(text);
    let pod = Pod::of_template(&template(&tree, Carrier::Workload), Minor(server));
    evaluate(&pod, policy, server)
}

fn evaluate(pod: &Pod<'_>, policy: &str, server: u16) -> Outcome {
    let policy: LevelVersion = policy.parse().expect("a policy");
    Evaluator::new(Minor(server)).evaluate(pod, policy)
}
