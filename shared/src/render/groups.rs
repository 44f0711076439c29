//! Objects of a cluster that share a root owner and everything that is wrong with them: one is
//! shown, the others are named.

use std::collections::HashMap;

use crate::finding::report::{Finding, ObjectReport, Report};

/// How many of the others are named.
const NAMED: usize = 3;

/// Objects that are shown together.
#[derive(Debug)]
pub(super) struct Group<'r, D> {
    /// The one that is shown: the root owner itself, where it is among them.
    pub(super) object: &'r ObjectReport<D>,
    /// What is wrong with each of them.
    pub(super) findings: Vec<&'r Finding>,
    /// The others.
    pub(super) same: Vec<&'r ObjectReport<D>>,
}

/// What tells groups apart: namespace, root owner, verdict, fingerprints.
type Key<'r> = (Option<&'r str>, &'r str, &'r str, &'static str, Vec<&'r str>);

/// Everything that there is something to say about, in the order of the report. Objects from
/// files stand alone: each has its own place.
pub(super) fn of<D>(report: &Report<D>) -> Vec<Group<'_, D>> {
    let mut findings = report.findings.iter().peekable();
    let mut groups: Vec<Group<'_, D>> = Vec::new();
    let mut known: HashMap<Key<'_>, usize> = HashMap::new();
    for (position, object) in report.objects.iter().enumerate() {
        let mut own = Vec::new();
        while let Some(finding) = findings.next_if(|finding| finding.position == position) {
            own.push(finding);
        }
        let is_well = object.severity.is_none() && own.is_empty() && object.sentence.is_empty();
        if is_well || object.settled {
            continue;
        }
        let group = Group { object, findings: own, same: Vec::new() };
        if object.place.is_some() {
            groups.push(group);
            continue;
        }
        let slot = *known.entry(key(object, &group.findings)).or_insert(groups.len());
        match groups.get_mut(slot) {
            None => groups.push(group),
            Some(first) if object.owner.is_none() && first.object.owner.is_some() => {
                first.same.insert(0, first.object);
                first.object = object;
                first.findings = group.findings;
            }
            Some(first) => first.same.push(object),
        }
    }
    groups
}

fn key<'r, D>(object: &'r ObjectReport<D>, findings: &[&'r Finding]) -> Key<'r> {
    let (kind, name) = object.owner.as_ref().map_or_else(
        || (object.object.kind.as_str(), object.object.name.as_str()),
        |owner| (owner.kind.as_str(), owner.name.as_str()),
    );
    let mut prints: Vec<&str> =
        findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    prints.sort_unstable();
    (object.object.namespace.as_deref(), kind, name, object.verdict, prints)
}

/// `the same: pod/web-1, pod/web-2 and 7 more`
pub(super) fn also<D>(same: &[&ObjectReport<D>]) -> String {
    let names: Vec<String> =
        same.iter().take(NAMED).map(|object| object.object.to_string()).collect();
    let more = match same.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("the same: {}{more}", names.join(", "))
}
