//! Namespaces of a real API server whose Pod Security labels change: its refusals and warnings
//! against ours, word for word and in order, over pods that live there.
#![cfg(test)]

mod crowd;
mod inhabitants;
mod world;

use std::collections::BTreeMap;

use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};
use kubectl_pss::namespace::{Defaults, Mode, Modes, UNCONFIGURED};
use kubectl_pss::relabel::delivery::delivered;
use kubectl_pss::relabel::{Relabelling, Unjudged};
use posture::model::object::Object;
use posture::model::version::Minor;
use posture_generators::random::Random;
use posture_harness::cluster::{Answer, ClusterOptions, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

use inhabitants::{fate, inhabitants, templates};
use world::{Labels, World};

/// The oldest minor that the server emulates and whose rules differ from its own.
const OLDER: u32 = 34;

/// How many namespaces with pods each server has.
const NAMESPACES: usize = 14;
/// How often all of them get other labels, normally and in the long run.
const ROUNDS: [usize; 2] = [20, 200];
/// How many changes of these labels are asked about, for each namespace.
const CHANGES: usize = 5;
/// How many namespaces are about to be created.
const CREATED: usize = 150;

/// How many differences are printed in full.
const PRINTED: usize = 5;
/// Each of the ways in which a change may end must turn up this often.
const LEAST: usize = 10;

const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];
const ODD_LEVELS: [&str; 3] = ["", "Restricted", "default"];
const VERSIONS: [&str; 8] =
    ["latest", "v1.0", "v1.18", "v1.24", "v1.31", "v1.34", "v1.35", "v1.99"];
const ODD_VERSIONS: [&str; 5] = ["", "1.30", "v1.01", "v2.0", "v1.9223372036854775808"];

/// Labels as people write them, now and then with a fault.
fn labels(random: &mut Random, faults: usize) -> Labels {
    let mut labels = Labels::new();
    for mode in Mode::ALL {
        // Only enforce has pods looked at.
        let (levels, versions) = if mode == Mode::Enforce { (85, 60) } else { (30, 20) };
        if random.percent(levels) {
            let odd = random.percent(faults);
            let text = if odd { random.pick(&ODD_LEVELS) } else { random.pick(&LEVELS) };
            labels.insert(mode.level_label().to_owned(), text.to_owned());
        }
        if random.percent(versions) {
            let odd = random.percent(faults);
            let text = if odd { random.pick(&ODD_VERSIONS) } else { random.pick(&VERSIONS) };
            labels.insert(mode.version_label().to_owned(), text.to_owned());
        }
    }
    labels
}

