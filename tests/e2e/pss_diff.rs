//! `kubectl pss diff --from 1.A --to 1.B` before Kubernetes' own library, as both releases carry
//! it: the objects whose verdict changes, and the checks that make the difference.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::thread;

use kubectl_pss::checks::ALL;
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::LevelVersion;
use kubectl_pss::pod::Pod;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_e2e::pss::judge::{PodAnswer, PodQuestion};
use posture_e2e::pss::row;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_harness::binary::{self, Run};
use posture_harness::judge::{LineJudge, pod_security};
use posture_harness::{score, seed};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How many pods each pair of servers is asked about, normally and in the long run.
const PODS: [usize; 2] = [3_700, 12_000];

/// The servers that are compared: neighbours between which something changes, and long ways.
const PAIRS: [(u16, u16); 11] = [
    (24, 25),
    (26, 27),
    (28, 29),
    (30, 31),
    (31, 32),
    (32, 33),
    (33, 34),
    (34, 35),
    (36, 37),
    (33, 37),
    (37, 24),
];

/// How often each check whose rules change must make a difference.
const LEAST: usize = 10;

/// So many pods of each pair must be left when those are set aside that the library cannot know:
/// it is handed what was written, and the server sets defaults.
const SHARE: usize = 50;

/// How many differences are printed in full.
const PRINTED: usize = 5;

/// The namespaces: the policies of enforce, warn and audit.
const NAMESPACES: [[&str; 3]; 6] = [
    ["restricted:latest", "privileged:latest", "privileged:latest"],
    ["baseline:latest", "privileged:latest", "privileged:latest"],
    ["baseline:latest", "restricted:latest", "restricted:latest"],
    ["privileged:latest", "baseline:v1.36", "restricted:latest"],
    ["baseline:v1.29", "restricted:v1.34", "restricted:latest"],
    ["restricted:v1.24", "restricted:v1.24", "restricted:v1.24"],
];

/// What one server says about a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    verdict: &'static str,
    /// Each check that fires: how grave, and the details in each mode.
    checks: BTreeMap<&'static str, (u8, [Option<String>; 3])>,
}

/// What came of one pair.
#[derive(Default)]
struct Tally {
    pods: usize,
    aside: usize,
    changed: usize,
    fired: BTreeMap<&'static str, usize>,
    differences: usize,
    report: String,
}

/// A verdict's and a check's weight, from the mode that leads to it.
const WEIGHTS: [(&str, &str, u8); 3] =
    [("rejected", "error", 3), ("warned", "warning", 2), ("audited", "info", 1)];

#[test]
fn what_changes_between_two_servers() {
    let seed = seed::seed();
    binary::path("kubectl-pss");
    let mut fired: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut pods, mut changed, mut differences) = (0, 0, 0);
    // Two at a time: each starts two judges and our own program.
    for pairs in PAIRS.chunks(2) {
        let tallies: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = pairs
                .iter()
                .map(|&(from, to)| ((from, to), scope.spawn(move || compare(from, to, seed))))
                .collect();
            let join = |(pair, run): (_, thread::ScopedJoinHandle<'_, Tally>)| {
                (pair, run.join().expect("no panic"))
            };
            running.into_iter().map(join).collect()
        });
        for ((from, to), tally) in tallies {
            println!(
                "1.{from} to 1.{to}: {} pods, {} set aside, {} change; {} differ; {:?}",
                tally.pods, tally.aside, tally.changed, tally.differences, tally.fired
            );
            print!("{}", tally.report);
            pods += tally.pods;
            changed += tally.changed;
            differences += tally.differences;
            for (check, count) in tally.fired {
                *fired.entry(check).or_default() += count;
            }
        }
    }
    println!("\n{fired:#?}");
    let compared = format!("{pods} pods, {changed} changes, {} pairs of servers", PAIRS.len());
    let what = "diff of two servers: upstream's library in both releases";
    score::record("3_diff", what, &compared, differences);
    assert_eq!(differences, 0, "see above; seed {seed}");
    for check in that_change() {
        let count = fired.get(check).copied().unwrap_or_default();
        assert!(count >= LEAST, "{check} makes a difference only {count} times");
    }
}

/// The checks whose rules change at a release that is judged, and the one that a server changes
/// whatever the version.
fn that_change() -> BTreeSet<&'static str> {
    let changes = ALL.iter().filter(|check| {
        check.revisions.iter().any(|revision| (25..=37).contains(&revision.since.0))
    });
    changes.map(|check| check.id()).chain(["restrictedVolumes"]).collect()
}

