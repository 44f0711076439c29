//! Network policies before a real API server: what it refuses and in which words, and what it
//! stores of the others, against what we read.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use kubectl_netpol::policy::validate::{Refusal, Rules, refusal_by};
use kubectl_netpol::policy::{Action, Policy, Read, Section, read};
use posture::model::version::Minor;
use posture_e2e::{object, policies};
use posture_generators::mistype::mistype;
use posture_generators::policy::{CLUSTER_KINDS, cluster_policy, network_policy};
use posture_generators::random::Random;
use posture_harness::cluster::{Answer, Cluster, ClusterOptions};
use posture_harness::{judge, score, seed};
use serde_json::Value;

/// Policies for the server as it is, and for each that it emulates.
const POLICIES: [usize; 2] = [6_000, 60_000];
const POLICIES_OF_OLDER: [usize; 2] = [2_000, 20_000];

/// A minor whose rules for blocks are laxer.
const OLDER: u32 = 35;

/// Policies of each of the other kinds.
const CLUSTER_POLICIES: [usize; 2] = [1_500, 15_000];

/// Where network policies are created.
const COLLECTION: &str = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
const QUERY: &str = "dryRun=All&fieldValidation=Ignore";

/// How many values of a hundred are odd, in turn.
const ODD: [usize; 4] = [0, 2, 10, 30];

/// This share of the policies gets a value of another type, in percent.
const MISTYPED: usize = 8;

/// How often each of the ways to be refused must turn up.
const LEAST: usize = 10;

/// How many differences are printed in full.
const PRINTED: usize = 5;

/// How long definitions may take to be served.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the server says of each documented fault; those of the first list only newer releases have.
const STRICT: [&str; 3] = [
    "must not have leading 0s in IP or prefix length",
    "must not have an IPv4-mapped IPv6 address",
    "must not have bits set beyond the prefix length",
];
const REASONS: [&str; 34] = [
    "cannot be handled as a NetworkPolicy",
    "metadata.name: Required value",
    "metadata.name: Invalid value",
    "metadata.labels: Invalid value",
    "metadata.annotations: Invalid value",
    "spec.podSelector.matchLabels: Invalid value",
    "podSelector.matchExpressions[0].key: Invalid value",
    "namespaceSelector.matchExpressions[0].values[0]: Invalid value",
    "prefix part must be non-empty",
    "prefix part must be no more than 253 bytes",
    "prefix part a lowercase RFC 1123 subdomain",
    "name part must be non-empty",
    "name part must be no more than 63 bytes",
    "a valid label key must consist of",
    "a valid label must be an empty string",
    "must be no more than 63 bytes",
    "not a valid selector operator",
    "must be specified when `operator` is",
    "may not be specified when `operator` is",
    "must specify a peer",
    "may not specify both ipBlock and another peer",
    ".ipBlock.cidr: Required value",
    "must be a valid CIDR value",
    "must be a strict subset of `cidr`",
    ".protocol: Unsupported value",
    "must be between 1 and 65535, inclusive",
    "must be greater than or equal to `port`",
    "may not be specified when `port` is non-numeric",
    "may not be specified when `port` is not specified",
    "must contain only alpha-numeric characters",
    "must contain at least one letter (a-z)",
    "must not contain consecutive hyphens",
    "may not specify more than two policyTypes",
    "supported values: \"Ingress\", \"Egress\"",
];

