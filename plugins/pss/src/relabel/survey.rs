//! The existing pods of a namespace, as the API server counts them by their faults when its
//! enforce level changes.
//!
//! Source: `EvaluatePodsInNamespace`, `prioritizePods` and `decoratePodWarnings` in
//! `admission/admission.go` of k8s.io/pod-security-admission, alike from 1.24 to 1.37.

use std::collections::{BTreeMap, BTreeSet};

use posture::model::object::Object;
use posture::model::owners::controller_of;
use posture::model::path::FieldPath;
use posture::model::workload::{Carrier, PodTemplate};

use crate::evaluate::{Evaluator, Outcome};
use crate::level::LevelVersion;
use crate::pod::Pod;
use crate::prose::go_quote;

/// How many pods the server looks at (`defaultNamespaceMaxPodsToCheck`). It also gives up after a
/// second, or after half of the time that the request has left: that is not foretold.
pub const MAX_PODS: usize = 3_000;

/// What the server reads of a pod besides the fields that the checks read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resident<'p> {
    /// `metadata.name`
    pub name: &'p str,
    /// The UID of the owner that controls it.
    pub controller: Option<&'p str>,
    /// `spec.runtimeClassName`
    pub runtime_class: Option<&'p str>,
}

/// Pods with the same faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The reasons, as the server lists them.
    pub reason: String,
    /// The first of the pods by name.
    pub first: String,
    /// How many they are.
    pub pods: usize,
    /// How many of them the server looks at in any case: all of them, unless there are more than
    /// [`MAX_PODS`] pods in all.
    pub at_least: usize,
}

impl Line {
    /// The line as the server prints it when it looks at all of these pods.
    pub fn text(&self) -> String {
        let Self { reason, first, pods, .. } = self;
        match pods {
            0 | 1 => format!("{first}: {reason}"),
            2 => format!("{first} (and 1 other pod): {reason}"),
            _ => format!("{first} (and {} other pods): {reason}", pods - 1),
        }
    }
}

/// What the server has to say about the existing pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The namespace.
    pub namespace: String,
    /// The enforce policy that the pods are held against.
    pub policy: LevelVersion,
    /// How many pods there are, without the exempt ones. Pods that have finished or are being
    /// deleted count like all others.
    pub existing: usize,
    /// How many of them the server looks at.
    pub checked: usize,
    /// How many are left out because their runtime class is exempt.
    pub exempt: usize,
    /// The pods that violate the policy, those with the same faults together, sorted as the
    /// server sorts its lines.
    pub lines: Vec<Line>,
}

impl Survey {
    /// Whether there are more pods than the server looks at. Which ones it takes then is up to
    /// chance: first those without a controller and one of each controller, then replicas, each
    /// time in the order of a hash table.
    pub fn over_limit(&self) -> bool {
        self.checked < self.existing
    }

    /// How many pods violate the policy.
    pub fn violating(&self) -> usize {
        self.lines.iter().map(|line| line.pods).sum()
    }

    /// The line that the server begins with if it does not look at all pods.
    pub fn count_warning(&self) -> Option<String> {
        let Self { checked, existing, .. } = self;
        self.over_limit().then(|| {
            format!("new PodSecurity enforce level only checked against the first {checked} of {existing} existing pods")
        })
    }

    /// The server's warnings, in its order. Over the limit, the server's lines after the first
    /// may be fewer and name fewer pods, and another pod first.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::from_iter(self.count_warning());
        if !self.lines.is_empty() {
            warnings.push(format!(
                "existing pods in namespace {} violate the new PodSecurity enforce level \"{}\"",
                go_quote(&self.namespace),
                self.policy
            ));
        }
        warnings.extend(self.lines.iter().map(Line::text));
        warnings
    }
}

/// Counts pods one at a time. It keeps no pod: only one name for each combination of faults, and
/// at most [`MAX_PODS`] UIDs.
#[derive(Clone, Debug)]
pub struct Surveyor {
    namespace: String,
    policy: LevelVersion,
    exempt_classes: Vec<String>,
    existing: usize,
    exempt: usize,
    preferred: Preferred,
    tallies: BTreeMap<String, Tally>,
}

/// Pods with the same faults, so far.
#[derive(Clone, Debug)]
struct Tally {
    first: String,
    pods: usize,
    /// Those of them that have no controller.
    alone: usize,
}

/// The pods that the server prefers: those without a controller, and one of each controller.
#[derive(Clone, Debug)]
enum Preferred {
    Some {
        alone: usize,
        controllers: BTreeSet<Box<str>>,
    },
    /// More than the server looks at.
    TooMany,
}

impl Preferred {
    fn add(&mut self, controller: Option<&str>) {
        let Self::Some { alone, controllers } = self else { return };
        match controller {
            None => *alone += 1,
            Some(uid) if !controllers.contains(uid) => {
                controllers.insert(uid.into());
            }
            Some(_) => {}
        }
        if *alone + controllers.len() > MAX_PODS {
            *self = Self::TooMany;
        }
    }
}

