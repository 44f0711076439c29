//! Every check's document is executed: what it says fails does, and what it says passes does.
#![cfg(test)]

use std::collections::BTreeSet;

use kubectl_pss::checks::{ALL, PssCheck};
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::fixes::answers::Answers;
use kubectl_pss::fixes::{self, table};
use kubectl_pss::level::{LevelVersion, PolicyVersion};
use kubectl_pss::pod::Pod;
use kubectl_pss::quota::Surroundings;
use kubectl_pss::requirements::{self, Answer, Facts, Requirement};
use posture::finding::document::Document;
use posture::finding::fix::Grade;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_e2e::pss::policy::NEWEST;

/// What the front matter must say.
const FRONT: [&str; 6] = ["severity", "level", "versions", "judged", "facts", "fix"];

fn document(check: &PssCheck) -> Document<'static> {
    Document::parse(check.check.document).unwrap_or_else(|why| panic!("{}: {why}", check.id()))
}

fn front(check: &PssCheck, key: &str) -> &'static str {
    document(check).front(key).unwrap_or_else(|| panic!("{}: no {key}", check.id()))
}

/// The policy that the examples are about.
fn judged(check: &PssCheck) -> LevelVersion {
    front(check, "judged").parse().unwrap_or_else(|why| panic!("{}: {why}", check.id()))
}

/// The checks that fire for each object of an example.
fn fired(example: &str, policy: LevelVersion) -> Vec<BTreeSet<&'static str>> {
    let evaluator = Evaluator::new(Minor(NEWEST));
    let objects = object::from_yaml("example.yaml", example);
    let of_object = |object| {
        let template = object::template(object);
        let pod = Pod::created_from(&template, evaluator.server());
        let outcome = evaluator.evaluate(&pod, policy);
        outcome.results.iter().map(|result| result.check.id()).collect()
    };
    objects.iter().map(of_object).collect()
}

/// The requirements that are not met by any pod of an example.
fn short_of(example: &str) -> BTreeSet<&'static str> {
    let objects = object::from_yaml("example.yaml", example);
    let mut around = Surroundings::default();
    let mut gaps = Vec::new();
    around.note(&objects, |object| object.namespace().unwrap_or_default(), &mut gaps);
    assert!(gaps.is_empty(), "{gaps:?}");
    let pods = objects.iter().filter(|object| object.kind() == "Pod");
    let short = pods.flat_map(|pod| {
        let facts = Facts {
            object: pod,
            template: &object::template(pod),
            server: Minor(NEWEST),
            counted: false,
            neighbours: around.of(pod.namespace().unwrap_or_default()),
            around: &around,
        };
        let is_short = |requirement: &&&Requirement| {
            let mut answer = Answer::default();
            (requirement.find)(&facts, &mut answer);
            !answer.unmet.is_empty()
        };
        requirements::ALL.iter().filter(is_short).map(|known| known.check.id).collect::<Vec<_>>()
    });
    short.collect()
}

#[test]
fn the_documents_of_requirements_hold() {
    for requirement in requirements::ALL {
        let id = requirement.check.id;
        let document =
            Document::parse(requirement.check.document).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert_eq!(document.front("require"), Some(id));
        for key in ["severity", "facts", "fix"] {
            assert!(document.front(key).is_some_and(|value| !value.is_empty()), "{id}: {key}");
        }
        let title = format!("# {id}: {}", requirement.check.title);
        assert!(requirement.check.document.lines().any(|line| line == title), "no line {title:?}");
        let also = document.front("also").unwrap_or_default().split(", ");
        let fails: BTreeSet<&str> = also.filter(|id| !id.is_empty()).chain([id]).collect();
        for (heading, expected) in [("Fails", fails), ("Passes", BTreeSet::new())] {
            let examples = document.examples(heading);
            assert!(!examples.is_empty(), "{id}: no example that {heading}");
            for example in examples {
                assert_eq!(short_of(example), expected, "{id}:\n{example}");
            }
        }
    }
}

