//! What plans do to pods.

use std::collections::BTreeSet;

use posture::finding::fix::Grade;
use posture::model::edit;
use posture::model::made;
use posture::model::node::Tree;
use posture::model::path::FieldPath;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::{Carrier, PodTemplate};
use serde_json::{Value as Json, json};

use super::answers::Answers;
use super::plan::{Goal, Outcome};
use super::{Facts, Scene, table};
use crate::checks::PssCheck;
use crate::evaluate::Evaluator;
use crate::level::Level;
use crate::pod::Pod;
use crate::violation::Violation;

/// What is asked of a pod, and what is known about it.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) policy: &'static str,
    pub(super) server: u16,
    pub(super) limit: Grade,
    pub(super) facts: Facts,
    pub(super) answers: Answers,
    pub(super) migrate: bool,
    pub(super) carrier: Carrier,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            policy: "restricted",
            server: NEWEST.0,
            limit: Grade::B,
            facts: Facts::default(),
            answers: Answers::default(),
            migrate: false,
            carrier: Carrier::Pod,
        }
    }
}

fn answers(texts: &[&str]) -> Answers {
    let mut answers = Answers::default();
    for text in texts {
        answers.set(text).expect("an answer");
    }
    answers
}

impl Case {
    pub(super) fn policy(policy: &'static str) -> Self {
        Self { policy, ..Self::default() }
    }

    fn answered(texts: &[&str]) -> Self {
        Self { answers: answers(texts), ..Self::default() }
    }

    fn template<'t>(&self, tree: &'t Tree) -> PodTemplate<'t> {
        let (carrier, path) = (self.carrier, FieldPath::root());
        PodTemplate { carrier, path, value: tree.root(), claims: None }
    }

    fn goal<'g>(&'g self, evaluator: &'g Evaluator) -> Goal<'g> {
        Goal {
            evaluator,
            policy: self.policy.parse().expect("a policy"),
            limit: self.limit,
            facts: &self.facts,
            answers: &self.answers,
            stored: false,
            migrate: self.migrate,
        }
    }

    fn plan(&self, pod: &Json) -> Outcome {
        let tree = made::tree(pod);
        self.goal(&Evaluator::new(Minor(self.server))).plan(&self.template(&tree))
    }

    /// The pod once the plan is carried out.
    fn fixed(&self, pod: &Json) -> (Json, Outcome) {
        let outcome = self.plan(pod);
        let mut fixed = pod.clone();
        for step in &outcome.steps {
            edit::apply(&step.edits, &mut fixed).expect("what is planned can be done");
        }
        (fixed, outcome)
    }

    /// The rows by which a check's violations are to be mended.
    pub(super) fn rows(&self, pod: &Json, check: &str) -> Vec<&'static table::Row> {
        let tree = made::tree(pod);
        let template = self.template(&tree);
        let pod = Pod::created_from(&template, Minor(self.server));
        let policy = self.policy.parse().expect("a policy");
        let outcome = Evaluator::new(Minor(self.server)).evaluate(&pod, policy);
        let scene = Scene::new(&template, &pod, &self.facts, &self.answers);
        let violations = outcome.violations().filter(|(found, _)| found.id() == check);
        let row = |(check, violation): (&'static PssCheck, &Violation)| {
            let proposal = scene.propose(check, violation);
            let brief = scene.brief().propose(check, violation);
            assert_eq!((brief.row, brief.fix.edits.len()), (proposal.row, 0));
            assert_eq!(proposal.fix.grade, proposal.row.grade);
            assert!(proposal.row.checks.contains(&check.id()), "{}", check.id());
            let decides = proposal.fix.grade == Grade::C;
            assert_eq!(decides, !proposal.wanted.is_empty(), "{proposal:?}");
            proposal.row
        };
        violations.map(row).collect()
    }
}

/// A pod of one container with this security context; `spec` is laid over the rest.
pub(super) fn pod(security: Json, spec: Json) -> Json {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "a", "image": "i"}]},
    });
    pod["spec"]["containers"][0]["securityContext"] = security;
    if let Json::Object(fields) = spec {
        for (key, value) in fields {
            pod["spec"][key] = value;
        }
    }
    pod
}

