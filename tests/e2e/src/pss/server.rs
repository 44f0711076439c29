//! A real API server as the judge of Pod Security: what it says of a request in its answer and
//! its audit log, against what we say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use std::{fs, thread};

use kubectl_pss::admission_config::Exemptions;
use kubectl_pss::admit::{Decision, Request as Asked, admit};
use kubectl_pss::checks::ALL;
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::namespace::{Mode, NamespacePolicy, UNCONFIGURED};
use kubectl_pss::update::admit_update;
use posture::model::decode;
use posture::model::version::Minor;
use posture::model::workload::{PodTemplate, pod_templates};
use posture_generators::random::Random;
use posture_harness::cluster::{Answer, Cluster, ClusterOptions};
use serde_json::{Value, json};

use super::row;
use super::table::{Seen, Table};
use crate::object;

/// The server shortens warnings when all of them together are longer than this, in characters
/// (`truncateAtTotalRunes` in k8s.io/apiserver/pkg/endpoints/filters/warning.go).
const WARNINGS_KEPT_WHOLE: usize = 4 * 1024;
/// How much it leaves of each then (`truncateItemRunes`).
const WARNING_SHORTENED: usize = 256;

/// How the sentences of Pod Security begin, in warnings.
const WARNING: &str = "would violate PodSecurity ";
/// How its annotations begin.
const ANNOTATION: &str = "pod-security.kubernetes.io/";

/// Where a server writes its audit log, in the folder of the cluster.
const AUDIT_LOG: &str = "audit.log";
/// How long to wait for the audit log's last event.
const DEADLINE: Duration = Duration::from_secs(30);

/// How many differences are printed in full.
const PRINTED: usize = 5;

/// How many of the reasons are printed for which validation refuses objects.
const REASONS: usize = 12;

/// A namespace: its name and its labels.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The name.
    pub name: String,
    /// The labels, all of Pod Security.
    pub labels: BTreeMap<String, String>,
}

/// A request with dry-run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The HTTP method.
    pub method: &'static str,
    /// The path with its query, which no other request to this server has.
    pub target: String,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Value,
    /// The position of the namespace.
    pub namespace: usize,
    /// The object as it is sent, or as the server would store it after an update.
    pub object: Value,
    /// What the server has stored, and the subresource that is updated.
    pub old: Option<(Value, &'static str)>,
}

/// What the server said of a request.
#[derive(Clone, Debug)]
pub struct Said {
    answer: Answer,
    annotations: BTreeMap<String, String>,
}

/// What we say of it.
enum Foretold {
    /// The server cannot decode the object; its words.
    Undecodable(String),
    /// The server's validation refuses it.
    Invalid,
    /// Pod Security decides.
    Judged(Box<Decision>),
}

/// How a request ended, as far as Pod Security is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ending {
    /// The object could not be decoded: the server's words.
    Undecodable(String),
    /// Refused by Pod Security: its sentence.
    Refused(String),
    /// Admitted.
    Admitted,
    /// Refused by something else: validation, another admission plugin.
    Other,
}

/// What came of comparing.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many requests were refused by Pod Security.
    pub refused: usize,
    /// How many were admitted with its warning.
    pub warned: usize,
    /// How many were admitted without.
    pub admitted: usize,
    /// How many could not be decoded.
    pub undecodable: usize,
    /// How many were refused by others.
    pub other: usize,
    /// How many of those we foretold to be invalid.
    pub foretold_invalid: usize,
    /// How many had violations in their audit event.
    pub audited: usize,
    /// How many requests differ.
    pub differences: usize,
    /// How often each check fired and stayed silent, by the server's word.
    pub table: Table,
    reasons: BTreeMap<String, usize>,
    report: String,
}

