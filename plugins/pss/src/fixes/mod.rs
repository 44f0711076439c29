//! From what a policy objects to, to fixes with grades: which edits would mend it, how safe they
//! are, and what shows that.
//!
//! A fix is graded by [`table`], and only by what the manifest, the caller's facts and people's
//! answers say. [`plan`] puts fixes together until nothing more can be done.

pub mod answers;
mod capabilities;
mod host;
mod kernel;
mod legacy;
pub mod plan;
mod profiles;
pub mod table;
mod users;
mod volumes;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use posture::finding::fix::Fix;
use posture::model::edit::Edit;
use posture::model::node::Value;
use posture::model::path::FieldPath;
use posture::model::workload::PodTemplate;

use self::answers::{Answers, Wanted};
use self::table::Row;
use crate::checks::PssCheck;
use crate::container::Container;
use crate::pod::Pod;
use crate::violation::{Subject, Violation};

/// What is known beside the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// All kubelets are known to run with `seccompDefault`.
    pub seccomp_default: bool,
    /// The UIDs that containers run with, by the containers' names.
    pub users: BTreeMap<String, i64>,
    /// The addresses of the pod itself.
    pub addresses: BTreeSet<String>,
}

impl Facts {
    /// Takes in what the status of a running Pod shows: users
    /// (`status.containerStatuses[].user.linux.uid`, since 1.31) and addresses. Of several pods of
    /// one workload, a container counts as root if it is in any of them.
    pub fn observe(&mut self, pod: Value<'_>) {
        let Some(status) = pod.field("status") else { return };
        for list in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
            for container in status.field(list).iter().flat_map(Value::items) {
                let user = container.field("user").and_then(|user| user.field("linux"));
                let uid = user.and_then(|linux| linux.field("uid")?.as_i64());
                let name = container.field("name").and_then(|name| name.as_str());
                if let (Some(uid), Some(name)) = (uid, name) {
                    let known = self.users.entry(name.to_owned()).or_insert(uid);
                    *known = uid.min(*known);
                }
            }
        }
        let text =
            |value: Option<Value<'_>>| value.and_then(|value| value.as_str().map(str::to_owned));
        let others = status.field("podIPs");
        let others = others.iter().flat_map(Value::items).map(|address| address.field("ip"));
        let all = others.chain([status.field("podIP")]);
        self.addresses.extend(all.filter_map(text));
    }
}

/// A fix, and what it takes to make it.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The row of the table that it follows.
    pub row: &'static Row,
    /// Title, grade, evidence and edits. There are no edits where nothing can be done, or where
    /// somebody has to decide first.
    pub fix: Fix,
    /// What has to be decided: any one of these is enough. Empty for A, B and X.
    pub wanted: Vec<Wanted>,
    /// What else could be done, and what to look at: a sentence each, without a full stop.
    pub hints: Vec<Cow<'static, str>>,
}

/// What fixes are found by: a pod, and all that is known and decided about it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'s, 'a> {
    template: &'s PodTemplate<'a>,
    pod: &'s Pod<'a>,
    facts: &'s Facts,
    answers: &'s Answers,
    /// Whether title and grade are enough.
    brief: bool,
}

impl<'s, 'a> Scene<'s, 'a> {
    /// The pod of a template, as admission sees it when it is created.
    pub fn new(
        template: &'s PodTemplate<'a>,
        pod: &'s Pod<'a>,
        facts: &'s Facts,
        answers: &'s Answers,
    ) -> Self {
        Self { template, pod, facts, answers, brief: false }
    }

    /// The same for reports, which show title and grade: no edits, hints or questions are made.
    #[must_use]
    pub fn brief(self) -> Self {
        Self { brief: true, ..self }
    }

    /// The fix for what a check objects to. Paths of edits begin at the object's root.
    pub fn propose(&self, check: &'static PssCheck, violation: &Violation) -> Proposal {
        let mut proposal = self.within(check, violation);
        let root = &self.template.path;
        if !root.segments().is_empty() {
            for edit in &mut proposal.fix.edits {
                edit.path = root.clone().join(&edit.path);
            }
        }
        proposal
    }

