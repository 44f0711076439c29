//! Which policy a namespace's labels ask for, and what a server's configuration file means: as
//! each minor release reads them.
#![cfg(test)]

use kubectl_pss::admission_config::{self, Loaded};
use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};
use kubectl_pss::namespace::{Defaults, Mode, Modes, NamespacePolicy};
use posture::model::version::Minor;
use posture_e2e::object;
use posture_generators::random::Random;
use posture_harness::judge::{LineJudge, pod_security};
use posture_harness::{score, seed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How many namespaces, and how many files, each judge sees.
const NAMESPACES: [usize; 2] = [1_000, 20_000];
const FILES: [usize; 2] = [500, 5_000];

const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];
const ODD_LEVELS: [&str; 5] = ["", "Restricted", "default", "restricted ", "say \"no\""];
const VERSIONS: [&str; 6] = ["latest", "v1.0", "v1.22", "v1.37", "v1.38", "v1.9223372036854775807"];
const ODD_VERSIONS: [&str; 7] =
    ["", "1.30", "v1.01", "v1.30.2", "v2.0", "Latest", "v1.9223372036854775808"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LabelsQuestion {
    namespace_labels: Map<String, Value>,
    defaults: Value,
}

#[derive(Deserialize)]
struct LabelsAnswer {
    policy: Value,
    errors: Vec<String>,
}

#[derive(Serialize)]
struct FileQuestion {
    configuration: String,
}

#[derive(Deserialize)]
struct FileAnswer {
    error: Option<String>,
    defaults: Option<Value>,
    exemptions: Option<Value>,
}

#[test]
fn labels_mean_the_same() {
    let mut random = Random::new(seed::seed());
    let (mut compared, mut differ) = (0, 0);
    for judge in pod_security() {
        let server = Minor(u16::try_from(judge.minor).expect("a small number"));
        let asked: Vec<(Defaults, LabelsQuestion)> =
            (0..NAMESPACES[usize::from(seed::long())]).map(|_| labels(&mut random)).collect();
        let questions: Vec<&LabelsQuestion> = asked.iter().map(|(_, question)| question).collect();
        let answers: Vec<LabelsAnswer> = LineJudge::start(&judge.name).ask_all(&questions);
        for ((defaults, question), answer) in asked.iter().zip(&answers) {
            compared += 1;
            let texts = question.namespace_labels.iter();
            let texts =
                texts.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
            let policy = NamespacePolicy::of_labels(texts, defaults, server);
            let errors: Vec<String> = policy.errors.iter().map(ToString::to_string).collect();
            let ours = (printed(&policy), errors);
            if ours != (answer.policy.clone(), answer.errors.clone()) {
                differ += 1;
                let labels = json!(question.namespace_labels);
                println!(
                    "1.{}: {labels}\n  ours:   {ours:?}\n  theirs: {:?} {:?}",
                    judge.minor, answer.policy, answer.errors
                );
            }
        }
    }
    println!("{compared} namespaces, {differ} differ");
    let what = "the policy that a namespace's labels ask for";
    score::record("6_namespaces", what, &format!("{compared} namespaces"), differ);
    assert_eq!(differ, 0);
}

fn printed(policy: &NamespacePolicy) -> Value {
    let mode = |mode: Mode| {
        let policy = policy.modes.get(mode).policy;
        json!({ "level": policy.level.as_str(), "version": policy.version.to_string() })
    };
    json!({ "enforce": mode(Mode::Enforce), "audit": mode(Mode::Audit), "warn": mode(Mode::Warn) })
}

fn level(random: &mut Random) -> String {
    if random.percent(20) { random.pick(&ODD_LEVELS) } else { random.pick(&LEVELS) }.to_owned()
}

fn version(random: &mut Random) -> String {
    if random.percent(20) { random.pick(&ODD_VERSIONS) } else { random.pick(&VERSIONS) }.to_owned()
}

fn labels(random: &mut Random) -> (Defaults, LabelsQuestion) {
    let mut labels = Map::new();
    for mode in Mode::ALL {
        if random.percent(60) {
            labels.insert(mode.level_label().to_owned(), json!(level(random)));
        }
        if random.percent(40) {
            labels.insert(mode.version_label().to_owned(), json!(version(random)));
        }
    }
    if random.percent(20) {
        labels.insert("pod-security.kubernetes.io/Enforce".to_owned(), json!("restricted"));
    }
    let mut default = || LevelVersion {
        level: Level::ALL[random.below(3)],
        version: PolicyVersion::parse(random.pick(&VERSIONS)).expect("a good one"),
    };
    let defaults = Modes { enforce: default(), audit: default(), warn: default() };
    let mut sent = Map::new();
    for mode in Mode::ALL {
        let default = defaults.get(mode);
        sent.insert(mode.as_str().to_owned(), json!(default.level.as_str()));
        sent.insert(format!("{mode}Version"), json!(default.version.to_string()));
    }
    (defaults, LabelsQuestion { namespace_labels: labels, defaults: Value::Object(sent) })
}

#[test]
fn configuration_files_mean_the_same() {
    let mut random = Random::new(seed::seed());
    let (mut compared, mut refused, mut differ) = (0, 0, 0);
    for judge in pod_security() {
        let server = Minor(u16::try_from(judge.minor).expect("a small number"));
        let questions: Vec<FileQuestion> = (0..FILES[usize::from(seed::long())])
            .map(|_| FileQuestion { configuration: file(&mut random) })
            .collect();
        let answers: Vec<FileAnswer> = LineJudge::start(&judge.name).ask_all(&questions);
        for (question, answer) in questions.iter().zip(&answers) {
            compared += 1;
            refused += usize::from(answer.error.is_some());
            let objects = object::from_yaml("configuration.yaml", &question.configuration);
            let ours = match admission_config::read(objects[0].value(), server) {
                Ok(Loaded::Configuration(configuration)) => {
                    let mut defaults = Map::new();
                    for mode in Mode::ALL {
                        let default = configuration.defaults.get(mode);
                        defaults.insert(mode.as_str().to_owned(), json!(default.level.as_str()));
                        defaults
                            .insert(format!("{mode}Version"), json!(default.version.to_string()));
                    }
                    let exemptions = json!({
                        "usernames": configuration.exemptions.usernames,
                        "namespaces": configuration.exemptions.namespaces,
                        "runtimeClasses": configuration.exemptions.runtime_classes,
                    });
                    Ok((Value::Object(defaults), exemptions))
                }
                Ok(Loaded::Path(path)) => panic!("no path was given, and got {path}"),
                Err(refused) => Err(refused.to_string()),
            };
            let theirs = match &answer.error {
                Some(error) => Err(without_scheme(error)),
                None => Ok((
                    answer.defaults.clone().unwrap_or_default(),
                    answer.exemptions.clone().unwrap_or_default(),
                )),
            };
            if ours != theirs {
                differ += 1;
                println!(
                    "1.{}: {}\n  ours:   {ours:?}\n  theirs: {theirs:?}",
                    judge.minor, question.configuration
                );
            }
        }
    }
    println!("{compared} files, {refused} refused, {differ} differ");
    let what = "the API server's configuration file for Pod Security";
    score::record("7_configuration", what, &format!("{compared} files"), differ);
    assert_eq!(differ, 0);
    assert!(refused > compared / 5 && refused < compared * 4 / 5, "too few of a kind");
}

/// The server also names the place in its own source where the scheme was made.
fn without_scheme(error: &str) -> String {
    error.split_once(" in scheme ").map_or(error, |(before, _)| before).to_owned()
}

/// A configuration file, now and then with something in it that a server refuses.
fn file(random: &mut Random) -> String {
    let mut file = Map::new();
    let group = "pod-security.admission.config.k8s.io";
    let version =
        if random.percent(60) { "v1" } else { random.pick(&["v1beta1", "v1alpha1", "v2"]) };
    file.insert("apiVersion".to_owned(), json!(format!("{group}/{version}")));
    file.insert("kind".to_owned(), json!("PodSecurityConfiguration"));
    if random.percent(80) {
        let mut defaults = Map::new();
        for mode in Mode::ALL {
            if random.percent(60) {
                let level = if random.percent(90) {
                    random.pick(&LEVELS).to_owned()
                } else {
                    level(random)
                };
                defaults.insert(mode.as_str().to_owned(), json!(level));
            }
            if random.percent(40) {
                let version = if random.percent(90) {
                    random.pick(&VERSIONS[..5]).to_owned()
                } else {
                    self::version(random)
                };
                defaults.insert(format!("{mode}-version"), json!(version));
            }
        }
        if random.percent(4) {
            defaults.insert("enforceVersion".to_owned(), json!("latest"));
        }
        file.insert("defaults".to_owned(), json!(defaults));
    }
    if random.percent(60) {
        let mut exemptions = Map::new();
        for list in ["usernames", "namespaces", "runtimeClasses"] {
            if random.percent(60) {
                let names = ["a", "team-a", "kube-system", "system:serviceaccount:a:b"];
                let odd = ["", "Upper", "a.b", "a_b", "-a"];
                let count = random.below(4);
                let items: Vec<&str> = (0..count)
                    .map(|_| {
                        if random.percent(10) {
                            random.pick(&odd)
                        } else {
                            random.pick(&names[..3])
                        }
                    })
                    .collect();
                exemptions.insert(list.to_owned(), json!(items));
            }
        }
        file.insert("exemptions".to_owned(), json!(exemptions));
    }
    if random.percent(4) {
        file.insert("exemption".to_owned(), json!({}));
    }
    Value::Object(file).to_string()
}
