//! Findings that are known: only what is new beside them counts.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::check::Severity;
use super::report::{API_VERSION, Finding};

/// The kind of the file.
const KIND: &str = "Baseline";

/// What was found before, by fingerprint.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    known: HashMap<String, Entry>,
}

/// Findings of one fingerprint, as they stand in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry {
    /// `deployment.apps/web`
    object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    check: String,
    path: String,
    /// The gravest: what weighs more is new.
    severity: Severity,
    /// How many of them one object has, where it is more than one: more of them are new.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: usize,
    fingerprint: String,
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    api_version: String,
    kind: String,
    findings: Vec<Entry>,
}

impl Baseline {
    /// Reads a baseline as it was written. Fails with what is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File =
            serde_json::from_str(text).map_err(|error| format!("it is no baseline: {error}"))?;
        if file.api_version != API_VERSION || file.kind != KIND {
            let (version, kind) = (file.api_version, file.kind);
            return Err(format!(
                "it is no baseline: {version} {kind} in place of {API_VERSION} {KIND}"
            ));
        }
        let known = file.findings.into_iter().map(|entry| (entry.fingerprint.clone(), entry));
        Ok(Self { known: known.collect() })
    }

    /// The baseline that knows these findings; `keep` is an older one of which nothing is
    /// dropped, for what could not be looked at this time.
    pub fn of(findings: &[Finding], keep: Option<&Self>) -> Self {
        let mut baseline = keep.cloned().unwrap_or_default();
        let mut counts: HashMap<(usize, &str), usize> = HashMap::new();
        for finding in findings {
            let count = counts.entry((finding.position, &finding.fingerprint)).or_default();
            *count += 1;
            let known = baseline.known.entry(finding.fingerprint.clone());
            let known = known.or_insert_with(|| Entry {
                object: finding.object.to_string(),
                namespace: finding.object.namespace.clone(),
                check: finding.check.to_owned(),
                path: finding.path.clone(),
                severity: finding.severity,
                count: 0,
                fingerprint: finding.fingerprint.clone(),
            });
            known.count = known.count.max(*count);
            known.severity = known.severity.max(finding.severity);
        }
        baseline
    }

    /// The file, sorted so that versions of it compare well.
    pub fn write(&self) -> String {
        let mut findings: Vec<Entry> = self.known.values().cloned().collect();
        findings.sort();
        let file = File { api_version: API_VERSION.to_owned(), kind: KIND.to_owned(), findings };
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// Looks findings up, in the order of the report.
    pub fn session(&self) -> Session<'_> {
        Session { baseline: self, position: 0, counts: HashMap::new(), seen: HashSet::new() }
    }

    /// How many findings are in it and not in another.
    pub fn beside(&self, other: &Self) -> usize {
        self.known.keys().filter(|print| !other.known.contains_key(*print)).count()
    }

    /// How many findings are in it.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// One report before a baseline: see [`Baseline::session`].
#[derive(Debug)]
pub struct Session<'b> {
    baseline: &'b Baseline,
    position: usize,
    /// How many of each the object has.
    counts: HashMap<String, usize>,
    seen: HashSet<&'b str>,
}

impl Session<'_> {
    /// Whether the baseline knows a finding: as many of it in the object, and at least as grave.
    pub fn knows(&mut self, finding: &Finding) -> bool {
        if self.position != finding.position {
            self.position = finding.position;
            self.counts.clear();
        }
        let Some((print, known)) = self.baseline.known.get_key_value(&finding.fingerprint) else {
            return false;
        };
        self.seen.insert(print);
        let count = self.counts.entry(finding.fingerprint.clone()).or_default();
        *count += 1;
        *count <= known.count && finding.severity <= known.severity
    }

    /// How many findings of the baseline did not come again, of the checks that ran.
    pub fn gone(&self, ran: impl Fn(&str) -> bool) -> usize {
        let known = self.baseline.known.iter();
        known
            .filter(|(print, known)| !self.seen.contains(print.as_str()) && ran(&known.check))
            .count()
    }
}