impl Surveyor {
    /// Nobody is counted yet. `policy` is the namespace's new policy for enforce;
    /// `exempt_classes` are the runtime classes that the cluster exempts.
    pub fn new(namespace: &str, policy: LevelVersion, exempt_classes: &[String]) -> Self {
        Self {
            namespace: namespace.to_owned(),
            policy,
            exempt_classes: exempt_classes.to_vec(),
            existing: 0,
            exempt: 0,
            preferred: Preferred::Some { alone: 0, controllers: BTreeSet::new() },
            tallies: BTreeMap::new(),
        }
    }

    /// The policy that the pods are held against.
    pub fn policy(&self) -> LevelVersion {
        self.policy
    }

    /// Counts a pod. `judge` says what the policy says of it; it is not asked about a pod whose
    /// runtime class is exempt.
    pub fn count(&mut self, pod: &Resident<'_>, judge: impl FnOnce(LevelVersion) -> Outcome) {
        let class = pod.runtime_class.filter(|class| !class.is_empty());
        if class.is_some_and(|class| self.exempt_classes.iter().any(|exempt| exempt == class)) {
            self.exempt += 1;
            return;
        }
        self.existing += 1;
        self.preferred.add(pod.controller);
        let outcome = judge(self.policy);
        if outcome.allowed() {
            return;
        }
        let tally = self.tallies.entry(outcome.reason());
        let tally =
            tally.or_insert_with(|| Tally { first: pod.name.to_owned(), pods: 0, alone: 0 });
        if pod.name < tally.first.as_str() {
            pod.name.clone_into(&mut tally.first);
        }
        tally.pods += 1;
        tally.alone += usize::from(pod.controller.is_none());
    }

    /// Judges a Pod that was read from the cluster, and counts it.
    pub fn judge(&mut self, evaluator: &Evaluator, pod: &Object) {
        let value = pod.value();
        let controller = controller_of(value);
        let class = value.field("spec").and_then(|spec| spec.field("runtimeClassName"));
        let resident = Resident {
            name: pod.name(),
            controller: controller.as_ref().map(|controller| controller.uid.as_str()),
            runtime_class: class.and_then(|class| class.as_str()),
        };
        self.count(&resident, |policy| {
            let template =
                PodTemplate { carrier: Carrier::Pod, path: FieldPath::root(), value, claims: None };
            evaluator.evaluate(&Pod::stored(&template, evaluator.server()), policy)
        });
    }

