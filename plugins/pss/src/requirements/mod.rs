//! What may be asked for beyond the Pod Security Standards, one file each, with the document that
//! explains it. Nothing here runs unless `--require` names it.

use posture::finding::check::Check;
use posture::finding::nearest::nearest;
use posture::model::node::Value;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::version::Minor;
use posture::model::workload::PodTemplate;

use crate::quota::{Neighbours, Surroundings};
use crate::violation::{ContainerRef, Subject, Violation};

/// The word that selects all of them.
pub const GROUP: &str = "require";

/// Finds what is missing.
pub type Find = fn(&Facts<'_, '_>, &mut Answer);

/// Something that may be asked for.
#[derive(Debug)]
pub struct Requirement {
    /// Identifier, title and document.
    pub check: Check,
    /// The check itself.
    pub find: Find,
    /// The kinds beside the pod's own that it depends on, as (plural, kind) of the core group.
    pub needs: &'static [(&'static str, &'static str)],
}

/// What a requirement may know.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'r, 'a> {
    /// The object that the pod or template was found in.
    pub object: &'a Object,
    /// The pod or template.
    pub template: &'r PodTemplate<'a>,
    /// The release of the server.
    pub server: Minor,
    /// Whether quotas may count the pods already.
    pub counted: bool,
    /// What lives in its namespace.
    pub neighbours: &'r Neighbours,
    /// What lives in no namespace.
    pub around: &'r Surroundings,
}

/// A requirement that is not met.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    /// What is missing, where, and what to write instead.
    pub violation: Violation,
    /// What the server says of it, where it says something.
    pub says: Option<String>,
}

/// What a requirement finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What is not met.
    pub unmet: Vec<Unmet>,
    /// What the answer depends on and nobody knows.
    pub unknown: Vec<String>,
}

impl Answer {
    /// Adds what is not met.
    fn miss(&mut self, violation: Violation) {
        self.unmet.push(Unmet { violation, says: None });
    }
}

impl<'a> Facts<'_, 'a> {
    /// The pod's `spec`.
    fn spec(&self) -> Option<Value<'a>> {
        self.template.value.field("spec")
    }

    /// Every container of the pod.
    fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        self.spec().into_iter().flat_map(posture::model::container::containers)
    }

    /// Whether the pod is for Windows.
    fn is_windows(&self) -> bool {
        let os = self.spec().and_then(|spec| spec.field("os")?.field("name"));
        os.and_then(|name| name.as_str()) == Some("windows")
    }
}

type Container<'a> = posture::model::container::Container<'a>;

/// A container as the subject of a violation.
fn subject(container: &Container<'_>) -> Subject {
    Subject::Container(ContainerRef {
        kind: container.kind,
        index: container.index,
        name: container.name.to_owned(),
    })
}

/// The value at a path of the pod, if it is there and not null.
fn at<'a>(pod: Value<'a>, path: &FieldPath) -> Option<Value<'a>> {
    let (value, whole) = path.look_up(pod);
    (whole && !value.is_null()).then_some(value)
}

/// Registers requirements: one word each, which names both files.
macro_rules! register {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every requirement, in the order of their identifiers.
        pub static ALL: &[&Requirement] = &[$(&$name::CHECK),*];
    };
}

/// The identity of the requirement in the file of that name.
macro_rules! identity {
    ($id:literal, $title:literal, $document:literal) => {
        posture::finding::check::Check { id: $id, title: $title, document: include_str!($document) }
    };
}

register! {
    automount_service_account_token
    probes
    quota
    read_only_root_filesystem
    resource_limits
    resource_requests
}

/// The requirement with an identifier.
pub fn find(id: &str) -> Option<&'static Requirement> {
    ALL.iter().copied().find(|known| known.check.id == id)
}

/// The words that ask for several.
pub const WORDS: [(&str, &[&str]); 2] =
    [("all", &[]), ("resources", &["resourceLimits", "resourceRequests"])];

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Required(Vec<&'static Requirement>);

impl Required {
    /// What words ask for. Fails where one asks for nothing, and names all that do.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Self, String> {
        let mut found = Vec::new();
        for word in words.iter().map(AsRef::as_ref) {
            let several = WORDS.iter().find(|(name, _)| *name == word);
            let is_meant = |requirement: &Requirement| match several {
                Some((_, ids)) => ids.is_empty() || ids.contains(&requirement.check.id),
                None => requirement.check.id == word,
            };
            let meant: Vec<&str> =
                ALL.iter().filter(|known| is_meant(known)).map(|known| known.check.id).collect();
            if meant.is_empty() {
                return Err(unknown(word));
            }
            found.extend(meant);
        }
        let asked = ALL.iter().copied().filter(|known| found.contains(&known.check.id));
        Ok(Self(asked.collect()))
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a requirement is asked for.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|requirement| requirement.check.id == id)
    }

    /// The requirements, in the order of [`ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &'static Requirement> {
        self.0.iter().copied()
    }

    /// The kinds that they depend on beside pods, as (plural, kind) of the core group.
    pub fn needs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().flat_map(|requirement| requirement.needs.iter().copied())
    }
}

fn unknown(word: &str) -> String {
    let words = || ALL.iter().map(|known| known.check.id).chain(WORDS.map(|(name, _)| name));
    let meant = nearest(word, words()).map(|near| format!("; did you mean {near}?"));
    let known: Vec<&str> = words().collect();
    format!("{word:?} cannot be required{}; known: {}", meant.unwrap_or_default(), known.join(", "))
}

#[cfg(test)]
mod tests;