#[test]
fn the_front_matter_is_true() {
    for check in ALL {
        for key in FRONT {
            assert!(!front(check, key).is_empty(), "{}: {key}", check.id());
        }
        assert_eq!(front(check, "level"), check.level.as_str(), "{}", check.id());
        let versions: Vec<String> = check
            .revisions
            .iter()
            .map(|revision| PolicyVersion::Minor(revision.since).to_string())
            .collect();
        let versions =
            if versions.len() == 1 { format!("{}+", versions[0]) } else { versions.join(", ") };
        assert_eq!(front(check, "versions"), versions, "{}", check.id());
        let title = format!("# {}: {}", check.id(), check.check.title);
        assert!(check.check.document.lines().any(|line| line == title), "no line {title:?}");
        assert!(judged(check).level >= check.level, "{}: judged by a looser level", check.id());
    }
}

#[test]
fn what_fails_fires_its_own_check() {
    for check in ALL {
        let document = document(check);
        let also = document.front("also").unwrap_or_default();
        let expected: BTreeSet<&str> = also
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .chain([check.id()])
            .collect();
        let examples = document.examples("Fails");
        assert!(!examples.is_empty(), "{} has no example that fails", check.id());
        for example in examples {
            for fired in fired(example, judged(check)) {
                assert_eq!(fired, expected, "{}:\n{example}", check.id());
            }
        }
    }
}

#[test]
fn what_passes_is_silent() {
    for check in ALL {
        let examples = document(check).examples("Passes");
        assert!(!examples.is_empty(), "{} has no example that passes", check.id());
        for example in examples {
            for fired in fired(example, judged(check)) {
                assert_eq!(fired, BTreeSet::new(), "{}:\n{example}", check.id());
            }
        }
    }
}

/// The fix for what fails has the grade that the front matter says. Where it can be made, with the
/// answers of the front matter, the check is silent afterwards.
#[test]
fn the_fix_mends_what_fails() {
    let evaluator = Evaluator::new(Minor(NEWEST));
    let facts = fixes::Facts::default();
    for check in ALL {
        let document = document(check);
        let given = document.front("answers").unwrap_or_default();
        let mut answers = Answers::default();
        for answer in given.split(' ').filter(|answer| !answer.is_empty()) {
            answers.set(answer).unwrap_or_else(|why| panic!("{}: {why}", check.id()));
        }
        let grade = Grade::ALL.into_iter().find(|grade| grade.to_string() == front(check, "fix"));
        let grade = grade.unwrap_or_else(|| panic!("{}: fix is no grade", check.id()));
        assert!(table::of_check(check.id()).any(|row| row.grade == grade), "{}", check.id());
        assert_eq!(grade == Grade::C, !given.is_empty(), "{}: answers for C alone", check.id());
        let goal = |answers| fixes::plan::Goal {
            evaluator: &evaluator,
            policy: judged(check),
            limit: grade.min(Grade::B),
            facts: &facts,
            answers,
            stored: false,
            migrate: false,
        };
        for example in document.examples("Fails") {
            for object in object::from_yaml("example.yaml", example) {
                let template = object::template(&object);
                let pod = Pod::created_from(&template, evaluator.server());
                let nothing = Answers::default();
                let scene = fixes::Scene::new(&template, &pod, &facts, &nothing);
                let outcome = evaluator.evaluate(&pod, judged(check));
                let own = outcome.violations().filter(|(found, _)| found.id() == check.id());
                for (check, violation) in own {
                    let proposal = scene.propose(check, violation);
                    assert_eq!(proposal.fix.grade, grade, "{}: {proposal:#?}", check.id());
                }
                let outcome = goal(&answers).plan(&template);
                let is_left = outcome.remaining.iter().any(|left| left.check.id() == check.id());
                assert_eq!(is_left, grade == Grade::X, "{}: {outcome:#?}", check.id());
                let of_check = |step: &&fixes::plan::Step| step.check == check.id();
                let steps = outcome.steps.iter().filter(of_check);
                assert!(steps.clone().all(|step| step.grade == grade), "{outcome:#?}");
                assert_eq!(steps.count() == 0, grade == Grade::X, "{outcome:#?}");
            }
        }
    }
}
