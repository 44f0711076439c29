//! Fixes of Pod Security: random pods against the real API server, which must take every pod that
//! was mended, and say of it what is foretold; and real manifests, where a folder names them.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kubectl_pss::admission_config::Exemptions;
use kubectl_pss::admit::{Request, admit};
use kubectl_pss::container::Container;
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::fixes::Facts;
use kubectl_pss::fixes::answers::{Answers, REMOVABLE};
use kubectl_pss::fixes::plan::{Goal, Outcome};
use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};
use kubectl_pss::namespace::{Mode, NamespacePolicy, UNCONFIGURED};
use kubectl_pss::pod::Pod;
use posture::finding::fix::Grade;
use posture::input::yaml;
use posture::model::edit;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Source;
use posture::model::version::Minor;
use posture::model::workload::{Carrier, PodTemplate, pod_templates};
use posture_e2e::object;
use posture_e2e::pss::policy::NEWEST;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::{KINDS, wrap};
use posture_harness::cluster::{Answer, Cluster, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

/// Pods that fail, normally and in the long run.
const PODS: [usize; 2] = [5_000, 50_000];

/// How many of them the server must take as they are: what it refuses for reasons of its own
/// proves nothing.
const SHARE_ACCEPTED: usize = 80;

/// The server shortens its warnings when they are longer than this together.
const WARNINGS_KEPT_WHOLE: usize = 4 * 1024;

/// Names a folder of real manifests.
const CORPUS_VARIABLE: &str = "POSTURE_CORPUS";

/// This share of the real workloads that are no node agents must stand at baseline after what is
/// graded B, in percent.
const SHARE_AT_BASELINE: usize = 80;

/// By which release and which policy is mended.
#[derive(Clone, Copy)]
struct Setting {
    server: Minor,
    policy: LevelVersion,
}

impl Setting {
    const fn newest(level: Level) -> Self {
        Self { server: Minor(NEWEST), policy: LevelVersion::latest(level) }
    }

    fn evaluator(self) -> Evaluator {
        Evaluator::new(self.server)
    }
}

const BASELINE: Setting = Setting::newest(Level::Baseline);
const RESTRICTED: Setting = Setting::newest(Level::Restricted);

/// Yes to everything, and a value for all that wants one.
fn every_answer() -> Answers {
    let mut answers = Answers::default();
    let remove = format!("remove={}", REMOVABLE.join(","));
    for text in ["runAsUser=1000", "seccompProfile=RuntimeDefault", "drop=ALL", &remove] {
        answers.set(text).expect("an answer");
    }
    answers
}

fn plan(template: &PodTemplate<'_>, setting: Setting, answers: &Answers) -> Outcome {
    let (evaluator, facts) = (setting.evaluator(), Facts::default());
    let goal = Goal {
        evaluator: &evaluator,
        policy: setting.policy,
        limit: Grade::B,
        facts: &facts,
        answers,
        stored: false,
        migrate: false,
    };
    goal.plan(template)
}

/// The object once the plan is carried out.
fn mended(object: &Value, outcome: &Outcome) -> Value {
    let mut mended = object.clone();
    for step in &outcome.steps {
        edit::apply(&step.edits, &mut mended)
            .unwrap_or_else(|why| panic!("{}: {why}: {object}", step.title));
    }
    mended
}

/// What a policy objects to, in the pod and in the template around it: check and field.
fn objections(template: &PodTemplate<'_>, setting: Setting) -> BTreeSet<(&'static str, String)> {
    let evaluator = setting.evaluator();
    let mut views = vec![Pod::created_from(template, evaluator.server())];
    if template.carrier == Carrier::Workload {
        views.push(Pod::of_template(template, evaluator.server()));
    }
    let of_view = |pod: &Pod<'_>| {
        let outcome = evaluator.evaluate(pod, setting.policy);
        let found = outcome.violations();
        found.map(|(check, found)| (check.id(), found.path.to_string())).collect::<Vec<_>>()
    };
    views.iter().flat_map(of_view).collect()
}

/// The containers that the kubelet would not start: they are not to be root, and are to be UID 0,
/// which Windows does not know.
fn contradictions(template: &PodTemplate<'_>) -> usize {
    let pod = Pod::created_from(template, Minor(NEWEST));
    if pod.is_windows() {
        return 0;
    }
    let of_pod = pod.security();
    let is_contradiction = |container: &&Container<'_>| {
        let own = &container.security;
        let non_root = own.run_as_non_root.or(of_pod.run_as_non_root);
        let user = own.run_as_user.or(of_pod.run_as_user);
        non_root.and_then(|value| value.as_bool()) == Some(true)
            && user.and_then(|value| value.as_i64()) == Some(0)
    };
    pod.containers().iter().filter(is_contradiction).count()
}

