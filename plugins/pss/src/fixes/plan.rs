//! Fixes put together: one round of edits after the other, each judged anew, until nothing that
//! may be done is left.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use posture::finding::fix::Grade;
use posture::model::edit::{self, Action, Edit};
use posture::model::made;
use posture::model::node::Tree;
use posture::model::path::{FieldPath, Segment};
use posture::model::workload::{Carrier, PodTemplate};
use serde_json::Value as Json;

use super::answers::Answers;
use super::{Facts, Proposal, Scene, table};
use crate::checks::PssCheck;
use crate::evaluate::Evaluator;
use crate::level::{Level, LevelVersion};
use crate::pod::Pod;
use crate::violation::Violation;

/// Every round mends something or is the last one; what one fix makes possible for another is at
/// most a few steps deep.
const MAX_ROUNDS: usize = 12;

/// What is to be reached, and what may be done for it.
#[derive(Clone, Copy, Debug)]
pub struct Goal<'g> {
    /// The judge, as the server has it.
    pub evaluator: &'g Evaluator,
    /// The policy that the pods shall meet.
    pub policy: LevelVersion,
    /// The gravest grade that is done without an answer: A or B. What is graded C is done exactly
    /// where there is an answer.
    pub limit: Grade,
    /// What is known beside the manifest.
    pub facts: &'g Facts,
    /// What people have decided.
    pub answers: &'g Answers,
    /// The object was read from a cluster: it has its defaults.
    pub stored: bool,
    /// Old annotations are moved to the fields that replaced them, too.
    pub migrate: bool,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What: an imperative half-sentence.
    pub title: Cow<'static, str>,
    /// How safe it is.
    pub grade: Grade,
    /// The check that it mends.
    pub check: &'static str,
    /// Why it has the grade.
    pub evidence: Cow<'static, str>,
    /// The edits, from the object's root.
    pub edits: Vec<Edit>,
    /// What to look at when it is done.
    pub hints: Vec<Cow<'static, str>>,
}

/// What is still objected to in the end.
#[derive(Clone, Debug)]
pub struct Remaining {
    /// The check.
    pub check: &'static PssCheck,
    /// What it objects to; its path begins at the pod.
    pub violation: Violation,
    /// What could be done, and what has to be decided for it.
    pub proposal: Proposal,
}

/// The strictest level that the pods meet, by the version of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// As they are.
    pub before: Level,
    /// With all that is graded A.
    pub a: Level,
    /// With all that is graded B, too.
    pub b: Level,
    /// With what the answers decide, too.
    pub c: Level,
    /// With the steps of this plan.
    pub now: Level,
}

/// What is done to one pod template, and what that comes to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What is left.
    pub remaining: Vec<Remaining>,
    /// The levels.
    pub reached: Reached,
}

/// How far a template has come. Paths begin at the pod.
#[derive(Clone)]
struct State {
    /// As it is to be.
    template: Json,
    /// The same as a document, where it is another one than the object's.
    tree: Option<Arc<Tree>>,
    steps: Vec<Step>,
    /// What could not be done: check and path.
    blocked: BTreeSet<(&'static str, String)>,
    judged: Judged,
}

/// What a policy says about a template and the pod that is made of it.
#[derive(Clone)]
struct Judged {
    /// What it objects to, each thing once.
    violations: Vec<(&'static PssCheck, Violation)>,
    /// What only the level baseline objects to, where the policy is restricted and has another
    /// check in its place: mending that is the way to baseline.
    on_the_way: Vec<(&'static PssCheck, Violation)>,
    level: Level,
}

/// What may be done in a row of rounds.
#[derive(Clone, Copy)]
struct Phase<'p> {
    limit: Grade,
    answers: &'p Answers,
}

impl Goal<'_> {
    /// The plan for one template of an object. It costs one evaluation if there is nothing to do.
    pub fn plan(&self, template: &PodTemplate<'_>) -> Outcome {
        let judged = self.judge(template);
        let level = judged.level;
        if judged.violations.is_empty() && !self.migrate {
            let reached = Reached { before: level, a: level, b: level, c: level, now: level };
            return Outcome { steps: Vec::new(), remaining: Vec::new(), reached };
        }
        self.phases(template, State::new(template, judged))
    }

    /// What is objected to in a template as it stands.
    pub fn as_is(&self, template: &PodTemplate<'_>) -> Vec<Remaining> {
        self.remaining(template, &State::new(template, self.judge(template)))
    }

