//! What a report says about one object beyond the common fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use posture::finding::acceptance;
use posture::finding::check::Severity;
use posture::model::container::ContainerKind;
use posture::render::wide::Columns;
use serde::Serialize;

use crate::effective::{Confinement, Effective, Link, Place};

/// The verdict on an object: that on its container that is worst off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// There is no seccomp for it: Windows.
    NotApplicable,
    /// A profile confines every container.
    Confined,
    /// Whether one does is not known, or not the same on all nodes.
    Unknown,
    /// A container runs without a profile.
    Unconfined,
    /// The API server or the kubelet would not let it run.
    Invalid,
}

impl Verdict {
    /// The word in reports.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "notApplicable",
            Self::Confined => "confined",
            Self::Unknown => "unknown",
            Self::Unconfined => "unconfined",
            Self::Invalid => acceptance::INVALID,
        }
    }

    /// The verdict on a container.
    fn of(effective: &Effective) -> Self {
        match effective {
            Effective::NotApplicable => Self::NotApplicable,
            Effective::RuntimeDefault | Effective::Localhost(_) | Effective::Other(_) => {
                Self::Confined
            }
            Effective::Unconfined => Self::Unconfined,
            Effective::Refused(_) => Self::Invalid,
            Effective::Unknown(_) | Effective::Depends => Self::Unknown,
        }
    }

    /// The gravest of all containers.
    pub(super) fn of_all<'a>(confinements: impl Iterator<Item = &'a Confinement>) -> Self {
        let each = confinements.map(|one| Self::of(&one.effective));
        each.max().unwrap_or(Self::NotApplicable)
    }

    /// How much it weighs by itself, before any finding.
    pub(super) fn severity(self) -> Option<Severity> {
        match self {
            Self::NotApplicable | Self::Confined => None,
            Self::Unknown => Some(Severity::Warning),
            Self::Unconfined | Self::Invalid => Some(Severity::Error),
        }
    }
}

/// A profile that a container runs with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EffectiveReport {
    /// `RuntimeDefault`, `Unconfined`, `Localhost` or another type that the API server knows;
    /// `NotApplicable` for Windows, `Refused` for what cannot run, `Unknown`, and `Depends` where
    /// nodes differ.
    #[serde(rename = "type")]
    pub kind: String,
    /// The path of `Localhost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localhost_profile: Option<String>,
    /// Why it is refused or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl From<&Effective> for EffectiveReport {
    fn from(effective: &Effective) -> Self {
        let (kind, localhost_profile, why) = match effective {
            Effective::RuntimeDefault => ("RuntimeDefault", None, None),
            Effective::Unconfined => ("Unconfined", None, None),
            Effective::Localhost(path) => ("Localhost", Some(path), None),
            Effective::NotApplicable => ("NotApplicable", None, None),
            Effective::Other(kind) => (kind.as_str(), None, None),
            Effective::Refused(why) => ("Refused", None, Some(why)),
            Effective::Unknown(why) => ("Unknown", None, Some(why)),
            Effective::Depends => ("Depends", None, None),
        };
        Self {
            kind: kind.to_owned(),
            localhost_profile: localhost_profile.cloned(),
            why: why.cloned(),
        }
    }
}

/// Names of nodes: of many the first, and how many more there are, so that a report does not grow
/// with objects times nodes.
#[derive(Clone, Debug)]
pub struct Nodes(Arc<[String]>);

/// How many nodes are named in a place of a report.
const NAMED: usize = 10;

