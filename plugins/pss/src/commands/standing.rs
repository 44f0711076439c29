//! What a report says about one namespace.

use posture::finding::check::Severity;
use serde::Serialize;

use super::verdict::Verdict;
use crate::census::{Controls, Member, Name, Standing};
use crate::level::Level;
use crate::namespace::{Mode, NamespacePolicy, Why};
use crate::relabel::survey::MAX_PODS;

/// What a namespace asks for in one mode.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AskedReport {
    /// `privileged`, `baseline` or `restricted`.
    pub level: &'static str,
    /// `latest` or `v1.37`.
    pub version: String,
    /// `label`, `default`, `warn follows enforce` …: where the level comes from.
    pub why: &'static str,
}

/// What a namespace asks for.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AskedReports {
    /// Refuses pods.
    pub enforce: AskedReport,
    /// Warns the client.
    pub warn: AskedReport,
    /// Notes it in the audit log.
    pub audit: AskedReport,
}

/// A workload in the way of a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blocker {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many of its running pods are concerned.
    pub pods: usize,
    /// The controls that it fails.
    pub controls: Vec<&'static str>,
}

impl Blocker {
    fn new((name, member, controls): (&Name, &Member, Controls)) -> Self {
        Self {
            api_version: name.api_version.clone(),
            kind: name.kind.clone(),
            name: name.name.clone(),
            pods: member.pods,
            controls: controls.iter().map(crate::checks::PssCheck::id).collect(),
        }
    }

    /// `deployment/web`
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// The level after the one that everything meets.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NextLevel {
    /// `baseline` or `restricted`
    pub level: &'static str,
    /// What stands in its way, fewest controls first.
    pub blocked: Vec<Blocker>,
}

/// What the server would not say if it were asked with `kubectl label --dry-run=server`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unseen {
    /// Workloads in the way of the next level that have no such pod now: a CronJob between its runs,
    /// what is scaled to zero, templates that changed since.
    pub without_pods: usize,
    /// Pods beyond the first 3,000, at which the server stops to look.
    pub beyond_limit: usize,
    /// Pods that have ended: the server warns of them, though nothing becomes of them.
    pub ended: usize,
}

/// What `kubectl pss check ns` adds to a Namespace in a report.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the report")]
pub struct NamespaceDetail {
    /// The strictest level that every pod and every template in it meets, by the version that the
    /// namespace enforces: the newest rules of the server, unless a label pins others. Where not
    /// everything could be read, it may be less.
    pub meets: &'static str,
    /// What its labels ask for; absent if they could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks: Option<AskedReports>,
    /// Whether the server leaves the namespace alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exempt: bool,
    /// Whether it is one of the cluster's own.
    pub system: bool,
    /// Whether it meets more than it enforces: the label can be raised now.
    pub ready: bool,
    /// Whether some of its workloads could not be read: it may meet less.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Workloads, and pods that nobody controls.
    pub workloads: usize,
    /// Pods, those that have ended too.
    pub pods: usize,
    /// What stands between it and the next level; absent at restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextLevel>,
    /// What runs, or waits to run, and would be refused if its pods were created again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latent: Vec<Blocker>,
    /// What the server's own dry-run would not show.
    pub unseen: Unseen,
}

impl NamespaceDetail {
    /// Sums a namespace up.
    pub fn new(
        standing: &Standing,
        policy: Option<&NamespacePolicy>,
        exempt: bool,
        system: bool,
        partial: bool,
    ) -> Self {
        let meets = standing.meets();
        let enforced = policy.map(|policy| policy.modes.enforce.policy.level);
        let next = match meets {
            Level::Privileged => Some(Level::Baseline),
            Level::Baseline => Some(Level::Restricted),
            Level::Restricted => None,
        };
        let without_pods = next.map_or(0, |level| {
            standing.blockers(level).filter(|(_, member, _)| member.pods == 0).count()
        });
        let ended_in_the_way =
            next.is_some_and(|level| !standing.ended_obstacles.of_level(level).is_empty());
        Self {
            meets: meets.as_str(),
            asks: policy.map(asked),
            exempt,
            system,
            partial,
            ready: !exempt && !partial && enforced.is_some_and(|enforced| meets > enforced),
            workloads: standing.workloads,
            pods: standing.pods,
            next: next.map(|level| NextLevel {
                level: level.as_str(),
                blocked: sorted(standing.blockers(level).map(Blocker::new).collect()),
            }),
            latent: sorted(standing.objected(Mode::Enforce).map(Blocker::new).collect()),
            unseen: Unseen {
                without_pods,
                beyond_limit: standing.pods.saturating_sub(MAX_PODS),
                ended: if ended_in_the_way { standing.ended } else { 0 },
            },
        }
    }

    /// How much work it is to the next level: none where it is ready for more than it enforces,
    /// else the number of workloads in the way. What has nothing above it comes last.
    pub fn work(&self) -> usize {
        match &self.next {
            _ if self.ready => 0,
            Some(next) => next.blocked.len(),
            None if self.partial => usize::MAX - 1,
            None => usize::MAX,
        }
    }
}

/// Fewest controls first: the least work.
fn sorted(mut blockers: Vec<Blocker>) -> Vec<Blocker> {
    blockers.sort_by(|a, b| {
        (a.controls.len(), &a.kind, &a.name).cmp(&(b.controls.len(), &b.kind, &b.name))
    });
    blockers
}

fn asked(policy: &NamespacePolicy) -> AskedReports {
    let of = |mode: Mode| {
        let chosen = policy.modes.get(mode);
        AskedReport {
            level: chosen.policy.level.as_str(),
            version: chosen.policy.version.to_string(),
            why: match chosen.level_why {
                Why::Label => "label",
                Why::Default => "default",
                Why::WarnFollowsEnforce => "warn follows enforce",
                Why::InvalidLabelFailsClosed => "invalid label, so restricted",
                Why::InvalidLabelFailsOpen => "invalid label, so privileged",
                Why::Assumed => "assumed",
            },
        }
    };
    AskedReports { enforce: of(Mode::Enforce), warn: of(Mode::Warn), audit: of(Mode::Audit) }
}

/// The gravest thing that a mode objects to in a namespace, and how much it weighs.
pub fn gravest(standing: &Standing) -> Option<(Mode, Severity)> {
    Verdict::MODES.into_iter().find(|(mode, _)| standing.objected(*mode).next().is_some())
}
