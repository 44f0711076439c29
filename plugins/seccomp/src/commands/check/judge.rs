//! One object to its verdict and findings.

use std::collections::BTreeSet;

use posture::finding::acceptance;
use posture::finding::collected;
use posture::finding::fingerprint;
use posture::finding::report::{Finding, ObjectReport};
use posture::finding::suppression::found::annotations;
use posture::model::clock::Time;
use posture::model::mark;
use posture::model::node::Value;
use posture::model::object::{Object, ObjectRef};
use posture::model::owners::{Owner, Owners};
use posture::model::served;
use posture::model::version::Minor;
use posture::model::workload::{Carrier, PodTemplate, pod_templates, without_template};

use super::detail::{ContainerReport, SeccompDetail, SetterReport, Verdict, kind};
use super::surroundings::Surroundings;
use super::templates::Templates;
use crate::checks;
use crate::effective::{Confinement, Effective, Place, Pod, Source, bounding_set};
use crate::facts::{Expected, Facts, Missing};
use crate::setters::{Author, Expectation, SetAt, SetterKind};
use crate::setters::{Sets, Verdict as Would};
use crate::violation::Violation;

/// The first servers of which it is known which kinds they serve.
const SERVED_SINCE: Minor = Minor(24);

/// An object, judged.
pub(super) type Judged = collected::Judged<SeccompDetail>;

/// What was judged so far.
pub(super) type Collected = collected::Collected<SeccompDetail>;

/// What is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    /// What stands around the objects.
    pub(super) surroundings: &'a Surroundings,
    /// The namespace of what names none.
    pub(super) namespace: &'a str,
    /// Where objects were read from a cluster: what is known of their owners.
    pub(super) live: Option<Live<'a>>,
    /// Whether the capabilities of containers are told, too.
    pub(super) deep: bool,
}

/// What is known of the owners of what runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live<'a> {
    /// Who owns what makes pods.
    pub(super) owners: &'a Owners,
    /// The templates that pods were made from.
    pub(super) templates: &'a Templates,
}

