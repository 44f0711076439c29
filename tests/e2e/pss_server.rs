//! The real API server as judge: objects of all nine kinds, created with dry-run in labelled
//! namespaces; its refusals and warnings against ours, word for word.
#![cfg(test)]

use kubectl_pss::admission_config::Exemptions;
use kubectl_pss::admit::{Request, admit};
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::namespace::{Mode, NamespacePolicy, UNCONFIGURED};
use posture::model::decode;
use posture::model::served;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::{KINDS, wrap};
use posture_harness::cluster::{Answer, Cluster, ClusterOptions, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

/// Objects for each server, normally and in the long run.
const OBJECTS: [usize; 2] = [2_000, 20_000];

/// The oldest minor that the server emulates and whose rules differ from its own.
const OLDER: u32 = 34;

/// How many namespaces the objects are spread over.
const NAMESPACES: usize = 24;

/// How many differences are printed in full.
const PRINTED: usize = 5;

/// Each of the ways in which a request may end must turn up this often.
const LEAST: usize = 20;

/// The server shortens warnings when all of them together are longer than this
/// (`truncateAtTotalRunes` in k8s.io/apiserver/pkg/endpoints/filters/warning.go).
const WARNINGS_KEPT_WHOLE: usize = 4 * 1024;

/// A namespace: its name and its labels.
type Labelled = (String, Vec<(String, String)>);

fn namespaces(random: &mut Random) -> Vec<Labelled> {
    const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];
    const VERSIONS: [&str; 7] = ["latest", "v1.0", "v1.18", "v1.24", "v1.31", "v1.34", "v1.99"];
    let mut labelled = Vec::new();
    for number in 0..NAMESPACES {
        let mut labels = Vec::new();
        for mode in Mode::ALL {
            if random.percent(70) {
                labels.push((mode.level_label().to_owned(), random.pick(&LEVELS).to_owned()));
            }
            if random.percent(40) {
                labels.push((mode.version_label().to_owned(), random.pick(&VERSIONS).to_owned()));
            }
        }
        labelled.push((format!("n{number}"), labels));
    }
    labelled
}

/// Takes away what the server refuses before it asks Pod Security, so that more pods get there.
fn tamed(mut pod: Value) -> Value {
    let own_users = pod["spec"]["hostUsers"] == json!(false);
    let Some(spec) = pod["spec"].as_object_mut() else {
        return pod;
    };
    spec.remove("ephemeralContainers");
    spec.remove("runtimeClassName");
    spec.insert("restartPolicy".to_owned(), json!("Never"));
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(fields) = container.as_object_mut() else {
                continue;
            };
            if list == "initContainers" {
                for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                    fields.remove(field);
                }
            }
            if !own_users
                && let Some(context) =
                    fields.get_mut("securityContext").and_then(Value::as_object_mut)
            {
                context.remove("procMount");
            }
        }
    }
    pod
}

/// The workloads that insist on pods which run for ever.
fn runs_for_ever(kind: &str) -> bool {
    !matches!(kind, "Pod" | "PodTemplate" | "Job" | "CronJob")
}

/// How a request ended, as far as Pod Security is concerned.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    /// The object could not be decoded: the server's words.
    Undecodable(String),
    /// Refused by Pod Security: its sentence.
    Refused(String),
    /// Admitted, with or without Pod Security's warning.
    Admitted(Option<String>),
    /// Refused by something else: validation, another admission plugin.
    Other,
}

fn ending(answer: &Answer) -> Ending {
    let message = answer.message();
    match answer.status {
        200..=299 => {
            let ours = |text: &&String| text.starts_with("would violate PodSecurity");
            Ending::Admitted(answer.warnings.iter().find(ours).cloned())
        }
        400 if message.contains("cannot be handled as a") => Ending::Undecodable(message),
        403 => match message.split_once(" is forbidden: violates PodSecurity ") {
            Some((_, rest)) => Ending::Refused(format!("violates PodSecurity {rest}")),
            None => Ending::Other,
        },
        _ => Ending::Other,
    }
}

/// What we say of the same request.
fn foretold(value: &Value, (name, labels): &Labelled, evaluator: &Evaluator) -> Ending {
    let read = object::from_json(value);
    if let Some(refusal) = decode::decode(&read).refusal {
        return Ending::Undecodable(refusal.message);
    }
    let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let policy = NamespacePolicy::of_labels(labels, &UNCONFIGURED, evaluator.server());
    let template = object::template(&read);
    let request = Request {
        template: &template,
        namespace: name,
        policy: &policy,
        exemptions: &Exemptions::default(),
        user: None,
        pod_user: None,
        stored: false,
    };
    let decision = admit(evaluator, &request).object;
    match decision.sentence(Mode::Enforce) {
        Some(sentence) => Ending::Refused(sentence),
        None => Ending::Admitted(decision.sentence(Mode::Warn)),
    }
}

