//! What a check found in one place of a pod. Messages are derived from these, never the reverse.

use std::borrow::Cow;

use posture::model::container::ContainerKind;
use posture::model::node::NodeId;
use posture::model::path::FieldPath;
use serde_json::Value as Json;

/// Which container a violation stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRef {
    /// Which list of the pod.
    pub kind: ContainerKind,
    /// The position in that list.
    pub index: usize,
    /// The container's name; empty if it has none.
    pub name: String,
}

/// Whose setting a violation is: what the messages of Pod Security Admission name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The pod itself.
    Pod,
    /// One of its containers.
    Container(ContainerRef),
    /// One of its volumes.
    Volume {
        /// The position in `spec.volumes`.
        index: usize,
        /// The volume's name; empty if it has none.
        name: String,
    },
    /// One of its annotations.
    Annotation {
        /// The annotation's key.
        key: String,
    },
}

/// How the setting is wrong, as far as the message needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is set to a forbidden value; the text is what the message prints of it.
    Forbidden(String),
    /// It is set, and the message names the field and not the value.
    MayNotBeSet(&'static str),
    /// It must be set and is not, or lacks what it must hold.
    Missing,
}

/// One thing that a policy forbids, at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Whose setting it is.
    pub subject: Subject,
    /// How it is wrong.
    pub fault: Fault,
    /// The field, from the pod (or pod template): starts with `spec` or `metadata`.
    pub path: FieldPath,
    /// Where the offending value stands in the pod's document. `None` if the field is missing:
    /// the nearest ancestor that exists is the place then ([`FieldPath::look_up`]).
    pub node: Option<NodeId>,
    /// The offending value; `None` if the field is missing.
    pub value: Option<Json>,
    /// The values that would be accepted, where they can be listed: an array.
    pub allowed: Option<Json>,
    /// What to write instead: an imperative half-sentence without a full stop.
    pub advice: Cow<'static, str>,
    /// Nobody wrote the value: the API server puts it there, and this clause says why. Such a
    /// violation goes away with the one that it follows from.
    pub derived: Option<&'static str>,
}

impl Violation {
    /// The container, where one is meant.
    pub fn container(&self) -> Option<&ContainerRef> {
        match &self.subject {
            Subject::Container(container) => Some(container),
            _ => None,
        }
    }

    /// A setting of the pod or of something in it that has a forbidden value.
    pub(crate) fn forbidden(subject: Subject, path: FieldPath, text: impl Into<String>) -> Self {
        Self::new(subject, Fault::Forbidden(text.into()), path)
    }

    /// A setting that must be there and is not.
    pub(crate) fn missing(subject: Subject, path: FieldPath) -> Self {
        Self::new(subject, Fault::Missing, path)
    }

    /// A violation of which only the essentials are known yet.
    pub(crate) fn new(subject: Subject, fault: Fault, path: FieldPath) -> Self {
        Self {
            subject,
            fault,
            path,
            node: None,
            value: None,
            allowed: None,
            advice: Cow::Borrowed(""),
            derived: None,
        }
    }

    /// Says where the value stands and what it is; nothing for a missing field.
    pub(crate) fn at(mut self, value: Option<posture::model::node::Value<'_>>) -> Self {
        self.node = value.map(|value| value.id());
        self.value = value.map(|value| value.to_json());
        self
    }

    /// Says which values would be accepted.
    pub(crate) fn allow(mut self, allowed: Json) -> Self {
        self.allowed = Some(allowed);
        self
    }

    /// Says what to write instead.
    pub(crate) fn advise(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Says that the API server puts the value there, and why.
    pub(crate) fn derive(mut self, because: Option<&'static str>) -> Self {
        self.derived = because;
        self
    }
}