    fn phases(&self, template: &PodTemplate<'_>, mut state: State) -> Outcome {
        let before = state.judged.level;
        let none = Answers::default();
        let run = |state: &mut State, limit: Grade, answers: &Answers| {
            self.run(template, state, Phase { limit, answers });
            state.judged.level
        };
        let a = run(&mut state, Grade::A, &none);
        let mut chosen = (self.limit == Grade::A).then(|| state.clone());
        if let Some(chosen) = chosen.as_mut().filter(|_| !self.answers.is_empty()) {
            run(chosen, Grade::A, self.answers);
        }
        let b = run(&mut state, Grade::B, &none);
        let mut c = b;
        if !self.answers.is_empty() {
            c = run(&mut state, Grade::B, self.answers);
        }
        let state = chosen.unwrap_or(state);
        let reached = Reached { before, a, b, c, now: state.judged.level };
        let remaining = self.remaining(template, &state);
        let mut steps = state.steps;
        for edit in steps.iter_mut().flat_map(|step| &mut step.edits) {
            edit.path = template.path.clone().join(&edit.path);
        }
        Outcome { steps, remaining, reached }
    }

    /// What a policy says about a template as it stands.
    fn judge(&self, template: &PodTemplate<'_>) -> Judged {
        let server = self.evaluator.server();
        let is_pod = template.carrier == Carrier::Pod;
        let created = if is_pod && self.stored {
            Pod::stored(template, server)
        } else {
            Pod::created_from(template, server)
        };
        let mut judged =
            Judged { violations: Vec::new(), on_the_way: Vec::new(), level: Level::Restricted };
        self.look_at(&created, &mut judged);
        let is_seen = template.carrier == Carrier::Workload;
        if is_seen && (self.stored || created.differs_from_template()) {
            let seen = if self.stored {
                Pod::stored(template, server)
            } else {
                Pod::of_template(template, server)
            };
            self.look_at(&seen, &mut judged);
        }
        judged
    }

    fn look_at(&self, pod: &Pod<'_>, judged: &mut Judged) {
        let mut session = self.evaluator.session(pod);
        judged.level = judged.level.min(session.tightest_level(self.policy.version));
        let outcome = session.evaluate(self.policy);
        if outcome.allowed() {
            return;
        }
        add(&mut judged.violations, outcome.violations());
        if self.policy.level == Level::Restricted {
            let baseline = session.evaluate(LevelVersion { level: Level::Baseline, ..self.policy });
            let is_new = |(check, _): &(&'static PssCheck, &Violation)| {
                outcome.results.iter().all(|result| result.check.id() != check.id())
            };
            add(&mut judged.on_the_way, baseline.violations().filter(is_new));
        }
    }

    /// Does what may be done until nothing is left of it.
    fn run(&self, template: &PodTemplate<'_>, state: &mut State, phase: Phase<'_>) {
        for _ in 0..MAX_ROUNDS {
            let tree = state.tree.clone();
            let chosen = self.chosen(&within(template, tree.as_deref()), state, phase);
            if !state.take(chosen) {
                return;
            }
            let tree = Arc::new(made::tree(&state.template));
            state.judged = self.judge(&within(template, Some(&tree)));
            state.tree = Some(tree);
        }
    }

    /// The fixes that may be made to a template as it stands.
    fn chosen(&self, template: &PodTemplate<'_>, state: &State, phase: Phase<'_>) -> Vec<Chosen> {
        let pod = self.pod(template);
        let scene = Scene::new(template, &pod, self.facts, phase.answers);
        let mut chosen = Vec::new();
        let judged = &state.judged;
        for (check, violation) in judged.violations.iter().chain(&judged.on_the_way) {
            let proposal = scene.within(check, violation);
            let may = proposal.fix.grade <= phase.limit || proposal.fix.grade == Grade::C;
            let key = (check.id(), violation.path.to_string());
            if may && !proposal.fix.edits.is_empty() && !state.blocked.contains(&key) {
                chosen.push(Chosen { key, proposal: named(proposal, violation) });
            }
        }
        if self.migrate {
            let key = || (table::APP_ARMOR_ANNOTATION.checks[0], String::new());
            let own = scene.migrations().into_iter();
            chosen.extend(own.map(|proposal| Chosen { key: key(), proposal }));
        }
        chosen
    }

