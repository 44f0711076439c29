//! One object to its verdict and findings.

use posture::finding::report::{Finding, ObjectReport};
use posture::finding::suppression::found::annotations;
use posture::finding::{acceptance, collected};
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::owners::{Owner, Owners};
use posture::model::served;
use posture::model::workload::{Carrier, PodTemplate, pod_templates, without_template};

use super::assumed::{self, After};
use super::findings::Subject;
use super::namespaces;
use super::policies::{Applied, Policies};
use super::required::Requirements;
use super::verdict::{PodReport, PssDetail, Verdict};
use crate::admit::{Admission, Decision, Request, admit};
use crate::assume::Assumptions;
use crate::evaluate::Evaluator;
use crate::level::Level;
use crate::namespace::Mode;
use crate::prose::go_quote;

/// What is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The checks, as the server has them.
    pub evaluator: &'a Evaluator,
    /// The policies.
    pub policies: &'a Policies,
    /// Where objects were read from a cluster: what is known of their owners. What the server
    /// has stored needs no decoding, and has its defaults.
    pub live: Option<&'a Owners>,
    /// What is assumed to happen to pods before Pod Security sees them.
    pub assumptions: &'a Assumptions,
    /// What is required beyond the standards.
    pub requirements: &'a Requirements<'a>,
}

/// An object, judged.
pub(super) type Judged = collected::Judged<PssDetail>;

/// What was judged so far.
pub(super) type Collected = collected::Collected<PssDetail>;

impl Judge<'_> {
    /// Judges objects and adds what comes of it.
    pub(super) fn collect(&self, objects: Vec<Object>, collected: &mut Collected) {
        collected.judge(objects, |object| {
            let judged = self.object(object)?;
            Some((judged, annotations(object, Some(self.policies.namespace_of(object)))))
        });
    }

    /// Judges an object; `None` if it carries no pods and no policy.
    pub fn object(&self, object: &Object) -> Option<Judged> {
        if object.is_namespace() {
            return namespaces::judge(object, self.policies);
        }
        if let Some(why) = served::no_match(object, self.evaluator.server()) {
            let hint =
                "kind and version are told by case; is it a kind that Kubernetes has given up?";
            return Some(Judged::unknown(object, why, hint));
        }
        let templates = pod_templates(object);
        if templates.is_empty() {
            return without_template(object).map(|why| Judged::unknown(object, why, ""));
        }
        let namespace = self.policies.namespace_of(object);
        let reference = object.reference(Some(namespace));
        let mut findings: Vec<Finding> = Vec::new();
        if self.live.is_none()
            && let Some(refused) =
                acceptance::refusal(object, &templates, &reference, &mut findings)
        {
            return Some(refused.judged(object, reference, findings));
        }
        let owner = self.live.and_then(|owners| owners.root_of(object));
        let owner = owner.map(|owner| owner.reference(Some(namespace)));
        let applied = self.policies.apply(namespace);
        let mut gaps = Vec::new();
        let mut is_short = false;
        let mut worst: Option<(Verdict, Admission, Option<After>, usize)> = None;
        let mut meets = Level::Restricted;
        for (position, template) in templates.iter().enumerate() {
            let request = Request {
                template,
                namespace,
                policy: &applied.policy,
                exemptions: self.policies.exemptions(),
                user: None,
                pod_user: controller(object),
                stored: self.live.is_some(),
            };
            let before = admit(self.evaluator, &request);
            let (admission, after, unknown) = self.assume(&request, before);
            gaps.extend(unknown.map(|unknown| assumed::gap(object, unknown)));
            meets = meets.min(admission.meets);
            let subject = Subject {
                object,
                reference: &reference,
                template,
                owner: owner.as_ref(),
                server: self.evaluator.server(),
            };
            subject.collect(&admission, after.as_ref(), &mut findings);
            is_short |= self.require(&subject, namespace, &mut findings, &mut gaps);
            let verdict = Verdict::of(&admission);
            if worst.as_ref().is_none_or(|(known, ..)| verdict > *known) {
                worst = Some((verdict, admission, after, position));
            }
        }
        let (verdict, admission, after, position) = worst?;
        findings.sort_by_key(|finding| {
            finding.place.as_ref().map_or(usize::MAX, |mark| mark.span().start)
        });
        gaps.extend(self.requirements.gap(namespace));
        gaps.extend(policy_gap(namespace, &applied, verdict, meets, &admission));
        let written = after.as_ref().map_or(&admission, |after| &after.before);
        let mut notes =
            notes_of(&templates[position], verdict, (&admission, written), &applied, meets);
        notes.extend(after.iter().flat_map(|after| after.notes(verdict, &admission)));
        let short = is_short && verdict == Verdict::Allowed;
        notes.extend(short.then(|| SHORT.to_owned()));
        let report = ObjectReport {
            message: message_of(verdict, &admission),
            sentence: sentence_of(
                object,
                templates[position].carrier,
                verdict,
                &admission,
                after.as_ref(),
                self.live.is_some(),
            ),
            notes,
            object: reference,
            place: object.mark(),
            chart_file: object.chart_file().map(str::to_owned),
            owner: owner.map(Owner::from),
            verdict: verdict.as_str(),
            severity: verdict.severity(),
            settled: false,
            detail: PssDetail {
                meets: Some(meets.as_str()),
                policy: applied.why,
                modes: Some((&written.object).into()),
                pod: written.pod.as_ref().map(|pod| PodReport { modes: pod.into() }),
                assumed: after.as_ref().map(|after| after.report(&admission)),
            },
        };
        Some(Judged { object: Some(report), findings, gaps })
    }

    /// Adds what is required and not there; returns whether anything is.
    fn require(
        &self,
        subject: &Subject<'_, '_>,
        namespace: &str,
        findings: &mut Vec<Finding>,
        gaps: &mut Vec<Gap>,
    ) -> bool {
        let before = findings.len();
        let (object, server) = (subject.object, self.evaluator.server());
        for (requirement, answer) in
            self.requirements.ask(object, subject.template, namespace, server)
        {
            let unmet = answer.unmet.iter();
            findings.extend(unmet.map(|unmet| subject.unmet(requirement, unmet)));
            gaps.extend(answer.unknown.into_iter().map(|why| depends(object, why)));
        }
        findings.len() > before
    }
}

