//! The report: everything that a command found, before any format.

use serde::Serialize;

use super::check::Severity;
use super::fingerprint::fingerprint;
use super::fix::Fix;
use super::suppression::{Idle, Suppressed};
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;
use crate::model::owners::Owner;
use crate::model::path::FieldPath;
use crate::model::source::Mark;

/// The version of the machine formats.
pub const API_VERSION: &str = "posture/v1";

/// Who wrote the report.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// `kubectl-pss`
    pub name: String,
    /// The release.
    pub version: String,
    /// `check`
    pub verb: String,
}

impl Tool {
    /// The tool of a program that is called `kubectl pss`.
    pub fn new(program: &str, version: &str, verb: &str) -> Self {
        Self {
            name: program.replacen(' ', "-", 1),
            version: version.to_owned(),
            verb: verb.to_owned(),
        }
    }
}

/// What was looked at.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// The context of the kubeconfig, where a cluster was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The server version that decided, `1.37`: the cluster's, or the one that was assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What `-f` or `-k` named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// The numbers at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Objects judged.
    pub objects: usize,
    /// Objects read and left aside: of kinds that are no concern of the command.
    pub skipped: usize,
    /// Findings reported.
    pub findings: usize,
    /// Findings that somebody has suppressed.
    pub suppressed: usize,
    /// Things that could not be judged.
    pub gaps: usize,
    /// Whether everything that was asked for was judged.
    pub complete: bool,
}

/// One object that was judged, the good ones too. `D` is what a plugin adds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObjectReport<D> {
    /// Who it is.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The Helm chart's own file that rendered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_file: Option<String>,
    /// The root owner, where another object owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The verdict's word, lower case.
    pub verdict: &'static str,
    /// How much the verdict weighs; nothing when all is well.
    #[serde(skip)]
    pub severity: Option<Severity>,
    /// Whether it has findings, and not one that counts: views for people leave it out.
    #[serde(skip)]
    pub settled: bool,
    /// The judge's own words; empty when all is well.
    pub message: String,
    /// The verdict as a sentence, for people: empty when all is well.
    #[serde(skip)]
    pub sentence: String,
    /// What a reader must know to understand the verdict, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the plugin adds.
    #[serde(flatten)]
    pub detail: D,
}

/// One thing that is wrong, at one place.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The check that fired.
    pub check: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The object it was found in.
    pub object: ObjectRef,
    /// The position of the object in [`Report::objects`].
    #[serde(skip)]
    pub position: usize,
    /// The container, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The field, from the object's root.
    pub path: String,
    /// Where the value stands, or what is nearest to where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The offending value; absent when the field is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
    /// The values that would be accepted, where they can be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<serde_json::Value>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, for people; the message ends with it.
    #[serde(skip)]
    pub advice: Option<String>,
    /// What would mend it, and how safe that is; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// What stays the same when files move ([`super::fingerprint`]).
    pub fingerprint: String,
}

impl Finding {
    /// A finding of which only the essentials are known.
    pub fn new(
        check: &'static str,
        severity: Severity,
        object: &ObjectRef,
        path: &FieldPath,
        place: Option<Mark>,
        message: String,
    ) -> Self {
        Self {
            check,
            severity,
            object: object.clone(),
            position: 0,
            container: None,
            path: path.to_string(),
            place,
            value: None,
            allowed: None,
            message,
            advice: None,
            fix: None,
            fingerprint: fingerprint(check, object, path),
        }
    }
}

/// Everything that a command found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report<D> {
    /// [`API_VERSION`]
    pub api_version: &'static str,
    /// `Report`
    pub kind: &'static str,
    /// Who wrote it.
    pub tool: Tool,
    /// What was looked at.
    pub target: Target,
    /// The numbers.
    pub summary: Summary,
    /// Every object judged.
    pub objects: Vec<ObjectReport<D>>,
    /// Every finding that counts.
    pub findings: Vec<Finding>,
    /// Findings that do not count, where it was asked to show them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// Suppressions that do nothing: somebody should look at them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<Idle>,
    /// What holds for all objects and a reader must know, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Everything that could not be judged.
    pub gaps: Vec<Gap>,
    /// What weighs as much fails the command.
    #[serde(skip)]
    pub fail_on: Severity,
    /// What people must know to read the numbers, behind them.
    #[serde(skip)]
    pub remarks: Vec<String>,
}

impl<D> Report<D> {
    /// A report with its numbers. `skipped` objects were read and are of no concern to the
    /// command; they do not count.
    pub fn new(
        tool: Tool,
        target: Target,
        objects: Vec<ObjectReport<D>>,
        findings: Vec<Finding>,
        gaps: Vec<Gap>,
    ) -> Self {
        let summary = Summary {
            objects: objects.len(),
            findings: findings.len(),
            skipped: 0,
            suppressed: 0,
            gaps: gaps.len(),
            complete: gaps.is_empty(),
        };
        Self {
            api_version: API_VERSION,
            kind: "Report",
            tool,
            target,
            summary,
            objects,
            findings,
            suppressed: Vec::new(),
            suppressions: Vec::new(),
            notes: Vec::new(),
            gaps,
            fail_on: Severity::Error,
            remarks: Vec::new(),
        }
    }

    /// Whether any finding that counts fails the command.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity >= self.fail_on)
    }
}
