//! Two reports of the same command, compared: for which objects the verdict changes, in which
//! direction, and by which checks.
//!
//! Objects are paired by API group, kind, namespace and name of their root owners: a workload and
//! the pods that it owns are one. Findings are paired by fingerprint, so that nothing depends on
//! the order of documents, on lines or on files.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::Severity;
use super::report::{API_VERSION, Finding, ObjectReport, Report, Target, Tool};
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

/// API group, kind, namespace and name.
type Key<'r> = (&'r str, &'r str, &'r str, &'r str);

/// Everything in one state that belongs to one root owner.
struct Unit<'r, D> {
    /// Each with its findings.
    members: Vec<(&'r ObjectReport<D>, &'r [Finding])>,
}

impl Difference {
    /// Compares two reports, each with what its state is called.
    pub fn between<D>(tool: Tool, from: (String, &Report<D>), to: (String, &Report<D>)) -> Self {
        let (changes, objects) = changes(from.1, to.1);
        let gaps = gaps(&from.1.gaps, &to.1.gaps);
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

/// What fares differently in two reports, and how many objects were compared.
pub fn changes<D>(from: &Report<D>, to: &Report<D>) -> (Vec<Change>, usize) {
    let (before, after) = (units(from), units(to));
    let mut keys: Vec<&Key<'_>> = before.keys().collect();
    keys.extend(after.keys().filter(|key| !before.contains_key(*key)));
    let mut changes: Vec<Change> = keys
        .iter()
        .filter_map(|key| {
            let mut change = change(before.get(*key), after.get(*key))?;
            let unsure = match change.direction {
                Direction::Added => !from.summary.complete,
                Direction::Removed => !to.summary.complete,
                _ => false,
            };
            if unsure {
                let why = "it may be in both states: one of them could not be read completely";
                change.notes.push(why.to_owned());
            }
            Some(change)
        })
        .collect();
    changes.sort_by(|one, other| {
        let key = |change: &Change| {
            let object = &change.object;
            let names = (object.namespace.clone(), object.kind.clone(), object.name.clone());
            (change.direction, names, object.api_version.clone())
        };
        key(one).cmp(&key(other))
    });
    (changes, keys.len())
}

/// The objects of a report under their root owners.
fn units<D>(report: &Report<D>) -> BTreeMap<Key<'_>, Unit<'_, D>> {
    let mut units: BTreeMap<Key<'_>, Unit<'_, D>> = BTreeMap::new();
    let mut rest = report.findings.as_slice();
    for (position, object) in report.objects.iter().enumerate() {
        // Findings stand in the order of their objects.
        let own = rest.iter().take_while(|finding| finding.position == position).count();
        let (findings, others) = rest.split_at(own);
        rest = others;
        let unit = units.entry(key(object)).or_insert(Unit { members: Vec::new() });
        unit.members.push((object, findings));
    }
    units
}

/// How much the verdict of an object weighs, as far as findings count.
fn weight_of<D>(object: &ObjectReport<D>) -> Option<Severity> {
    object.severity.filter(|_| !object.settled)
}

fn key<D>(object: &ObjectReport<D>) -> Key<'_> {
    let own = &object.object;
    let namespace = own.namespace.as_deref().unwrap_or_default();
    match &object.owner {
        Some(owner) => {
            let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
            (group, &owner.kind, namespace, &owner.name)
        }
        None => (own.group(), &own.kind, namespace, &own.name),
    }
}

impl<'r, D> Unit<'r, D> {
    fn has_root(&self) -> bool {
        self.members.iter().any(|(object, _)| object.owner.is_none())
    }

    fn has_owned(&self) -> bool {
        self.members.iter().any(|(object, _)| object.owner.is_some())
    }

    /// Who it is.
    fn object(&self) -> Option<ObjectRef> {
        let roots = self.members.iter().find(|(object, _)| object.owner.is_none());
        let (object, _) = roots.or(self.members.first())?;
        Some(match &object.owner {
            Some(owner) => ObjectRef {
                api_version: owner.api_version.clone(),
                kind: owner.kind.clone(),
                namespace: object.object.namespace.clone(),
                name: owner.name.clone(),
            },
            None => object.object.clone(),
        })
    }

    /// The gravest verdict, with `only_root` of the object itself; of two the object's own.
    fn standing(&self, only_root: bool) -> Option<Standing> {
        let counts =
            |(object, _): &&(&ObjectReport<D>, &[Finding])| !only_root || object.owner.is_none();
        let members: Vec<_> =
            self.members.iter().filter(counts).map(|(object, _)| object).collect();
        let weight = |object: &&&&ObjectReport<D>| (weight_of(object), object.owner.is_none());
        let gravest = members.iter().max_by_key(weight)?;
        let root = members.iter().find(|object| object.owner.is_none());
        Some(Standing {
            verdict: gravest.verdict,
            severity: weight_of(gravest),
            suppressed: gravest.settled,
            message: gravest.message.clone(),
            by: gravest.owner.is_some().then(|| gravest.object.to_string()),
            place: root.and_then(|root| root.place.clone()),
            chart_file: root.and_then(|root| root.chart_file.clone()),
        })
    }

