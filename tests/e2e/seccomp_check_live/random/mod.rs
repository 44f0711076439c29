//! Random profiles before a real API server and beside our own Pod Security: what is refused, what is
//! stored, and who has a profile, is said alike by all three.

mod draw;
mod read;

use std::collections::BTreeMap;

use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};
use kubectl_pss::pod::Pod as JudgedPod;
use kubectl_seccomp::effective::{Confinement, Effective, How, Pod, Scene, SeccompDefault, Source};
use posture::finding::acceptance;
use posture::model::object::Object;
use posture::model::version::Minor;
use posture::model::workload::pod_templates;
use posture_e2e::object;
use posture_generators::random::Random;
use posture_harness::cluster::{Answer, Cluster, ClusterOptions};
use posture_harness::{score, seed};
use serde_json::Value;

use self::read::{Explicit, foretold, refused};

/// How many objects, normally and in the long run.
const OBJECTS: [usize; 2] = [4_000, 40_000];

/// The oldest release that the server can be.
const OLDEST: u32 = 34;

/// How often each thing must have turned up.
const EACH: usize = 60;

/// How many differences are printed.
const PRINTED: usize = 5;

/// What was counted, and what differs.
#[derive(Default)]
struct Tally {
    seen: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Tally {
    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn differ(&mut self, what: &str, object: &Value) {
        self.differences.push(format!("{what}\n{object}"));
    }
}

/// The judges.
struct Bench {
    scene: Scene,
    pss: Evaluator,
}

/// What confines every container: where it stands, its name, its profile.
fn effective(confinements: &[Confinement]) -> Vec<(String, Effective, Source)> {
    let row = |one: &Confinement| {
        (format!("{:?} {}", one.kind, one.name), one.effective.clone(), one.places[0].by)
    };
    confinements.iter().map(row).collect()
}

impl Bench {
    /// The API server's answer beside what we say of what it was sent.
    fn judge(&self, sent: &Value, answer: &Answer, tally: &mut Tally) {
        let object = object::from_json(sent);
        let templates = pod_templates(&object);
        let reference = object.reference(Some("default"));
        let undecodable =
            acceptance::refusal(&object, &templates, &reference, &mut Vec::new()).is_some();
        if answer.status == 400 || undecodable {
            tally.count("not decoded");
            if (answer.status == 400) != undecodable {
                tally.differ(&format!("decoding: {} {}", answer.status, answer.message()), sent);
            }
            return;
        }
        let template = object::template(&object);
        let pod = Pod::read(&template, &self.scene).expect("it has a spec");
        let (ours, theirs) = (foretold(&pod, &template), refused(answer));
        if ours != theirs {
            tally.differ(
                &format!("refused: we say {ours:?}, the server {theirs:?}: {}", answer.message()),
                sent,
            );
            return;
        }
        if !theirs.is_empty() {
            tally.count(if theirs.iter().any(|at| at.starts_with("annotations")) {
                "refused for an annotation"
            } else {
                "refused for a field"
            });
            return;
        }
        assert!(answer.is_success(), "{}\n{sent}", answer.message());
        tally.count("taken");
        let stored = object::from_json(&answer.json());
        let again = object::template(&stored);
        let again = Pod::read(&again, &self.scene).expect("it has a spec");
        let (before, after) = (effective(&pod.confinements()), effective(&again.confinements()));
        if before != after {
            tally.differ(&format!("stored: {before:?} became {after:?}"), sent);
        }
        for (_, effective, by) in before {
            tally.count(match (effective, by) {
                (Effective::RuntimeDefault, Source::ContainerField) => "own RuntimeDefault",
                (Effective::RuntimeDefault, _) => "RuntimeDefault of the pod",
                (Effective::Localhost(_), Source::ContainerField) => "own Localhost",
                (Effective::Localhost(_), _) => "Localhost of the pod",
                (Effective::Unconfined, Source::ContainerField) => "own Unconfined",
                (Effective::Unconfined, Source::PodField) => "Unconfined of the pod",
                (Effective::Unconfined, Source::Privileged) => "privileged",
                (Effective::Unconfined, _) => "left to the kubelet",
                (Effective::NotApplicable, _) => "Windows",
                (Effective::Refused(_), _) => "an empty path",
                _ => "something else",
            });
        }
        self.agrees(&object, sent, tally);
        // Containers that come later have no server's word before they do.
        let later = draw::with_later(sent);
        self.agrees(&object::from_json(&later), &later, tally);
    }