impl Judge<'_> {
    /// Judges objects and adds what comes of it.
    pub(super) fn collect(&self, objects: Vec<Object>, collected: &mut Collected) {
        collected.judge(objects, |object| {
            let judged = self.object(object)?;
            Some((judged, annotations(object, Some(self.namespace_of(object)))))
        });
    }

    fn namespace_of<'o>(&'o self, object: &'o Object) -> &'o str {
        object.namespace().unwrap_or(self.namespace)
    }

    /// Judges an object; `None` if it carries no pods.
    fn object(&self, object: &Object) -> Option<Judged> {
        let scene = &self.surroundings.scene;
        if scene.server() >= SERVED_SINCE
            && let Some(why) = served::no_match(object, scene.server())
        {
            let hint =
                "kind and version are told by case; is it a kind that Kubernetes has given up?";
            return Some(Judged::unknown(object, why, hint));
        }
        let templates = pod_templates(object);
        if templates.is_empty() {
            return without_template(object).map(|why| Judged::unknown(object, why, ""));
        }
        let reference = object.reference(Some(self.namespace_of(object)));
        let mut findings = Vec::new();
        if self.live.is_none()
            && let Some(refused) =
                acceptance::refusal(object, &templates, &reference, &mut findings)
        {
            return Some(refused.judged(object, reference, findings));
        }
        Some(self.templates(object, reference, &templates, findings))
    }

    fn templates(
        &self,
        object: &Object,
        reference: ObjectRef,
        templates: &[PodTemplate<'_>],
        mut findings: Vec<Finding>,
    ) -> Judged {
        let owner = self.live.and_then(|live| live.owners.root_of(object));
        let owner = owner.map(|owner| owner.reference(reference.namespace.as_deref()));
        let mut detail = SeccompDetail::default();
        let mut confinements = Vec::new();
        let mut notes = Vec::new();
        for template in templates {
            let Some(pod) = Pod::read(template, &self.surroundings.scene) else { continue };
            let own = pod.confinements();
            let beside = self.beside(object, &pod, &own, &reference);
            let facts = Facts {
                pod: &pod,
                confinements: &own,
                missing: &beside.missing,
                expected: &beside.expected,
                setter: beside.set_by.first().map(String::as_str),
            };
            let at = At { object, reference: &reference, owner: owner.as_ref(), template };
            findings.extend(checks::all(facts).into_iter().map(|violation| at.finding(violation)));
            if template.carrier == Carrier::Other {
                notes.push(format!(
                    "found at {}: what its controller makes of it is not known",
                    template.path
                ));
            }
            detail.containers.extend(pod.containers.iter().zip(&own).map(|(container, one)| {
                let mut told = ContainerReport::from(one);
                if self.deep {
                    self.tell_capabilities(container.container.value, &mut told);
                }
                told
            }));
            detail.set_by.extend(beside.set_by);
            notes.extend(beside.notes);
            detail.setters.extend(beside.setters);
            confinements.extend(own);
        }
        let verdict = Verdict::of_all(confinements.iter());
        notes.extend(told(&confinements));
        notes.extend(detail.set_by.iter().cloned());
        findings.sort_by_key(|finding| {
            finding.place.as_ref().map_or(usize::MAX, |mark| mark.span().start)
        });
        let report = ObjectReport {
            object: reference,
            place: object.mark(),
            chart_file: object.chart_file().map(str::to_owned),
            owner: owner.map(Owner::from),
            verdict: verdict.as_str(),
            severity: verdict.severity(),
            settled: false,
            message: message(verdict, &confinements),
            sentence: String::new(),
            notes,
            detail,
        };
        Judged { object: Some(report), findings, gaps: Vec::new() }
    }

    /// Adds the capabilities that a container has at each place.
    fn tell_capabilities(&self, container: Value<'_>, told: &mut ContainerReport) {
        for place in &mut told.places {
            let node = place.nodes.first().and_then(|name| self.surroundings.scene.node(name));
            let runtime = node.and_then(|node| node.runtime.known.as_ref());
            let caps = bounding_set(container, runtime.map(|(runtime, _)| *runtime));
            place.capabilities = caps.into_iter().collect();
        }
    }

    /// What the cluster says beside the pod.
    fn beside(
        &self,
        object: &Object,
        pod: &Pod<'_>,
        own: &[Confinement],
        reference: &ObjectRef,
    ) -> Beside {
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        let labels = self.surroundings.namespaces.get(namespace);
        let setters = &self.surroundings.setters;
        let mut beside = Beside { missing: self.missing(object, own), ..Beside::default() };
        let sent = self.live.and_then(|live| live.templates.of(object));
        if let Some(sent) = sent.filter(|sent| sent.differs(pod.value)) {
            let fields = setters.set_by(pod.value, Some(sent.value()), namespace, labels);
            beside.set_by = fields.iter().map(set_at).collect();
        }
        let by_kubelet =
            own.iter().flat_map(|one| &one.places).any(|place| place.by == Source::Kubelet);
        if !by_kubelet || setters.all().is_empty() {
            return beside;
        }
        let created = object.metadata("creationTimestamp").and_then(|text| text.parse().ok());
        for expectation in setters.expected(pod.value, namespace, labels) {
            beside.add(&expectation, pod.is_stored, created);
        }
        beside
    }

    /// The files of profiles that are missing, as the operator and the kubelet say it.
    fn missing(&self, object: &Object, own: &[Confinement]) -> Missing {
        let mut missing = Missing::default();
        let localhost = |place: &Place| match &place.effective {
            Effective::Localhost(path) => Some((path.clone(), place.nodes.clone())),
            _ => None,
        };
        let wanted: BTreeSet<_> =
            own.iter().flat_map(|one| &one.places).filter_map(localhost).collect();
        for (path, nodes) in wanted {
            self.surroundings.lacks(&path, &nodes, &mut missing);
            if let Some(said) = could_not_load(object, &path) {
                let node = object.value().get("spec").and_then(|spec| spec.get("nodeName"));
                let node = node.and_then(|name| name.as_str()).unwrap_or_default();
                missing.add(&path, node, &said);
            }
        }
        missing
    }
}

/// What the kubelet says of a container that it cannot create for want of a profile.
///
/// Source: the messages of containerd (`cannot load seccomp profile`) and CRI-O (`unable to load
/// local profile`, `opening seccomp profile`) in `status.containerStatuses[].state.waiting`.
fn could_not_load(object: &Object, path: &str) -> Option<String> {
    let status = object.value().get("status")?;
    let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    let waiting = lists
        .into_iter()
        .filter_map(|list| status.get(list))
        .flat_map(|list| list.items())
        .filter_map(|one| one.get("state")?.get("waiting"));
    let mut messages = waiting.filter_map(|waiting| waiting.get("message")?.as_str());
    let said = messages
        .find(|text| text.contains("seccomp") && text.contains("profile") && text.contains(path))?;
    Some(format!("its kubelet says: {}", said.trim()))
}