impl Nodes {
    /// What tells those apart that are not the same list; of many objects most share one.
    pub(super) fn id(&self) -> usize {
        self.0.as_ptr().addr()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Deref for Nodes {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl Serialize for Nodes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self.0.iter().take(NAMED).map(|name| Cow::Borrowed(name.as_str()));
        let more = self.0.len().saturating_sub(NAMED);
        let rest = (more > 0).then(|| Cow::Owned(format!("and {more} more")));
        serializer.collect_seq(shown.chain(rest))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Nodes {
    fn schema_name() -> Cow<'static, str> {
        "Nodes".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = generator.subschema_for::<Vec<String>>();
        schema.insert(
            "description".to_owned(),
            "Names of nodes; behind the first ten how many more there are.".into(),
        );
        schema
    }
}

/// One source, and what it says.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkReport {
    /// Which: `privileged`, `container`, `pod`, `kubelet` …
    pub source: &'static str,
    /// `decides`, `overruled`, `void`, `silent` or `means`.
    pub role: &'static str,
    /// What it says.
    pub says: String,
    /// The field, from the object's root; absent for what stands in no object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The nodes that it is about; absent for all.
    #[serde(skip_serializing_if = "Nodes::is_empty")]
    pub nodes: Nodes,
}

impl From<&Link> for LinkReport {
    fn from(link: &Link) -> Self {
        Self {
            source: link.source.as_str(),
            role: link.role.as_str(),
            says: link.says.clone(),
            path: link.path.as_ref().map(ToString::to_string),
            nodes: Nodes(Arc::clone(&link.nodes)),
        }
    }
}

/// What a container runs with on nodes that do not differ.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceReport {
    /// The nodes; absent where none is known.
    #[serde(skip_serializing_if = "Nodes::is_empty")]
    pub nodes: Nodes,
    /// What it runs with there.
    pub effective: EffectiveReport,
    /// What decides that.
    pub by: &'static str,
    /// The runtime there, `containerd 1.7.27`; absent where it is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub runtime: String,
    /// The capabilities that it may have there; `explain` tells them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
}

impl From<&Place> for PlaceReport {
    fn from(place: &Place) -> Self {
        Self {
            nodes: Nodes(Arc::clone(&place.nodes)),
            effective: (&place.effective).into(),
            by: place.by.as_str(),
            runtime: place.runtime.to_string(),
            capabilities: Vec::new(),
        }
    }
}

/// What confines one container.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContainerReport {
    /// `container`, `initContainer`, `sidecar` or `ephemeralContainer`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What it runs with.
    pub effective: EffectiveReport,
    /// The same for each kind of node that it runs on or may run on.
    pub places: Vec<PlaceReport>,
    /// Every source in the order in which it is asked.
    pub chain: Vec<LinkReport>,
    /// What must be said with it, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl From<&Confinement> for ContainerReport {
    fn from(own: &Confinement) -> Self {
        Self {
            kind: kind(own),
            name: own.name.clone(),
            effective: (&own.effective).into(),
            places: own.places.iter().map(PlaceReport::from).collect(),
            chain: own.chain.iter().map(LinkReport::from).collect(),
            notes: own.notes.clone(),
        }
    }
}

/// What sort of container it is.
pub(in super::super) fn kind(own: &Confinement) -> &'static str {
    match own.kind {
        ContainerKind::Init if own.is_sidecar => "sidecar",
        ContainerKind::Init => "initContainer",
        ContainerKind::Normal => "container",
        ContainerKind::Ephemeral => "ephemeralContainer",
    }
}

/// Who would set a profile at admission, for this object.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetterReport {
    /// The object that does it, as kubectl names it.
    pub setter: String,
    /// `should`, `may` or `not`.
    pub verdict: &'static str,
    /// Why it may or does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What `kubectl seccomp` adds to an object in a report.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeccompDetail {
    /// Every container: init, normal, ephemeral. Absent for what cannot be judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerReport>,
    /// Who has set its profiles at admission, as far as that can be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_by: Vec<String>,
    /// What sets profiles on this cluster and would look at it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub setters: Vec<SetterReport>,
}

impl Columns for SeccompDetail {
    const HEADINGS: &'static [&'static str] = &["EFFECTIVE", "BY", "RUNTIME"];

    fn cells(&self) -> Vec<String> {
        let (mut effective, mut by, mut runtimes) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for container in &self.containers {
            *effective.entry(container.effective.kind.as_str()).or_insert(0) += 1;
            for place in &container.places {
                *by.entry(place.by).or_insert(0) += 1;
                if !place.runtime.is_empty() {
                    *runtimes.entry(place.runtime.as_str()).or_insert(0) += 1;
                }
            }
        }
        let counted = effective.iter().map(|(kind, count)| match count {
            1 if effective.len() == 1 => (*kind).to_owned(),
            count => format!("{kind}×{count}"),
        });
        let names = |of: &BTreeMap<&str, i32>| of.keys().copied().collect::<Vec<_>>().join(",");
        let cells = [counted.collect::<Vec<_>>().join(","), names(&by), names(&runtimes)];
        cells.map(|cell| if cell.is_empty() { "-".to_owned() } else { cell }).to_vec()
    }
}
