//! The pods that Kubernetes tests its own Pod Security library with: each file's folder says what
//! the verdict must be, and the library says in which words.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kubectl_pss::checks::{ALL, PssCheck};
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};
use kubectl_pss::pod::Pod;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_e2e::pss::judge::{PodAnswer, PodQuestion};
use posture_e2e::pss::policy::{NEWEST, policies, texts, versions};
use posture_harness::judge::{LineJudge, fixtures, pod_security};
use posture_harness::score;

/// One file of the corpus.
struct Fixture {
    level: Level,
    version: PolicyVersion,
    passes: bool,
    /// `hostports0`, without `.yaml`.
    name: String,
    text: String,
}

#[test]
fn every_fixture_gets_its_verdict() {
    let fixtures = corpus(&fixtures());
    let evaluator = Evaluator::new(Minor(NEWEST));
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        let policy = LevelVersion { level: fixture.level, version: fixture.version };
        let objects = object::from_yaml(&fixture.name, &fixture.text);
        let template = object::template(&objects[0]);
        // The corpus is made for a server: one pod passes by the default of its volume only.
        let pod = Pod::created_from(&template, evaluator.server());
        let outcome = evaluator.evaluate(&pod, policy);
        let named = checks_of(&fixture.name);
        let blamed = outcome.results.iter().any(|result| named.contains(&result.check.id()));
        if outcome.allowed() != fixture.passes || !fixture.passes && !blamed {
            wrong.push(format!("{policy} {}: {:?}", fixture.name, outcome.detail()));
        }
    }
    let passes = fixtures.iter().filter(|fixture| fixture.passes).count();
    println!("{} fixtures, {passes} of them pass: {} wrong", fixtures.len(), wrong.len());
    let what = "upstream's fixtures: the verdict that their folder names";
    score::record("1_fixtures", what, &format!("{} pods", fixtures.len()), wrong.len());
    assert!(fixtures.len() > 4_000, "the corpus is incomplete");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_fixture_gets_the_librarys_words_at_every_policy() {
    let mut distinct: BTreeMap<String, String> = BTreeMap::new();
    for fixture in corpus(&fixtures()) {
        distinct.entry(fixture.text).or_insert(fixture.name);
    }
    let policies = policies(&versions());
    let evaluator = Evaluator::new(Minor(NEWEST));
    let objects: Vec<_> = distinct
        .iter()
        .map(|(text, name)| object::from_yaml(name, text).pop().expect("one document"))
        .collect();
    let questions: Vec<PodQuestion> = objects
        .iter()
        .map(|object| PodQuestion { pod: object.value().to_json(), policies: texts(&policies) })
        .collect();
    let newest = pod_security().pop().expect("there is a judge");
    let answers: Vec<PodAnswer> = LineJudge::start(&newest.name).ask_all(&questions);
    let (mut compared, mut wrong) = (0, Vec::new());
    for ((object, name), answer) in objects.iter().zip(distinct.values()).zip(&answers) {
        assert_eq!(answer.error, None, "{name}");
        let template = object::template(object);
        let pod = Pod::as_written(&template, evaluator.server());
        let mut session = evaluator.session(&pod);
        for (&policy, verdict) in policies.iter().zip(&answer.results) {
            compared += 1;
            let ours = session.evaluate(policy);
            if (ours.allowed(), ours.detail()) != (verdict.allowed, verdict.detail.clone()) {
                wrong.push(format!("{policy} {name}\n{}\n{}", ours.detail(), verdict.detail));
            }
        }
    }
    println!("{} distinct pods, {compared} verdicts: {} differ", distinct.len(), wrong.len());
    let what = "upstream's fixtures: the words of its library at every policy";
    score::record("2_words", what, &format!("{compared} verdicts"), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every file below `LEVEL/VERSION/{pass,fail}/`.
fn corpus(root: &Path) -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for level in [Level::Baseline, Level::Restricted] {
        let folder = root.join(level.as_str());
        for version in names(&folder) {
            for verdict in ["pass", "fail"] {
                let folder = folder.join(&version).join(verdict);
                for name in names(&folder) {
                    let text = fs::read_to_string(folder.join(&name)).expect("a fixture is text");
                    fixtures.push(Fixture {
                        level,
                        version: PolicyVersion::parse(&version).expect("a folder is a version"),
                        passes: verdict == "pass",
                        name: name.trim_end_matches(".yaml").to_owned(),
                        text,
                    });
                }
            }
        }
    }
    fixtures
}

/// The sorted names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The check that a file is named for (its identifier in lower case, and a number), and whatever
/// takes its place at the restricted level.
fn checks_of(name: &str) -> Vec<&'static str> {
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let named = |id: &str| id.to_lowercase() == stem;
    let overrides = |check: &PssCheck| {
        let overridden = check.revisions.iter().flat_map(|revision| revision.overrides);
        overridden.into_iter().any(|id| named(id))
    };
    let checks = ALL.iter().filter(|check| named(check.id()) || overrides(check));
    checks.map(|check| check.id()).collect()
}