/// What came of a comparison.
#[derive(Debug, Default)]
struct Tally {
    compared: usize,
    refused: usize,
    /// How often each reason turned up.
    reasons: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Tally {
    fn differs(&mut self, what: &str, policy: &Value, ours: &str, theirs: &str) {
        self.differences
            .push(format!("{what}\n  ours:   {ours}\n  theirs: {theirs}\n  policy: {policy}"));
    }

    fn print(&self, of: &str) {
        println!(
            "{of}, seed {}: {} policies, {} refused; {} differ",
            seed::seed(),
            self.compared,
            self.refused,
            self.differences.len()
        );
        for difference in self.differences.iter().take(PRINTED) {
            println!("{difference}");
        }
    }
}

/// Whether a fault is one of what readers look at.
fn is_of_spec(refusal: &Refusal) -> bool {
    refusal.path.to_string().starts_with("spec")
}

fn compare(policy: &Value, answer: &Answer, rules: Rules, tally: &mut Tally) {
    tally.compared += 1;
    let object = object::from_json(policy);
    let ours = refusal_by(&object, rules).map(|refusal| refusal.message);
    let lax = Rules { emulated: Minor(0), ..rules };
    let held = refusal_by(&object, lax);
    let reading = read(&object, "default");
    // What readers refuse is what validation refuses at every release.
    match (&reading, &held) {
        (Read::Policy(_), Some(refusal)) if is_of_spec(refusal) => {
            tally.differs("it is read, though no server takes it", policy, "", &refusal.message);
        }
        (Read::Refused(refused), None) => {
            tally.differs("it is not read, though a server takes it", policy, &refused.message, "");
        }
        (Read::NotOurs, _) => tally.differs("it is not ours", policy, "", ""),
        _ => {}
    }
    if !answer.is_success() {
        let theirs = answer.message();
        tally.refused += 1;
        for reason in REASONS.iter().chain(&STRICT).filter(|reason| theirs.contains(**reason)) {
            *tally.reasons.entry(reason).or_default() += 1;
        }
        let ours = ours.unwrap_or_default();
        if ours != theirs {
            tally.differs("a refusal", policy, &ours, &theirs);
        }
        return;
    }
    if let Some(ours) = ours {
        return tally.differs("the server takes it", policy, &ours, "");
    }
    let stored = answer.json();
    match (reading, read(&object::from_json(&stored), "default")) {
        (Read::Policy(own), Read::Policy(stored)) => {
            let (own, stored) = (policies::described(&own), policies::described(&stored));
            if own != stored {
                tally.differs("what is stored reads otherwise", policy, &own, &stored);
            }
        }
        (_, other) => {
            tally.differs("what is stored is not read", policy, "", &format!("{other:?}"));
        }
    }
}

fn judge_policies(cluster: &Cluster, count: usize) -> Tally {
    let mut random = Random::new(seed::seed() ^ u64::from(cluster.minor()));
    let policies: Vec<Value> = (0..count)
        .map(|number| {
            let mut policy = network_policy(&mut random, number, ODD[number % ODD.len()]);
            if random.percent(MISTYPED) {
                mistype(&mut random, &mut policy);
            }
            policy
        })
        .collect();
    let answers = cluster.each(&policies, |policy| cluster.create(COLLECTION, policy, QUERY));
    let minor = |minor: u32| Minor(u16::try_from(minor).expect("a minor"));
    let rules =
        Rules { program: posture::model::version::NEWEST, emulated: minor(cluster.minor()) };
    let mut tally = Tally::default();
    for (policy, answer) in policies.iter().zip(&answers) {
        compare(policy, answer, rules, &mut tally);
    }
    tally
}

#[test]
fn the_server_says_what_we_say() {
    let run = usize::from(seed::long());
    let own = judge_policies(Cluster::shared(), POLICIES[run]);
    own.print("as it is");
    let older = Cluster::start(&ClusterOptions::default().emulated_minor(OLDER));
    let older = judge_policies(&older, POLICIES_OF_OLDER[run]);
    older.print(&format!("as 1.{OLDER}"));
    for reason in REASONS.iter().chain(&STRICT) {
        let count = own.reasons.get(reason).copied().unwrap_or_default();
        println!("  {count:5} {reason}");
    }
    let differences = own.differences.len() + older.differences.len();
    let compared = format!(
        "{} policies, {} of them refused",
        own.compared + older.compared,
        own.refused + older.refused
    );
    let what = "a real API server's refusals of network policies, and what it stores of the others";
    score::record("netpol_policies", what, &compared, differences);
    assert_eq!(differences, 0, "see above");
    for reason in REASONS.iter().chain(&STRICT) {
        let count = own.reasons.get(reason).copied().unwrap_or_default();
        assert!(count >= LEAST, "{reason}: {count}");
    }
    assert!(STRICT.iter().all(|reason| !older.reasons.contains_key(reason)), "1.{OLDER} is strict");
    for tally in [own, older] {
        let taken = tally.compared - tally.refused;
        assert!(tally.refused.min(taken) * 5 >= tally.compared, "too few of a kind");
    }
}

/// Installs the definitions of the other kinds, and waits until they are served.
fn define(cluster: &Cluster) {
    for version in ["v0.1.7", "v0.2.0"] {
        let path = judge::path(&format!("policies-{version}.yaml"));
        let text = fs::read_to_string(path).expect("the definitions are beside the judges");
        cluster.apply(&text);
    }
    let start = Instant::now();
    for (kind, _) in CLUSTER_KINDS {
        while !cluster.admin().get(&collection(kind)).is_success() {
            assert!(start.elapsed() < DEADLINE, "{kind} is not served");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Where objects of one of the other kinds are created.
fn collection(kind: &str) -> String {
    let (_, version) =
        CLUSTER_KINDS.iter().find(|(known, _)| *known == kind).expect("one of the kinds");
    let plural = format!("{}ies", kind.to_lowercase().trim_end_matches('y'));
    format!("/apis/policy.networking.k8s.io/{version}/{plural}")
}

/// Whether a rule that allows was read without a port that it has, since it is not known.
fn has_lost_ports(read: &Policy, policy: &Value) -> bool {
    let rules = |section: &Section, name: &str| {
        section.rules.iter().zip(policy["spec"][name].as_array().into_iter().flatten()).any(
            |(read, written)| {
                let written = written["protocols"].as_array().or(written["ports"].as_array());
                read.action == Action::Allow
                    && read.ports.as_ref().map(Vec::len) < written.map(Vec::len)
            },
        )
    };
    rules(&read.ingress, "ingress") || rules(&read.egress, "egress")
}

/// What the definitions take we take, and it reads as what is stored; what they refuse we refuse, or read
/// as closed: not at all, with a peer that is unknown, or without the port that is.
fn compare_cluster_policy(policy: &Value, answer: &Answer, tally: &mut Tally) {
    tally.compared += 1;
    let object = object::from_json(policy);
    let ours = refusal_by(&object, Rules::of(posture::model::version::NEWEST));
    let reading = read(&object, "");
    if !answer.is_success() {
        tally.refused += 1;
        let is_closed = match &reading {
            Read::Policy(read) => policies::has_unknown(read) || has_lost_ports(read, policy),
            _ => true,
        };
        if ours.is_none() && !is_closed {
            tally.differs("the server refuses it", policy, "", &answer.message());
        }
        return;
    }
    if let Some(ours) = ours {
        return tally.differs("the server takes it", policy, &ours.message, "");
    }
    match (reading, read(&object::from_json(&answer.json()), "")) {
        (Read::Policy(own), Read::Policy(stored)) => {
            let (own, stored) = (policies::described(&own), policies::described(&stored));
            if own != stored {
                tally.differs("what is stored reads otherwise", policy, &own, &stored);
            }
        }
        // A subject that no enforcer can read, which the definitions take.
        (Read::Refused(_), Read::Refused(_)) => {}
        (own, stored) => {
            let (own, stored) = (format!("{own:?}"), format!("{stored:?}"));
            tally.differs("only one of the two is read", policy, &own, &stored);
        }
    }
}

#[test]
fn definitions_take_what_we_take() {
    let cluster = Cluster::start(&ClusterOptions::default());
    define(&cluster);
    let count = CLUSTER_POLICIES[usize::from(seed::long())];
    let mut random = Random::new(seed::seed());
    let (mut all, mut all_differences, mut all_refused) = (0, 0, 0);
    for (which, (kind, _)) in CLUSTER_KINDS.iter().enumerate() {
        let policies: Vec<Value> = (0..count)
            .map(|number| cluster_policy(&mut random, which, number, ODD[number % ODD.len()]))
            .collect();
        let path = collection(kind);
        let answers = cluster.each(&policies, |policy| cluster.create(&path, policy, QUERY));
        let mut tally = Tally::default();
        for (policy, answer) in policies.iter().zip(&answers) {
            compare_cluster_policy(policy, answer, &mut tally);
        }
        tally.print(kind);
        let taken = tally.compared - tally.refused;
        assert!(tally.refused.min(taken) * 5 >= tally.compared, "too few of a kind");
        all += tally.compared;
        all_refused += tally.refused;
        all_differences += tally.differences.len();
    }
    let what = "what the definitions of cluster-wide network policies take and refuse";
    let compared = format!("{all} policies, {all_refused} of them refused");
    score::record("netpol_policies_cluster", what, &compared, all_differences);
    assert_eq!(all_differences, 0, "see above");
}
