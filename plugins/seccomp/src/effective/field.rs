//! What a profile in a field says, and whether the API server takes it.

use posture::model::node::{Type, Value};
use posture::model::version::{Minor, NEWEST};

use super::node::Kubelet;
use super::{Effective, Scene};
use crate::named::{PATH, Profile, refusal};

/// The first releases of the API server that keep the field.
pub(crate) const SINCE: Minor = Minor(19);

/// The oldest kubelets that servers work with are three releases older, from 1.28 on.
const SKEW: u16 = 3;

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// One of the three profiles.
    Profile(Profile),
    /// `Localhost` with a path that is empty: the API server takes it.
    EmptyPath,
    /// A type that this build does not know, and a server took or may take.
    Other(String),
    /// The API server does not take it: why, as a clause.
    Refused(String),
}

impl Said {
    /// Reads the value of a field. `is_stored` says that a server has taken it.
    ///
    /// Source: `validateSeccompProfileField` of Kubernetes' `pkg/apis/core/validation`.
    pub(super) fn read(value: Value<'_>, server: Minor, is_stored: bool) -> Self {
        let refused = |why: &str| Self::Refused(why.to_owned());
        if value.value_type() != Type::Object {
            return refused("seccompProfile must be a mapping");
        }
        let is_text = |key: &str| value.field(key).is_none_or(|value| value.as_str().is_some());
        if !is_text("type") || !is_text(PATH) {
            return refused("type and localhostProfile must be strings");
        }
        let text = |key: &str| value.field(key).and_then(|value| value.as_str());
        let path = text(PATH);
        match (text("type").unwrap_or_default(), path) {
            ("", _) => refused("a seccompProfile needs a type"),
            ("Localhost", None) => refused("Localhost needs a localhostProfile"),
            ("Localhost", Some("")) => Self::EmptyPath,
            ("Localhost", Some(path)) => match refusal(path) {
                Some(why) => Self::Refused(format!("the path of the profile {why}")),
                None => Self::Profile(Profile::Localhost(path.to_owned())),
            },
            ("RuntimeDefault" | "Unconfined", Some(_)) => {
                refused("localhostProfile can only be set beside the type Localhost")
            }
            ("RuntimeDefault", None) => Self::Profile(Profile::RuntimeDefault),
            ("Unconfined", None) => Self::Profile(Profile::Unconfined),
            (other, _) if is_stored || server > NEWEST => Self::Other(other.to_owned()),
            (other, _) => {
                Self::Refused(format!("{other:?} is no type that servers of {server} know"))
            }
        }
    }

    /// What comes of it on a kubelet.
    pub(super) fn effective(&self, kubelet: Option<Kubelet>, scene: &Scene) -> Effective {
        match self {
            Self::Profile(profile) => Effective::from(profile),
            Self::EmptyPath => without_path(kubelet, scene.server()),
            Self::Other(kind) => Effective::Other(kind.clone()),
            Self::Refused(why) => Effective::Unknown(why.clone()),
        }
    }
}

impl From<&Profile> for Effective {
    fn from(profile: &Profile) -> Self {
        match profile {
            Profile::RuntimeDefault => Self::RuntimeDefault,
            Profile::Unconfined => Self::Unconfined,
            Profile::Localhost(path) => Self::Localhost(path.clone()),
        }
    }
}

/// What kubelets make of `Localhost` without a path: the older ones ran the container unconfined
/// (CVE-2023-2431), the others do not create it.
fn without_path(kubelet: Option<Kubelet>, server: Minor) -> Effective {
    let safe = "the kubelet creates no container from a Localhost profile without a path";
    match kubelet {
        Some(kubelet) if is_vulnerable(kubelet) => Effective::Unconfined,
        Some(_) => Effective::Refused(safe.to_owned()),
        None if server >= Minor(FIXED + SKEW) => Effective::Refused(safe.to_owned()),
        None => Effective::Unknown(
            "Localhost without a path is no profile at all on kubelets before CVE-2023-2431 was \
             mended, and the release of the kubelet is not known"
                .to_owned(),
        ),
    }
}

/// The first minor whose every release has the fix.
const FIXED: u16 = 28;

/// Whether a kubelet runs `Localhost` without a path unconfined.
///
/// Source: CVE-2023-2431, kubernetes/kubernetes#118690.
pub fn is_vulnerable(kubelet: Kubelet) -> bool {
    match kubelet.minor.0 {
        ..=23 => true,
        24 => kubelet.patch <= 13,
        25 => kubelet.patch <= 9,
        26 => kubelet.patch <= 4,
        27 => kubelet.patch <= 1,
        FIXED.. => false,
    }
}