/// Whether the server's ending is ours. A server that ends a request for reasons of its own says
/// nothing about Pod Security.
fn agrees(theirs: &Ending, ours: &Ending, answer: &Answer) -> bool {
    let whole = answer.warnings.iter().map(String::len).sum::<usize>() <= WARNINGS_KEPT_WHOLE;
    match (theirs, ours) {
        (Ending::Other, _) => true,
        (Ending::Admitted(Some(theirs)), Ending::Admitted(Some(ours))) if !whole => {
            ours.starts_with(theirs.trim_end_matches("..."))
        }
        _ => theirs == ours,
    }
}

fn compare(cluster: &Cluster, minor: u32) -> (usize, usize) {
    let count = OBJECTS[usize::from(seed::long())];
    let mut random = Random::new(seed::seed() ^ u64::from(minor));
    let labelled = namespaces(&mut random);
    let made: Vec<Namespace> = labelled
        .iter()
        .map(|(name, labels)| {
            labels
                .iter()
                .fold(Namespace::new(name), |namespace, (key, value)| namespace.label(key, value))
        })
        .collect();
    cluster.seed(&made);
    let half = count / 2;
    let odd = Pods::new(seed::seed(), Values::Odd).take(half);
    let plausible = Pods::new(seed::seed() + 1, Values::Plausible).take(count - half);
    let pods = plausible.map(tamed).chain(odd);
    let requests: Vec<(usize, String, Value)> = pods
        .enumerate()
        .map(|(number, mut pod)| {
            // Half of them Pods, which alone are refused.
            let kind = if random.percent(50) { "Pod" } else { KINDS[random.below(KINDS.len())] };
            if runs_for_ever(kind)
                && let Some(spec) = pod["spec"].as_object_mut()
            {
                spec.remove("restartPolicy");
            }
            let mut object = wrap(kind, &pod);
            let namespace = random.below(NAMESPACES);
            object["metadata"]["name"] = json!(format!("o{number}"));
            object["metadata"]["namespace"] = json!(labelled[namespace].0);
            (
                namespace,
                format!("{}?dryRun=All&fieldValidation=Ignore", cluster.collection(&object)),
                object,
            )
        })
        .collect();
    let answers = cluster.each(&requests, |(_, path, object)| cluster.admin().post(path, object));
    let evaluator = Evaluator::new(Minor(u16::try_from(minor).expect("a minor")));
    let mut endings = [0_usize; 5];
    let mut differences = Vec::new();
    for ((namespace, _, object), answer) in requests.iter().zip(&answers) {
        let theirs = ending(answer);
        let ours = foretold(object, &labelled[*namespace], &evaluator);
        endings[match theirs {
            Ending::Undecodable(_) => 0,
            Ending::Refused(_) => 1,
            Ending::Admitted(Some(_)) => 2,
            Ending::Admitted(None) => 3,
            Ending::Other => 4,
        }] += 1;
        if !agrees(&theirs, &ours, answer) {
            differences.push(format!(
                "server: {theirs:?}\nours:   {ours:?}\nlabels: {:?}\nobject: {object}",
                labelled[*namespace].1
            ));
        }
    }
    let [undecodable, refused, warned, admitted, other] = endings;
    println!(
        "as 1.{minor}: {count} objects: {refused} refused, {warned} warned about, {admitted} admitted, \
         {undecodable} undecodable, {other} refused by others; {} differ",
        differences.len()
    );
    for difference in differences.iter().take(PRINTED) {
        println!("{difference}");
    }
    assert!(refused >= LEAST && warned >= LEAST && admitted >= LEAST, "too few of a kind");
    (count - other, differences.len())
}

#[test]
fn the_server_serves_the_kinds_that_we_know() {
    let cluster = Cluster::shared();
    let minor = Minor(u16::try_from(cluster.minor()).expect("a minor"));
    for (api_version, path) in
        [("v1", "/api/v1"), ("apps/v1", "/apis/apps/v1"), ("batch/v1", "/apis/batch/v1")]
    {
        let answer = cluster.get_json(path);
        let resources = answer["resources"].as_array().expect("a list of resources");
        let is_own = |resource: &&Value| !resource["name"].as_str().unwrap_or("/").contains('/');
        let mut theirs: Vec<&str> = resources
            .iter()
            .filter(is_own)
            .filter_map(|resource| resource["kind"].as_str())
            .collect();
        theirs.sort_unstable();
        assert_eq!(served::kinds(api_version, minor), Some(&theirs[..]), "{api_version}");
    }
}

#[test]
fn the_server_says_what_we_foretell() {
    let cluster = Cluster::shared();
    let own = compare(cluster, cluster.minor());
    let older = compare(&Cluster::start(&ClusterOptions::default().emulated_minor(OLDER)), OLDER);
    let compared = format!("{} objects at 2 minors", own.0 + older.0);
    let what = "a real API server's refusals and warnings on dry-run creation, all nine kinds";
    score::record("9_server", what, &compared, own.1 + older.1);
    assert_eq!(own.1 + older.1, 0, "see above");
}
