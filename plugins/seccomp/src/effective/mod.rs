//! What confines every container of a pod: who decides it, and what that comes to on its node.
//!
//! The kubelet takes the profile of the container, else that of the pod, else its own default; a
//! privileged container has none. What `RuntimeDefault` means is the runtime's matter.
//! Source: `getSeccompProfile` of Kubernetes' `pkg/kubelet/kuberuntime`.

mod chain;
mod field;
mod node;
mod pod;
mod scene;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use posture::model::container::ContainerKind;
use posture::model::path::FieldPath;

pub(crate) use self::field::SINCE as FIELD_SINCE;
pub use self::field::{Said, is_vulnerable};
pub use self::node::{How, Kubelet, Node, SECCOMP_DEFAULT_SINCE, SeccompDefault, Told};
pub use self::pod::{Field, Own, Pod, Refusal};
pub use self::scene::Scene;
pub(crate) use self::scene::names_windows;
pub use crate::capabilities::bounding_set;

/// What a container runs with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effective {
    /// The default of the container runtime.
    RuntimeDefault,
    /// No profile at all.
    Unconfined,
    /// A file on the node, by its path below the kubelet's folder of profiles.
    Localhost(String),
    /// A Windows container: there is no seccomp.
    NotApplicable,
    /// A type that this build does not know, and the API server took.
    Other(String),
    /// No such container comes to run: the API server or the kubelet refuses it. Why, as a clause.
    Refused(String),
    /// Not known: why, as a clause.
    Unknown(String),
    /// Not the same on all nodes that it may run on: see [`Confinement::places`].
    Depends,
}

impl fmt::Display for Effective {
    /// In one or two words: `Localhost profiles/web.json`, `n/a`, `unknown`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RuntimeDefault => f.write_str("RuntimeDefault"),
            Self::Unconfined => f.write_str("Unconfined"),
            Self::Localhost(path) => write!(f, "Localhost {path}"),
            Self::NotApplicable => f.write_str("n/a"),
            Self::Other(kind) => f.write_str(kind),
            Self::Refused(_) => f.write_str("refused"),
            Self::Unknown(_) => f.write_str("unknown"),
            Self::Depends => f.write_str("depends on the node"),
        }
    }
}

/// What has a say in what confines a container, in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `spec.os.name`, the selector of nodes, or the node itself.
    Windows,
    /// `securityContext.privileged` of the container.
    Privileged,
    /// `securityContext.seccompProfile` of the container.
    ContainerField,
    /// The annotation for the container.
    ContainerAnnotation,
    /// `spec.securityContext.seccompProfile`
    PodField,
    /// The annotation for the pod.
    PodAnnotation,
    /// `seccompDefault` of the kubelet.
    Kubelet,
    /// What the runtime gives a container that asks for its default.
    Runtime,
}

impl Source {
    /// The word for it in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Privileged => "privileged",
            Self::ContainerField => "container",
            Self::ContainerAnnotation => "containerAnnotation",
            Self::PodField => "pod",
            Self::PodAnnotation => "podAnnotation",
            Self::Kubelet => "kubelet",
            Self::Runtime => "runtime",
        }
    }
}

/// What part a source has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It decides.
    Decides,
    /// It says something, but what decides stands above it.
    Overruled,
    /// It says something that nobody reads.
    Void,
    /// It says nothing.
    Silent,
    /// It says what the decision comes to.
    Means,
}

impl Role {
    /// The word for it in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decides => "decides",
            Self::Overruled => "overruled",
            Self::Void => "void",
            Self::Silent => "silent",
            Self::Means => "means",
        }
    }
}

/// One source, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which one.
    pub source: Source,
    /// What part it has.
    pub role: Role,
    /// What it says: a phrase; `not set` where it says nothing.
    pub says: String,
    /// Where that stands, from the object's root; `None` for what stands in no object.
    pub path: Option<FieldPath>,
    /// The nodes that it is about; empty for all.
    pub nodes: Arc<[String]>,
}

/// What a container runs with on nodes that do not differ in what decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The names of the nodes; empty where none is known.
    pub nodes: Arc<[String]>,
    /// What it runs with there; never [`Effective::Depends`].
    pub effective: Effective,
    /// What decides that.
    pub by: Source,
    /// The runtime there, as [`Node::runtime_name`] has it; empty where it is not known.
    pub runtime: Arc<str>,
}

/// What confines one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Which list it stands in.
    pub kind: ContainerKind,
    /// An init container that runs on beside the others (`restartPolicy: Always`).
    pub is_sidecar: bool,
    /// Its name; empty if it has none.
    pub name: String,
    /// The way to it from the object's root.
    pub path: FieldPath,
    /// What it runs with.
    pub effective: Effective,
    /// The same for each kind of node that it runs on or may run on; there is at least one.
    pub places: Vec<Place>,
    /// Every source in the order in which it is asked, with what it says.
    pub chain: Vec<Link>,
    /// What must be said with it: a sentence each, without a full stop.
    pub notes: Vec<String>,
}
