//! Verdicts and findings on their way to a report.

use posture::finding::report::{Finding, ObjectReport, Report, Target, Tool};
use posture::finding::suppression::found::annotations;
use posture::finding::suppression::rule::Rule;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::workload::pod_templates;
use rayon::prelude::*;

use super::judge::{Judge, Judged};
use super::policies::is_namespace;
use super::verdict::PssDetail;

/// What was judged so far.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// The verdicts.
    pub(super) objects: Vec<ObjectReport<PssDetail>>,
    /// What is wrong; positions are those of `objects`.
    pub(super) findings: Vec<Finding>,
    /// What could not be judged.
    pub(super) gaps: Vec<Gap>,
    /// Objects that are of no concern.
    pub(super) skipped: usize,
    /// What the objects themselves say should not count.
    pub(super) suppressions: Vec<Rule>,
}

impl Collected {
    /// Judges objects on all cores and adds what comes of it, in their order.
    pub(super) fn judge(&mut self, judge: &Judge<'_>, objects: Vec<Object>) {
        let one = |object: Object| {
            let judged = judge.object(&object)?;
            Some((judged, annotations(&object, Some(judge.policies.namespace_of(&object)))))
        };
        let judged: Vec<_> = objects.into_par_iter().map(one).collect();
        for judged in judged {
            match judged {
                Some((judged, suppressions)) => {
                    self.add(judged);
                    self.suppressions.extend(suppressions);
                }
                None => self.skipped += 1,
            }
        }
    }

    /// Takes out objects that live in no namespace and make pods: which policy their pods meet is
    /// not known.
    pub(super) fn leave_aside(&mut self, objects: &mut Vec<Object>) {
        let aside = |object: &Object| !is_namespace(object) && !pod_templates(object).is_empty();
        for object in objects.extract_if(.., |object| aside(object)) {
            self.add_gap(Gap {
                what: "object".to_owned(),
                place: None,
                object: Some(object.reference(None).to_string()),
                why: "it lives in no namespace: in which one its pods would be is not known"
                    .to_owned(),
                hint: String::new(),
            });
        }
    }

    fn add(&mut self, mut judged: Judged) {
        judged.gaps.drain(..).for_each(|gap| self.add_gap(gap));
        if let Some(object) = judged.object {
            for finding in &mut judged.findings {
                finding.position = self.objects.len();
            }
            self.findings.append(&mut judged.findings);
            self.objects.push(object);
        }
    }

    /// Adds a gap; what is not known of a policy or quota is said once for each namespace.
    fn add_gap(&mut self, gap: Gap) {
        let known = |known: &Gap| {
            let of_namespace = matches!(gap.what.as_str(), "policy" | "quota");
            of_namespace && known.what == gap.what && known.object == gap.object
        };
        if !self.gaps.iter().any(known) {
            self.gaps.push(gap);
        }
    }

    /// Adds what was collected elsewhere, behind what is here.
    pub(super) fn append(&mut self, other: Self) {
        let before = self.objects.len();
        self.objects.extend(other.objects);
        self.findings.extend(other.findings.into_iter().map(|mut finding| {
            finding.position += before;
            finding
        }));
        other.gaps.into_iter().for_each(|gap| self.add_gap(gap));
        self.skipped += other.skipped;
        self.suppressions.extend(other.suppressions);
    }

    /// The report, and what the input says should not count.
    pub(super) fn report(self, tool: Tool, target: Target) -> (Report<PssDetail>, Vec<Rule>) {
        let mut report = Report::new(tool, target, self.objects, self.findings, self.gaps);
        report.summary.skipped = self.skipped;
        (report, self.suppressions)
    }
}