    /// What the server has to say once all pods are counted.
    pub fn finish(self) -> Survey {
        let checked = self.existing.min(MAX_PODS);
        let unchecked = self.existing - checked;
        let all_preferred = matches!(self.preferred, Preferred::Some { .. });
        let line = |(reason, tally): (String, Tally)| {
            let sure = if all_preferred { tally.alone } else { 0 };
            let at_least = tally.pods.saturating_sub(unchecked).max(sure);
            Line { reason, first: tally.first, pods: tally.pods, at_least }
        };
        let mut lines: Vec<Line> = self.tallies.into_iter().map(line).collect();
        // The server sorts whole lines; without the key a reason could never decide.
        lines.sort_by_cached_key(Line::text);
        Survey {
            namespace: self.namespace,
            policy: self.policy,
            existing: self.existing,
            checked,
            exempt: self.exempt,
            lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;

    use super::*;
    use crate::testing::tree;

    /// Privileged, and without anything that restricted wants.
    const BAD: &str =
        r#""containers":[{"name":"a","securityContext":{"privileged":true}}],"hostPID":true"#;
    /// What only restricted objects to.
    const BARE: &str = r#""containers":[{"name":"a"}]"#;

    fn pod(name: &str, owner: &str, spec: &str) -> String {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","ownerReferences":[{owner}]}},"spec":{{{spec}}}}}"#
        )
    }

    fn survey(policy: &str, pods: &[String], exempt: &[&str]) -> Survey {
        let exempt: Vec<String> = exempt.iter().map(|&class| class.to_owned()).collect();
        let mut surveyor = Surveyor::new("shop", policy.parse().expect("a policy"), &exempt);
        let evaluator = Evaluator::new(NEWEST);
        for pod in pods {
            let tree = tree(pod);
            let root = tree.root().id();
            let object = Object::new(tree.into(), root, FieldPath::root(), None);
            surveyor.judge(&evaluator, &object);
        }
        surveyor.finish()
    }

    #[test]
    fn pods_with_the_same_faults_share_a_line() {
        let pods = [
            pod("web-b", "", BAD),
            pod("job", "", &format!(r#"{BARE},"hostIPC":true"#)),
            pod("web-a", "", BAD),
            pod("a", "", r#""containers":[]"#),
            pod("web-c", "", BAD),
            pod("b", "", BARE),
            pod("c", "", &format!(r#"{BARE},"hostIPC":true"#)),
        ];
        let baseline = survey("baseline:1.30", &pods, &[]);
        assert_eq!((baseline.existing, baseline.checked, baseline.violating()), (7, 7, 5));
        assert_eq!(
            baseline.warnings(),
            [
                r#"existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:v1.30""#,
                "c (and 1 other pod): host namespaces",
                "web-a (and 2 other pods): host namespaces, privileged",
            ]
        );
        let last = survey("restricted", &pods, &[]).warnings().pop();
        assert_eq!(
            last.as_deref(),
            Some(
                "web-a (and 2 other pods): host namespaces, privileged, allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"
            )
        );
        assert!(survey("privileged", &pods, &[]).warnings().is_empty());
        assert!(survey("baseline", &[], &[]).warnings().is_empty());
    }

    #[test]
    fn whole_lines_are_sorted() {
        // "a (and 1 other pod): x" comes before "a-b: x": a space sorts before a hyphen.
        let network = format!(r#"{BARE},"hostNetwork":true"#);
        let pods = [pod("a-b", "", BAD), pod("a", "", &network), pod("a1", "", &network)];
        assert_eq!(
            survey("baseline", &pods, &[]).warnings()[1..],
            ["a (and 1 other pod): host namespaces", "a-b: host namespaces, privileged"]
        );
    }

    #[test]
    fn exempt_runtime_classes_are_left_out() {
        let classed = |name: &str, class: &str| {
            pod(name, "", &format!(r#"{BAD},"runtimeClassName":"{class}""#))
        };
        let pods = [classed("a", "vm"), classed("b", "other"), classed("c", "")];
        let survey = survey("baseline", &pods, &["vm", ""]);
        assert_eq!((survey.existing, survey.exempt), (2, 1));
        assert_eq!(survey.lines[0].text(), "b (and 1 other pod): host namespaces, privileged");
    }

    /// Counts `count` pods, all of them with the same fault.
    fn crowd(count: usize, controller: impl Fn(usize) -> Option<String>) -> Survey {
        let mut surveyor = Surveyor::new("shop", "baseline".parse().expect("a policy"), &[]);
        let tree = tree(&pod("a", "", BAD));
        let template = crate::testing::template(&tree, Carrier::Pod);
        let evaluator = Evaluator::new(NEWEST);
        for number in 0..count {
            let (name, controller) = (format!("p{number}"), controller(number));
            let resident =
                Resident { name: &name, controller: controller.as_deref(), runtime_class: None };
            surveyor.count(&resident, |policy| {
                evaluator.evaluate(&Pod::stored(&template, NEWEST), policy)
            });
        }
        surveyor.finish()
    }

    #[test]
    fn beyond_the_limit_the_server_chooses() {
        let at = crowd(MAX_PODS, |_| None);
        assert!(!at.over_limit() && at.count_warning().is_none());
        assert_eq!(at.lines[0].at_least, MAX_PODS);
        let over = crowd(MAX_PODS + 100, |_| None);
        assert_eq!(
            over.warnings(),
            [
                "new PodSecurity enforce level only checked against the first 3000 of 3100 existing pods",
                r#"existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:latest""#,
                "p0 (and 3099 other pods): host namespaces, privileged",
            ]
        );
        assert_eq!((over.violating(), over.lines[0].at_least), (3_100, 3_000));
        // Twice as many replicas as the server looks at, and a few pods that it prefers.
        let replicas = crowd(2 * MAX_PODS, |number| (number >= 10).then(|| "one".to_owned()));
        assert_eq!(replicas.lines[0].at_least, MAX_PODS);
        let few = crowd(MAX_PODS + 1, |number| Some(number.to_string()));
        assert_eq!(few.lines[0].at_least, MAX_PODS);
    }

    #[test]
    fn preferred_pods_are_sure_to_be_looked_at() {
        let mut surveyor = Surveyor::new("shop", "baseline".parse().expect("a policy"), &[]);
        let (bad, good) = (tree(&pod("a", "", BAD)), tree(&pod("a", "", BARE)));
        let evaluator = Evaluator::new(NEWEST);
        for number in 0..4_000 {
            let (tree, controller) = if number < 5 {
                (&bad, None)
            } else if number < 7 {
                (&bad, Some("one"))
            } else {
                (&good, Some("one"))
            };
            let template = crate::testing::template(tree, Carrier::Pod);
            let resident = Resident { name: "a", controller, runtime_class: None };
            surveyor.count(&resident, |policy| {
                evaluator.evaluate(&Pod::stored(&template, NEWEST), policy)
            });
        }
        let survey = surveyor.finish();
        assert_eq!((survey.lines[0].pods, survey.lines[0].at_least), (7, 5));
    }
}
