//! What the server answers to a pod, against what we decide.

use std::collections::{BTreeMap, BTreeSet};

use kubectl_pss::quota::{Arrival, Decision, Refusal, Surroundings, decide};
use posture::model::object::Object;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_harness::cluster::Answer;
use serde_json::Value;

/// What we decide about a pod in its namespace.
pub(crate) fn decided(pod: &Value, around: &[Value], minor: u32, replicas: u32) -> Decision {
    let objects: Vec<Object> = around.iter().map(object::from_json).collect();
    let mut surroundings = Surroundings::default();
    let mut gaps = Vec::new();
    surroundings.note(&objects, |_| "here", &mut gaps);
    assert!(gaps.is_empty(), "{gaps:?}");
    let pod = object::from_json(pod);
    let arrival = Arrival {
        template: &object::template(&pod),
        server: Minor(u16::try_from(minor).expect("a minor")),
        replicas,
        counted: false,
    };
    decide(arrival, surroundings.of("here"), &surroundings)
}

/// The texts of an answer, which may be a list: of what the server says, and of ours.
fn is_list_of(said: &str, texts: &BTreeSet<&str>) -> bool {
    if texts.len() == 1 {
        return texts.contains(said);
    }
    // The server has them in no order, and the texts hold commas themselves.
    let length: usize = texts.iter().map(|text| text.len()).sum::<usize>() + 2 * texts.len();
    said.len() == length
        && said.starts_with('[')
        && said.ends_with(']')
        && texts.iter().all(|text| said.contains(text))
}

/// Whether the server does what we foretell: it stops at the first refusal, and asks objects of
/// one kind in no order.
pub(crate) fn agrees(pod: &Value, decision: &Decision, answer: &Answer) -> bool {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let said = answer.message();
    let texts = |which: &dyn Fn(&Refusal) -> bool| -> BTreeSet<&str> {
        let chosen = decision.refusals.iter().filter(|refusal| which(refusal));
        chosen.map(|refusal| refusal.text.as_str()).collect()
    };
    let invalid = texts(&|refusal| refusal.by.is_none());
    if !invalid.is_empty() {
        let said = said.strip_prefix(&format!("Pod {name:?} is invalid: "));
        return answer.status == 422 && said.is_some_and(|said| is_list_of(said, &invalid));
    }
    let forbidden = said.strip_prefix(&format!("pods {name:?} is forbidden: "));
    let mut by_range: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for refusal in &decision.refusals {
        if let Some(by) = refusal.by.as_deref().filter(|by| by.starts_with("LimitRange")) {
            by_range.entry(by).or_default().insert(&refusal.text);
        }
    }
    if !by_range.is_empty() {
        return answer.status == 403
            && forbidden
                .is_some_and(|said| by_range.values().any(|texts| is_list_of(said, texts)));
    }
    let exceeded = |refusal: &Refusal| refusal.text.starts_with("exceeded quota");
    for texts in [texts(&|refusal| !exceeded(refusal)), texts(&exceeded)] {
        if !texts.is_empty() {
            return answer.status == 403 && forbidden.is_some_and(|said| texts.contains(said));
        }
    }
    answer.is_success()
}

/// How often each rule has refused a pod, and how often it was there and has not.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, (usize, usize)>);

/// A rule: its name, the field that makes it, and what the server's words hold if it refuses.
type Rule = (&'static str, &'static str, &'static [&'static str]);

pub(crate) const RULES: [Rule; 21] = [
    ("Container min: request", "Container/min", &["minimum", "per Container", "but request is"]),
    ("Container max: limit", "Container/max", &["maximum", "per Container", "but limit is"]),
    (
        "Container ratio: no request",
        "Container/maxLimitRequestRatio",
        &["ratio per Container", "no request"],
    ),
    (
        "Container ratio: no limit",
        "Container/maxLimitRequestRatio",
        &["ratio per Container", "no limit"],
    ),
    (
        "Container ratio",
        "Container/maxLimitRequestRatio",
        &["ratio per Container", "provided ratio"],
    ),
    ("Pod min: no request", "Pod/min", &["minimum", "per Pod", "No request"]),
    ("Pod min: request", "Pod/min", &["minimum", "per Pod", "but request is"]),
    ("Pod min: limit", "Pod/min", &["minimum", "per Pod", "but limit is"]),
    ("Pod max: no limit", "Pod/max", &["maximum", "per Pod", "No limit"]),
    ("Pod max: limit", "Pod/max", &["maximum", "per Pod", "but limit is"]),
    ("Pod max: request", "Pod/max", &["maximum", "per Pod", "but request is"]),
    ("Pod ratio: no request", "Pod/maxLimitRequestRatio", &["ratio per Pod", "no request"]),
    ("Pod ratio: no limit", "Pod/maxLimitRequestRatio", &["ratio per Pod", "no limit"]),
    ("Pod ratio", "Pod/maxLimitRequestRatio", &["ratio per Pod", "provided ratio"]),
    ("default limit below request", "Container/default", &["must be less than or equal to"]),
    (
        "default request above the pod's",
        "Container/defaultRequest",
        &["aggregate container requests"],
    ),
    ("quota: must specify", "hard", &["must specify"]),
    ("quota: exceeded", "hard", &["exceeded quota"]),
    ("quota: pods exceeded", "hard", &["exceeded quota", "pods=1"]),
    ("quota: extended resource exceeded", "hard", &["exceeded quota", "requests.example.com/gpu="]),
    ("quota: status unknown", "hard", &["status unknown"]),
];

/// Which pods quotas may be about.
pub(crate) const SCOPES: [&str; 6] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "CrossNamespacePodAffinity",
    "PriorityClass",
];

/// Whether objects hold what makes a rule.
fn holds(objects: &[Value], field: &str) -> bool {
    objects.iter().any(|object| match field.split_once('/') {
        None => object["spec"][field].is_object(),
        Some((kind, list)) => object["spec"]["limits"].as_array().is_some_and(|limits| {
            limits.iter().any(|item| {
                // The server makes defaults of the greatest.
                let made = list.starts_with("default") && item["max"].is_object();
                item["type"] == kind && (item[list].is_object() || made)
            })
        }),
    })
}

impl Coverage {
    /// Notes what the server said of a pod; `texts` are ours, of which it says some.
    pub(crate) fn note(&mut self, objects: &[Value], texts: &[&str]) {
        for (name, field, words) in RULES {
            let (fired, silent) = self.0.entry(name).or_default();
            if texts.iter().any(|text| words.iter().all(|word| text.contains(word))) {
                *fired += 1;
            } else if holds(objects, field) {
                *silent += 1;
            }
        }
        for scope in SCOPES {
            for object in objects {
                if !object["spec"].to_string().contains(&format!("\"{scope}\"")) {
                    continue;
                }
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let by = format!("quota: {name}");
                let (fired, silent) = self.0.entry(scope).or_default();
                if texts.iter().any(|text| text.contains(&by)) {
                    *fired += 1;
                } else {
                    *silent += 1;
                }
            }
        }
    }

    /// The rules that were seen too rarely.
    pub(crate) fn thin(&self, least: usize) -> Vec<String> {
        let thin = self.0.iter().filter(|(_, (fired, silent))| *fired.min(silent) < least);
        thin.map(|(name, counts)| format!("{name}: {counts:?}")).collect()
    }

    pub(crate) fn print(&self) {
        for (name, (fired, silent)) in &self.0 {
            println!("  {name}: fired {fired}, silent {silent}");
        }
    }
}
