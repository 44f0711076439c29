//! What admission would say of an object's pod once all that is assumed has happened to it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use posture::finding::report::ObjectReport;
use posture::input::yaml::json;
use posture::model::decode;
use posture::model::gap::Gap;
use posture::model::node::{Tree, Value};
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Source;
use posture::model::workload::{Carrier, PodTemplate};
use posture::render::human::plural;

use super::judge::Judge;
use super::verdict::{AssumedReport, ModesReport, PssDetail, Verdict};
use crate::admit::{Admission, Request, admit};
use crate::assume::{Assumed, Assumptions, Scene, Unknown};
use crate::checks::PssCheck;
use crate::evaluate::Outcome;
use crate::namespace::Mode;
use crate::violation::{Subject, Violation};

/// What mutating admission has made of a pod.
#[derive(Debug)]
pub(super) struct After {
    /// What would be said without it.
    pub(super) before: Admission,
    pod: Assumed,
    /// What fails before it: check and field.
    known: BTreeSet<(&'static str, String)>,
}

impl Judge<'_> {
    /// What admission says in the end, and how it comes to that if anything is assumed; what it
    /// says without, where nobody can say what comes of the pod.
    pub(super) fn assume(
        &self,
        request: &Request<'_, '_>,
        before: Admission,
    ) -> (Admission, Option<After>, Option<Unknown>) {
        if self.assumptions.is_empty() {
            return (before, None, None);
        }
        match self.changed(request, &before) {
            Ok((admission, after)) => (admission, Some(after), None),
            Err(unknown) => (before, None, Some(unknown)),
        }
    }

    fn changed(
        &self,
        request: &Request<'_, '_>,
        before: &Admission,
    ) -> Result<(Admission, After), Unknown> {
        let scene = Scene {
            namespace: request.namespace,
            known: self.policies.seen_by_injectors(request.namespace),
            server: self.evaluator.server(),
        };
        let stored = request.stored && request.template.carrier == Carrier::Pod;
        let pod = self.assumptions.apply(request.template, &scene, stored)?;
        let known = failures(before).map(|(check, path)| (check.id(), path)).collect();
        if !pod.by.is_empty() {
            let patched = !self.assumptions.patches.is_empty();
            let tree = tree(&pod, patched.then_some(request.template.value))?;
            let after = self.ask(request, tree.root(), stored);
            let admission = if request.template.carrier == Carrier::Pod {
                after
            } else {
                let object = before.object.clone();
                Admission { object, pod: Some(after.object), meets: after.meets }
            };
            return Ok((admission, After { before: before.clone(), pod, known }));
        }
        Ok((before.clone(), After { before: before.clone(), pod, known }))
    }

    /// Asks admission about a pod as it is.
    fn ask(&self, request: &Request<'_, '_>, pod: Value<'_>, stored: bool) -> Admission {
        let is_pod = request.template.carrier == Carrier::Pod;
        let template = PodTemplate {
            carrier: Carrier::Pod,
            path: FieldPath::root(),
            value: pod,
            claims: None,
        };
        let request = Request {
            template: &template,
            namespace: request.namespace,
            policy: request.policy,
            exemptions: request.exemptions,
            user: if is_pod { request.user } else { request.pod_user },
            pod_user: None,
            stored,
        };
        admit(self.evaluator, &request)
    }
}

/// The pod as a document. A patch may have made something of it that is none: `patched` is what
/// was there before, if there is one.
fn tree(assumed: &Assumed, patched: Option<Value<'_>>) -> Result<Arc<Tree>, Unknown> {
    let by = assumed.by.join(", ");
    let unknown = |why: String| Unknown {
        why: format!("{by}: {why}"),
        hint: "the API server would refuse such a pod before Pod Security sees it",
    };
    let source = Arc::new(Source::new(&by, assumed.pod.to_string().into_bytes()));
    let (tree, _) = json::read(&source, 0).map_err(|error| unknown(error.message))?;
    let tree = Arc::new(tree);
    if let Some(before) = patched {
        let object = Object::new(Arc::clone(&tree), 0, FieldPath::root(), None);
        let decoded = decode::decode(&object);
        if let Some(refusal) = decoded.refusal {
            return Err(unknown(refusal.message));
        }
        // What the manifest itself has of that kind is said elsewhere.
        let new = decoded.unknown.iter().find(|field| !field.path.look_up(before).1);
        if let Some(field) = new {
            return Err(Unknown {
                why: format!("{by}: a Pod has no field {}, so the API server drops it", field.path),
                hint: "write the patch of a Pod, not of the workload around it",
            });
        }
        let containers = FieldPath::of("spec.containers").look_up(tree.root());
        if !matches!(containers, (list, true) if list.items().next().is_some()) {
            return Err(unknown("spec.containers: Required value".to_owned()));
        }
    }
    Ok(tree)
}

/// What fails in the pod, in whatever mode.
fn failures(admission: &Admission) -> impl Iterator<Item = (&'static PssCheck, String)> {
    let outcomes = admission.of_pod().modes.iter();
    let violations =
        outcomes.filter_map(|(_, mode)| mode.outcome.as_ref()).flat_map(Outcome::violations);
    violations.map(|(check, violation)| (check, violation.path.to_string()))
}