/// What stands beside a verdict that requirements leave alone.
const SHORT: &str = "Pod Security allows it; what --require asks for is not all there";

/// What a requirement depends on and nobody knows.
fn depends(object: &Object, why: String) -> Gap {
    Gap {
        what: "object".to_owned(),
        place: object.mark(),
        object: Some(object.reference(object.namespace()).to_string()),
        why,
        hint: "add it to the input".to_owned(),
    }
}

/// Who creates the pods of a workload: the controller's service account, where the controller
/// manager uses one for each (`--use-service-account-credentials`, as kubeadm sets it).
fn controller(object: &Object) -> Option<&'static str> {
    match (object.group(), object.kind()) {
        ("", "ReplicationController") => {
            Some("system:serviceaccount:kube-system:replication-controller")
        }
        ("apps", "Deployment" | "ReplicaSet") => {
            Some("system:serviceaccount:kube-system:replicaset-controller")
        }
        ("apps", "DaemonSet") => Some("system:serviceaccount:kube-system:daemon-set-controller"),
        ("apps", "StatefulSet") => Some("system:serviceaccount:kube-system:statefulset-controller"),
        ("batch", _) => Some("system:serviceaccount:kube-system:job-controller"),
        _ => None,
    }
}

/// An assumption about labels must not make a pass: with other labels the object would be
/// refused.
fn policy_gap(
    namespace: &str,
    applied: &Applied,
    verdict: Verdict,
    meets: Level,
    admission: &Admission,
) -> Option<Gap> {
    let (unknown, hint) = applied.unknown?;
    let exempt = admission.of_pod().exempt.is_some();
    (verdict < Verdict::Rejected && meets < Level::Restricted && !exempt).then(|| Gap {
        what: "policy".to_owned(),
        place: None,
        object: Some(format!("namespace/{namespace}")),
        why: format!("{unknown}, and objects in it do not meet restricted"),
        hint: hint.to_owned(),
    })
}

