//! A namespace with more pods than the server looks at: what it says of those that it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use kubectl_pss::namespace::{Mode, UNCONFIGURED};
use kubectl_pss::relabel::survey::{MAX_PODS, Survey};
use posture_generators::random::Random;
use posture_harness::cluster::{ClusterOptions, Namespace};
use posture_harness::seed;
use serde_json::{Value, json};

use crate::inhabitants::{moved, owner, templates, uid};
use crate::world::{EXEMPT_CLASS, Labels, World, level};

/// The pods of the namespace, and about how many of them are exempt.
const CROWD: usize = MAX_PODS + 108;
const CROWD_EXEMPT: usize = 8;
/// How many kinds of pods are in it: few enough for all lines to arrive whole.
const CROWD_KINDS: usize = 12;
/// How often the server is asked about each policy.
const TIMES: usize = 5;

/// A line of the server's, taken apart: pod, how many, reasons.
fn read(line: &str) -> (&str, usize, &str) {
    let (head, reason) = line.split_once(": ").expect("a pod and its reasons");
    match head.split_once(" (and ") {
        None => (head, 1, reason),
        Some((name, rest)) => {
            let others = rest.split(' ').next().expect("a number");
            (name, 1 + others.parse::<usize>().expect("a number"), reason)
        }
    }
}

/// Holds what the server says of a crowded namespace against what it may say. Returns how many
/// pods it has looked at.
fn hold_crowd(survey: &Survey, said: &[String], reasons: &BTreeMap<String, String>) -> usize {
    let [count, heading, lines @ ..] = said else { panic!("too little was said: {said:?}") };
    let (before, after) = ("new PodSecurity enforce level only checked against the first ", " of ");
    let checked = count.strip_prefix(before).and_then(|rest| rest.split_once(after));
    let checked: usize = checked.expect("a count").0.parse().expect("a number");
    if checked == MAX_PODS {
        assert_eq!(survey.count_warning().as_ref(), Some(count));
    } else {
        // It has run out of time.
        assert!(checked < MAX_PODS, "{count}");
        assert!(count.ends_with(&format!(" of {} existing pods", survey.existing)), "{count}");
    }
    assert_eq!(survey.warnings().get(1), Some(heading));
    assert!(lines.is_sorted(), "{lines:?}");
    let mut listed = 0;
    for line in lines {
        let (name, pods, reason) = read(line);
        let ours = survey.lines.iter().find(|ours| ours.reason == reason);
        let ours = ours.unwrap_or_else(|| panic!("no pod violates this: {line}"));
        assert!(pods <= ours.pods, "{line}: of {}", ours.pods);
        assert!(name >= ours.first.as_str(), "{line}: {} comes first", ours.first);
        assert_eq!(reasons.get(name).map(String::as_str), Some(reason), "{line}");
        assert!(checked < MAX_PODS || pods >= ours.at_least, "{line}: {} are sure", ours.at_least);
        listed += pods;
    }
    assert!(listed <= checked);
    for ours in survey.lines.iter().filter(|ours| checked == MAX_PODS && ours.at_least > 0) {
        assert!(lines.iter().any(|line| read(line).2 == ours.reason), "{ours:?}");
    }
    checked
}

#[test]
fn of_a_crowd_the_server_takes_the_first() {
    let world = World::start(&ClusterOptions::default(), UNCONFIGURED);
    let mut random = Random::new(seed::seed());
    let open = Labels::from([level(Mode::Enforce, "privileged")]);
    world.cluster.seed(&[Namespace::new("crowd").pod_security("enforce", "privileged")]);
    let templates = templates(&world, random.number());
    let templates = &templates[..CROWD_KINDS];
    let controllers: Vec<String> = (0..300).map(|_| uid(&mut random)).collect();
    let pods: Vec<Value> = (0..CROWD)
        .map(|number| {
            let kind = random.below(templates.len());
            let mut pod = moved(templates[kind].clone(), "crowd");
            pod["metadata"]["name"] = json!(format!("p{:x}-{number}", random.below(1 << 20)));
            if random.percent(60) {
                let controller = &controllers[random.below(controllers.len())];
                pod["metadata"]["ownerReferences"] = json!([owner(controller, json!(true))]);
            }
            let exempt = number % (CROWD / CROWD_EXEMPT) == 1;
            if exempt {
                pod["spec"]["runtimeClassName"] = json!(EXEMPT_CLASS);
            }
            pod
        })
        .collect();
    let started = Instant::now();
    world.cluster.create_all(&pods);
    world.settle();
    println!("{CROWD} pods in {:?}", started.elapsed());
    let pods = world.pods("crowd");
    assert_eq!(pods.len(), CROWD);
    let (mut cut_short, mut asked) = (0, 0);
    let mut different = BTreeSet::new();
    for policy in ["baseline:latest", "restricted:latest", "restricted:v1.24", "baseline:v1.18"] {
        let (chosen, version) = policy.split_once(':').expect("a version");
        let after = Labels::from([
            level(Mode::Enforce, chosen),
            (Mode::Enforce.version_label().to_owned(), version.to_owned()),
        ]);
        let survey = world.foretold("crowd", Some(&open), &after, &pods).survey;
        let survey = survey.expect("the pods are looked at");
        assert!(survey.over_limit());
        assert!(survey.lines.iter().any(|line| line.at_least < line.pods), "{:?}", survey.lines);
        let reasons: BTreeMap<String, String> = pods
            .iter()
            .map(|pod| {
                let alone = world.foretold("crowd", Some(&open), &after, std::slice::from_ref(pod));
                let line = alone.survey.and_then(|survey| survey.lines.into_iter().next());
                (pod.name().to_owned(), line.map(|line| line.reason).unwrap_or_default())
            })
            .collect();
        for _ in 0..TIMES {
            let answer = world.ask("crowd", &after);
            assert!(answer.is_success(), "{}", answer.message());
            let checked = hold_crowd(&survey, &answer.warnings, &reasons);
            asked += 1;
            cut_short += usize::from(checked < MAX_PODS);
            different.insert(answer.warnings);
        }
    }
    println!(
        "{asked} answers about {CROWD} pods, {} different ones, {cut_short} cut short by time",
        different.len()
    );
}