    /// The same, with paths that begin at the pod.
    fn within(&self, check: &'static PssCheck, violation: &Violation) -> Proposal {
        match check.id() {
            "appArmorProfile" => profiles::app_armor(self, violation),
            "seccompProfile_baseline" | "seccompProfile_restricted" => {
                profiles::seccomp(self, violation)
            }
            "capabilities_baseline" | "capabilities_restricted" => {
                capabilities::fix(self, check, violation)
            }
            "allowPrivilegeEscalation" => capabilities::escalation(self, violation),
            "hostNamespaces" => host::namespaces(self, violation),
            "hostPorts" => host::port(self, violation),
            "hostProbesAndHostLifecycle" => host::probe(self, violation),
            "privileged" => host::privileged(self, violation),
            "windowsHostProcess" => host::process(self, violation),
            "procMount" | "procMount_restricted" => kernel::proc_mount(self, violation),
            "seLinuxOptions" => kernel::se_linux(self, violation),
            "sysctls" => kernel::sysctl(self, violation),
            "runAsNonRoot" => users::non_root(self, violation),
            "runAsUser" => users::root(self, violation),
            // `hostPathVolumes` and `restrictedVolumes`.
            _ => volumes::fix(self, violation),
        }
    }

    /// A proposal by a row, with the edits.
    fn patch(&self, row: &'static Row, edits: impl FnOnce() -> Vec<Edit>) -> Proposal {
        let mut proposal = Proposal::by(row);
        if !self.brief {
            proposal.fix.edits = edits();
        }
        proposal
    }

    /// A proposal by a row that takes something out once `remove=WHAT` is said.
    fn removal(
        &self,
        row: &'static Row,
        what: &'static str,
        question: &'static str,
        edits: impl FnOnce() -> Vec<Edit>,
    ) -> Proposal {
        let mut proposal = Proposal::by(row);
        if self.brief {
            return proposal;
        }
        if self.answers.removes(what) {
            proposal.fix.edits = edits();
        }
        proposal.wanted.push(Wanted::confirm(format!("remove={what}"), question));
        proposal
    }

    /// The container that a violation is about.
    fn container(&self, violation: &Violation) -> Option<&'s Container<'a>> {
        let Subject::Container(named) = &violation.subject else { return None };
        let is_it = |container: &&Container<'_>| {
            container.kind == named.kind && container.index == named.index
        };
        self.pod.containers().iter().find(is_it)
    }

    /// What stands at a path of the template.
    fn at(&self, path: &FieldPath) -> Option<Value<'a>> {
        match path.look_up(self.template.value) {
            (value, true) if !value.is_null() => Some(value),
            _ => None,
        }
    }

    /// An annotation of the template.
    fn annotation(&self, key: &str) -> Option<&'a str> {
        let annotations = self.template.value.field("metadata")?.field("annotations")?;
        Some(annotations.get(key)?.as_str().unwrap_or_default())
    }

    /// Takes an annotation out, and all of them if it is the only one.
    fn without_annotation(&self, key: &str) -> Edit {
        let path = FieldPath::of("metadata.annotations");
        let count = self.at(&path).map_or(0, |annotations| annotations.entries().count());
        Edit::remove(if count == 1 { path } else { path.field(key.to_owned()) })
    }
}

impl Proposal {
    /// A proposal by a row, so far without anything to do.
    fn by(row: &'static Row) -> Self {
        Self {
            row,
            fix: Fix {
                title: Cow::Borrowed(row.title),
                grade: row.grade,
                evidence: Cow::Borrowed(row.evidence),
                edits: Vec::new(),
            },
            wanted: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Says more exactly what is done.
    fn titled(mut self, scene: &Scene<'_, '_>, title: impl FnOnce() -> Cow<'static, str>) -> Self {
        if !scene.brief {
            self.fix.title = title();
        }
        self
    }

    /// Adds something to look at.
    fn hint(
        mut self,
        scene: &Scene<'_, '_>,
        hint: impl FnOnce() -> Option<Cow<'static, str>>,
    ) -> Self {
        if !scene.brief {
            self.hints.extend(hint());
        }
        self
    }

    /// Adds an answer that would decide.
    fn want(mut self, scene: &Scene<'_, '_>, wanted: impl FnOnce() -> Wanted) -> Self {
        if !scene.brief {
            self.wanted.push(wanted());
        }
        self
    }
}

#[cfg(test)]
mod grades;
#[cfg(test)]
mod tests;