/// Namespaces whose labels have every level and every version in every mode, more often the
/// versions at which a check changes.
pub fn namespaces(random: &mut Random, prefix: &str, count: usize) -> Vec<Labelled> {
    const LEVELS: [&str; 5] = ["restricted", "baseline", "restricted", "baseline", "privileged"];
    let mut versions: Vec<String> = (0..=37).map(|minor| format!("v1.{minor}")).collect();
    versions.extend(["latest".to_owned(), "v1.99".to_owned()]);
    let changes: BTreeSet<u16> = ALL
        .iter()
        .flat_map(|check| check.revisions.iter().map(|revision| revision.since.0))
        .collect();
    let changes: Vec<String> = changes.into_iter().map(|minor| format!("v1.{minor}")).collect();
    let mut namespace = |number: usize| {
        let mut labels = BTreeMap::new();
        for (position, mode) in Mode::ALL.into_iter().enumerate() {
            if random.percent(75) {
                labels.insert(mode.level_label().to_owned(), random.pick(&LEVELS).to_owned());
            }
            let all = number < versions.len();
            if all || random.percent(75) {
                let version = if !all && random.percent(60) {
                    &changes[random.below(changes.len())]
                } else {
                    &versions[(number + 13 * position) % versions.len()]
                };
                labels.insert(mode.version_label().to_owned(), version.clone());
            }
        }
        Labelled { name: format!("{prefix}{number}"), labels }
    };
    (0..count).map(&mut namespace).collect()
}

/// A cluster that logs what its requests are annotated with.
///
/// # Panics
/// If it does not start.
pub fn audited(options: &ClusterOptions) -> Cluster {
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            { "level": "Metadata", "verbs": ["create", "update", "patch"], "userGroups": ["system:masters"] },
            { "level": "None" },
        ],
    });
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), policy.to_string()).expect("it can be written");
    let options = options
        .clone()
        .flag(&format!("--audit-policy-file={}", file.path().display()))
        .flag(&format!("--audit-log-path={AUDIT_LOG}"))
        .flag("--audit-log-maxsize=100000");
    let cluster = Cluster::start(&options);
    let handler = json!({
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": { "name": "gvisor" },
        "handler": "gvisor",
    });
    cluster.create_all(&[handler]);
    cluster
}

/// Makes all the requests, and reads what the audit log says of them.
///
/// # Panics
/// If there is no answer, or the log has nothing of a request.
pub fn ask(cluster: &Cluster, requests: &[Request]) -> Vec<Said> {
    let answers = cluster.each(requests, |request| {
        let body = request.body.to_string();
        cluster
            .admin()
            .request(request.method, &request.target, request.content_type, Some(body.as_bytes()))
            .unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.target))
    });
    let started = Instant::now();
    let log = cluster.folder().join(AUDIT_LOG);
    // An event is written when its answer is on its way already.
    let mut events = loop {
        let events = events(&fs::read_to_string(&log).unwrap_or_default());
        if requests.iter().all(|request| events.contains_key(&request.target)) {
            break events;
        }
        assert!(started.elapsed() < DEADLINE, "the audit log lacks a request");
        thread::sleep(Duration::from_millis(100));
    };
    let said = |(request, answer): (&Request, Answer)| {
        let annotations = events.remove(&request.target).unwrap_or_default();
        Said { answer, annotations }
    };
    requests.iter().zip(answers).map(said).collect()
}

/// The annotations of Pod Security by request, from whole lines of the log.
fn events(log: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let events = lines.map(|line| serde_json::from_str(line).expect("an event is JSON"));
    let events = events.map(|event: Value| {
        let annotations = event["annotations"].as_object().into_iter().flatten();
        let own = annotations
            .filter(|(key, _)| key.starts_with(ANNOTATION))
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()));
        (event["requestURI"].as_str().unwrap_or_default().to_owned(), own.collect())
    });
    events.collect()
}