    /// Pod Security's checks of the profile beside our reading.
    fn agrees(&self, object: &Object, sent: &Value, tally: &mut Tally) {
        let template = object::template(object);
        let own = Pod::read(&template, &self.scene).expect("it has a spec");
        let explicit = Explicit::of(&own);
        explicit.holds_in(&own.confinements(), sent);
        let pod = JudgedPod::created_from(&template, self.scene.server());
        for (level, ours, passes, fails) in [
            (Level::Baseline, explicit.baseline(), "baseline passes", "baseline fails"),
            (Level::Restricted, explicit.restricted(), "restricted passes", "restricted fails"),
        ] {
            let policy = LevelVersion { level, version: PolicyVersion::Latest };
            let outcome = self.pss.evaluate(&pod, policy);
            let is_seccomp = |id: &str| id.starts_with("seccompProfile");
            let theirs = !outcome.violations().any(|(check, _)| is_seccomp(check.id()));
            tally.count(if theirs { passes } else { fails });
            if ours != theirs {
                tally.differ(
                    &format!(
                        "{level:?}: we say {ours}, Pod Security {theirs}: {}",
                        outcome.detail()
                    ),
                    sent,
                );
            }
        }
    }
}

/// Everything that must have turned up.
const KINDS: [&str; 18] = [
    "not decoded",
    "refused for a field",
    "refused for an annotation",
    "taken",
    "own RuntimeDefault",
    "RuntimeDefault of the pod",
    "own Localhost",
    "Localhost of the pod",
    "own Unconfined",
    "Unconfined of the pod",
    "privileged",
    "left to the kubelet",
    "Windows",
    "an empty path",
    "baseline passes",
    "baseline fails",
    "restricted passes",
    "restricted fails",
];

/// What comes of comparing, with our rules for a release of the server.
fn compare(server: Minor, objects: &[Value], answers: &[Answer]) -> Tally {
    let bench = Bench {
        scene: Scene::new(server, Vec::new(), SeccompDefault::Off(How::Assumed)),
        pss: Evaluator::new(server),
    };
    let mut tally = Tally::default();
    for (sent, answer) in objects.iter().zip(answers) {
        bench.judge(sent, answer, &mut tally);
    }
    tally
}

/// The objects before a server; how many they were.
fn judge(cluster: &Cluster, random: &mut Random) -> usize {
    let count = OBJECTS[usize::from(seed::long())];
    let objects: Vec<Value> = (0..count).map(|_| draw::object(random)).collect();
    let answers =
        cluster.each(&objects, |one| cluster.create(&cluster.collection(one), one, "dryRun=All"));
    let server = Minor(u16::try_from(cluster.minor()).expect("a small number"));
    let tally = compare(server, &objects, &answers);
    println!("{server}: {:#?}", tally.seen);
    let shown = tally.differences.iter().take(PRINTED).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(tally.differences.is_empty(), "{} at {server}: {shown}", tally.differences.len());
    for what in KINDS {
        let seen = tally.seen.get(what).copied().unwrap_or_default();
        assert!(seen >= EACH, "{what}: {seen} times at {server}");
    }
    assert_eq!(tally.seen.get("something else"), None);
    // The rules of an older release are a fault that must be noticed: 1.26 copies annotations, 1.23
    // lets Windows pods have profiles.
    for (other, what) in [(Minor(26), "stored: "), (Minor(23), "refused: ")] {
        let faulty = compare(other, &objects, &answers);
        let noticed = faulty.differences.iter().filter(|one| one.starts_with(what)).count();
        assert!(noticed >= EACH / 3, "{what}{noticed} times with the rules of {other}");
    }
    count
}

#[test]
fn the_server_and_pod_security_say_the_same() {
    let mut random = Random::new(seed::seed());
    let oldest = Cluster::start(&ClusterOptions::default().emulated_minor(OLDEST));
    let count = judge(Cluster::shared(), &mut random) + judge(&oldest, &mut random);
    score::record(
        "seccomp_check_live",
        "seccomp profiles of pods and workloads: a real API server's refusals, what it stores, and Pod Security's checks",
        &format!("{count} objects at 2 minors"),
        0,
    );
}