/// What the cluster says beside a pod.
#[derive(Debug, Default)]
struct Beside {
    missing: Missing,
    expected: Vec<Expected>,
    set_by: Vec<String>,
    setters: Vec<SetterReport>,
    notes: Vec<String>,
}

impl Beside {
    fn add(&mut self, expectation: &Expectation<'_>, is_stored: bool, created: Option<Time>) {
        let name = expectation.setter.name();
        let (verdict, why) = match &expectation.verdict {
            Would::Should => ("should", String::new()),
            Would::May(why) => ("may", why.clone()),
            Would::Not(why) => ("not", why.clone()),
        };
        if let Sets::Profile(profile) = &expectation.setter.sets {
            match &expectation.verdict {
                Would::Should if is_stored => self.expected.push(Expected {
                    setter: name.clone(),
                    profile: profile.to_string(),
                    why: Some(expectation.missed(created).to_string()),
                }),
                Would::Should => {
                    self.notes.push(format!("{name} sets {profile} once its pods are created"));
                }
                Would::May(why) if !is_stored => self
                    .notes
                    .push(format!("{name} may set {profile} once its pods are created ({why})")),
                Would::May(_) | Would::Not(_) => {}
            }
        }
        // Of a webhook nothing is known but that it is called.
        if let (Sets::May(_), Would::May(why), false) =
            (&expectation.setter.sets, &expectation.verdict, is_stored)
            && expectation.setter.kind != SetterKind::Webhook
        {
            self.notes.push(format!("{name} may set a profile once its pods are created ({why})"));
        }
        self.setters.push(SetterReport { setter: name, verdict, why });
    }
}

/// Who has set a field at admission: a sentence.
fn set_at(set: &SetAt<'_>) -> String {
    let what = set.profile.as_ref().map_or_else(String::new, |profile| format!(" to {profile}"));
    let who = match &set.author {
        Author::Said(who) => format!("by {who}"),
        Author::Likely(setter) => format!("most likely by {}", setter.name()),
        Author::Unknown(may) if may.is_empty() => "by whom is not known".to_owned(),
        Author::Unknown(may) => {
            let names: Vec<String> = may.iter().map(|setter| setter.name()).collect();
            format!("perhaps by {}", names.join(" or "))
        }
    };
    format!("{} was set{what} at admission, {who}: its template does not have it", set.path)
}

/// The verdict in a sentence; empty when all is well.
fn message(verdict: Verdict, confinements: &[Confinement]) -> String {
    let of = |wanted: fn(&Effective) -> bool| {
        let own = confinements.iter().filter(|one| wanted(&one.effective));
        own.map(|one| format!("{} {}", kind(one), one.name)).collect::<Vec<_>>().join(", ")
    };
    match verdict {
        Verdict::NotApplicable | Verdict::Confined => String::new(),
        Verdict::Unknown => format!(
            "whether a profile confines it is not known, or not the same on all nodes: {}",
            of(|one| matches!(one, Effective::Unknown(_) | Effective::Depends))
        ),
        Verdict::Unconfined => {
            format!("runs without a profile: {}", of(|one| matches!(one, Effective::Unconfined)))
        }
        Verdict::Invalid => {
            format!("is refused: {}", of(|one| matches!(one, Effective::Refused(_))))
        }
    }
}

/// What must be said with the containers, each thing once.
fn told(confinements: &[Confinement]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for note in confinements.iter().flat_map(|one| &one.notes) {
        if !told.contains(note) {
            told.push(note.clone());
        }
    }
    told
}

/// A template in its object.
struct At<'r, 'a> {
    object: &'a Object,
    reference: &'r ObjectRef,
    owner: Option<&'r ObjectRef>,
    template: &'r PodTemplate<'a>,
}

impl At<'_, '_> {
    fn finding(&self, violation: Violation) -> Finding {
        let Violation { check, severity, container, path, value, allowed, message, advice, fix } =
            violation;
        let root = self.object.value();
        let place = match path.look_up(root) {
            (found, true) if !found.is_null() => mark::of(found, &path),
            _ => mark::nearest(root, &path),
        };
        let steps = self.template.path.segments().len();
        let fingerprint = fingerprint::of_pod(check, self.reference, self.owner, &path, steps);
        let finding =
            Finding::new(check, severity, self.reference, &path, place.to_show(), String::new());
        let advice =
            if advice.is_empty() { message.clone() } else { format!("{message}: {advice}") };
        Finding {
            container,
            value,
            allowed,
            message: advice.clone(),
            advice: Some(advice),
            fix,
            fingerprint,
            ..finding
        }
    }
}
