//! A plan and what came of it, before any format.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::operations::{self, Operation};
use super::plan::{Change, Left, Plan, Refused, Step};
use super::shell;
use super::text::Rewritten;
use crate::finding::fix::Grade;
use crate::finding::report::{API_VERSION, Target, Tool};
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;
use crate::model::source::{Mark, Source};

/// What came of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Fate {
    /// It was only shown.
    #[default]
    Shown,
    /// It was made: written to the file, or taken by the server.
    Made,
    /// Somebody was asked, and did not want it.
    Declined,
    /// It was to be made, and could not be: a gap says why.
    Failed,
}

/// One thing that is done to an object.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepReport {
    /// What: an imperative half-sentence.
    pub title: Cow<'static, str>,
    /// The check that it mends, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<&'static str>,
    /// How safe it is, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Why that is so.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub evidence: Cow<'static, str>,
    /// The fields that are edited, from the object's root.
    pub paths: Vec<String>,
}

/// A change of one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeReport {
    /// Who it is.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The Helm chart's own file that rendered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_file: Option<String>,
    /// What came of it.
    pub outcome: Fate,
    /// What is done, in this order.
    pub steps: Vec<StepReport>,
    /// What somebody should know before saying yes, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The same as a JSON Patch: it applies to what was seen.
    #[serde(rename = "patch")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Operation>"))]
    pub change: Patched,
    /// The command of kubectl that does the same, for what runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A change with its JSON Patch, as which it is written: the one that was sent, or one that is made
/// when somebody wants it, which most formats do not.
#[derive(Clone, Debug)]
pub struct Patched {
    change: Change,
    sent: Option<Vec<Operation>>,
}

impl Patched {
    /// The JSON Patch.
    pub fn operations(&self) -> Cow<'_, [Operation]> {
        match &self.sent {
            Some(sent) => Cow::Borrowed(sent),
            None => Cow::Owned(operations::between(&self.change.before, &self.change.after)),
        }
    }
}

impl Deref for Patched {
    type Target = Change;

    fn deref(&self) -> &Change {
        &self.change
    }
}

impl Serialize for Patched {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.operations().serialize(serializer)
    }
}

/// A change that cannot be made in the text of its file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefusedReport {
    /// The change.
    #[serde(flatten)]
    pub change: ChangeReport,
    /// What stands in the way: a clause.
    pub why: String,
    /// Where that is.
    pub obstacle: Mark,
}

/// What takes the changes back that were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UndoReport {
    /// The file that holds how.
    pub file: String,
    /// The command that does it.
    pub command: String,
}

/// The numbers at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanSummary {
    /// Objects of concern: those that are changed, refused, as they should be, and left alone.
    pub objects: usize,
    /// Objects read and left aside: of kinds that are no concern of the command.
    pub skipped: usize,
    /// Those that are to be changed and can be.
    pub changes: usize,
    /// Those of them that were changed.
    pub made: usize,
    /// Those of them that somebody did not want.
    pub declined: usize,
    /// Those that cannot be changed in the text of their file.
    pub refused: usize,
    /// Those that are as they should be.
    pub already: usize,
    /// Those that should be changed and are left alone.
    pub left: usize,
    /// Things that could not be read, planned or done.
    pub gaps: usize,
    /// Whether everything that was asked for was planned and, where it was to be, done.
    pub complete: bool,
}

/// What a command changes, or would. `D` is what a plugin adds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanReport<D> {
    /// [`API_VERSION`]
    pub api_version: &'static str,
    /// `Plan`
    pub kind: &'static str,
    /// Who wrote it.
    pub tool: Tool,
    /// What was looked at.
    pub target: Target,
    /// The numbers.
    pub summary: PlanSummary,
    /// What is changed, in the order in which it was read.
    pub changes: Vec<ChangeReport>,
    /// What cannot be changed in the text of its file.
    pub refused: Vec<RefusedReport>,
    /// What is as it should be.
    pub already: Vec<ObjectRef>,
    /// What should be changed and is left alone.
    pub left: Vec<Left>,
    /// What takes back what was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoReport>,
    /// What could not be read, planned or done.
    pub gaps: Vec<Gap>,
    /// What the plugin adds.
    #[serde(flatten)]
    pub detail: D,
    /// The files that change.
    #[serde(skip)]
    pub rewritten: Vec<Rewritten>,
    /// Everything that was read from files, in its order: `-o yaml` is the whole of it.
    #[serde(skip)]
    pub sources: Vec<Arc<Source>>,
    /// Whether the diffs were seen already, by whoever was asked.
    #[serde(skip)]
    pub is_shown: bool,
    /// Whether it fails the command that something is left alone.
    #[serde(skip)]
    pub left_fails: bool,
    /// Commands worth running next.
    #[serde(skip)]
    pub next: Vec<String>,
}