fn foretold(request: &Request, labelled: &Labelled, evaluator: &Evaluator) -> Foretold {
    let read = object::from_json(&request.object);
    if request.old.is_none()
        && let Some(refusal) = decode::decode(&read).refusal
    {
        return Foretold::Undecodable(refusal.message);
    }
    let labels = labelled.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let policy = NamespacePolicy::of_labels(labels, &UNCONFIGURED, evaluator.server());
    let templates = pod_templates(&read);
    let has_containers = |template: &&PodTemplate<'_>| {
        let containers = template.value.field("spec").and_then(|spec| spec.field("containers"));
        containers.is_some_and(|containers| containers.items().next().is_some())
    };
    let Some(template) = templates.first().filter(has_containers) else {
        return Foretold::Invalid;
    };
    let asked = Asked {
        template,
        namespace: &labelled.name,
        policy: &policy,
        exemptions: &Exemptions::default(),
        user: None,
        pod_user: None,
        stored: request.old.is_some(),
    };
    let admission = match &request.old {
        None => admit(evaluator, &asked),
        Some((old, subresource)) => {
            let old = object::from_json(old);
            admit_update(evaluator, &asked, &object::template(&old), subresource)
        }
    };
    Foretold::Judged(Box::new(admission.object))
}

fn ending(answer: &Answer) -> Ending {
    let message = answer.message();
    match answer.status {
        200..=299 => Ending::Admitted,
        400 if message.contains("cannot be handled as a") => Ending::Undecodable(message),
        403 => match message.split_once(" is forbidden: violates PodSecurity ") {
            Some((_, rest)) => Ending::Refused(format!("violates PodSecurity {rest}")),
            None => Ending::Other,
        },
        _ => Ending::Other,
    }
}

/// Whether the server's warnings are those that have our sentence in them, after all others.
fn warns(warnings: &[String], ours: Option<&str>) -> bool {
    let of_pod_security = warnings.iter().filter(|text| text.starts_with(WARNING)).count();
    // A header cannot have control characters, so that the server leaves such a warning out.
    let Some(ours) = ours.filter(|text| !text.contains(char::is_control)) else {
        return of_pod_security == 0;
    };
    let Some((last, others)) = warnings.split_last() else {
        return false;
    };
    if of_pod_security != 1 {
        return false;
    }
    let length = |text: &str| text.chars().count();
    let shown: usize = others.iter().map(|text| length(text)).sum();
    let shortened = others.iter().any(|text| length(text) == WARNING_SHORTENED);
    if shown + length(ours) > WARNINGS_KEPT_WHOLE || shortened {
        let short: String = ours.chars().take(WARNING_SHORTENED).collect();
        return *last == short || (shortened && last == ours);
    }
    last == ours
}