/// The decision that the verdict rests on, and the mode.
fn decisive(verdict: Verdict, admission: &Admission) -> Option<(Mode, &Decision)> {
    let mode = Mode::ALL.into_iter().find(|mode| Verdict::of_mode(*mode) == verdict)?;
    let decision = admission.decisions().find(|decision| !decision.modes.get(mode).allowed())?;
    Some((mode, decision))
}

fn message_of(verdict: Verdict, admission: &Admission) -> String {
    decisive(verdict, admission)
        .map(|(mode, decision)| decision.modes.get(mode).message())
        .unwrap_or_default()
}

/// Why the server does not judge the pod at all, if it does not.
fn exemption(admission: &Admission) -> Option<String> {
    let exempt = admission.of_pod().exempt?;
    Some(format!("not judged by the server: the {exempt} is exempt"))
}

fn sentence_of(
    object: &Object,
    carrier: Carrier,
    verdict: Verdict,
    admission: &Admission,
    after: Option<&After>,
    stored: bool,
) -> String {
    let Some((mode, decision)) = decisive(verdict, admission) else {
        return exemption(admission).unwrap_or_default();
    };
    let said = decision.sentence(mode).unwrap_or_default();
    let after = after.filter(|_| std::ptr::eq(decision, admission.of_pod()));
    let once = after.map(|after| after.once(mode, &said)).unwrap_or_default();
    match (verdict, carrier) {
        (Verdict::Rejected, Carrier::Pod) if stored => {
            format!("it is there, but would be refused if it were created again{once}: {said}")
        }
        (Verdict::Rejected, Carrier::Pod) => {
            format!("pods {} is forbidden{once}: {said}", go_quote(object.name()))
        }
        (Verdict::Rejected, Carrier::Workload) => {
            let comma = if once.is_empty() { "," } else { &format!("{once},") };
            format!(
                "its pods are refused{comma} though the {} itself is admitted: {said}",
                object.kind()
            )
        }
        (Verdict::Rejected, Carrier::Other) => {
            format!("pods that are made from it are refused{once}: {said}")
        }
        (Verdict::Warned, _) => format!("Warning{once}: {said}"),
        _ => format!("noted in the audit log{once}: {said}"),
    }
}

fn notes_of(
    template: &PodTemplate<'_>,
    verdict: Verdict,
    (admission, written): (&Admission, &Admission),
    applied: &Applied,
    meets: Level,
) -> Vec<String> {
    let mut notes: Vec<String> = exemption(admission).into_iter().collect();
    if verdict > Verdict::Allowed {
        let modes = &applied.policy.modes;
        let mut policies = vec![format!("enforce={}", modes.enforce.policy)];
        for mode in [Mode::Warn, Mode::Audit] {
            let policy = modes.get(mode).policy;
            if policy.level != Level::Privileged && policy != modes.enforce.policy {
                policies.push(format!("{mode}={policy}"));
            }
        }
        notes.push(format!(
            "{}, {}; by the newest rules it meets {meets}",
            policies.join(" "),
            applied.why
        ));
    }
    if template.carrier == Carrier::Other {
        notes.push(format!(
            "found at {}: admission does not look into this kind, only at the pods that its controller creates",
            template.path
        ));
    }
    if let Some(pod) = &written.pod {
        let differs = |mode: Mode| {
            let of_template = written.object.modes.get(mode);
            of_template.applies && of_template.message() != pod.modes.get(mode).message()
        };
        if differs(Mode::Warn) || differs(Mode::Audit) {
            notes.push("the pod is judged differently from the template: the API server sets defaults on pods that templates do not show".to_owned());
        }
    }
    notes
}
