//! `check`: what Pod Security Admission would do with manifests.

use posture::finding::report::{Report, Target, Tool};
use posture::input::files::FileArgs;
use posture::input::inventory;
use posture::model::error::{ErrorKind, Result};
use posture::model::gap::Gap;
use posture::model::version::{Minor, NEWEST};
use posture::render::human::Closing;
use posture::render::out;
use posture::render::progress::Progress;
use posture::render::report::{self, ReportFormat};
use posture::render::style::Style;
use rayon::prelude::*;

use super::judge::{Judge, Judged};
use super::policies::{Policies, PolicyOptions};
use super::verdict::PssDetail;
use crate::evaluate::Evaluator;
use crate::pod::known_server;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct CheckOptions<'a> {
    /// How the program is called: `kubectl pss`.
    pub program: &'a str,
    /// The values of `-f` and `-R`.
    pub files: FileArgs,
    /// The directory of `-k`.
    pub kustomize: Option<&'a str>,
    /// What is said about policies.
    pub policy: PolicyOptions<'a>,
    /// The release of the server.
    pub server: Option<Minor>,
    /// How to write the report.
    pub format: ReportFormat,
    /// Colours and width of standard output.
    pub style: Style,
    /// Colours and width of standard error.
    pub stderr_style: Style,
}

/// Reads, judges, reports. The report comes back for the exit code.
pub fn run(options: &CheckOptions<'_>) -> Result<Report<PssDetail>> {
    let server = server(options.server);
    let progress = Progress::start("reading manifests");
    let report = analyse(options, server)?;
    drop(progress);
    let closing = Closing { next: next_commands(options.program, &report) };
    match report::print(&report, options.format, &closing, options.style, options.stderr_style) {
        // Whoever reads no further knows enough; the verdict stays what it is.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(report),
        outcome => outcome.map(|()| report),
    }
}

/// The release to judge as; says so where it is not the one that was asked for.
fn server(asked: Option<Minor>) -> Minor {
    let asked = asked.unwrap_or(NEWEST);
    let known = known_server(asked);
    if known != asked {
        out::note(&format!("warning: rules of server {asked} are not known; judged as {known}"));
    }
    known
}

/// Judges everything that was named.
fn analyse(options: &CheckOptions<'_>, server: Minor) -> Result<Report<PssDetail>> {
    let mut files = options.files.names.clone();
    files.extend(options.kustomize.map(str::to_owned));
    let mut inventory = inventory::read(&options.files, options.kustomize)?;
    inventory.note_if_empty(&files);
    let policies = Policies::new(options.policy, server, &inventory.objects)?;
    let evaluator = Evaluator::new(server);
    let judge = Judge { evaluator: &evaluator, policies: &policies };
    // By value: a document's memory is free again as soon as its objects are judged.
    let judged: Vec<Option<Judged>> =
        inventory.objects.into_par_iter().map(|object| judge.object(&object)).collect();
    let (mut objects, mut findings, mut gaps) = (Vec::new(), Vec::new(), inventory.gaps);
    gaps.extend_from_slice(policies.conflicts());
    let skipped = judged.iter().filter(|judged| judged.is_none()).count();
    for mut judged in judged.into_iter().flatten() {
        if let Some(gap) = judged.gap
            && !gaps.iter().any(|known: &Gap| {
                gap.what == "policy" && known.what == gap.what && known.object == gap.object
            })
        {
            gaps.push(gap);
        }
        if let Some(object) = judged.object {
            for finding in &mut judged.findings {
                finding.position = objects.len();
            }
            findings.append(&mut judged.findings);
            objects.push(object);
        }
    }
    let tool = Tool {
        name: options.program.replace(' ', "-"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        verb: "check".to_owned(),
    };
    let target = Target { server: Some(server.to_string()), files };
    let mut report = Report::new(tool, target, objects, findings, gaps);
    report.summary.skipped = skipped;
    Ok(report)
}

/// What is worth running next.
fn next_commands(program: &str, report: &Report<PssDetail>) -> Vec<String> {
    let is_check = |id: &str| crate::checks::ALL.iter().any(|check| check.id() == id);
    let first = report.findings.iter().find(|finding| is_check(finding.check));
    first.map(|finding| format!("{program} explain {}", finding.check)).into_iter().collect()
}