/// A pod, what it is in, and what is made of it.
struct Case {
    before: Value,
    /// With all that is graded B; and with everything answered besides.
    after: [(Value, Outcome); 2],
}

fn cases(count: usize, random: &mut Random) -> Vec<Case> {
    let mut pods = Pods::new(random.number(), Values::Valid);
    let mut cases = Vec::with_capacity(count);
    while cases.len() < count {
        let mut pod = pods.next().expect("there is always another one");
        let kind = if random.percent(50) { "Pod" } else { KINDS[random.below(KINDS.len())] };
        if let Some(spec) = pod["spec"].as_object_mut() {
            spec.remove("restartPolicy");
            if matches!(kind, "Job" | "CronJob") {
                spec.insert("restartPolicy".to_owned(), json!("Never"));
            }
        }
        let mut before = wrap(kind, &pod);
        before["metadata"]["name"] = json!(format!("o{}", cases.len()));
        let read = object::from_json(&before);
        let template = object::template(&read);
        if objections(&template, RESTRICTED).is_empty() {
            let outcome = plan(&template, RESTRICTED, &Answers::default());
            assert!(outcome.steps.is_empty() && outcome.remaining.is_empty(), "{before}");
            continue;
        }
        let after = [Answers::default(), every_answer()].map(|answers| {
            let outcome = plan(&template, RESTRICTED, &answers);
            let mended = mended(&before, &outcome);
            again(&template, &mended, &outcome, RESTRICTED, &answers);
            (mended, outcome)
        });
        cases.push(Case { before, after });
    }
    cases
}

/// What was mended needs nothing more, and what is left is what was foretold.
fn again(
    before: &PodTemplate<'_>,
    mended: &Value,
    first: &Outcome,
    setting: Setting,
    answers: &Answers,
) {
    let read = object::from_json(mended);
    let template = object::template(&read);
    let outcome = plan(&template, setting, answers);
    assert!(outcome.steps.is_empty(), "a second run does {:#?}\n{mended}", outcome.steps);
    assert_eq!(outcome.reached.before, first.reached.now, "{mended}");
    assert!(contradictions(&template) <= contradictions(before), "no kubelet starts {mended}");
    let foretold: BTreeSet<(&str, String)> = first
        .remaining
        .iter()
        .map(|left| (left.check.id(), left.violation.path.to_string()))
        .collect();
    assert_eq!(objections(&template, setting), foretold, "{mended}");
    for left in &first.remaining {
        assert!(left.proposal.fix.grade >= Grade::C, "{left:#?}\n{mended}");
        // Whoever has said yes to everything is asked nothing more, but for what hangs on
        // something that cannot go.
        let asks = !left.proposal.wanted.is_empty() && !answers.is_empty();
        assert!(!asks || is_tied(left.proposal.row.when), "{left:#?}\n{mended}");
    }
}

/// What stays although all is answered: a Windows pod has no UID, and its node's network stays
/// with a `HostProcess` container.
fn is_tied(when: &str) -> bool {
    let tied = [
        "a namespace of the node is shared",
        "runAsUser is 0",
        "it is not set, and the image decides about the user",
        "it is false",
    ];
    tied.contains(&when)
}

/// Every policy version on every server, and pods that no server would take: nothing graded A or
/// B is left, what is left is known, and a second run does nothing.
#[test]
fn any_pod_by_any_policy() {
    let mut random = Random::new(seed::seed());
    let answers = [Answers::default(), every_answer()];
    let mut steps = 0;
    for values in [Values::Odd, Values::Valid] {
        for mut pod in Pods::new(random.number(), values).take(PODS[usize::from(seed::long())]) {
            let setting = Setting {
                server: Minor(*random.pick(&[&24, &26, &27, &30, &33, &35, &NEWEST])),
                policy: LevelVersion {
                    level: *random.pick(&[
                        &Level::Baseline,
                        &Level::Restricted,
                        &Level::Restricted,
                    ]),
                    version: PolicyVersion::of(u16::try_from(random.below(38)).expect("small")),
                },
            };
            pod["metadata"]["name"] = json!("p");
            let object = wrap(KINDS[random.below(KINDS.len())], &pod);
            let read = object::from_json(&object);
            let Some(template) = pod_templates(&read).pop() else { continue };
            for answers in &answers {
                let outcome = plan(&template, setting, answers);
                steps += outcome.steps.len();
                again(&template, &mended(&object, &outcome), &outcome, setting, answers);
            }
        }
    }
    println!("{steps} steps");
}

