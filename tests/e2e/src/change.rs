//! Changes of what runs, with somebody who answers from a script.

use std::collections::VecDeque;
use std::path::Path;

use posture::client::connection::Connection;
use posture::client::resource::Resource;
use posture::input::live;
use posture::model::clock::Clock;
use posture::model::edit::Edit;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::patch::audience::{Answer, Audience};
use posture::patch::live::{DryRun, Options, Target};
use posture::patch::plan::{Change, Planned, Step};
use serde_json::{Value, json};

/// Whoever answers what the script says, and remembers everything. Beyond the script it says no.
#[derive(Default)]
pub struct Scripted<'a> {
    answers: VecDeque<(Answer, Box<dyn FnMut() + 'a>)>,
    /// The questions, with their numbers and counts.
    pub asked: Vec<(String, usize, usize)>,
    /// The diffs that were shown.
    pub diffs: Vec<String>,
    /// What was said.
    pub notes: Vec<String>,
}

impl<'a> Scripted<'a> {
    /// One more answer.
    #[must_use]
    pub fn says(self, answer: Answer) -> Self {
        self.after(|| {}, answer)
    }

    /// One more answer, before which something happens.
    #[must_use]
    pub fn after(mut self, happens: impl FnMut() + 'a, answer: Answer) -> Self {
        self.answers.push_back((answer, Box::new(happens)));
        self
    }
}

impl Audience for Scripted<'_> {
    fn ask(&mut self, question: &str, number: usize, count: usize, diff: &str) -> Answer {
        assert_eq!(self.diffs.last().map(String::as_str), Some(diff), "it was shown before");
        self.asked.push((question.to_owned(), number, count));
        let Some((answer, mut happens)) = self.answers.pop_front() else { return Answer::No };
        happens();
        answer
    }

    fn diff(&mut self, diff: &str) {
        self.diffs.push(diff.to_owned());
    }

    fn note(&mut self, line: &str) {
        self.notes.push(line.to_owned());
    }
}

/// Deployments, as every server has them.
pub fn deployments() -> Resource {
    Resource::new("apps", "v1", "deployments", "Deployment", true)
}

/// A Deployment with one container.
pub fn deployment(name: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } },
                "spec": { "containers": [
                    { "name": "web", "image": "x", "args": ["a <b> & 'c'"] } ] } } } })
}

/// Plans seccomp profiles for the template of a workload: what the suites have changed.
pub fn plan(object: Object) -> Planned {
    let path = FieldPath::of("spec.template.spec.securityContext.seccompProfile");
    plan_edits(object, vec![Edit::set(path, json!({ "type": "RuntimeDefault" }))])
}

/// Plans these edits.
///
/// # Panics
/// If they cannot be made.
pub fn plan_edits(object: Object, edits: Vec<Edit>) -> Planned {
    let reference = object.reference(object.namespace());
    let steps = vec![Step {
        title: "change it".into(),
        check: None,
        grade: None,
        evidence: "".into(),
        edits,
    }];
    let change = Change::new(object, reference.clone(), steps, Vec::new()).expect("it can be");
    if change.is_empty() { Planned::Already(reference) } else { Planned::Change(Box::new(change)) }
}

/// What a plan makes of an object as it is now.
///
/// # Panics
/// If it cannot be read, or is not to be changed.
pub fn target(
    connection: &Connection,
    resource: &Resource,
    (namespace, name): (&str, &str),
    plan: impl Fn(Object) -> Planned,
) -> Target {
    let object = live::object(connection, resource, Some(namespace), name).expect("it is there");
    let Planned::Change(change) = plan(object) else { panic!("{name} is to be changed") };
    Target { resource: resource.clone(), change: *change }
}

/// The usual options, with an undo file.
pub fn options(undo: &Path) -> Options {
    Options {
        field_manager: "kubectl-test".to_owned(),
        yes: false,
        dry_run: DryRun::None,
        undo: Some(undo.to_owned()),
        clock: Clock::System,
        kubectl: Vec::new(),
    }
}