/// What came of one change.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// It was shown, made, declined, or has failed.
    Of(Fate),
    /// As that, with the JSON Patch as it was sent, and the command that does the same.
    Sent(Fate, Vec<Operation>, String),
    /// There was nothing left to do when the object was read again.
    Already,
    /// It was found when the object was read again that it must be left alone.
    Left(Left),
}

/// What came of the changes of a plan.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    /// What came of each change, by its position; those that are not there were only shown.
    pub came: Vec<Came>,
    /// The files that change.
    pub rewritten: Vec<Rewritten>,
    /// What cannot be changed in the text of its file.
    pub refused: Vec<Refused>,
    /// What went wrong.
    pub gaps: Vec<Gap>,
    /// What takes back what was made.
    pub undo: Option<PathBuf>,
    /// Whether the diffs were seen already.
    pub is_shown: bool,
}

impl<D> PlanReport<D> {
    /// The plan and what came of it, with their numbers.
    pub fn new(tool: Tool, target: Target, plan: Plan<D>, carried: Carried) -> Self {
        let Carried { came, rewritten, refused: obstacles, mut gaps, undo, is_shown } = carried;
        let (mut already, mut left) = (plan.already, plan.left);
        let mut changes = Vec::with_capacity(plan.changes.len());
        let mut refused = Vec::new();
        let mut in_the_way: BTreeMap<usize, Refused> = BTreeMap::new();
        for obstacle in obstacles {
            in_the_way.entry(obstacle.position).or_insert(obstacle);
        }
        let mut came = came.into_iter();
        for (position, change) in plan.changes.into_iter().enumerate() {
            let change = match came.next().unwrap_or(Came::Of(Fate::Shown)) {
                Came::Already => {
                    already.push(change.reference);
                    continue;
                }
                Came::Left(why) => {
                    left.push(why);
                    continue;
                }
                Came::Of(fate) => ChangeReport::new(change, None, fate),
                Came::Sent(fate, sent, command) => {
                    let command = Some(command);
                    ChangeReport { command, ..ChangeReport::new(change, Some(sent), fate) }
                }
            };
            match in_the_way.remove(&position) {
                None => changes.push(change),
                Some(Refused { why, place: obstacle, .. }) => {
                    refused.push(RefusedReport { change, why, obstacle });
                }
            }
        }
        gaps.splice(..0, plan.gaps);
        let program = tool.name.replacen('-', " ", 1);
        let undo = undo.map(|file| {
            let file = file.to_string_lossy().into_owned();
            let command = format!("{program} undo {}", shell::word(&file));
            UndoReport { file, command }
        });
        let mut report = Self {
            api_version: API_VERSION,
            kind: "Plan",
            tool,
            target,
            summary: PlanSummary { skipped: plan.skipped, ..PlanSummary::default() },
            changes,
            refused,
            already,
            left,
            undo,
            gaps,
            detail: plan.detail,
            rewritten,
            sources: Vec::new(),
            is_shown,
            left_fails: false,
            next: Vec::new(),
        };
        report.count();
        report
    }

    /// Takes the numbers again.
    pub fn count(&mut self) {
        let of = |fate: Fate| self.changes.iter().filter(|change| change.outcome == fate).count();
        let (changes, refused) = (self.changes.len(), self.refused.len());
        self.summary = PlanSummary {
            objects: changes + refused + self.already.len() + self.left.len(),
            skipped: self.summary.skipped,
            changes,
            made: of(Fate::Made),
            declined: of(Fate::Declined),
            refused,
            already: self.already.len(),
            left: self.left.len(),
            gaps: self.gaps.len(),
            complete: self.gaps.is_empty() && refused == 0 && of(Fate::Failed) == 0,
        };
    }

    /// Whether somebody, or the state of things, said no.
    pub fn is_declined(&self) -> bool {
        self.summary.declined > 0 || (self.left_fails && self.summary.left > 0)
    }
}

impl ChangeReport {
    fn new(change: Change, sent: Option<Vec<Operation>>, outcome: Fate) -> Self {
        Self {
            object: change.reference.clone(),
            place: change.object.mark(),
            chart_file: change.object.chart_file().map(str::to_owned),
            outcome,
            steps: change.steps.iter().map(StepReport::of).collect(),
            notes: change.notes.clone(),
            change: Patched { change, sent },
            command: None,
        }
    }
}

impl StepReport {
    fn of(step: &Step) -> Self {
        Self {
            title: step.title.clone(),
            check: step.check,
            grade: step.grade,
            evidence: step.evidence.clone(),
            paths: step.edits.iter().map(|edit| edit.path.to_string()).collect(),
        }
    }
}