fn ask(cluster: &Cluster, objects: &[(Value, String)]) -> Vec<Answer> {
    cluster.each(objects, |(object, namespace)| {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(namespace);
        let target = format!("{}?dryRun=All&fieldValidation=Strict", cluster.collection(&object));
        cluster.admin().post(&target, &object)
    })
}

/// The namespace that enforces a level and warns of what restricted objects to.
fn namespace_of(level: Level) -> String {
    format!("fixed-{level}")
}

/// What admission is to say in such a namespace: a refusal and a warning.
fn foretold(object: &Value, level: Level) -> (Option<String>, Option<String>) {
    let evaluator = RESTRICTED.evaluator();
    let read = object::from_json(object);
    let template = object::template(&read);
    let labels =
        [(Mode::Enforce.level_label(), level.as_str()), (Mode::Warn.level_label(), "restricted")];
    let policy = NamespacePolicy::of_labels(labels, &UNCONFIGURED, evaluator.server());
    let namespace = namespace_of(level);
    let request = Request {
        template: &template,
        namespace: &namespace,
        policy: &policy,
        exemptions: &Exemptions::default(),
        user: None,
        pod_user: None,
        stored: false,
    };
    let decision = admit(&evaluator, &request).object;
    (decision.sentence(Mode::Enforce), decision.sentence(Mode::Warn))
}

/// Whether the server's warnings are what is foretold.
fn is_warned(answer: &Answer, foretold: Option<&str>) -> bool {
    let length: usize = answer.warnings.iter().map(|text| text.chars().count()).sum();
    let own = answer.warnings.iter().find(|text| text.starts_with("would violate PodSecurity"));
    match (own, foretold) {
        (Some(own), Some(foretold)) if length + foretold.len() > WARNINGS_KEPT_WHOLE => {
            foretold.starts_with(own.as_str()) || own == foretold
        }
        // A header has no control characters: such a warning is left out.
        (None, Some(foretold)) => foretold.contains(char::is_control),
        (own, foretold) => own.map(String::as_str) == foretold,
    }
}

#[test]
fn the_server_takes_what_is_mended_and_says_what_is_foretold() {
    let cluster = Cluster::shared();
    let count = PODS[usize::from(seed::long())];
    let cases = cases(count, &mut Random::new(seed::seed()));
    let made = Level::ALL.map(|level| {
        let namespace = Namespace::new(&namespace_of(level));
        namespace.pod_security("enforce", level.as_str()).pod_security("warn", "restricted")
    });
    cluster.seed(&made);
    cluster.seed(&[Namespace::new("fixed-free")]);
    let before: Vec<_> =
        cases.iter().map(|case| (case.before.clone(), "fixed-free".to_owned())).collect();
    let before = ask(cluster, &before);
    let accepted = before.iter().filter(|answer| answer.is_success()).count();
    let mut differences = Vec::new();
    let mut levels: BTreeMap<(Level, Level, Level, Level), usize> = BTreeMap::new();
    for position in 0..2 {
        let of_case = |case: &Case| {
            let (mended, outcome) = &case.after[position];
            (mended.clone(), namespace_of(outcome.reached.now))
        };
        let after = ask(cluster, &cases.iter().map(of_case).collect::<Vec<_>>());
        for ((case, before), answer) in cases.iter().zip(&before).zip(&after) {
            let (mended, outcome) = &case.after[position];
            let reached = outcome.reached;
            if position == 1 {
                let key = (reached.before, reached.a, reached.b, reached.c);
                *levels.entry(key).or_default() += 1;
            }
            let (refusal, warning) = foretold(mended, reached.now);
            assert_eq!(refusal, None, "it does not reach {}: {mended}", reached.now);
            let is_accepted = answer.is_success();
            // What the server refuses anyway says nothing, but for what mending has put right.
            let says = is_accepted || before.is_success();
            let is_right = !says || (is_accepted && is_warned(answer, warning.as_deref()));
            if !is_right {
                differences.push(format!(
                    "server: {} {} {:?}\nforetold: {warning:?}\nbefore: {}\nafter: {mended}",
                    answer.status,
                    answer.message(),
                    answer.warnings,
                    case.before
                ));
            }
        }
    }
    let steps = cases.iter().flat_map(|case| &case.after[1].1.steps);
    let mut graded: BTreeMap<Grade, usize> = BTreeMap::new();
    for step in steps {
        *graded.entry(step.grade).or_default() += 1;
    }
    println!("{count} pods that fail, {accepted} of which the server takes; steps: {graded:?}");
    println!("before, after A, after B, after C with every answer:");
    for ((before, a, b, c), count) in &levels {
        println!("  {count:>6}  {before} → {a} → {b} → {c}");
    }
    for difference in differences.iter().take(5) {
        println!("{difference}\n");
    }
    let what = "a real API server takes every pod that was mended, enforces the level it reached, and warns of what is left";
    score::record("12_fix", what, &format!("{count} failing pods"), differences.len());
    assert!(differences.is_empty(), "{} differ", differences.len());
    assert!(accepted * 100 >= count * SHARE_ACCEPTED, "only {accepted} of {count} are taken");
    for grade in [Grade::A, Grade::B, Grade::C] {
        assert!(graded.get(&grade).is_some_and(|steps| *steps >= 100), "{grade}: {graded:?}");
    }
}

