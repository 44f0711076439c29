//! What is judged of an object that the server would not take.

use std::collections::BTreeSet;

use posture::finding::report::{ObjectReport, Report};
use posture::model::gap::Gap;

use super::verdict::Verdict;
use posture::finding::acceptance::INVALID;

/// Adds what is not known because findings do not count: of an object that the server would not
/// take nothing else was judged, so that where that itself does not count, it is a gap and no pass.
pub(super) fn settle<D>(report: &mut Report<D>) {
    let said: BTreeSet<usize> = report
        .findings
        .iter()
        .filter(|finding| finding.check == INVALID)
        .map(|finding| finding.position)
        .collect();
    let is_blind = |object: &ObjectReport<D>| {
        object.verdict == Verdict::Invalid.as_str() && object.object.kind != "Namespace"
    };
    let blind = report.objects.iter().enumerate();
    let blind = blind.filter(|(position, object)| is_blind(object) && !said.contains(position));
    let gaps: Vec<Gap> = blind
        .map(|(_, object)| Gap {
            what: "object".to_owned(),
            place: object.place.clone(),
            object: Some(object.object.to_string()),
            why: format!(
                "the API server would not take it, so nothing else was judged: {}",
                object.message
            ),
            hint: String::new(),
        })
        .collect();
    report.gaps.extend(gaps);
    report.summary.gaps = report.gaps.len();
    report.summary.complete = report.gaps.is_empty();
}
