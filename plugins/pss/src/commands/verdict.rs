//! What a report says about one object beyond the common fields.

use posture::finding::check::Severity;
use serde::Serialize;

use crate::admit::{Admission, Decision, ModeDecision};
use crate::namespace::Mode;

/// The verdict on an object, the gravest that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing to object.
    Allowed,
    /// Admitted, and an annotation is added to the audit log.
    Audited,
    /// Admitted, and the client is warned.
    Warned,
    /// The pod, or every pod that the object creates, is refused.
    Rejected,
    /// The API server cannot decode or accept the object at all.
    Invalid,
}

impl Verdict {
    /// What each mode leads to, the gravest first.
    pub const MODES: [(Mode, Severity); 3] = [
        (Mode::Enforce, Severity::Error),
        (Mode::Warn, Severity::Warning),
        (Mode::Audit, Severity::Info),
    ];

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Audited => "audited",
            Self::Warned => "warned",
            Self::Rejected => "rejected",
            Self::Invalid => "invalid",
        }
    }

    /// How much it weighs; nothing when all is well.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Allowed => None,
            Self::Audited => Some(Severity::Info),
            Self::Warned => Some(Severity::Warning),
            Self::Rejected | Self::Invalid => Some(Severity::Error),
        }
    }

    /// The gravest mode that objects to the object or to its pods.
    pub fn of(admission: &Admission) -> Self {
        let modes = admission.decisions().filter_map(Decision::gravest);
        modes.map(Self::of_mode).max().unwrap_or(Self::Allowed)
    }

    /// The verdict that a mode leads to when it objects.
    pub fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Enforce => Self::Rejected,
            Mode::Warn => Self::Warned,
            Mode::Audit => Self::Audited,
        }
    }
}

/// What one mode says.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModeReport {
    /// `privileged`, `baseline` or `restricted`.
    pub level: &'static str,
    /// `latest` or `v1.37`.
    pub version: String,
    /// Whether the mode has nothing to object.
    pub allowed: bool,
    /// The list of violations as the API server prints it; empty if there are none.
    pub message: String,
}

impl From<&ModeDecision> for ModeReport {
    fn from(decision: &ModeDecision) -> Self {
        Self {
            level: decision.policy.level.as_str(),
            version: decision.policy.version.to_string(),
            allowed: decision.allowed(),
            message: decision.message(),
        }
    }
}

/// What the three modes say.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModesReport {
    /// Refuses pods; never a workload object itself.
    pub enforce: ModeReport,
    /// Warns the client.
    pub warn: ModeReport,
    /// Notes it in the audit log.
    pub audit: ModeReport,
}

impl From<&Decision> for ModesReport {
    fn from(decision: &Decision) -> Self {
        let modes = &decision.modes;
        Self {
            enforce: (&modes.enforce).into(),
            warn: (&modes.warn).into(),
            audit: (&modes.audit).into(),
        }
    }
}

/// What is said about the pod that an object creates.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PodReport {
    /// What the three modes say about it.
    pub modes: ModesReport,
}

/// What is said about the pod once what is assumed has happened to it: the object's `verdict` and
/// `message` rest on it. `modes` and `pod.modes` say what would be without.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AssumedReport {
    /// What has changed the pod: `istio`, `linkerd (cni)`, the name of a patch file.
    pub by: Vec<String>,
    /// What the three modes say about the pod then.
    pub modes: ModesReport,
    /// The checks that fail then and would not without.
    pub breaks: Vec<&'static str>,
    /// The checks that would fail without and do not then.
    pub mends: Vec<&'static str>,
    /// The containers and volumes that are new: `spec.initContainers[istio-init]`.
    pub added: Vec<String>,
    /// What leaves the pod alone, and why: `istio: hostNetwork is true`.
    pub untouched: Vec<String>,
}

/// What `kubectl pss` adds to an object in a report.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PssDetail {
    /// The strictest level that its pods meet, by the newest rules of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meets: Option<&'static str>,
    /// Why this policy applies.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub policy: String,
    /// What is said about the object itself. Absent for what cannot be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<ModesReport>,
    /// What is said about the pod that it would create. Absent for a Pod, which is its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodReport>,
    /// What is said about the pod once what is assumed has happened to it. Absent where nothing is
    /// assumed, or what comes of it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed: Option<AssumedReport>,
}

impl posture::render::wide::Columns for PssDetail {
    const HEADINGS: &'static [&'static str] = &["MEETS", "ENFORCE", "WARN", "AUDIT"];

    fn cells(&self) -> Vec<String> {
        let pod = self.pod.as_ref().map(|pod| &pod.modes).or(self.modes.as_ref());
        let cell = |mode: Option<&ModeReport>| {
            mode.map_or_else(|| "-".to_owned(), |mode| format!("{}:{}", mode.level, mode.version))
        };
        vec![
            self.meets.unwrap_or("-").to_owned(),
            cell(pod.map(|modes| &modes.enforce)),
            cell(pod.map(|modes| &modes.warn)),
            cell(pod.map(|modes| &modes.audit)),
        ]
    }
}
