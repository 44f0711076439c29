//! Random clusters before every judge.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZero;
use std::thread;

use kubectl_netpol::dialect::Dialect;
use kubectl_netpol::engine::Engine;
use posture_generators::cluster::points::{Limits, Question};
use posture_generators::cluster::{Cluster, Family};
use posture_harness::{score, seed};

use crate::judges::{Judges, LIBRARIES, sign};
use crate::ours;

/// How many clusters are judged; in a normal and a long run.
const CLUSTERS: [usize; 2] = [5_000, 100_000];

/// How many connections of each.
const LIMITS: Limits = Limits { pairs: 60, ports: 36 };

/// How many clusters are sent to a judge at once.
const BATCH: usize = 25;

/// In how many clusters each feature must stand, of a thousand.
const LEAST: usize = 5;

/// How many differences of each kind are printed.
const PRINTED: usize = 3;

/// What came of it.
#[derive(Default)]
struct Tally {
    clusters: usize,
    signs: BTreeMap<u8, usize>,
    features: BTreeMap<&'static str, usize>,
    families: BTreeMap<Family, usize>,
    ours: Compared,
    libraries: [Compared; LIBRARIES.len()],
}

/// Answers held against the reference's.
#[derive(Default)]
struct Compared {
    points: usize,
    differences: usize,
    report: String,
}

impl Compared {
    fn compare(&mut self, seed: u64, question: &Question<'_>, theirs: &[String], right: &[String]) {
        for (pair, (theirs, right)) in theirs.iter().zip(right).enumerate() {
            for (port, (&theirs, &right)) in
                theirs.as_bytes().iter().zip(right.as_bytes()).enumerate()
            {
                self.points += usize::from(theirs != sign::NOT_JUDGED);
                if theirs != right && theirs != sign::NOT_JUDGED {
                    self.differ(seed, question, (pair, port), (theirs, right));
                }
            }
        }
    }

    fn differ(
        &mut self,
        seed: u64,
        question: &Question<'_>,
        (pair, port): (usize, usize),
        (theirs, right): (u8, u8),
    ) {
        self.differences += 1;
        if self.differences <= PRINTED {
            let (from, to) = question.pairs[pair];
            let _ = writeln!(
                self.report,
                "cluster {seed}: {} and not {}\n  from {:?}\n  to {:?}\n  at {:?}",
                char::from(theirs),
                char::from(right),
                question.ends[from],
                question.ends[to],
                question.ports[port],
            );
        }
        if self.differences == 1 {
            for object in &question.objects {
                let _ = writeln!(self.report, "{object}");
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.points += other.points;
        if self.differences < PRINTED {
            self.report.push_str(&other.report);
        }
        self.differences += other.differences;
    }
}

impl Tally {
    fn merge(&mut self, other: &Self) {
        self.clusters += other.clusters;
        for (sign, count) in &other.signs {
            *self.signs.entry(*sign).or_default() += count;
        }
        for (feature, count) in &other.features {
            *self.features.entry(feature).or_default() += count;
        }
        for (family, count) in &other.families {
            *self.families.entry(*family).or_default() += count;
        }
        self.ours.merge(&other.ours);
        for (own, other) in self.libraries.iter_mut().zip(&other.libraries) {
            own.merge(other);
        }
    }
}

#[test]
fn every_judge_says_the_same() {
    let seed = seed::seed();
    let clusters = CLUSTERS[usize::from(seed::long())];
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(4);
    let seeds: Vec<u64> = (0..).map(|number| seed.wrapping_add(number)).take(clusters).collect();
    let shares = seeds.chunks(clusters.div_ceil(threads));
    let mut total = Tally::default();
    thread::scope(|scope| {
        let running: Vec<_> = shares.map(|share| scope.spawn(|| judge(share))).collect();
        for share in running {
            total.merge(&share.join().expect("no panic"));
        }
    });
    let of = |sign: u8| total.signs.get(&sign).copied().unwrap_or_default();
    println!(
        "{} clusters, {} connections: {} allowed, {} denied, {} open",
        total.clusters,
        total.ours.points,
        of(sign::ALLOWED),
        of(sign::DENIED),
        of(sign::OPEN)
    );
    println!("clusters of each family: {:?}", total.families);
    for (name, library) in LIBRARIES.iter().zip(&total.libraries) {
        println!("{name}: {} connections, {} differ", library.points, library.differences);
        print!("{}", library.report);
    }
    for (feature, count) in &total.features {
        println!("{count:>8}  {feature}");
    }
    print!("{}", total.ours.report);
    score::record(
        "netpol_engine",
        "netpol: connections against the reference",
        &format!("{} clusters, {} connections", total.clusters, total.ours.points),
        total.ours.differences,
    );
    assert_eq!(total.ours.differences, 0, "see above; seed {seed}");
    for (name, library) in LIBRARIES.iter().zip(&total.libraries) {
        assert_eq!(library.differences, 0, "{name} departs in something new; seed {seed}");
        assert!(library.points * 100 > total.ours.points, "{name} judges too little");
    }
    let least = clusters * LEAST / 1000;
    let thin: Vec<_> = total.features.iter().filter(|(_, count)| **count < least).collect();
    assert!(thin.is_empty(), "seen too rarely: {thin:?}");
    for sign in [sign::ALLOWED, sign::DENIED, sign::OPEN] {
        assert!(of(sign) >= clusters, "{} is said too rarely", char::from(sign));
    }
}

/// Judges the clusters of these seeds.
fn judge(seeds: &[u64]) -> Tally {
    let mut judges = Judges::start();
    let dialect = Dialect::spec();
    let mut tally = Tally::default();
    for batch in seeds.chunks(BATCH) {
        let clusters: Vec<Cluster> = batch.iter().map(|&seed| Cluster::any(seed)).collect();
        let questions: Vec<Question<'_>> = clusters
            .iter()
            .zip(batch)
            .map(|(cluster, &seed)| cluster.question(seed, LIMITS))
            .collect();
        let right = judges.reference(&questions);
        let libraries = judges.libraries(&questions);
        for (number, (question, right)) in questions.iter().zip(&right).enumerate() {
            let cluster = &clusters[number];
            tally.clusters += 1;
            *tally.families.entry(cluster.family).or_default() += 1;
            cluster.count(&mut tally.features);
            for &sign in right.verdicts.iter().flat_map(String::as_bytes) {
                *tally.signs.entry(sign).or_default() += 1;
            }
            for (library, compared) in libraries.iter().zip(&mut tally.libraries) {
                compared.compare(
                    batch[number],
                    question,
                    &library[number].verdicts,
                    &right.verdicts,
                );
            }
            let world = ours::world(&question.objects);
            let answers = ours::answers(&Engine::new(&world, &dialect), question);
            tally.ours.compare(batch[number], question, &answers, &right.verdicts);
        }
    }
    tally
}
