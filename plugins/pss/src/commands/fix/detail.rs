//! What a run of fixes leaves, and how far it goes: the end of every plan.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use posture::finding::fix::Grade;
use posture::model::object::ObjectRef;
use posture::model::source::Mark;
use posture::render::plan::LastWords;
use serde::Serialize;

use super::fixer::Came;
use crate::fixes::answers::Wanted;
use crate::level::Level;

/// Something that the policy objects to when all is done.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Left {
    /// The object.
    pub object: ObjectRef,
    /// The check.
    pub check: &'static str,
    /// The container, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The field, from the object's root.
    pub path: String,
    /// Where the value stands, or what is nearest to where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// How safe its fix is.
    pub grade: Grade,
    /// What would mend it.
    pub title: Cow<'static, str>,
    /// Why it has this grade.
    pub evidence: Cow<'static, str>,
    /// Values of `--set` that decide it; any one of them is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// What else could be done, and what to look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Cow<'static, str>>,
    /// What somebody can be asked.
    #[serde(skip)]
    pub wanted: Vec<Wanted>,
}

/// How many objects stand at each level: the strictest that their pods meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Standing {
    /// Not even baseline.
    pub privileged: usize,
    /// baseline, and not restricted.
    pub baseline: usize,
    /// restricted.
    pub restricted: usize,
}

/// How many objects stand at each level, as they are and at each grade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Levels {
    /// As they are.
    pub before: Standing,
    /// With all that is graded A.
    pub grade_a: Standing,
    /// With all that is graded B, too.
    pub grade_b: Standing,
    /// With what was decided of what is graded C, too.
    pub grade_c: Standing,
    /// With what this plan does.
    pub after: Standing,
}

/// What `fix` adds to a plan.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FixDetail {
    /// How many objects stand at which level.
    pub levels: Levels,
    /// What is left.
    pub remaining: Vec<Left>,
}

impl Standing {
    fn add(&mut self, level: Level) {
        match level {
            Level::Privileged => self.privileged += 1,
            Level::Baseline => self.baseline += 1,
            Level::Restricted => self.restricted += 1,
        }
    }
}

impl FixDetail {
    /// Adds an object, and whether it is now as was planned.
    pub(super) fn add(&mut self, came: Came, is_done: bool) {
        let reached = came.reached;
        self.levels.before.add(reached.before);
        self.levels.grade_a.add(reached.a);
        self.levels.grade_b.add(reached.b);
        self.levels.grade_c.add(reached.c);
        self.levels.after.add(if is_done { reached.now } else { reached.before });
        self.remaining.extend(came.left);
    }
}

/// `2 B, 1 C`
pub(super) fn count(left: &[Left]) -> String {
    let mut counts: BTreeMap<Grade, usize> = BTreeMap::new();
    for left in left {
        *counts.entry(left.grade).or_default() += 1;
    }
    let words: Vec<String> =
        counts.iter().map(|(grade, count)| format!("{count} {grade}")).collect();
    words.join(", ")
}

/// How many objects are named for one thing that is left.
const NAMED: usize = 3;

impl LastWords for FixDetail {
    fn last_words(&self) -> Vec<String> {
        let mut lines = self.left_by_grade();
        lines.extend(self.table());
        lines
    }
}

impl FixDetail {
    /// What is left, the safest first, what is alike in one line.
    fn left_by_grade(&self) -> Vec<String> {
        if self.remaining.is_empty() {
            return if self.levels.before == Standing::default() {
                Vec::new()
            } else {
                vec!["nothing is left to fix in what was judged".to_owned()]
            };
        }
        let mut alike: BTreeMap<(Grade, &str, &str, &[String]), BTreeSet<String>> = BTreeMap::new();
        for left in &self.remaining {
            let key = (left.grade, left.check, &*left.title, &left.answers[..]);
            let namespace = left.object.namespace.as_deref().unwrap_or_default();
            alike.entry(key).or_default().insert(format!("{} in {namespace}", left.object));
        }
        let mut lines = vec![format!("left: {}", count(&self.remaining))];
        lines.extend(alike.into_iter().map(|((grade, check, title, answers), objects)| {
            let more = objects.len().saturating_sub(NAMED);
            let first: Vec<String> = objects.into_iter().take(NAMED).collect();
            let mut named = first.join(", ");
            if more > 0 {
                named = format!("{named} and {more} more");
            }
            let how = match answers {
                [] => String::new(),
                answers => format!(" (--set {})", answers.join(", or ")),
            };
            format!("  {grade} {check}: {title}{how}: {named}")
        }));
        lines
    }

    /// How many objects stand at which level.
    fn table(&self) -> Vec<String> {
        let levels = &self.levels;
        let row = |name: &str, standing: Standing| {
            let Standing { privileged, baseline, restricted } = standing;
            format!("  {name:<14}{privileged:>12}{baseline:>10}{restricted:>12}")
        };
        let total = levels.before;
        if total.privileged + total.baseline + total.restricted == 0 {
            return Vec::new();
        }
        let mut rows = vec![
            "level of the pods, by objects:".to_owned(),
            format!("  {:<14}{:>12}{:>10}{:>12}", "", "privileged", "baseline", "restricted"),
            row("as they are", levels.before),
            row("with A", levels.grade_a),
            row("with A and B", levels.grade_b),
        ];
        if levels.grade_c != levels.grade_b {
            rows.push(row("and answers", levels.grade_c));
        }
        rows.push(row("with this run", levels.after));
        rows
    }
}
