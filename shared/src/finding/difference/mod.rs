//! Two reports of the same command, compared: for which objects the verdict changes, in which
//! direction, and by which checks.
//!
//! Objects are paired by API group, kind, namespace and name of their root owners: a workload and
//! the pods that it owns are one. Findings are paired by fingerprint, so that nothing depends on
//! the order of documents, on lines or on files.

mod pair;

use serde::Serialize;

pub use self::pair::changes;

use super::check::Severity;
use super::report::{API_VERSION, Report, Target, Tool};
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;
use crate::model::source::Mark;

/// What happens to an object between two states; what needs attention first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Direction {
    /// Its verdict weighs more.
    Worse,
    /// Its verdict weighs the same, and other checks fire or fire otherwise.
    Changed,
    /// It is in the second state only.
    Added,
    /// It is in the first state only.
    Removed,
    /// Its verdict weighs less.
    Better,
}

impl Direction {
    /// Every direction, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::Worse, Self::Changed, Self::Added, Self::Removed, Self::Better];

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Better => "better",
        }
    }
}

/// What happens to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Turn {
    /// It is there only in the second state.
    Started,
    /// It weighs more in the second state.
    Raised,
    /// It weighs less in the second state.
    Lowered,
    /// It is there only in the first state.
    Stopped,
}

impl Turn {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Raised => "raised",
            Self::Lowered => "lowered",
            Self::Stopped => "stopped",
        }
    }

    /// One character for people: what comes, what goes, what weighs otherwise.
    pub fn sign(self) -> char {
        match self {
            Self::Started => '+',
            Self::Stopped => '-',
            Self::Raised | Self::Lowered => '~',
        }
    }
}

/// A check that fires in one of two states, or in both with another weight.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// The check.
    pub check: &'static str,
    /// What happens to it.
    pub change: Turn,
    /// How much it weighs where it fires; in the second state, where it does in both.
    pub severity: Severity,
    /// How much it weighed, where that is what changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Severity>,
    /// The container, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The field, from the object's root.
    pub path: String,
    /// Where the value stands, or what is nearest to where it is missing, in the state in which
    /// it fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, for people; the message ends with it.
    #[serde(skip)]
    pub advice: Option<String>,
    /// The finding's fingerprint.
    pub fingerprint: String,
}

/// How an object fares in one state.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Standing {
    /// The verdict's word, lower case: the gravest of the object and what it owns.
    pub verdict: &'static str,
    /// How much it weighs; nothing when all is well, or nothing of it counts.
    #[serde(skip)]
    pub severity: Option<Severity>,
    /// Whether something was found, and nothing of it counts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
    /// The judge's own words; empty when all is well.
    pub message: String,
    /// What the verdict was found in, where that is something that the object owns: `pod/web-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where the object stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The Helm chart's own file that rendered it.
    #[serde(skip_serializing_if = "Option::is_none", rename = "chartFile")]
    pub chart_file: Option<String>,
}

/// An object that fares differently.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Who it is: the root owner, whether that was read or only what it owns.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// What happens to it.
    pub direction: Direction,
    /// How it fares in the first state; absent where it is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Standing>,
    /// How it fares in the second state; absent where it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Standing>,
    /// The checks that make the difference; for what is added or removed all that fire.
    pub controls: Vec<Control>,
    /// What a reader must know to understand the change, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Change {
    /// Where the object stands: in the second state, if it is there.
    pub fn place(&self) -> Option<&Mark> {
        let mut standings = [&self.to, &self.from].into_iter().flatten();
        standings.find_map(|standing| standing.place.as_ref())
    }
}

/// One of the two states.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StateReport {
    /// What the command line calls it, or would: `1.33`, `live`, `git:main`, `manifests/`.
    pub state: String,
    /// What was looked at.
    #[serde(flatten)]
    pub target: Target,
}

/// Of which states something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Side {
    /// Of the first.
    From,
    /// Of the second.
    To,
    /// Of both alike.
    Both,
}

impl Side {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
            Self::Both => "both",
        }
    }
}

/// Something that could not be judged, and in which state.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SidedGap {
    /// In which state.
    pub side: Side,
    /// What, and why.
    #[serde(flatten)]
    pub gap: Gap,
}

/// The numbers at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiffSummary {
    /// Objects compared: each once, whether it is in one of the states or in both.
    pub objects: usize,
    /// Objects read and left aside: of kinds that are no concern of the command.
    pub skipped: usize,
    /// Those that fare worse.
    pub worse: usize,
    /// Those whose verdict weighs the same, by other checks.
    pub changed: usize,
    /// Those of the second state only.
    pub added: usize,
    /// Those of the first state only.
    pub removed: usize,
    /// Those that fare better.
    pub better: usize,
    /// Those that fare the same.
    pub unchanged: usize,
    /// Things that could not be judged.
    pub gaps: usize,
    /// Whether everything that was asked for was judged.
    pub complete: bool,
}

/// What would change in a further step.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outlook {
    /// Which step, as a phrase.
    pub step: String,
    /// What changes by it, seen from the second state.
    pub changes: Vec<Change>,
}

/// What is different between two states.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// [`API_VERSION`]
    pub api_version: &'static str,
    /// `Diff`
    pub kind: &'static str,
    /// Who wrote it.
    pub tool: Tool,
    /// The first state.
    pub from: StateReport,
    /// The second state.
    pub to: StateReport,
    /// The numbers.
    pub summary: DiffSummary,
    /// The objects that fare differently: by direction, then by namespace, kind and name.
    pub changes: Vec<Change>,
    /// What would change in a further step. It is no difference between the two states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// What a reader must know to understand the whole, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Everything that could not be judged.
    pub gaps: Vec<SidedGap>,
}

impl Difference {
    /// Compares two reports, each with what its state is called.
    pub fn between<D>(tool: Tool, from: (String, &Report<D>), to: (String, &Report<D>)) -> Self {
        let (changes, objects) = changes(from.1, to.1);
        let gaps = pair::gaps(&from.1.gaps, &to.1.gaps);
        let mut summary = DiffSummary {
            objects,
            skipped: from.1.summary.skipped.max(to.1.summary.skipped),
            unchanged: objects - changes.len(),
            gaps: gaps.len(),
            complete: from.1.summary.complete && to.1.summary.complete,
            ..DiffSummary::default()
        };
        for change in &changes {
            *summary.of_mut(change.direction) += 1;
        }
        let state = |(state, report): (String, &Report<D>)| StateReport {
            state,
            target: report.target.clone(),
        };
        Self {
            api_version: API_VERSION,
            kind: "Diff",
            tool,
            from: state(from),
            to: state(to),
            summary,
            changes,
            outlook: None,
            notes: Vec::new(),
            gaps,
        }
    }
}

impl DiffSummary {
    /// How many objects go in a direction.
    pub fn of(&self, direction: Direction) -> usize {
        match direction {
            Direction::Worse => self.worse,
            Direction::Changed => self.changed,
            Direction::Added => self.added,
            Direction::Removed => self.removed,
            Direction::Better => self.better,
        }
    }

    fn of_mut(&mut self, direction: Direction) -> &mut usize {
        match direction {
            Direction::Worse => &mut self.worse,
            Direction::Changed => &mut self.changed,
            Direction::Added => &mut self.added,
            Direction::Removed => &mut self.removed,
            Direction::Better => &mut self.better,
        }
    }
}
