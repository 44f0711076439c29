//! What lives in a namespace, counted workload by workload: which levels each meets, and which
//! controls stand in the way.
//!
//! Objects come one at a time and are forgotten; what stays grows with the workloads that
//! something can be said about, not with their pods.

use std::collections::BTreeMap;

use posture::model::object::Object;
use posture::model::owners::{Controller, Owners, controller_of};
use posture::model::rollout;
use posture::model::workload::{Carrier, PodTemplate};

use crate::admission_config::Exemptions;
use crate::admit::{Request, exempt};
use crate::checks::{ALL, PssCheck};
use crate::evaluate::{Evaluator, Outcome};
use crate::level::{Level, LevelVersion, PolicyVersion};
use crate::namespace::{Mode, Modes, NamespacePolicy};
use crate::pod::Pod;

/// A set of checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controls(u32);

impl Controls {
    fn of(outcome: &Outcome) -> Self {
        outcome.results.iter().fold(Self::default(), |set, result| {
            let position = ALL.iter().position(|check| check.id() == result.check.id());
            Self(set.0 | position.map_or(0, |position| 1 << position))
        })
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The checks, in the order of the documents.
    pub fn iter(self) -> impl Iterator<Item = &'static PssCheck> {
        ALL.iter()
            .enumerate()
            .filter(move |(at, _)| self.0 & (1 << at) != 0)
            .map(|(_, check)| *check)
    }

    /// Those that are not in another set.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Adds another set.
    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What stands in the way of something, for one workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// Of baseline, by the version that the namespace enforces: the newest, unless one is pinned.
    pub baseline: Controls,
    /// Of restricted, by the same version.
    pub restricted: Controls,
    /// Of what the namespace asks for in each mode, by the version that it asks for.
    pub modes: Modes<Controls>,
}

impl Obstacles {
    /// The strictest level without an obstacle.
    pub fn meets(&self) -> Level {
        if !self.baseline.is_empty() {
            Level::Privileged
        } else if !self.restricted.is_empty() {
            Level::Baseline
        } else {
            Level::Restricted
        }
    }

    /// What stands in the way of a level.
    pub fn of_level(&self, level: Level) -> Controls {
        match level {
            Level::Privileged => Controls::default(),
            Level::Baseline => self.baseline,
            Level::Restricted => self.restricted,
        }
    }

    fn any(&self) -> bool {
        !self.baseline.is_empty()
            || !self.restricted.is_empty()
            || self.modes.iter().any(|(_, controls)| !controls.is_empty())
    }

    fn join(&mut self, other: &Self) {
        self.baseline.join(other.baseline);
        self.restricted.join(other.restricted);
        self.modes.enforce.join(other.modes.enforce);
        self.modes.audit.join(other.modes.audit);
        self.modes.warn.join(other.modes.warn);
    }
}

/// A workload, or a pod that nobody controls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// `Deployment`
    pub kind: String,
    /// Its name.
    pub name: String,
    /// `apps/v1`
    pub api_version: String,
}

impl Name {
    fn of(controller: Controller) -> Self {
        Self { kind: controller.kind, name: controller.name, api_version: controller.api_version }
    }
}

/// What is known of one workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its pods that something stands in the way of, and that have not ended.
    pub pods: usize,
    /// What stands in its way.
    pub obstacles: Obstacles,
}

impl Member {
    fn join(&mut self, other: &Self) {
        self.pods += other.pods;
        self.obstacles.join(&other.obstacles);
    }
}

/// What lives in one namespace.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The workloads that something stands in the way of.
    pub obstructed: BTreeMap<Name, Member>,
    /// Pods, those that have ended too: the server counts them.
    pub pods: usize,
    /// Pods that have ended.
    pub ended: usize,
    /// Pods that have ended and would not meet baseline or restricted: the server warns of them.
    pub ended_obstacles: Obstacles,
    /// Workloads and pods that nobody controls.
    pub workloads: usize,
}

impl Standing {
    /// The strictest level that everything in it meets.
    pub fn meets(&self) -> Level {
        let levels = self.obstructed.values().map(|member| member.obstacles.meets());
        levels.min().unwrap_or(Level::Restricted)
    }

    /// The workloads that stand in the way of a level.
    pub fn blockers(&self, level: Level) -> impl Iterator<Item = (&Name, &Member, Controls)> {
        self.obstructed.iter().filter_map(move |(name, member)| {
            let controls = member.obstacles.of_level(level);
            (!controls.is_empty()).then_some((name, member, controls))
        })
    }

