//! `-o sarif`: SARIF 2.1.0, the OASIS standard that code scanning reads, one run a report.
//!
//! Beyond the standard it holds what GitHub documents for uploads.

mod log;
mod notification;
mod place;
mod result;
mod rule;
mod text;
mod uri;

use std::collections::BTreeMap;
use std::io::Write;

use self::log::{AutomationDetails, BaseId, Driver, Invocation, Log, Run, Text, Tool};
use self::notification::Notifications;
use self::result::{Item, Results};
use super::machine;
use crate::finding::catalog::Catalog;
use crate::finding::check::Severity;
use crate::finding::report::Report;
use crate::model::error::Result;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The most results that GitHub takes of one run; with more it refuses the whole upload.
const MOST_RESULTS: usize = 25_000;

/// Writes the report. Findings that do not count are there too, as suppressed; what could not be
/// judged is a notification. Of more results than fit the gravest are there.
pub(super) fn write<D>(report: &Report<D>, catalog: &Catalog, out: &mut impl Write) -> Result<()> {
    let mut notifications = Notifications::default();
    let mut execution = notifications.gaps(&report.gaps);
    let mut configuration = notifications.idle(&report.suppressions);
    let items = items(report);
    if let Some(left_out) = items.len().checked_sub(MOST_RESULTS).filter(|&more| more > 0) {
        execution.push(notifications.left_out(left_out, items.len()));
    }
    let items = gravest(items, MOST_RESULTS);
    let descriptors = notifications.finish(execution.iter_mut().chain(&mut configuration));

    let mut fired: BTreeMap<&'static str, Severity> = BTreeMap::new();
    for Item { finding, .. } in &items {
        let gravest = fired.entry(finding.check).or_insert(finding.severity);
        *gravest = finding.severity.max(*gravest);
    }
    let positions = fired.keys().enumerate().map(|(position, id)| (*id, position)).collect();
    let Results { results, artifacts } = result::results(report, &items, &positions);

    let tool = &report.tool;
    let root = "The root of the repository; outside of one the folder that the command ran in.";
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: &tool.name,
                    semantic_version: &tool.version,
                    rules: rule::rules(catalog, &fired),
                    notifications: descriptors,
                },
            },
            invocations: [Invocation {
                execution_successful: !execution.iter().any(|own| own.level == "error"),
                tool_execution_notifications: execution,
                tool_configuration_notifications: configuration,
            }],
            // With a slash at the end: a name for all runs of the command.
            automation_details: AutomationDetails { id: format!("{}/{}/", tool.name, tool.verb) },
            original_uri_base_ids: BTreeMap::from([(
                uri::SOURCE_ROOT,
                BaseId { description: Text::plain(root) },
            )]),
            column_kind: "unicodeCodePoints",
            artifacts,
            results,
        }],
    };
    machine::json(&log, out)
}

/// Everything that was found, in the order of the report; behind it what does not count.
fn items<D>(report: &Report<D>) -> Vec<Item<'_>> {
    let counting = report.findings.iter().map(|finding| Item { finding, ground: None });
    let suppressed = report
        .suppressed
        .iter()
        .map(|own| Item { finding: &own.finding, ground: Some(&own.suppression) });
    counting.chain(suppressed).collect()
}

/// At most so many: what counts first, and of that the gravest.
fn gravest(mut items: Vec<Item<'_>>, most: usize) -> Vec<Item<'_>> {
    if items.len() > most {
        items.sort_by_key(|item| (item.ground.is_some(), std::cmp::Reverse(item.finding.severity)));
        items.truncate(most);
    }
    items
}
