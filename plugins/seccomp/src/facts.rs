//! What the checks look at: a pod, what confines its containers, and what the cluster says beside.

use std::collections::BTreeMap;

use crate::effective::{Confinement, Effective, Own, Place, Pod, Source};
use crate::named::{self, Profile};

/// How many nodes are named.
const SHOWN: usize = 3;

/// Files of profiles that are known to be missing on nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing(BTreeMap<String, BTreeMap<String, String>>);

impl Missing {
    /// Takes in that the file at a path is missing on a node. `evidence` is a clause that says who
    /// says so.
    pub fn add(&mut self, path: &str, node: &str, evidence: &str) {
        let nodes = self.0.entry(path.to_owned()).or_default();
        nodes.insert(node.to_owned(), evidence.to_owned());
    }

    /// The nodes that lack the file at a path, each with the evidence.
    pub fn of<'a>(&'a self, path: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let nodes = self.0.get(path).into_iter().flatten();
        nodes.map(|(node, evidence)| (node.as_str(), evidence.as_str()))
    }
}

/// What should have been done to a pod on admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Who should have done it: `Assign default-seccomp`.
    pub setter: String,
    /// What would have been set: `RuntimeDefault`.
    pub profile: String,
    /// Why it may not have been done: a clause, where something is known.
    pub why: Option<String>,
}

/// What the checks look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f, 'a> {
    /// The pod or template.
    pub pod: &'f Pod<'a>,
    /// What confines its containers: [`Pod::confinements`].
    pub confinements: &'f [Confinement],
    /// Files of profiles that are known to be missing.
    pub missing: &'f Missing,
    /// What should have been done to the pod on admission.
    pub expected: &'f [Expected],
    /// Who put the fields of the pod there that its owner's template does not have, where that is
    /// known: a phrase.
    pub setter: Option<&'f str>,
}

impl<'f, 'a> Facts<'f, 'a> {
    /// Every container with what confines it.
    pub(crate) fn containers(self) -> impl Iterator<Item = (&'f Own<'a>, &'f Confinement)> {
        self.pod.containers.iter().zip(self.confinements)
    }

    /// Every container for which a source decides on some node.
    pub(crate) fn decided_by(
        self,
        source: Source,
    ) -> impl Iterator<Item = (&'f Own<'a>, &'f Confinement)> {
        self.containers().filter(move |(_, one)| one.places.iter().any(|place| place.by == source))
    }

    /// The position of the annotation that somebody took to confine a container, and that nothing
    /// reads.
    pub(crate) fn forgotten(self, own: &Own<'_>) -> Option<usize> {
        let (position, own) = match own.annotation {
            Some(position) => (position, Some(own)),
            None => (self.pod.annotation?, None),
        };
        let asked = Profile::of_annotation(&self.pod.annotations.get(position)?.value)?;
        (asked != Profile::Unconfined && !self.pod.is_read(own)).then_some(position)
    }
}

/// How a container is called: `init container setup`.
pub(crate) fn title(own: &Own<'_>) -> String {
    named::title(&own.container)
}

/// The names, as many as a sentence holds.
pub(crate) fn names<S: AsRef<str>>(names: &[S]) -> String {
    first(names, SHOWN)
}

/// So many of the names, and how many more there are.
pub(crate) fn first<S: AsRef<str>>(names: &[S], shown: usize) -> String {
    let more = names.len().saturating_sub(shown);
    let shown = names.iter().take(shown).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match more {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// ` on a, b and 3 more`; nothing where no node is known.
pub(crate) fn on(place: &Place) -> String {
    match &*place.nodes {
        [] => String::new(),
        nodes => format!(" on {}", names(nodes)),
    }
}

/// What a container runs with, for sentences.
pub(crate) fn words(effective: &Effective) -> String {
    match effective {
        Effective::RuntimeDefault => "with RuntimeDefault".to_owned(),
        Effective::Unconfined => "unconfined".to_owned(),
        Effective::Localhost(path) => format!("with Localhost {path}"),
        Effective::NotApplicable => "on Windows, which has no seccomp".to_owned(),
        Effective::Other(kind) => format!("with a profile of the type {kind}"),
        Effective::Refused(why) => format!("not at all: {why}"),
        Effective::Unknown(why) => format!("with what is not known: {why}"),
        Effective::Depends => "not the same on all nodes".to_owned(),
    }
}
