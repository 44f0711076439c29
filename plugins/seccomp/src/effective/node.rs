//! What a node says of itself, as far as it decides what confines its containers.

use std::collections::BTreeMap;
use std::fmt;

use posture::model::node::Value;
use posture::model::object::Object;
use posture::model::version::Minor;

use crate::defaults::Runtime;
use crate::evaluate::Machine;
use crate::profile::Kernel;

/// The first kubelets that have `seccompDefault` at all.
///
/// Source: KEP-2413, alpha in 1.22.
pub const SECCOMP_DEFAULT_SINCE: Minor = Minor(22);

/// What a node calls something, and what could be read of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told<T> {
    /// Its own words; empty where it says nothing.
    pub text: String,
    /// What they mean, where that is known.
    pub known: Option<T>,
}

impl<T> Told<T> {
    fn read(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Self {
        Self { text: text.to_owned(), known: read(text) }
    }
}

/// The release of a kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kubelet {
    /// Of 1.27.3 the 27.
    pub minor: Minor,
    /// Of 1.27.3 the 3.
    pub patch: u16,
}

impl Kubelet {
    /// Reads `v1.27.3`, `v1.27.3+k3s1`, `v1.27.3-gke.100`. `None` for anything else, also for
    /// what names no patch: which one it is decides about faults.
    pub fn read(text: &str) -> Option<Self> {
        let minor = text.parse().ok()?;
        let patch = text.strip_prefix('v').unwrap_or(text).split('.').nth(2)?;
        let end = patch.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(patch.len());
        Some(Self { minor, patch: patch[..end].parse().ok()? })
    }
}

impl fmt::Display for Kubelet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minor, self.patch)
    }
}

/// How something is known that no object of the API shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Somebody said so on the command line.
    Assumed,
    /// The kubelet was asked for its configuration.
    Probed,
    /// The kubelet is of a release that has no such setting.
    Release,
}

impl How {
    /// As a clause: `as assumed`.
    pub fn clause(self) -> &'static str {
        match self {
            Self::Assumed => "as assumed",
            Self::Probed => "by its configuration",
            Self::Release => "kubelets before 1.22 do not have it",
        }
    }
}

/// Whether a kubelet runs with `seccompDefault`: it is never written to pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeccompDefault {
    /// Containers for which nothing is set run with `RuntimeDefault`.
    On(How),
    /// They run without a profile.
    Off(How),
    /// Not known: why, as a clause.
    Unknown(String),
}

impl fmt::Display for SeccompDefault {
    /// `seccompDefault is on, as assumed`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(how) => write!(f, "seccompDefault is on, {}", how.clause()),
            Self::Off(how) => write!(f, "seccompDefault is off, {}", how.clause()),
            Self::Unknown(why) => write!(f, "whether seccompDefault is on is not known: {why}"),
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// `metadata.name`
    pub name: String,
    /// `metadata.labels`, for `nodeSelector`.
    pub labels: BTreeMap<String, String>,
    /// `linux` or `windows`, where it says so.
    pub os: Option<String>,
    /// `status.nodeInfo.architecture`
    pub arch: Told<Machine>,
    /// `status.nodeInfo.kernelVersion`
    pub kernel: Told<Kernel>,
    /// `status.nodeInfo.containerRuntimeVersion`: the runtime and its version.
    pub runtime: Told<(Runtime, String)>,
    /// `status.nodeInfo.kubeletVersion`
    pub kubelet: Told<Kubelet>,
    /// Whether its kubelet runs with `seccompDefault`. The API does not show it: whoever knows
    /// writes it here.
    pub seccomp_default: SeccompDefault,
}

impl Node {
    /// What a Node says in `status.nodeInfo` and in its labels.
    pub fn of(object: &Object) -> Self {
        let info = object.value().get("status").and_then(|status| status.get("nodeInfo"));
        let text = |key: &str| {
            info.and_then(|info| info.get(key)).and_then(|value| value.as_str()).unwrap_or_default()
        };
        let os = match text("operatingSystem") {
            "" => object.label("kubernetes.io/os"),
            os => Some(os),
        };
        let kubelet = Told::read(text("kubeletVersion"), Kubelet::read);
        let is_old = kubelet.known.is_some_and(|known| known.minor < SECCOMP_DEFAULT_SINCE);
        Self {
            name: object.name().to_owned(),
            labels: labels(object.value()),
            os: os.map(str::to_owned),
            arch: Told::read(text("architecture"), |text| text.parse().ok()),
            kernel: Told::read(text("kernelVersion"), |text| text.parse().ok()),
            runtime: Told::read(text("containerRuntimeVersion"), runtime),
            kubelet,
            seccomp_default: if is_old {
                SeccompDefault::Off(How::Release)
            } else {
                SeccompDefault::Unknown("the API does not show it".to_owned())
            },
        }
    }

    /// Whether it runs Windows: seccomp is Linux's.
    pub fn is_windows(&self) -> bool {
        self.os.as_deref() == Some("windows")
    }

    /// Its runtime for people: `containerd 1.7.27`; its own words where nothing is known of it.
    pub fn runtime_name(&self) -> String {
        match &self.runtime.known {
            Some((runtime, version)) => format!("{runtime} {version}"),
            None => self.runtime.text.clone(),
        }
    }
}

fn labels(node: Value<'_>) -> BTreeMap<String, String> {
    let labels = node.get("metadata").and_then(|metadata| metadata.get("labels"));
    let entries = labels.into_iter().flat_map(|labels| labels.entries());
    let text = |value: Value<'_>| value.as_str().map(str::to_owned);
    entries.filter_map(|(key, value)| Some((text(key)?, text(value)?))).collect()
}

/// Reads `containerd://1.7.27`.
fn runtime(text: &str) -> Option<(Runtime, String)> {
    let (name, version) = text.split_once("://")?;
    Some((name.parse().ok()?, version.to_owned()))
}