/// The checks that fail in one and not in the other, in their order.
fn only(of: &Admission, not: &Admission) -> Vec<&'static str> {
    let others: BTreeSet<&str> = failures(not).map(|(check, _)| check.id()).collect();
    let mut found: Vec<&'static str> = Vec::new();
    for (check, _) in failures(of) {
        let id = check.id();
        if !others.contains(id) && !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// What is added to a list, for people: `initContainers istio-init, istio-proxy`.
fn listed(assumed: &Assumed, list: &str) -> Option<String> {
    let of_list = assumed.added.iter().filter(|added| added.list == list);
    let names: Vec<&str> = of_list.map(|added| added.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("{list} {}", names.join(", ")))
}

impl After {
    /// Whether the pod is another one than the manifest's.
    pub(super) fn is_changed(&self) -> bool {
        !self.pod.by.is_empty()
    }

    /// When what is said comes true: ` once istio has injected its sidecar`; nothing if it is said
    /// anyway.
    pub(super) fn once(&self, mode: Mode, said: &str) -> String {
        let before = self.before.of_pod().sentence(mode);
        if self.pod.clauses.is_empty() || before.as_deref() == Some(said) {
            return String::new();
        }
        format!(" once {}", self.pod.clauses.join(" and "))
    }

    /// Why a finding is there that the manifest does not explain.
    pub(super) fn because(&self, check: &'static PssCheck, violation: &Violation) -> String {
        let added = |list: &str, name: &str| {
            self.pod.added.iter().find(|added| added.list == list && added.name == name)
        };
        let (added, what) = match &violation.subject {
            Subject::Container(container) => {
                (added(container.kind.field(), &container.name), "container")
            }
            Subject::Volume { name, .. } => (added("volumes", name), "volume"),
            _ => (None, ""),
        };
        if let Some(added) = added {
            return format!(" ({} adds this {what})", added.by);
        }
        if self.known.contains(&(check.id(), violation.path.to_string())) {
            return String::new();
        }
        format!(" (once {})", self.pod.clauses.join(" and "))
    }

    /// What a reader must know, a sentence each.
    pub(super) fn notes(&self, verdict: Verdict, admission: &Admission) -> Vec<String> {
        let mut notes: Vec<String> =
            self.pod.untouched.iter().map(|why| format!("not changed by {why}")).collect();
        if !self.is_changed() {
            return notes;
        }
        let before = Verdict::of(&self.before);
        let mut note = format!(
            "before {}: {}; after: {}",
            self.pod.by.join(", "),
            before.as_str(),
            verdict.as_str()
        );
        for (word, checks) in
            [("breaks", only(admission, &self.before)), ("mends", only(&self.before, admission))]
        {
            if !checks.is_empty() {
                let _ = write!(note, "; {word} {}", checks.join(", "));
            }
        }
        let added: Vec<String> = ["initContainers", "containers"]
            .iter()
            .filter_map(|list| listed(&self.pod, list))
            .collect();
        if !added.is_empty() {
            let _ = write!(note, "; adds {}", added.join("; "));
        }
        notes.push(note);
        notes
    }

    /// The same for programs.
    pub(super) fn report(&self, admission: &Admission) -> AssumedReport {
        AssumedReport {
            by: self.pod.by.clone(),
            modes: ModesReport::from(admission.of_pod()),
            breaks: only(admission, &self.before),
            mends: only(&self.before, admission),
            added: self.pod.added.iter().map(ToString::to_string).collect(),
            untouched: self.pod.untouched.clone(),
        }
    }
}

/// What could not be foretold of an object.
pub(super) fn gap(object: &Object, unknown: Unknown) -> Gap {
    Gap {
        what: "object".to_owned(),
        place: object.mark(),
        object: Some(object.reference(object.namespace()).to_string()),
        why: unknown.why,
        hint: unknown.hint.to_owned(),
    }
}

/// What the numbers of a report rest on, where anything is assumed: how many objects it changes,
/// and what changes none.
pub(super) fn remark(
    objects: &[ObjectReport<PssDetail>],
    assumptions: &Assumptions,
) -> Option<String> {
    let all = objects.iter().filter_map(|object| object.detail.assumed.as_ref());
    let names = assumptions.names();
    if names.is_empty() {
        return None;
    }
    let by: BTreeSet<&str> =
        all.clone().flat_map(|assumed| &assumed.by).map(String::as_str).collect();
    let changed = all.clone().filter(|assumed| !assumed.by.is_empty()).count();
    if changed == 0 {
        return Some(format!("assumed: {}, which changes nothing here", names.join(", ")));
    }
    let mut text = format!("assumed: {}, changes {}", names.join(", "), plural(changed, "object"));
    let alone = all.filter(|assumed| assumed.by.is_empty()).count();
    if alone > 0 {
        let _infallible = write!(text, ", leaves {alone} alone");
    }
    for idle in names.iter().filter(|name| !by.contains(name.as_str())) {
        let _infallible = write!(text, "; {idle} changes nothing");
    }
    Some(text)
}