pub(super) fn context(security: Json) -> Json {
    Json::Object([("securityContext".to_owned(), security)].into_iter().collect())
}

#[test]
fn one_line_for_the_pod_where_it_suffices() {
    let pod = json!({"spec": {
        "initContainers": [{"name": "i"}],
        "containers": [{"name": "a", "ports": [{"containerPort": 80}]}, {"name": "b", "securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "x"}}}],
        "ephemeralContainers": [{"name": "e"}],
    }});
    let case = Case::answered(&["runAsUser=1000", "fsGroup=2000"]);
    let (fixed, outcome) = case.fixed(&pod);
    let hardened = |name: &str| json!({"name": name, "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}});
    let mut expected = json!({"spec": {
        "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "fsGroup": 2000, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [hardened("i")],
        "containers": [hardened("a"), hardened("b")],
        "ephemeralContainers": [hardened("e")],
    }});
    expected["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80}]);
    expected["spec"]["containers"][1]["securityContext"]["seccompProfile"] =
        json!({"type": "Localhost", "localhostProfile": "x"});
    assert_eq!(fixed, expected);
    assert!(outcome.remaining.is_empty());
    let levels = outcome.reached;
    assert_eq!(
        [levels.before, levels.a, levels.b, levels.c, levels.now],
        [Level::Baseline, Level::Baseline, Level::Baseline, Level::Restricted, Level::Restricted]
    );
    assert_eq!(outcome.steps.len(), 4 + 4 + 1 + 1, "{:#?}", outcome.steps);
    let hints: Vec<_> = outcome.steps.iter().flat_map(|step| &step.hints).collect();
    assert!(hints.iter().any(|hint| hint.contains("port 80, below 1024")), "{hints:?}");
    assert_eq!(case.fixed(&fixed).1.steps, []);
}

#[test]
fn only_what_the_limit_allows_and_what_was_answered() {
    let pod = pod(json!({"runAsUser": 0, "privileged": true}), json!({"hostPID": true}));
    let of = |limit: Grade, texts: &[&str]| {
        let case = Case { limit, answers: answers(texts), ..Case::default() };
        let (fixed, outcome) = case.fixed(&pod);
        let left: BTreeSet<_> = outcome
            .remaining
            .iter()
            .map(|left| (left.check.id(), left.proposal.fix.grade.to_string()))
            .collect();
        (fixed["spec"].clone(), left.len(), outcome.reached.now)
    };
    assert_eq!(of(Grade::A, &[]).0, pod["spec"]);
    let (fixed, left, now) = of(Grade::A, &["runAsUser=7"]);
    assert_eq!(
        fixed["containers"][0]["securityContext"],
        json!({"runAsUser": 7, "privileged": true})
    );
    assert_eq!(fixed["securityContext"], json!({"runAsNonRoot": true}));
    assert_eq!((left, now), (5, Level::Privileged));
    let all = ["runAsUser=7", "remove=privileged,hostPID"];
    let (fixed, left, now) = of(Grade::B, &all);
    assert_eq!((left, now), (0, Level::Restricted));
    assert_eq!(fixed.get("hostPID"), None);
    let security = json!({"runAsUser": 7, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    assert_eq!(fixed["containers"][0]["securityContext"], security);
}

#[test]
fn nothing_that_a_kubelet_or_server_refuses() {
    // A vouched image does not help where the manifest asks for root.
    let asks = pod(json!({"runAsUser": 0}), json!({}));
    let (fixed, outcome) = Case::answered(&["runAsNonRoot=true"]).fixed(&asks);
    assert_eq!(fixed["spec"].get("securityContext").and_then(|own| own.get("runAsNonRoot")), None);
    assert!(!outcome.remaining.is_empty());
    // A user for the pod would change the container whose image has one.
    let mixed = json!({"spec": {"containers": [{"name": "a"}, {"name": "b", "securityContext": {"runAsNonRoot": true}}]}});
    let (fixed, _) = Case::answered(&["runAsUser=5"]).fixed(&mixed);
    assert_eq!(fixed["spec"]["containers"][0]["securityContext"]["runAsUser"], 5);
    assert_eq!(fixed["spec"]["containers"][1]["securityContext"].get("runAsUser"), None);
    // HostProcess needs the node's network.
    let host = json!({"spec": {"hostNetwork": true, "os": {"name": "windows"},
        "securityContext": {"runAsNonRoot": true, "windowsOptions": {"hostProcess": true}}, "containers": [{"name": "a"}]}});
    assert_eq!(Case::answered(&["remove=hostNetwork"]).fixed(&host).0, host);
    let (fixed, outcome) = Case::answered(&["remove=hostNetwork,hostProcess"]).fixed(&host);
    assert_eq!(fixed["spec"].get("hostNetwork"), None);
    assert!(outcome.remaining.is_empty());
    // What is no mapping stays as it is, and is said.
    let odd = pod(json!({}), json!({"securityContext": [1]}));
    let outcome = Case::default().plan(&odd);
    let graded = |left: &&super::plan::Remaining| left.check.id() == "seccompProfile_restricted";
    let left: Vec<_> =
        outcome.remaining.iter().filter(graded).map(|left| left.proposal.row).collect();
    assert_eq!(left, [&table::UNREADABLE]);
}

#[test]
fn capabilities_are_kept_and_respelt() {
    let pod = pod(
        json!({"capabilities": {"drop": ["NET_RAW"], "add": ["chown", "CHOWN", "CAP_KILL", "NET_ADMIN", "NET_BIND_SERVICE"]}}),
        json!({}),
    );
    let capabilities = |case: &Case| {
        case.fixed(&pod).0["spec"]["containers"][0]["securityContext"]["capabilities"].clone()
    };
    // At restricted too: it is the way to baseline.
    assert_eq!(
        capabilities(&Case::default()),
        json!({"drop": ["ALL"], "add": ["CHOWN", "KILL", "NET_ADMIN", "NET_BIND_SERVICE"]})
    );
    let case = Case::answered(&["remove=NET_ADMIN"]);
    assert_eq!(
        capabilities(&case),
        json!({"drop": ["ALL"], "add": ["CHOWN", "KILL", "NET_BIND_SERVICE"]})
    );
    assert_eq!(case.plan(&pod).reached.now, Level::Baseline);
    let case = Case::answered(&["remove=capabilities"]);
    assert_eq!(capabilities(&case), json!({"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}));
}

#[test]
fn annotations_move_when_asked_for() {
    let key = |name: &str| format!("container.apparmor.security.beta.kubernetes.io/{name}");
    let pod = json!({
        "metadata": {"annotations": {key("a"): "runtime/default", key("b"): "localhost/x", key("gone"): "runtime/default"}},
        "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
    });
    let case = Case { policy: "baseline", limit: Grade::A, migrate: true, ..Case::default() };
    let (fixed, outcome) = case.fixed(&pod);
    assert_eq!(
        fixed,
        json!({
            "metadata": {"annotations": {key("gone"): "runtime/default"}},
            "spec": {"containers": [
                {"name": "a", "securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}},
                {"name": "b", "securityContext": {"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}}},
            ]},
        })
    );
    assert!(outcome.steps.iter().all(|step| step.grade == Grade::A) && outcome.steps.len() == 2);
    assert_eq!(case.fixed(&fixed).1.steps, []);
    assert_eq!(Case { server: 29, ..case }.fixed(&pod).1.steps, []);
}

#[test]
fn what_a_running_pod_shows_is_taken_in() {
    let status = json!({"status": {
        "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}, {"ip": "fd00::7"}],
        "containerStatuses": [{"name": "a", "user": {"linux": {"uid": 1000, "gid": 0}}}, {"name": "b"}],
        "initContainerStatuses": [{"name": "i", "user": {"linux": {"uid": 0}}}],
    }});
    let mut facts = Facts::default();
    facts.observe(made::tree(&status).root());
    assert_eq!(facts.users, [("a".to_owned(), 1000), ("i".to_owned(), 0)].into());
    assert_eq!(facts.addresses, ["10.0.0.7".to_owned(), "fd00::7".to_owned()].into());
}
