//! One object to what is done to it, and what is left.

use std::borrow::Cow;
use std::sync::Arc;

use posture::finding::fix::Grade;
use posture::model::decode;
use posture::model::gap::Gap;
use posture::model::mark;
use posture::model::object::{Object, ObjectRef};
use posture::model::served;
use posture::model::workload::{PodTemplate, pod_templates, without_template};
use posture::patch::plan::{self, Planned, Step};
use posture::patch::standing::{self, Place};

use super::super::policies::Policies;
use super::detail::{Left, count};
use crate::evaluate::Evaluator;
use crate::fixes::Facts;
use crate::fixes::answers::{Answers, Wanted};
use crate::fixes::plan::{Goal, Outcome, Reached, Remaining};
use crate::level::{LevelVersion, PolicyVersion};
use crate::namespace::Mode;
use posture::finding::acceptance;

/// What fixes are planned by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixer<'a> {
    /// The checks, as the server has them.
    pub(super) evaluator: &'a Evaluator,
    /// The policies.
    pub(super) policies: &'a Policies,
    /// The gravest grade that is done without an answer.
    pub(super) limit: Grade,
    /// Whether old annotations become fields too.
    pub(super) migrate: bool,
    /// Of objects of a cluster: how commands of kubectl begin that mean it, and whether those are
    /// changed too that somebody manages.
    pub(super) live: Option<(&'a str, bool)>,
    /// The beginning of the command that does the same to an object in a pipe.
    pub(super) command: &'a str,
}

/// What comes of one object.
#[derive(Debug)]
pub(super) struct Fixed {
    /// What is done.
    pub(super) planned: Planned,
    /// How far that goes. Absent for what is no concern.
    pub(super) came: Option<Came>,
}

/// Where an object is: the same one may be in the input twice.
pub(super) type Spot = (usize, usize);

/// Where an object is.
pub(super) fn where_it_is(object: &Object) -> Spot {
    let mark = object.value().mark();
    (Arc::as_ptr(mark.source()).addr(), mark.span().start)
}

/// How far the fixes of an object go.
#[derive(Clone, Debug)]
pub(super) struct Came {
    /// Where it is.
    pub(super) spot: Spot,
    /// Whether something could be done and the object is left alone.
    pub(super) is_left: bool,
    /// The object.
    pub(super) object: ObjectRef,
    /// The levels.
    pub(super) reached: Reached,
    /// What is left when all that is planned is done.
    pub(super) left: Vec<Left>,
}