fn compare(from: u16, to: u16, seed: u64) -> Tally {
    let count = PODS[usize::from(seed::long())];
    let seed = seed.wrapping_add(u64::from(from) * 100 + u64::from(to));
    let mut random = Random::new(seed);
    let mut odd = Pods::new(random.number(), Values::Odd);
    let mut plausible = Pods::new(random.number(), Values::Plausible);
    let mut tally = Tally::default();
    let asked: Vec<(Value, usize)> = (0..count)
        .map(|number| {
            let pods = if random.percent(30) { &mut odd } else { &mut plausible };
            let mut pod = pods.next().expect("there is always another one");
            let namespace = random.below(NAMESPACES.len());
            pod["apiVersion"] = json!("v1");
            pod["kind"] = json!("Pod");
            pod["metadata"]["name"] = json!(format!("p{number}"));
            pod["metadata"]["namespace"] = json!(format!("ns{namespace}"));
            (pod, namespace)
        })
        .collect();
    let (before, after) = (answers(from, &asked), answers(to, &asked));
    let ours = ours(from, to, &asked);
    for (number, (pod, namespace)) in asked.iter().enumerate() {
        let (Some(before), Some(after)) = (&before[number], &after[number]) else {
            tally.aside += 1;
            continue;
        };
        if !is_as_written(pod, *namespace, [from, to]) {
            tally.aside += 1;
            continue;
        }
        tally.pods += 1;
        let own = ours.get(&format!("p{number}"));
        match judge(before, after, own) {
            Ok(checks) => {
                tally.changed += usize::from(!checks.is_empty());
                for check in checks {
                    *tally.fired.entry(check).or_default() += 1;
                }
            }
            Err(why) => {
                tally.differences += 1;
                if tally.differences <= PRINTED {
                    let _ = writeln!(
                        tally.report,
                        "{why}\n  before: {before:?}\n  after: {after:?}\n  ours: {}\n  pod: {pod}",
                        own.unwrap_or(&Value::Null)
                    );
                }
            }
        }
    }
    assert!(tally.pods * 100 >= count * SHARE, "too many are set aside: {}", tally.aside);
    assert!(tally.pods >= 2_000, "too few pods: {}", tally.pods);
    tally
}

/// What a release's library says of each pod; nothing where it cannot decode it.
fn answers(minor: u16, asked: &[(Value, usize)]) -> Vec<Option<Said>> {
    let judges = pod_security();
    let judge = judges.iter().find(|judge| judge.minor == u32::from(minor));
    let mut oracle = LineJudge::start(&judge.expect("a judge of that release").name);
    let evaluator = Evaluator::new(Minor(minor));
    let questions: Vec<PodQuestion> = asked
        .iter()
        .map(|(pod, namespace)| PodQuestion {
            pod: pod.clone(),
            policies: NAMESPACES[*namespace].map(str::to_owned).to_vec(),
        })
        .collect();
    let answers: Vec<PodAnswer> = oracle.ask_all(&questions);
    let said = |(answer, question): (&PodAnswer, &PodQuestion)| {
        if answer.error.is_some() || question.pod["spec"]["containers"][0].is_null() {
            return None;
        }
        let mut said = Said { verdict: "allowed", checks: BTreeMap::new() };
        for (mode, result) in answer.results.iter().enumerate() {
            let (verdict, _, weight) = WEIGHTS[mode];
            if !result.allowed && said.verdict == "allowed" {
                said.verdict = verdict;
            }
            let policy: LevelVersion = question.policies[mode].parse().expect("a policy");
            let rows = row::theirs(&row::rows(&evaluator, policy), result).expect("known reasons");
            for (row, reason) in rows.0 {
                let Some(reason) = reason else { continue };
                let own = said.checks.entry(row.id).or_insert((weight, [None, None, None]));
                own.0 = own.0.max(weight);
                own.1[mode] = Some(reason.detail);
            }
        }
        Some(said)
    };
    answers.iter().zip(&questions).map(said).collect()
}

/// Whether the server judges what was written: the library is handed that, and knows no defaults.
fn is_as_written(pod: &Value, namespace: usize, servers: [u16; 2]) -> bool {
    let object = object::from_json(pod);
    let template = object::template(&object);
    servers.into_iter().all(|server| {
        let server = Minor(server);
        let evaluator = Evaluator::new(server);
        let written = Pod::as_written(&template, server);
        let created = Pod::created_from(&template, server);
        NAMESPACES[namespace].iter().all(|policy| {
            let policy: LevelVersion = policy.parse().expect("a policy");
            let said = |pod: &Pod<'_>| {
                let outcome = evaluator.evaluate(pod, policy);
                let places = outcome
                    .violations()
                    .map(|(check, violation)| (check.id(), violation.path.to_string()));
                (outcome.detail(), places.collect::<Vec<_>>())
            };
            said(&written) == said(&created)
        })
    })
}