    /// The workloads that a mode objects to.
    pub fn objected(&self, mode: Mode) -> impl Iterator<Item = (&Name, &Member, Controls)> {
        self.obstructed.iter().filter_map(move |(name, member)| {
            let controls = *member.obstacles.modes.get(mode);
            (!controls.is_empty()).then_some((name, member, controls))
        })
    }

    fn join(&mut self, other: Self) {
        for (name, member) in other.obstructed {
            self.obstructed.entry(name).or_default().join(&member);
        }
        self.pods += other.pods;
        self.ended += other.ended;
        self.ended_obstacles.join(&other.ended_obstacles);
        self.workloads += other.workloads;
    }
}

/// What was found out about one object, before it is counted.
#[derive(Clone, Debug)]
pub struct Judged {
    namespace: String,
    controller: Option<Controller>,
    own: Name,
    is_pod: bool,
    ended: bool,
    obstacles: Obstacles,
}

/// Judges a pod or a workload's template for the count.
///
/// `stored` says that the object was read from a cluster; for a pod that means: as it would be
/// judged if it were created again as it is.
pub fn judge(
    evaluator: &Evaluator,
    object: &Object,
    template: &PodTemplate<'_>,
    namespace: &str,
    policy: Option<&NamespacePolicy>,
    exemptions: &Exemptions,
    stored: bool,
) -> Judged {
    let is_pod = template.carrier == Carrier::Pod;
    let pod = if is_pod && stored {
        Pod::stored(template, evaluator.server())
    } else {
        Pod::created_from(template, evaluator.server())
    };
    let mut session = evaluator.session(&pod);
    // A version that the labels pin stays when the level is raised.
    let version =
        policy.map_or(PolicyVersion::Latest, |policy| policy.modes.enforce.policy.version);
    let mut meets = |level| Controls::of(&session.evaluate(LevelVersion { level, version }));
    let mut obstacles = Obstacles {
        baseline: meets(Level::Baseline),
        restricted: meets(Level::Restricted),
        modes: Modes::default(),
    };
    if let Some(policy) = policy {
        let request =
            Request { template, namespace, policy, exemptions, user: None, pod_user: None, stored };
        if exempt(&request, None, &pod).is_none() {
            let mut controls =
                |mode: Mode| Controls::of(&session.evaluate(policy.modes.get(mode).policy));
            obstacles.modes = Modes {
                enforce: controls(Mode::Enforce),
                audit: controls(Mode::Audit),
                warn: controls(Mode::Warn),
            };
        }
    }
    Judged {
        namespace: namespace.to_owned(),
        controller: controller_of(object.value()),
        own: Name {
            kind: object.kind().to_owned(),
            name: object.name().to_owned(),
            api_version: object.api_version().to_owned(),
        },
        is_pod,
        ended: is_pod && rollout::has_ended(object),
        obstacles,
    }
}

/// The count of many objects, of whatever namespaces.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// By namespace and direct controller; the root owner is known only in the end.
    members: BTreeMap<String, Tally>,
}

/// One namespace of a count under way.
#[derive(Clone, Debug, Default)]
struct Tally {
    standing: Standing,
    controlled: BTreeMap<Controller, Member>,
}

impl Census {
    /// Counts an object.
    pub fn add(&mut self, judged: Judged) {
        let tally = self.members.entry(judged.namespace).or_default();
        let standing = &mut tally.standing;
        standing.pods += usize::from(judged.is_pod);
        if judged.ended {
            standing.ended += 1;
            standing.ended_obstacles.join(&judged.obstacles);
            return;
        }
        let member = Member { pods: usize::from(judged.is_pod), obstacles: judged.obstacles };
        standing.workloads += usize::from(judged.controller.is_none());
        match judged.controller {
            Some(controller) if judged.obstacles.any() => {
                tally.controlled.entry(controller).or_default().join(&member);
            }
            None if judged.obstacles.any() => {
                standing.obstructed.entry(judged.own).or_default().join(&member);
            }
            Some(_) | None => {}
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (namespace, theirs) in other.members {
            let ours = self.members.entry(namespace).or_default();
            ours.standing.join(theirs.standing);
            for (controller, member) in theirs.controlled {
                ours.controlled.entry(controller).or_default().join(&member);
            }
        }
    }

    /// The count by namespace, with everything under its root owner.
    pub fn finish(self, owners: &Owners) -> BTreeMap<String, Standing> {
        let standing = |tally: Tally| {
            let mut standing = tally.standing;
            for (controller, member) in tally.controlled {
                let root = Name::of(owners.root(controller));
                standing.obstructed.entry(root).or_default().join(&member);
            }
            standing
        };
        self.members.into_iter().map(|(name, tally)| (name, standing(tally))).collect()
    }
}