    /// Every finding once, at its gravest.
    fn findings(&self, only_root: bool) -> BTreeMap<&'r str, &'r Finding> {
        let mut findings: BTreeMap<&str, &Finding> = BTreeMap::new();
        for (object, own) in &self.members {
            if only_root && object.owner.is_some() {
                continue;
            }
            for finding in *own {
                let known = findings.entry(&finding.fingerprint).or_insert(finding);
                if finding.severity > known.severity {
                    *known = finding;
                }
            }
        }
        findings
    }
}

/// What happens to one object; `None` where nothing does.
fn change<D>(from: Option<&Unit<'_, D>>, to: Option<&Unit<'_, D>>) -> Option<Change> {
    // What runs is not in files: where one state has the workload alone, the pods of the other
    // are left out of it.
    let only_root = match (from, to) {
        (Some(from), Some(to)) => {
            from.has_root() && to.has_root() && from.has_owned() != to.has_owned()
        }
        _ => false,
    };
    let object = to.or(from)?.object()?;
    let before = from.and_then(|unit| unit.standing(only_root));
    let after = to.and_then(|unit| unit.standing(only_root));
    let earlier = from.map(|unit| unit.findings(only_root)).unwrap_or_default();
    let firing = to.map(|unit| unit.findings(only_root)).unwrap_or_default();
    let controls = controls(&earlier, &firing);
    let direction = match (&before, &after) {
        (None, _) => Direction::Added,
        (_, None) => Direction::Removed,
        (Some(before), Some(after)) if after.severity > before.severity => Direction::Worse,
        (Some(before), Some(after)) if after.severity < before.severity => Direction::Better,
        (Some(before), Some(after)) => {
            let same = before.verdict == after.verdict || before.suppressed || after.suppressed;
            if controls.is_empty() && same {
                return None;
            }
            Direction::Changed
        }
    };
    Some(Change { object, direction, from: before, to: after, controls, notes: Vec::new() })
}

/// The findings of one state only, or of both with another weight: by weight, check and path.
fn controls(from: &BTreeMap<&str, &Finding>, to: &BTreeMap<&str, &Finding>) -> Vec<Control> {
    let mut controls = Vec::new();
    for (print, finding) in to {
        let turn = match from.get(print).map(|before| before.severity) {
            None => Turn::Started,
            Some(before) if before < finding.severity => Turn::Raised,
            Some(before) if before > finding.severity => Turn::Lowered,
            Some(_) => continue,
        };
        let before = from.get(print).map(|before| before.severity);
        controls.push(Control { before, ..control(finding, turn) });
    }
    let gone = from.iter().filter(|(print, _)| !to.contains_key(*print));
    controls.extend(gone.map(|(_, finding)| control(finding, Turn::Stopped)));
    controls.sort_by(|one, other| {
        let key = |control: &Control| {
            let weight = std::cmp::Reverse(control.severity);
            (control.change, weight, control.check, control.path.clone())
        };
        key(one).cmp(&key(other)).then_with(|| one.fingerprint.cmp(&other.fingerprint))
    });
    controls
}

fn control(finding: &Finding, change: Turn) -> Control {
    Control {
        check: finding.check,
        change,
        severity: finding.severity,
        before: None,
        container: finding.container.clone(),
        path: finding.path.clone(),
        place: finding.place.clone(),
        message: finding.message.clone(),
        advice: finding.advice.clone(),
        fingerprint: finding.fingerprint.clone(),
    }
}

/// The gaps of both states; those that are the same in both once.
fn gaps(from: &[Gap], to: &[Gap]) -> Vec<SidedGap> {
    let key = |gap: &Gap| {
        let place = gap.place.as_ref().map(Mark::place);
        (gap.what.clone(), gap.object.clone(), gap.why.clone(), place)
    };
    let sided = |side: Side, gap: &Gap| SidedGap { side, gap: gap.clone() };
    let mut others: BTreeMap<_, usize> = BTreeMap::new();
    for gap in from {
        *others.entry(key(gap)).or_default() += 1;
    }
    let mut shared = BTreeMap::new();
    let mut rest = Vec::new();
    for gap in to {
        match others.get_mut(&key(gap)).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                *shared.entry(key(gap)).or_insert(0_usize) += 1;
            }
            None => rest.push(sided(Side::To, gap)),
        }
    }
    let mut gaps: Vec<SidedGap> = from
        .iter()
        .map(|gap| match shared.get_mut(&key(gap)).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                sided(Side::Both, gap)
            }
            None => sided(Side::From, gap),
        })
        .collect();
    gaps.extend(rest);
    gaps
}
