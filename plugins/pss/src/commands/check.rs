//! `check`: what Pod Security Admission would do with manifests, or does with what runs.

use posture::finding::report::{Report, Target, Tool};
use posture::finding::suppression::rule::Rule;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::inventory;
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::version::{Minor, NEWEST};
use posture::render::human::Closing;
use posture::render::out;
use posture::render::progress::Progress;
use posture::render::report::{self, Output};

use super::chosen::Chosen;
use super::collect::Collected;
use super::gate::GateOptions;
use super::judge::Judge;
use super::policies::{Policies, PolicyOptions};
use super::required::{self, Requirements};
use super::scan::{self, How};
use super::verdict::PssDetail;
use crate::assume::Assumptions;
use crate::checks::catalog;
use crate::evaluate::Evaluator;
use crate::pod::known_server;
use crate::requirements::Required;

/// What to look at.
#[derive(Clone, Debug)]
pub enum Scope<'a> {
    /// Manifests.
    Files {
        /// The values of `-f` and `-R`.
        files: FileArgs,
        /// The directory of `-k`.
        kustomize: Option<&'a str>,
        /// What is meant of them.
        selection: Selection,
        /// The cluster whose namespaces decide, if they are asked for.
        cluster: Option<Cluster<'a>>,
    },
    /// Objects of a cluster.
    Live {
        /// The cluster.
        cluster: Cluster<'a>,
        /// What to read of it.
        selection: Selection,
    },
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct CheckOptions<'a> {
    /// How the program is called: `kubectl pss`.
    pub program: &'a str,
    /// What to look at.
    pub scope: Scope<'a>,
    /// What is said about policies.
    pub policy: PolicyOptions<'a>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
    /// What is assumed to happen to pods before Pod Security sees them.
    pub assumptions: Assumptions,
    /// What is required beyond the standards.
    pub required: &'a Required,
    /// Which findings count.
    pub gates: GateOptions<'a>,
    /// Where and how to write the report.
    pub output: Output,
}

/// Reads, judges, reports. The report comes back for the exit code.
pub fn run(options: &CheckOptions<'_>) -> Result<Report<PssDetail>> {
    let (mut report, suppressions) = match &options.scope {
        Scope::Files { files, kustomize, selection, cluster } => {
            let progress = Progress::start("reading manifests");
            let report = of_files(options, files, *kustomize, selection, *cluster);
            drop(progress);
            report
        }
        Scope::Live { cluster, selection } => {
            let progress = Progress::start("reading the cluster");
            let report = of_cluster(options, *cluster, selection);
            drop(progress);
            report
        }
    }?;
    let suppressions: Vec<Rule> = suppressions
        .into_iter()
        .filter(|rule| required::is_asked(rule, options.required))
        .collect();
    let mut gates = options.gates.clone();
    gates.gates.entries.retain(|rule| required::is_asked(rule, options.required));
    gates.apply(&mut report, &suppressions)?;
    let closing = Closing { next: next_commands(options.program, &report) };
    report::print(&report, options.output, &catalog(), &closing)?;
    Ok(report)
}

/// The release to judge as; says so where it is not the one that was asked for.
pub(super) fn known(asked: Minor) -> Minor {
    let known = known_server(asked);
    if known != asked {
        out::note(&format!("warning: rules of server {asked} are not known; judged as {known}"));
    }
    known
}

/// Judges manifests.
fn of_files(
    options: &CheckOptions<'_>,
    args: &FileArgs,
    kustomize: Option<&str>,
    selection: &Selection,
    cluster: Option<Cluster<'_>>,
) -> Result<(Report<PssDetail>, Vec<Rule>)> {
    let mut files = args.names.clone();
    files.extend(kustomize.map(str::to_owned));
    let mut inventory = inventory::read(args, kustomize)?;
    inventory.note_if_empty(&files);
    let mut suppressions = std::mem::take(&mut inventory.suppressions);
    let mut gaps = Vec::new();
    let namespace = options.policy.namespace;
    let mut requirements =
        Requirements::of_files(options.required, &inventory.objects, namespace, &mut gaps);
    let mut chosen = Chosen::of(inventory, selection, options.policy)?;
    suppressions.retain(|rule| chosen.covers(rule));
    let mut target = Target { files, ..Target::default() };
    gaps.splice(..0, std::mem::take(&mut chosen.gaps));
    let (server, policies) = match cluster {
        None => {
            let server = known(options.server.unwrap_or(NEWEST));
            (server, Policies::new(options.policy, server, &chosen.objects)?)
        }
        Some(cluster) => {
            target.context = cluster.context().map(str::to_owned);
            let server = scan::server(cluster, options.server, &mut gaps)?;
            let policies =
                scan::policies_for(cluster, options.policy, server, &chosen.objects, &mut gaps)?;
            let lists = required::lists_for(options.required, &policies, &chosen.objects);
            requirements = requirements.beside(cluster, &lists, &mut gaps);
            (server, policies)
        }
    };
    gaps.extend_from_slice(policies.conflicts());
    let evaluator = Evaluator::new(server);
    let judge = Judge {
        evaluator: &evaluator,
        policies: &policies,
        live: None,
        assumptions: &options.assumptions,
        requirements: &requirements,
    };
    let mut collected =
        Collected { gaps, skipped: chosen.aside, suppressions, ..Collected::default() };
    // By value: a document's memory is free again as soon as its objects are judged.
    collected.judge(&judge, chosen.into_meant());
    target.server = Some(server.to_string());
    Ok(collected.report(tool(options.program), target))
}

/// Judges what runs.
fn of_cluster(
    options: &CheckOptions<'_>,
    cluster: Cluster<'_>,
    selection: &Selection,
) -> Result<(Report<PssDetail>, Vec<Rule>)> {
    scan::introduce(cluster);
    let mut gaps = Vec::new();
    let server = scan::server(cluster, options.server, &mut gaps)?;
    let lists = scan::lists(cluster, selection, &mut gaps)?;
    let needed = required::lists(options.required, &scan::namespaces_of(&lists));
    let requirements = Requirements::of_cluster(options.required, cluster, &needed, &mut gaps);
    let how = How { server, assumptions: &options.assumptions, requirements: &requirements };
    let collected = scan::judge(cluster, &lists, options.policy, how, gaps)?;
    let target = Target {
        context: cluster.context().map(str::to_owned),
        server: Some(server.to_string()),
        files: cluster.files(),
    };
    let (report, suppressions) = collected.report(tool(options.program), target);
    scan::finish(cluster, &report.gaps, options.program)?;
    Ok((report, suppressions))
}

pub(super) fn tool(program: &str) -> Tool {
    Tool {
        name: program.replace(' ', "-"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        verb: "check".to_owned(),
    }
}

/// What is worth running next.
fn next_commands(program: &str, report: &Report<PssDetail>) -> Vec<String> {
    let is_check =
        |id: &str| crate::checks::find(id).is_some() || crate::requirements::find(id).is_some();
    let first = report.findings.iter().find(|finding| is_check(finding.check));
    first.map(|finding| format!("{program} explain {}", finding.check)).into_iter().collect()
}