/// The old labels, but for one mode, whose labels are the new ones.
fn one_mode(random: &mut Random, old: &Labels, new: &Labels) -> Labels {
    let mode = if random.percent(60) { Mode::Enforce } else { Mode::ALL[random.below(3)] };
    let keys = [mode.level_label(), mode.version_label()];
    let is_of_it = |key: &str| keys.contains(&key);
    let kept = old.iter().filter(|(key, _)| !is_of_it(key));
    let changed = new.iter().filter(|(key, _)| is_of_it(key));
    kept.chain(changed).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// How the requests ended.
#[derive(Default)]
struct Tally {
    compared: usize,
    refused: usize,
    silent: BTreeMap<String, usize>,
    exempt: usize,
    /// Pods were looked at, and none was listed.
    clean: usize,
    listed: usize,
    cut: usize,
    /// The labels have faults that they had before.
    tolerated: usize,
    differences: Vec<String>,
}

impl Tally {
    /// Holds an answer of the server against ours.
    fn hold(&mut self, what: &str, namespace: &str, answer: &Answer, ours: &Relabelling) {
        self.compared += 1;
        let refusal = (!answer.is_success()).then(|| answer.message());
        let theirs = (refusal, answer.warnings.clone());
        let all = delivered(&ours.warnings);
        if theirs != (ours.refusal(namespace), all.clone()) {
            self.differences.push(format!(
                "{what}\nserver: {} {theirs:#?}\nours:   {:#?} {all:#?}",
                answer.status,
                ours.refusal(namespace)
            ));
        }
        if !ours.refused.is_empty() {
            self.refused += 1;
        } else if let Some(unjudged) = ours.unjudged {
            self.exempt += ours.warnings.len();
            *self.silent.entry(format!("{unjudged:?}")).or_default() += 1;
        } else if ours.warnings.is_empty() {
            self.clean += 1;
        } else {
            self.listed += 1;
            self.cut += usize::from(all != ours.warnings);
        }
    }

    fn print(&self, minor: Minor) {
        println!(
            "as {minor}: {} changes: {} refused, {} taken with old faults, {} with pods listed ({} of them cut), {} with none to list, {} told that they are in vain, pods not looked at: {:?}; {} differ",
            self.compared,
            self.refused,
            self.tolerated,
            self.listed,
            self.cut,
            self.clean,
            self.exempt,
            self.silent,
            self.differences.len()
        );
        for difference in self.differences.iter().take(PRINTED) {
            println!("{difference}");
        }
    }
}

/// Fills namespaces and asks about their labels. Returns what was compared.
fn populated(world: &World) -> Tally {
    let mut random = Random::new(seed::seed() ^ u64::from(world.evaluator.server().0));
    let mut templates = templates(world, random.number()).into_iter();
    let names: Vec<String> = (0..NAMESPACES).map(|number| format!("n{number}")).collect();
    let open: Vec<Namespace> = names
        .iter()
        .map(|name| Namespace::new(name).pod_security("enforce", "privileged"))
        .collect();
    world.cluster.seed(&open);
    let mut wanted = Vec::new();
    for (number, name) in names.iter().enumerate() {
        // One is empty, and one has more faults than an answer has room for.
        let many = [0, 120, 1, 2, 4].get(number).copied().unwrap_or(10);
        let chosen: Vec<Value> = templates.by_ref().take(many).collect();
        wanted.extend(inhabitants(&mut random, &chosen, name));
    }
    world.cluster.create_all(&wanted);
    let mut fates = [0; 3];
    for name in &names {
        let done = fate(world, &mut random, name, &world.pods(name));
        fates.iter_mut().zip(done).for_each(|(all, done)| *all += done);
    }
    let [finished, leaving, debugged] = fates;
    println!(
        "{} pods; {finished} have a phase, {leaving} are being deleted, {debugged} are debugged",
        wanted.len()
    );
    assert!(finished > 0 && leaving > 0 && debugged > 0);
    world.settle();
    let pods: Vec<Vec<Object>> = names.iter().map(|name| world.pods(name)).collect();
    let mut tally = Tally::default();
    for _ in 0..ROUNDS[usize::from(seed::long())] {
        let before: Vec<(&String, Labels)> =
            names.iter().map(|name| (name, labels(&mut random, 8))).collect();
        for answer in world.cluster.each(&before, |(name, labels)| world.label(name, labels)) {
            assert!(answer.is_success(), "{}", answer.message());
        }
        let asked: Vec<(usize, Labels)> = (0..NAMESPACES * CHANGES)
            .map(|number| {
                let at = number % NAMESPACES;
                let new = labels(&mut random, 4);
                // Half of the time all labels change, else those of one mode.
                (
                    at,
                    if random.percent(50) {
                        new
                    } else {
                        one_mode(&mut random, &before[at].1, &new)
                    },
                )
            })
            .collect();
        let answers = world.cluster.each(&asked, |(at, labels)| world.ask(&names[*at], labels));
        for ((at, after), answer) in asked.iter().zip(&answers) {
            let (name, before) = &before[*at];
            let ours = world.foretold(name, Some(before), after, &pods[*at]);
            tally.hold(&format!("{name}: {before:?} -> {after:?}"), name, answer, &ours);
            let faulty = !world.policy(after).errors.is_empty();
            tally.tolerated += usize::from(faulty && answer.is_success());
        }
    }
    tally
}

/// Asks about namespaces that do not exist yet.
fn created(world: &World, tally: &mut Tally) {
    let mut random = Random::new(seed::seed() + u64::from(world.evaluator.server().0));
    let asked: Vec<(&str, Labels)> = (0..CREATED)
        .map(|_| (random.pick(&["fresh0", "fresh1"]), labels(&mut random, 8)))
        .collect();
    let answers = world.cluster.each(&asked, |(name, labels)| {
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": labels },
        });
        world.cluster.create("/api/v1/namespaces", &namespace, "dryRun=All")
    });
    for ((name, labels), answer) in asked.iter().zip(&answers) {
        let ours = world.foretold(name, None, labels, &[]);
        tally.hold(&format!("{name} is created with {labels:?}"), name, answer, &ours);
    }
}

fn compare(options: &ClusterOptions, defaults: Defaults) -> Tally {
    let world = World::start(options, defaults);
    let mut tally = populated(&world);
    created(&world, &mut tally);
    tally.print(world.evaluator.server());
    let few = [tally.refused, tally.tolerated, tally.exempt, tally.clean, tally.listed, tally.cut];
    assert!(few.into_iter().all(|count| count >= LEAST), "too few of a kind: {few:?}");
    let unjudged = [
        Unjudged::Created,
        Unjudged::EnforceUnchanged,
        Unjudged::Privileged,
        Unjudged::NotStricter,
        Unjudged::ExemptNamespace,
    ];
    for why in unjudged {
        let count = tally.silent.get(&format!("{why:?}")).copied().unwrap_or_default();
        assert!(count >= LEAST, "{why:?} only {count} times");
    }
    tally
}

#[test]
fn the_server_says_what_we_foretell_of_new_labels() {
    let own = compare(&ClusterOptions::default(), UNCONFIGURED);
    let policy = |level, minor| LevelVersion { level, version: PolicyVersion::of(minor) };
    let defaults = Modes {
        enforce: policy(Level::Baseline, 31),
        audit: LevelVersion::latest(Level::Restricted),
        warn: policy(Level::Baseline, 24),
    };
    let older = compare(&ClusterOptions::default().emulated_minor(OLDER), defaults);
    let differences = own.differences.len() + older.differences.len();
    let compared = format!("{} changes of labels at 2 minors", own.compared + older.compared);
    let what = "a real API server's refusals and warnings when a namespace's labels change";
    score::record("9_server_labels", what, &compared, differences);
    assert_eq!(differences, 0, "see above");
}