/// What our program says changes, by the pods' names.
fn ours(from: u16, to: u16, asked: &[(Value, usize)]) -> BTreeMap<String, Value> {
    let mut text = String::new();
    for (number, policies) in NAMESPACES.iter().enumerate() {
        let mut labels = serde_json::Map::new();
        for (mode, policy) in ["enforce", "warn", "audit"].iter().zip(policies) {
            let (level, version) = policy.split_once(':').expect("a policy");
            labels.insert(format!("pod-security.kubernetes.io/{mode}"), level.into());
            labels.insert(format!("pod-security.kubernetes.io/{mode}-version"), version.into());
        }
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": format!("ns{number}"), "labels": labels } });
        let _ = writeln!(text, "{namespace}\n---");
    }
    for (pod, _) in asked {
        let _ = writeln!(text, "{}\n---", escaped(pod));
    }
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("pods.yaml"), text).expect("written");
    let run = Run::new("kubectl-pss")
        .args(["diff", "--from", &format!("1.{from}"), "--to", &format!("1.{to}")])
        .args(["-f", "pods.yaml", "-o", "json"])
        .in_folder(folder.path())
        .finish();
    assert_eq!(run.code, 1, "{}", run.stderr);
    let difference = run.json();
    let changes = difference["changes"].as_array().expect("changes");
    let named =
        |change: &Value| (change["name"].as_str().unwrap_or_default().to_owned(), change.clone());
    changes.iter().map(named).collect()
}

/// JSON as YAML takes it: the control characters that JSON takes as they are, as escapes.
fn escaped(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        if character.is_control() {
            let _ = write!(text, "\\u{:04x}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

/// Holds our change against what the two releases say; returns the checks that make a difference.
fn judge(
    before: &Said,
    after: &Said,
    ours: Option<&Value>,
) -> Result<BTreeSet<&'static str>, String> {
    let weight = |said: &Said| {
        WEIGHTS.iter().find(|(verdict, ..)| *verdict == said.verdict).map_or(0, |known| known.2)
    };
    let direction = match weight(after).cmp(&weight(before)) {
        std::cmp::Ordering::Greater => Some("worse"),
        std::cmp::Ordering::Less => Some("better"),
        std::cmp::Ordering::Equal => None,
    };
    let verdicts = (Some(before.verdict), Some(after.verdict));
    if let Some(ours) = ours {
        let own = (ours["from"]["verdict"].as_str(), ours["to"]["verdict"].as_str());
        if own != verdicts {
            return Err(format!("{own:?} and not {verdicts:?}"));
        }
    }
    let own = ours.map_or("none", |ours| ours["direction"].as_str().unwrap_or_default());
    if own != direction.unwrap_or(if own == "changed" { "changed" } else { "none" }) {
        return Err(format!("{own} and not {direction:?}"));
    }
    let mut turns: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for control in ours.and_then(|ours| ours["controls"].as_array()).into_iter().flatten() {
        let text = |key: &str| control[key].as_str().unwrap_or_default();
        turns.entry(text("check")).or_default().insert((text("change"), text("severity")));
    }
    let mut made = BTreeSet::new();
    let checks: BTreeSet<&'static str> =
        before.checks.keys().chain(after.checks.keys()).copied().collect();
    for check in checks {
        let own = turns.remove(check).unwrap_or_default();
        let all = |turn: &str| !own.is_empty() && own.iter().all(|(own, _)| *own == turn);
        let gravest = |weight: u8| {
            let word = WEIGHTS.iter().find(|known| known.2 == weight).map_or("", |known| known.1);
            own.iter().any(|(_, severity)| *severity == word)
        };
        let (fits, counts) = match (before.checks.get(check), after.checks.get(check)) {
            (None, Some((weight, _))) => (all("started") && gravest(*weight), true),
            (Some((weight, _)), None) => (all("stopped") && gravest(*weight), true),
            (Some(one), Some(other)) if one == other => (own.is_empty(), false),
            // The same place may weigh otherwise, other places may be named, or only the words
            // are others.
            (Some(one), Some(other)) => (one.0 == other.0 || !own.is_empty(), !own.is_empty()),
            (None, None) => (own.is_empty(), false),
        };
        if !fits {
            return Err(format!("{check}: {own:?}"));
        }
        if counts {
            made.insert(check);
        }
    }
    if turns.is_empty() { Ok(made) } else { Err(format!("fire in neither release: {turns:?}")) }
}