/// Whether a workload is an agent for its node, which belongs in a namespace at the level
/// privileged: it is a `DaemonSet`, has a privileged container, or shares a namespace of the node.
/// Nothing else counts: a hostPath volume, a host port or a capability alone makes no agent.
fn is_node_agent(object: &Object, template: &PodTemplate<'_>) -> bool {
    let pod = Pod::created_from(template, Minor(NEWEST));
    let outcome = BASELINE.evaluator().evaluate(&pod, BASELINE.policy);
    let fails = |id: &str| outcome.results.iter().any(|result| result.check.id() == id);
    object.kind() == "DaemonSet" || fails("privileged") || fails("hostNamespaces")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, files);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
}

/// The objects of a file, those in lists too; what cannot be read is left out.
fn objects(file: &Path) -> Vec<Object> {
    let source = Arc::new(Source::new(file.to_string_lossy(), fs::read(file).expect("readable")));
    let documents = yaml::read(&source).into_iter().flatten();
    let of_document = |document: yaml::Document| {
        let root = document.tree.root();
        let items: Vec<u32> = match root.get("items") {
            Some(items) => items.items().map(|item| item.id()).collect(),
            None => vec![root.id()],
        };
        let object = |id| Object::new(Arc::clone(&document.tree), id, FieldPath::root(), None);
        items.into_iter().map(object).collect::<Vec<_>>()
    };
    documents.flat_map(of_document).collect()
}

#[test]
fn real_workloads_reach_baseline() {
    let Some(folder) = std::env::var_os(CORPUS_VARIABLE) else {
        println!("{CORPUS_VARIABLE} names no folder of manifests: nothing is mended");
        return;
    };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    let answers = every_answer();
    let mut agents = 0;
    let mut reached: Vec<[Level; 4]> = Vec::new();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for object in files.iter().flat_map(|file| objects(file)) {
        for template in pod_templates(&object) {
            if template.carrier == Carrier::Other {
                continue;
            }
            let before = object.value().to_json();
            let outcome = plan(&template, RESTRICTED, &answers);
            again(&template, &mended(&before, &outcome), &outcome, RESTRICTED, &answers);
            let levels = outcome.reached;
            if is_node_agent(&object, &template) {
                agents += 1;
                continue;
            }
            if levels.b < Level::Baseline {
                let now = plan(&template, BASELINE, &Answers::default());
                for left_over in &now.remaining {
                    let grade = left_over.proposal.fix.grade;
                    *left.entry(format!("{} {grade}", left_over.check.id())).or_default() += 1;
                }
            }
            reached.push([levels.before, levels.a, levels.b, levels.c]);
        }
    }
    let all = reached.len();
    let at = |position: usize, level: Level| {
        reached.iter().filter(|levels| levels[position] >= level).count()
    };
    println!("{all} real workloads that are no node agents, {agents} that are");
    println!("            before  after A  after B  after C with every answer");
    for level in [Level::Baseline, Level::Restricted] {
        let [before, a, b, c] = [0, 1, 2, 3].map(|position| at(position, level));
        println!("{level:<10}  {before:>6}  {a:>7}  {b:>7}  {c:>7}");
    }
    println!("what keeps them from baseline after B: {left:?}");
    assert!(all >= 100, "too few workloads in {}", Path::new(&folder).display());
    assert!(at(2, Level::Baseline) * 100 >= all * SHARE_AT_BASELINE, "too few reach baseline");
}
