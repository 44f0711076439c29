//! What the API server refuses of a policy, in its words.
//!
//! Sources: pkg/apis/networking/validation/validation.go and pkg/api/validation of Kubernetes; for
//! the other kinds the definitions of sigs.k8s.io/network-policy-api.

mod admin;
mod faults;
mod metadata;
mod network_policy;
mod selectors;

use posture::model::decode;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::quote::go_quote;
use posture::model::version::Minor;

use super::read::{NETWORKING, POLICY, PolicyKind};
use faults::Faults;

pub use faults::Fault;

/// A release whose rules refuse nothing that another takes.
pub const LAXEST: Minor = Minor(35);

/// The first release that refuses blocks with bits behind the prefix, leading zeros or addresses of
/// IPv4 in the form of IPv6 (`StrictIPCIDRValidation` is on).
const STRICT_BLOCKS: Minor = Minor(36);

/// The first release with `+k8s:required` on `cidr`.
const DECLARED: Minor = Minor(37);

/// Whose rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The release of the program: its words.
    pub program: Minor,
    /// The release that it behaves as: its rules.
    pub emulated: Minor,
}

impl Rules {
    /// Those of a release that emulates no other.
    pub fn of(server: Minor) -> Self {
        Self { program: server, emulated: server }
    }

    /// Whether blocks must be written in one way only.
    fn strict_blocks(self) -> bool {
        self.emulated >= STRICT_BLOCKS
    }

    /// Whether what is declared in the types is said after all else (`DeclarativeValidationBeta`).
    fn declared_last(self) -> bool {
        self.program >= DECLARED && self.emulated >= STRICT_BLOCKS
    }
}

/// Why the server refuses an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// All that it says.
    pub message: String,
    /// The first field that it names.
    pub path: FieldPath,
}

/// Everything that is wrong with an object that the server can decode, in the order in which the
/// server says it; nothing for objects that are no policies.
pub fn validate(object: &Object, server: Minor) -> Vec<Fault> {
    faults(object, Rules::of(server))
}

/// Why a server does not take an object as a new one; `None` where it does, and for objects that
/// are no policies.
pub fn refusal(object: &Object, server: Minor) -> Option<Refusal> {
    refusal_by(object, Rules::of(server))
}

/// The same, by a server that may emulate another release.
pub fn refusal_by(object: &Object, rules: Rules) -> Option<Refusal> {
    let kind = PolicyKind::of(object)?;
    if let Some(message) = no_match(object, kind) {
        return Some(Refusal { message, path: FieldPath::of("apiVersion") });
    }
    if let Some(refusal) = decode::decode(object).refusal {
        return Some(Refusal { message: refusal.message, path: refusal.path });
    }
    let faults = faults(object, rules);
    let path = faults.first()?.path.clone();
    let mut said: Vec<&str> = Vec::with_capacity(faults.len());
    for fault in &faults {
        // The server says nothing twice.
        if !said.contains(&fault.message.as_str()) {
            said.push(&fault.message);
        }
    }
    let said = match said[..] {
        [one] => one.to_owned(),
        _ => format!("[{}]", said.join(", ")),
    };
    let (kind, name) = (object.kind(), go_quote(object.name()));
    let message = format!("{kind}.{} {name} is invalid: {said}", object.group());
    Some(Refusal { message, path })
}

/// Whether the name of a port is one (`IsValidPortName`).
pub fn is_port_name(name: &str) -> bool {
    network_policy::port_name_faults(name).is_empty()
}

fn faults(object: &Object, rules: Rules) -> Vec<Fault> {
    let mut faults = Faults::new(rules);
    if let Some(kind) = PolicyKind::of(object) {
        metadata::validate(object, &mut faults);
        match kind {
            PolicyKind::NetworkPolicy => network_policy::validate(object, &mut faults),
            _ => admin::validate(object, kind, &mut faults),
        }
    }
    faults.finish()
}

/// Why no server knows the type of an object: kubectl's words. Definitions of the other group may
/// come in versions that are not known yet.
fn no_match(object: &Object, kind: PolicyKind) -> Option<String> {
    let version = object.api_version();
    let known = match kind {
        PolicyKind::NetworkPolicy => version.strip_prefix(NETWORKING) == Some("/v1"),
        _ => version.strip_prefix(POLICY).is_some_and(|version| version.len() > 1),
    };
    let (kind, version) = (go_quote(object.kind()), go_quote(version));
    (!known).then(|| format!("no matches for kind {kind} in version {version}"))
}