/// Why the server refuses an object, without what differs from one to the next.
fn reasons(answer: &Answer) -> Vec<String> {
    let status: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let causes = status["details"]["causes"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = |cause: &Value| {
        let field = text(&cause["field"]);
        let last = field.rsplit('.').next().unwrap_or_default();
        let last = last.split('[').next().unwrap_or_default();
        let message = text(&cause["message"]);
        let why = message.rsplit(": ").next().unwrap_or_default();
        format!("{} {last}: {}", text(&cause["reason"]), why.chars().take(70).collect::<String>())
    };
    if causes.is_empty() {
        let message = answer.message();
        let why = message.split(": ").nth(1).unwrap_or(&message);
        return vec![format!("{} {}", answer.status, why.chars().take(80).collect::<String>())];
    }
    causes.iter().map(words).collect()
}

/// Holds what the server said against what we say. A server that ends a request for reasons of
/// its own says nothing about Pod Security, and proves nothing about us.
///
/// # Panics
/// If `minor` is no minor version.
pub fn compare(requests: &[Request], said: &[Said], labelled: &[Labelled], minor: u32) -> Tally {
    let evaluator = Evaluator::new(Minor(u16::try_from(minor).expect("a minor")));
    let mut tally = Tally::default();
    for (request, said) in requests.iter().zip(said) {
        let own = &labelled[request.namespace];
        let ours = foretold(request, own, &evaluator);
        let why = tally.count(said, &ours, &evaluator);
        let Some(why) = why else { continue };
        tally.differences += 1;
        if tally.differences <= PRINTED {
            let theirs = (ending(&said.answer), &said.answer.warnings, &said.annotations);
            let foretold = match &ours {
                Foretold::Undecodable(words) => words.clone(),
                Foretold::Invalid => "invalid".to_owned(),
                Foretold::Judged(decision) => format!(
                    "{:?} {:?}",
                    Mode::ALL.map(|mode| decision.sentence(mode)),
                    decision.audit_annotations()
                ),
            };
            let _ = writeln!(
                tally.report,
                "{why}: {} {}\n  server: {theirs:?}\n  ours:   {foretold}\n  labels: {:?}\n  object: {}",
                request.method, request.target, own.labels, request.object
            );
        }
    }
    tally
}

impl Tally {
    /// How many requests got as far as Pod Security.
    pub fn reached(&self) -> usize {
        self.refused + self.warned + self.admitted
    }

    /// Counts a request; returns in what it differs, if it does.
    fn count(
        &mut self,
        said: &Said,
        ours: &Foretold,
        evaluator: &Evaluator,
    ) -> Option<&'static str> {
        let theirs = ending(&said.answer);
        let decision = match (&theirs, ours) {
            (Ending::Undecodable(theirs), Foretold::Undecodable(ours)) => {
                self.undecodable += 1;
                return (theirs != ours).then_some("the words of the decoder");
            }
            (Ending::Undecodable(_), _)
            | (Ending::Refused(_) | Ending::Admitted, Foretold::Undecodable(_)) => {
                return Some("decoding");
            }
            (Ending::Refused(_) | Ending::Admitted, Foretold::Invalid) => {
                return Some("validation");
            }
            (Ending::Other, ours) => {
                self.other += 1;
                self.foretold_invalid += usize::from(matches!(ours, Foretold::Invalid));
                for reason in reasons(&said.answer) {
                    *self.reasons.entry(reason).or_default() += 1;
                }
                let silent = said.annotations.is_empty() && warns(&said.answer.warnings, None);
                return (!silent).then_some("Pod Security before validation");
            }
            (Ending::Refused(_) | Ending::Admitted, Foretold::Judged(decision)) => decision,
        };
        let sentence = decision.sentence(Mode::Enforce);
        let warning = decision.sentence(Mode::Warn).filter(|_| decision.modes.warn.said);
        match &theirs {
            Ending::Refused(theirs) => {
                self.refused += 1;
                if sentence.as_ref() != Some(theirs) {
                    return Some("the refusal");
                }
            }
            _ if sentence.is_some() => return Some("the verdict"),
            _ if warning.is_some() => self.warned += 1,
            _ => self.admitted += 1,
        }
        if !warns(&said.answer.warnings, warning.as_deref()) {
            return Some("the warnings");
        }
        let ours = decision.audit_annotations();
        let ours: BTreeMap<String, String> =
            ours.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if said.annotations != ours {
            return Some("the audit annotations");
        }
        self.audited += usize::from(decision.sentence(Mode::Audit).is_some());
        let mut seen = Seen::default();
        for (_, mode) in decision.modes.iter().filter(|(_, mode)| mode.said) {
            if let Some(outcome) = &mode.outcome {
                seen.add(&row::of_outcome(evaluator, outcome));
            }
        }
        self.table.count(&seen);
        None
    }

    /// Prints what came of it: first of all in what way.
    #[expect(clippy::print_stdout, reason = "it is part of a test's output")]
    pub fn print(&self, what: &str) {
        let all = self.reached() + self.undecodable + self.other;
        println!(
            "{what}: {all} requests, {} reached Pod Security ({} %): {} refused, {} warned about, \
             {} without a word, {} audited; {} undecodable, {} refused by others ({} foretold); {} differ",
            self.reached(),
            self.reached() * 100 / all.max(1),
            self.refused,
            self.warned,
            self.admitted,
            self.audited,
            self.undecodable,
            self.other,
            self.foretold_invalid,
            self.differences
        );
        let mut reasons: Vec<(&String, &usize)> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in reasons.into_iter().take(REASONS) {
            println!("  {count:>6} {reason}");
        }
        print!("{}", self.report);
    }
}
