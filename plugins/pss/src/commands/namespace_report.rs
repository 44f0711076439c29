//! From the count of namespaces to the report on them.

use std::collections::BTreeMap;

use posture::finding::report::{Finding, ObjectReport, Report};
use posture::model::gap::Gap;
use posture::model::object::ObjectRef;
use posture::model::path::FieldPath;
use posture::model::workload::template_path_of;

use super::check_ns::{Counted, NamespaceOptions, NamespaceReport, NamespaceScope};
use super::policies::Policies;
use super::standing::{NamespaceDetail, gravest};
use super::tool;
use super::verdict::Verdict;
use crate::census::{Controls, Name, Standing};
use crate::namespace::{Mode, NamespacePolicy};
use posture::finding::acceptance::INVALID;

/// Sums everything up, the least work first.
pub(super) fn report_of(options: &NamespaceOptions<'_>, counted: Counted) -> NamespaceReport {
    let Counted { policies, namespaces, standings, partial, mut gaps, target, .. } = counted;
    let all_partial = partial.contains(&None);
    let wanted = |name: &&String| options.names.is_empty() || options.names.contains(name);
    let nothing = Standing::default();
    let mut rows: Vec<(ObjectReport<NamespaceDetail>, Vec<Finding>)> = namespaces
        .iter()
        .filter(wanted)
        .map(|name| {
            let standing = standings.get(name).unwrap_or(&nothing);
            let is_partial = all_partial || partial.contains(&Some(name.clone()));
            row(name, standing, &policies, is_partial)
        })
        .collect();
    rows.sort_by_key(|(row, _)| (row.detail.work(), row.object.name.clone()));
    let undecided = |row: &ObjectReport<NamespaceDetail>| {
        let enforce = row.detail.asks.as_ref().map(|asks| asks.enforce.why);
        enforce == Some("default") && !policies.is_configured() && row.detail.meets != "restricted"
    };
    let names: Vec<&str> = rows
        .iter()
        .filter(|(row, _)| undecided(row))
        .map(|(row, _)| row.object.name.as_str())
        .collect();
    if !names.is_empty() {
        gaps.push(without_labels(&names));
    }
    // Of a cluster a gap says already what could not be read.
    let of_files = matches!(options.scope, NamespaceScope::Files { .. });
    gaps.extend(
        rows.iter()
            .filter(|(row, _)| of_files && row.detail.asks.is_none())
            .filter(|(row, _)| row.detail.meets != "restricted")
            .map(|(row, _)| labels_unknown(&row.object.name)),
    );
    let (mut objects, mut findings) = (Vec::new(), Vec::new());
    for (object, own) in rows {
        findings
            .extend(own.into_iter().map(|finding| Finding { position: objects.len(), ..finding }));
        objects.push(object);
    }
    Report::new(tool(options.program, "check"), target, objects, findings, gaps)
}

/// The gap of a namespace whose labels are in no file.
fn labels_unknown(name: &str) -> Gap {
    Gap {
        what: "policy".to_owned(),
        place: None,
        object: Some(format!("namespace/{name}")),
        why: "its labels are not in the input, and not everything in it meets restricted"
            .to_owned(),
        hint: "add the Namespace's manifest to -f".to_owned(),
    }
}

/// The gap of namespaces without an enforce label.
fn without_labels(names: &[&str]) -> Gap {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Gap {
        what: "policy".to_owned(),
        place: None,
        object: Some(format!("namespaces without an enforce label: {shown}{more}")),
        why: "what is enforced there are the cluster's defaults, which its API does not show, and not everything in them meets restricted".to_owned(),
        hint: "say the server's --admission-config, or label them".to_owned(),
    }
}

fn row(
    name: &str,
    standing: &Standing,
    policies: &Policies,
    partial: bool,
) -> (ObjectReport<NamespaceDetail>, Vec<Finding>) {
    let policy = policies.labels_of(name);
    let exempt = policies.exemptions().namespaces.iter().any(|exempt| exempt == name);
    let detail = NamespaceDetail::new(standing, policy, exempt, is_system(name), partial);
    let object = ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        namespace: None,
        name: name.to_owned(),
    };
    let mut findings = policy.map(|policy| label_findings(policy, &object)).unwrap_or_default();
    let invalid: Vec<String> = findings.iter().map(|finding| finding.message.clone()).collect();
    let verdict = match gravest(standing) {
        _ if !invalid.is_empty() => Verdict::Invalid,
        Some((mode, _)) => Verdict::of_mode(mode),
        None => Verdict::Allowed,
    };
    // Each control once for a workload, at its gravest.
    let mut said: BTreeMap<&Name, Controls> = BTreeMap::new();
    for (mode, severity) in Verdict::MODES {
        for (workload, member, controls) in standing.objected(mode) {
            let known = said.entry(workload).or_default();
            for control in controls.without(*known).iter() {
                let reference = reference(workload, name);
                let path = template_path_of(reference.group(), &reference.kind);
                let path = path.map_or_else(FieldPath::root, FieldPath::of);
                let message = message(mode, control.check.title, member.pods);
                let id = control.id();
                findings.push(Finding::new(id, severity, &reference, &path, None, message));
            }
            known.join(controls);
        }
    }
    let report = ObjectReport {
        object,
        place: None,
        chart_file: None,
        owner: None,
        verdict: verdict.as_str(),
        severity: verdict.severity(),
        settled: false,
        message: if invalid.is_empty() {
            message_of(standing, verdict)
        } else {
            invalid.join(", ")
        },
        sentence: String::new(),
        notes: Vec::new(),
        detail,
    };
    (report, findings)
}

/// Labels that the server would not take today: they are there, and mean what it makes of them.
fn label_findings(policy: &NamespacePolicy, namespace: &ObjectRef) -> Vec<Finding> {
    let finding = |error: &crate::namespace::LabelError| {
        let path = FieldPath::of("metadata.labels").field(error.label);
        let severity = posture::finding::check::Severity::Error;
        Finding::new(INVALID, severity, namespace, &path, None, error.to_string())
    };
    policy.errors.iter().map(finding).collect()
}

fn reference(workload: &Name, namespace: &str) -> ObjectRef {
    ObjectRef {
        api_version: workload.api_version.clone(),
        kind: workload.kind.clone(),
        namespace: Some(namespace.to_owned()),
        name: workload.name.clone(),
    }
}

fn message(mode: Mode, title: &str, pods: usize) -> String {
    let running = match pods {
        0 => String::new(),
        1 => " (1 pod runs so)".to_owned(),
        pods => format!(" ({pods} pods run so)"),
    };
    match mode {
        Mode::Enforce => format!("{title}: refused if its pods are created again{running}"),
        Mode::Warn => format!("{title}: warned about{running}"),
        Mode::Audit => format!("{title}: noted in the audit log{running}"),
    }
}

/// What is objected to, in one line.
fn message_of(standing: &Standing, verdict: Verdict) -> String {
    let Some((mode, _)) = gravest(standing) else { return String::new() };
    let count = standing.objected(mode).count();
    let workloads = if count == 1 { "1 workload" } else { &format!("{count} workloads") };
    match verdict {
        Verdict::Rejected => format!("{workloads} would be refused if created again"),
        Verdict::Warned => format!("{workloads} would be warned about"),
        _ => format!("{workloads} would be noted in the audit log"),
    }
}

/// Whether a namespace belongs to the cluster itself: `kube-` is reserved for Kubernetes, and
/// `openshift-` for `OpenShift`.
fn is_system(name: &str) -> bool {
    name.starts_with("kube-") || name.starts_with("openshift-") || name == "openshift"
}