impl Fixer<'_> {
    /// Plans the fixes of an object, with what was answered for it and what is known of its pods.
    /// `ways` say how it was found.
    pub(super) fn plan(
        &self,
        object: &Object,
        answers: &Answers,
        facts: &Facts,
        ways: Vec<String>,
    ) -> Fixed {
        if object.is_namespace() {
            return Fixed { planned: Planned::Aside, came: None };
        }
        if let Some(why) = served::no_match(object, self.evaluator.server()) {
            return self.unknown(object, why);
        }
        let templates = pod_templates(object);
        if templates.is_empty() {
            let aside = Fixed { planned: Planned::Aside, came: None };
            return without_template(object).map_or(aside, |why| self.unknown(object, why));
        }
        if self.live.is_none()
            && let Some(why) = refusal(object, &templates)
        {
            return self.unknown(object, format!("the API server refuses it: {why}"));
        }
        let reference = self.reference(object);
        let goal = self.goal(&reference, answers, facts);
        let outcomes: Vec<Outcome> = templates.iter().map(|template| goal.plan(template)).collect();
        let mut came = Came {
            spot: where_it_is(object),
            is_left: false,
            object: reference.clone(),
            reached: reached(&outcomes),
            left: Vec::new(),
        };
        let mut steps = Vec::new();
        let mut hints: Vec<String> = Vec::new();
        for (template, outcome) in templates.iter().zip(outcomes) {
            let left = |remaining: &Remaining| left(&reference, template, remaining);
            came.left.extend(outcome.remaining.iter().map(left));
            for step in outcome.steps {
                for hint in &step.hints {
                    if !hints.iter().any(|known| known == hint) {
                        hints.push(hint.clone().into_owned());
                    }
                }
                steps.push(Step {
                    title: step.title,
                    check: Some(step.check),
                    grade: Some(step.grade),
                    evidence: step.evidence,
                    edits: step.edits,
                });
            }
        }
        let is_idle = steps.is_empty();
        let about = (object.clone(), reference, goal.policy);
        let planned = self.planned(about, steps, (ways, hints), &came);
        if !is_idle && matches!(planned, Planned::Left(_)) {
            came.left = self.untouched(object, answers, facts);
            came.is_left = true;
        }
        Fixed { planned, came: Some(came) }
    }

    /// What there is to do in an object to which nothing is done.
    pub(super) fn untouched(&self, object: &Object, answers: &Answers, facts: &Facts) -> Vec<Left> {
        let reference = self.reference(object);
        let goal = self.goal(&reference, answers, facts);
        let templates = pod_templates(object);
        let of = |template: &PodTemplate<'_>| -> Vec<Left> {
            goal.as_is(template).iter().map(|one| left(&reference, template, one)).collect()
        };
        templates.iter().flat_map(of).collect()
    }

    fn goal<'g>(
        &'g self,
        reference: &ObjectRef,
        answers: &'g Answers,
        facts: &'g Facts,
    ) -> Goal<'g> {
        Goal {
            evaluator: self.evaluator,
            policy: self.target(reference),
            limit: self.limit,
            facts,
            answers,
            stored: self.live.is_some(),
            migrate: self.migrate,
        }
    }

    fn planned(
        &self,
        (object, reference, policy): (Object, ObjectRef, LevelVersion),
        steps: Vec<Step>,
        (ways, hints): (Vec<String>, Vec<String>),
        came: &Came,
    ) -> Planned {
        if steps.is_empty() {
            if came.left.is_empty() {
                return Planned::Already(reference);
            }
            let why = format!("nothing to do at grade {}: {}", self.limit, count(&came.left));
            return Planned::Left(plan::Left { object: reference, why, instead: Vec::new() });
        }
        let command;
        let place = match self.live {
            None => Place::File,
            Some((kubectl, managed)) => {
                // Outside of its namespace another policy would be assumed.
                let LevelVersion { level, version } = policy;
                command = format!("{} --level {level}:{version} -f - -o yaml", self.command);
                Place::Cluster { kubectl, command: &command, managed }
            }
        };
        standing::change(object, reference, steps, place, (ways, hints))
    }

    /// How reports name an object.
    pub(super) fn reference(&self, object: &Object) -> ObjectRef {
        object.reference(Some(self.policies.namespace_of(object)))
    }

    /// What the pods of an object are to meet: the strictest of what the modes of its namespace ask
    /// for.
    fn target(&self, reference: &ObjectRef) -> LevelVersion {
        let applied = self.policies.apply(reference.namespace.as_deref().unwrap_or_default());
        let modes = Mode::ALL.into_iter().map(|mode| applied.policy.modes.get(mode).policy);
        let age = |version: PolicyVersion| self.evaluator.applied(version);
        let strictest = modes.max_by_key(|policy| (policy.level, age(policy.version)));
        strictest.unwrap_or(LevelVersion::PRIVILEGED)
    }

    fn unknown(&self, object: &Object, why: String) -> Fixed {
        let gap = Gap {
            what: "object".to_owned(),
            place: object.mark(),
            object: Some(self.reference(object).to_string()),
            why,
            hint: String::new(),
        };
        Fixed { planned: Planned::Unknown(gap), came: None }
    }
}

/// Why the API server would not even decode an object, or take it without containers.
fn refusal(object: &Object, templates: &[PodTemplate<'_>]) -> Option<String> {
    let refusal = decode::decode(object).refusal.map(|refusal| refusal.message);
    let missing = || templates.iter().find_map(acceptance::without_containers);
    refusal.or_else(|| missing().map(|path| format!("{path}: Required value")))
}

/// The levels of all templates of an object: the loosest of each.
fn reached(outcomes: &[Outcome]) -> Reached {
    let least = |of: fn(&Reached) -> crate::level::Level| {
        let levels = outcomes.iter().map(|outcome| of(&outcome.reached));
        levels.min().unwrap_or(crate::level::Level::Restricted)
    };
    Reached {
        before: least(|reached| reached.before),
        a: least(|reached| reached.a),
        b: least(|reached| reached.b),
        c: least(|reached| reached.c),
        now: least(|reached| reached.now),
    }
}

fn left(reference: &ObjectRef, template: &PodTemplate<'_>, remaining: &Remaining) -> Left {
    let Remaining { check, violation, proposal } = remaining;
    let fix = &proposal.fix;
    let path = template.path.clone().join(&violation.path);
    Left {
        object: reference.clone(),
        check: check.id(),
        container: violation.container().map(|container| container.name.clone()),
        path: path.to_string(),
        place: mark::nearest(template.value, &violation.path).to_show(),
        grade: fix.grade,
        title: Cow::clone(&fix.title),
        evidence: Cow::clone(&fix.evidence),
        answers: proposal.wanted.iter().map(Wanted::example).collect(),
        hints: proposal.hints.clone(),
        wanted: proposal.wanted.clone(),
    }
}
