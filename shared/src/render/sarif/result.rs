//! Findings as results, and the files that they are in.

use std::collections::{BTreeMap, HashMap};

use super::log::{
    Artifact, ArtifactLocation, Fingerprints, Location, SarifResult, Suppression, Text,
};
use super::{place, rule, text, uri};
use crate::finding::report::{Finding, Report};
use crate::finding::suppression::{By, Ground};
use crate::render::location::{self, Location as Found};
use crate::render::{distinct, sentence};

/// Something that was found, and why it does not count, if so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'r> {
    /// The finding.
    pub(super) finding: &'r Finding,
    /// Why it does not count.
    pub(super) ground: Option<&'r Ground>,
}

/// Results, and the files that they are in.
pub(super) struct Results<'r> {
    /// One for each finding.
    pub(super) results: Vec<SarifResult<'r>>,
    /// In the order in which results name them first.
    pub(super) artifacts: Vec<Artifact>,
}

/// The results. `rules` has the position of each check.
pub(super) fn results<'r, D>(
    report: &Report<D>,
    items: &[Item<'r>],
    rules: &BTreeMap<&str, usize>,
) -> Results<'r> {
    let found: Vec<Found> =
        items.iter().map(|item| location::of_finding(report, item.finding)).collect();
    let mut on_line: HashMap<(&str, &str, usize), usize> = HashMap::new();
    for (item, found) in items.iter().zip(&found) {
        *on_line.entry(line_of(item, found)).or_default() += 1;
    }
    let findings: Vec<&Finding> = items.iter().map(|item| item.finding).collect();
    let fingerprints = distinct::fingerprints(&findings);
    // Either all results say whether they are suppressed, or none.
    let any_suppressed = items.iter().any(|item| item.ground.is_some());
    let mut artifacts = Artifacts::default();
    let results = items.iter().zip(&found).zip(fingerprints).map(|((item, found), own)| {
        let finding = item.finding;
        let told_apart = has_line(found) && on_line.get(&line_of(item, found)) == Some(&1);
        SarifResult {
            rule_id: finding.check,
            rule_index: rules.get(finding.check).copied().unwrap_or_default(),
            level: rule::level(finding.severity),
            message: Text::plain(text::without_links(sentence::of_finding(finding))),
            locations: [Location {
                physical_location: Some(place::physical(
                    artifacts.location(found),
                    found.region.as_ref(),
                )),
                logical_locations: place::logical(finding),
            }],
            partial_fingerprints: Fingerprints {
                posture: &finding.fingerprint,
                line_hash: (!told_apart).then_some(own),
            },
            suppressions: any_suppressed
                .then(|| item.ground.map(suppression).into_iter().collect()),
        }
    });
    Results { results: results.collect(), artifacts: artifacts.known }
}

/// GitHub knows an alert again by rule and `primaryLocationLineHash`. Its upload action computes
/// that from the text of the line, and complains about every result that brings another one. So
/// it is left out where that works, and is ours where it does not: two results of a rule on one
/// line, or none on a line of a file, would be one alert.
fn has_line(found: &Found) -> bool {
    found.is_file && found.region.is_some()
}

fn line_of<'f>(item: &Item<'f>, found: &'f Found) -> (&'f str, &'f str, usize) {
    (item.finding.check, &found.file, found.line())
}

fn suppression(ground: &Ground) -> Suppression<'_> {
    Suppression {
        kind: match ground.by {
            By::Annotation | By::Comment => "inSource",
            By::File | By::Baseline => "external",
        },
        status: "accepted",
        justification: &ground.reason,
        location: ground.place.as_ref().and_then(place::of_mark),
    }
}

/// Files in the order in which they come.
#[derive(Default)]
struct Artifacts {
    known: Vec<Artifact>,
    positions: HashMap<String, usize>,
}

impl Artifacts {
    fn location(&mut self, found: &Found) -> ArtifactLocation {
        let location = uri::of_file(&found.file);
        if let Some(&index) = self.positions.get(&location.uri) {
            return ArtifactLocation { index: Some(index), ..location };
        }
        let index = self.known.len();
        self.positions.insert(location.uri.clone(), index);
        let stands_for_object = "Stands for an object that was not read from a file.";
        self.known.push(Artifact {
            location: location.clone(),
            roles: ["analysisTarget"],
            description: (!found.is_file).then(|| Text::plain(stands_for_object)),
        });
        ArtifactLocation { index: Some(index), ..location }
    }
}
