//! Verdicts and findings on their way to a report.

use rayon::prelude::*;

use super::report::{Finding, ObjectReport, Report, Target, Tool};
use super::suppression::rule::Rule;
use crate::model::gap::Gap;
use crate::model::object::Object;

/// An object, judged. `D` is what a plugin adds.
#[derive(Debug)]
pub struct Judged<D> {
    /// The verdict, if there can be one.
    pub object: Option<ObjectReport<D>>,
    /// What is wrong, and where.
    pub findings: Vec<Finding>,
    /// What the verdict depends on and nobody knows.
    pub gaps: Vec<Gap>,
}

impl<D> Judged<D> {
    /// An object that cannot be judged.
    pub fn unknown(object: &Object, why: String, hint: &str) -> Self {
        let gap = Gap {
            what: "object".to_owned(),
            place: object.mark(),
            object: Some(object.reference(object.namespace()).to_string()),
            why,
            hint: hint.to_owned(),
        };
        Self { object: None, findings: Vec::new(), gaps: vec![gap] }
    }
}

/// What was judged so far.
#[derive(Debug)]
pub struct Collected<D> {
    /// The verdicts.
    pub objects: Vec<ObjectReport<D>>,
    /// What is wrong; positions are those of `objects`.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
    /// Objects that are of no concern.
    pub skipped: usize,
    /// What the objects themselves say should not count.
    pub suppressions: Vec<Rule>,
}

impl<D> Default for Collected<D> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            findings: Vec::new(),
            gaps: Vec::new(),
            skipped: 0,
            suppressions: Vec::new(),
        }
    }
}

impl<D: Send> Collected<D> {
    /// Judges objects on all cores and adds what comes of it, in their order. `judge` answers with
    /// what the object itself says should not count, and with nothing for what is of no concern.
    pub fn judge(
        &mut self,
        objects: Vec<Object>,
        judge: impl Fn(&Object) -> Option<(Judged<D>, Vec<Rule>)> + Sync,
    ) {
        let one = |object: Object| judge(&object);
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
}

impl<D> Collected<D> {
    fn add(&mut self, mut judged: Judged<D>) {
        judged.gaps.drain(..).for_each(|gap| self.add_gap(gap));
        if let Some(object) = judged.object {
            for finding in &mut judged.findings {
                finding.position = self.objects.len();
            }
            self.findings.append(&mut judged.findings);
            self.objects.push(object);
        }
    }

    /// Adds a gap; what is not known of a policy, a quota or a node is said once for each.
    pub fn add_gap(&mut self, gap: Gap) {
        let known = |known: &Gap| {
            let of_many = matches!(gap.what.as_str(), "policy" | "quota" | "kubelet");
            of_many && known.what == gap.what && known.object == gap.object
        };
        if !self.gaps.iter().any(known) {
            self.gaps.push(gap);
        }
    }

    /// Adds what was collected elsewhere, behind what is here.
    pub fn append(&mut self, other: Self) {
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
    pub fn report(self, tool: Tool, target: Target) -> (Report<D>, Vec<Rule>) {
        let mut report = Report::new(tool, target, self.objects, self.findings, self.gaps);
        report.summary.skipped = self.skipped;
        (report, self.suppressions)
    }
}
