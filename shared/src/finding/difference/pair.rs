//! From two reports to pairs of objects and findings, and to what is different in them.

use std::collections::BTreeMap;

use super::{Change, Control, Direction, Side, SidedGap, Standing, Turn};
use crate::finding::check::Severity;
use crate::finding::report::{Finding, ObjectReport, Report};
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;
use crate::model::source::Mark;

/// API group, kind, namespace and name.
type Key<'r> = (&'r str, &'r str, &'r str, &'r str);

/// Everything in one state that belongs to one root owner.
struct Unit<'r, D> {
    /// Each with its findings.
    members: Vec<(&'r ObjectReport<D>, &'r [Finding])>,
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
pub(super) fn gaps(from: &[Gap], to: &[Gap]) -> Vec<SidedGap> {
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