    fn pod<'a>(&self, template: &PodTemplate<'a>) -> Pod<'a> {
        let server = self.evaluator.server();
        if template.carrier == Carrier::Pod && self.stored {
            Pod::stored(template, server)
        } else {
            Pod::created_from(template, server)
        }
    }

    fn remaining(&self, template: &PodTemplate<'_>, state: &State) -> Vec<Remaining> {
        if state.judged.violations.is_empty() {
            return Vec::new();
        }
        let template = within(template, state.tree.as_deref());
        let pod = self.pod(&template);
        let scene = Scene::new(&template, &pod, self.facts, self.answers);
        let left = |(check, violation): &(&'static PssCheck, Violation)| {
            let mut proposal = scene.propose(check, violation);
            if state.blocked.contains(&(check.id(), violation.path.to_string())) {
                proposal = Proposal::by(&table::UNREADABLE);
            }
            Remaining { check, violation: violation.clone(), proposal }
        };
        state.judged.violations.iter().map(left).collect()
    }
}

/// A fix that is made, and what it is for.
struct Chosen {
    key: (&'static str, String),
    proposal: Proposal,
}

impl State {
    /// A template to which nothing was done.
    fn new(template: &PodTemplate<'_>, judged: Judged) -> Self {
        Self {
            template: template.value.to_json(),
            tree: None,
            steps: Vec::new(),
            blocked: BTreeSet::new(),
            judged,
        }
    }

    /// Makes the edits of one round. Says whether there is a new state to judge.
    fn take(&mut self, chosen: Vec<Chosen>) -> bool {
        let (start, first) = (self.template.clone(), self.steps.len());
        let mut changed = false;
        for Chosen { key, proposal } in chosen {
            let Proposal { fix, hints, .. } = proposal;
            if fix.edits.iter().all(|edit| is_done(edit, &self.template)) {
                continue;
            }
            changed = true;
            if edit::apply(&fix.edits, &mut self.template).is_err() {
                // It is half done: all of this round is made again without it.
                self.template.clone_from(&start);
                let made = self.steps[first..].iter().flat_map(|step| &step.edits);
                made.for_each(|edit| {
                    // It could be made before, so it can be made now.
                    let _infallible = edit.apply(&mut self.template);
                });
                // An earlier one of this round may be in its way: the next round will tell.
                if self.steps.len() == first {
                    self.blocked.insert(key);
                }
                continue;
            }
            self.steps.push(Step {
                title: fix.title,
                grade: fix.grade,
                check: key.0,
                evidence: fix.evidence,
                edits: fix.edits,
                hints,
            });
        }
        changed
    }
}

/// The title, with the container that it is about.
fn named(mut proposal: Proposal, violation: &Violation) -> Proposal {
    let is_in = |edit: &Edit, list: &str| matches!(edit.path.segments().get(1), Some(Segment::Field(field)) if field == list);
    if let Some(container) = violation.container()
        && proposal.fix.edits.iter().all(|edit| is_in(edit, container.kind.field()))
    {
        let title = &proposal.fix.title;
        proposal.fix.title = Cow::Owned(format!("{title} for container {}", container.name));
    }
    proposal
}

/// The same template, changed where it has been.
fn within<'t>(template: &PodTemplate<'t>, tree: Option<&'t Tree>) -> PodTemplate<'t> {
    PodTemplate {
        carrier: template.carrier,
        path: template.path.clone(),
        value: tree.map_or(template.value, Tree::root),
        claims: template.claims,
    }
}

/// Adds what is not there yet.
fn add<'v>(
    known: &mut Vec<(&'static PssCheck, Violation)>,
    more: impl Iterator<Item = (&'static PssCheck, &'v Violation)>,
) {
    let before = known.len();
    for (check, violation) in more {
        let is_it = |(known, other): &(&'static PssCheck, Violation)| {
            known.id() == check.id() && other.path == violation.path
        };
        if !known[..before].iter().any(is_it) {
            known.push((check, violation.clone()));
        }
    }
}

/// Whether an edit would change nothing.
fn is_done(edit: &Edit, object: &Json) -> bool {
    let found = find(object, &edit.path);
    match &edit.action {
        Action::Set(value) => found == Some(value),
        Action::Remove => found.is_none(),
        Action::Append(_) => false,
    }
}

fn find<'j>(mut at: &'j Json, path: &FieldPath) -> Option<&'j Json> {
    for segment in path.segments() {
        at = match segment {
            Segment::Field(key) => at.get(key.as_ref())?,
            Segment::Index(index) => at.get(*index)?,
            Segment::Named { index, name } => {
                let named = |item: &&Json| {
                    item.as_str().or_else(|| item.get("name")?.as_str()) == Some(name)
                };
                // Where several have the name, the edit itself knows which one is meant.
                let own = at.get(*index).filter(named);
                own.or_else(|| at.as_array()?.iter().find(named))?
            }
        };
    }
    Some(at)
}
