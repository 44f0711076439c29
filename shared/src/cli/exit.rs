//! Exit codes, the same for every plugin, verb and format. In order of precedence: usage, could
//! not run, findings, incomplete, clean.

use crate::finding::difference::Difference;
use crate::finding::report::Report;
use crate::model::error::{Error, ErrorKind};
use crate::patch::report::PlanReport;

/// Clean, shown, or written.
pub const CLEAN: u8 = 0;
/// Findings at or above the threshold, differences, a "no".
pub const FINDINGS: u8 = 1;
/// The command line or a configuration file is wrong.
pub const USAGE: u8 = 2;
/// Nothing could be done at all.
pub const COULD_NOT_RUN: u8 = 3;
/// Done, and no such finding, but something could not be judged.
pub const INCOMPLETE: u8 = 4;

/// The exit code of an error.
pub fn of_error(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Usage => USAGE,
        ErrorKind::CouldNotRun => COULD_NOT_RUN,
        ErrorKind::BrokenPipe => CLEAN,
    }
}

/// The exit code of a report, whatever format it is written in.
pub fn of_report<D>(report: &Report<D>) -> u8 {
    if report.fails() {
        FINDINGS
    } else if report.summary.complete {
        CLEAN
    } else {
        INCOMPLETE
    }
}

/// The exit code of a difference, whatever format it is written in.
pub fn of_difference(difference: &Difference) -> u8 {
    if !difference.changes.is_empty() {
        FINDINGS
    } else if difference.summary.complete {
        CLEAN
    } else {
        INCOMPLETE
    }
}

/// The exit code of a plan and what came of it, whatever format it is written in.
pub fn of_plan<D>(report: &PlanReport<D>) -> u8 {
    if report.is_declined() {
        FINDINGS
    } else if report.summary.complete {
        CLEAN
    } else {
        INCOMPLETE
    }
}
