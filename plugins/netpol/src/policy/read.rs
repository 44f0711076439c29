//! Reading policies: which objects are some, and what they say once the server's defaults are in.
//!
//! A policy that is held by a server was valid when it was written; [`read`] takes whatever some
//! release takes. What is still to be written is first asked to be valid for one: [`read_new`].

use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Mark;
use posture::model::version::Minor;

use super::validate::{self, Refusal};
use super::{Policy, admin, network_policy};

/// The API group of `NetworkPolicy`.
pub const NETWORKING: &str = "networking.k8s.io";

/// The API group of `ClusterNetworkPolicy`, `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy`.
/// Others have kinds of the same names: only the group tells them apart.
pub const POLICY: &str = "policy.networking.k8s.io";

/// What an object is.
#[derive(Clone, Debug)]
pub enum Read {
    /// A policy.
    Policy(Policy),
    /// No policy of a kind that is read here.
    NotOurs,
    /// A policy that no server takes: it is not judged, since no server holds it.
    Refused(Refused),
}

/// Why a policy is refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// In the server's words; names and values of the object stand in it as they are.
    pub message: String,
    /// The first field that is at fault.
    pub path: FieldPath,
    /// Where it stands, or what is nearest to it; nothing for what was read from a cluster.
    pub mark: Option<Mark>,
}

impl Refused {
    /// A refusal, with the place of the field that it names.
    fn new(object: &Object, refusal: Refusal) -> Self {
        let mark = posture::model::mark::nearest(object.value(), &refusal.path).to_show();
        Self { message: refusal.message, path: refusal.path, mark }
    }
}

/// The kinds of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// `NetworkPolicy` of `networking.k8s.io`.
    NetworkPolicy,
    /// `ClusterNetworkPolicy` of `policy.networking.k8s.io`.
    ClusterNetworkPolicy,
    /// `AdminNetworkPolicy` of `policy.networking.k8s.io`.
    AdminNetworkPolicy,
    /// `BaselineAdminNetworkPolicy` of `policy.networking.k8s.io`.
    BaselineAdminNetworkPolicy,
}

impl PolicyKind {
    /// The kind of an object by group and kind, whatever its version; `None` for others.
    pub fn of(object: &Object) -> Option<Self> {
        Some(match (object.group(), object.kind()) {
            // Since 1.22 no server serves the old group, and validation says so.
            (NETWORKING | "extensions", "NetworkPolicy") => Self::NetworkPolicy,
            (POLICY, "ClusterNetworkPolicy") => Self::ClusterNetworkPolicy,
            (POLICY, "AdminNetworkPolicy") => Self::AdminNetworkPolicy,
            (POLICY, "BaselineAdminNetworkPolicy") => Self::BaselineAdminNetworkPolicy,
            _ => return None,
        })
    }
}

/// Reads an object that a server holds; `namespace` is the one that a `NetworkPolicy` is judged in.
///
/// Source: pkg/apis/networking/v1/defaults.go of Kubernetes, the types of
/// sigs.k8s.io/network-policy-api.
pub fn read(object: &Object, namespace: &str) -> Read {
    let Some(kind) = PolicyKind::of(object) else {
        return Read::NotOurs;
    };
    let read = match kind {
        PolicyKind::NetworkPolicy => network_policy::read(object, namespace),
        _ => admin::read(object, kind),
    };
    match read {
        Some(policy) => Read::Policy(policy),
        None => Read::Refused(Refused::new(object, refused(object, kind))),
    }
}

/// Reads an object that is to be written to a server: what that server would refuse is refused,
/// also what it would keep if it already held it.
pub fn read_new(object: &Object, namespace: &str, server: Minor) -> Read {
    match validate::refusal(object, server) {
        Some(refusal) => Read::Refused(Refused::new(object, refusal)),
        None => read(object, namespace),
    }
}

/// Why an object cannot be read that no server takes.
fn refused(object: &Object, kind: PolicyKind) -> Refusal {
    validate::refusal(object, validate::LAXEST).unwrap_or_else(|| Refusal {
        // No rule of validation is known for it: a selector that enforcers cannot read.
        message: format!("{kind:?} cannot be read"),
        path: FieldPath::of("spec"),
    })
}
