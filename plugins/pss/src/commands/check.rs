//! `check`: what Pod Security Admission would do with manifests, or does with what runs.

use posture::client::list::List;
use posture::finding::report::{Report, Target};
use posture::finding::suppression::rule::Rule;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::inventory;
use posture::input::scope::Scope;
use posture::input::selection::Selection;
use posture::input::workloads::{namespaces_of, workloads};
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::version::Minor;
use posture::render::cluster;
use posture::render::gate::GateOptions;
use posture::render::human::Closing;
use posture::render::out::{self, Output};
use posture::render::progress::Progress;
use posture::render::report::{self, ReportFormat};

use super::assumed;
use super::chosen;
use super::judge::{Collected, Judge};
use super::meant::Meant;
use super::policies::{Policies, PolicyOptions};
use super::required::{self, Requirements};
use super::scan::{self, How};
use super::verdict::PssDetail;
use super::{gate, tool};
use crate::assume::Assumptions;
use crate::checks::catalog;
use crate::evaluate::Evaluator;
use crate::pod::known_server;
use crate::requirements::Required;

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
    pub output: Output<ReportFormat>,
}

/// A way to judge what was read.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// What is said about policies.
    pub policy: PolicyOptions<'a>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
    /// Whether labels that pin an older version are taken for `latest`.
    pub unpinned: bool,
    /// What is assumed to happen to pods before Pod Security sees them.
    pub assumptions: &'a Assumptions,
    /// What is required beyond the standards: in all ways the same.
    pub required: &'a Required,
}

impl Way<'_> {
    /// What is known of policies, before any cluster was asked.
    pub(super) fn policies(&self, server: Minor, objects: &[Object]) -> Result<Policies> {
        let policies = Policies::new(self.policy, server, objects)?;
        Ok(if self.unpinned { policies.unpinned() } else { policies })
    }
}

/// Reads, judges, reports. The report comes back for the exit code.
pub fn run(options: &CheckOptions<'_>) -> Result<Report<PssDetail>> {
    let way = Way {
        policy: options.policy,
        server: options.server,
        unpinned: false,
        assumptions: &options.assumptions,
        required: options.required,
    };
    let (mut report, suppressions) = judge(options.program, &options.scope, &[way])?.remove(0);
    report.remarks.extend(assumed::remark(&report.objects, &options.assumptions));
    options.gates.apply(&mut report, &suppressions, &catalog(), gate::settle)?;
    let closing = Closing { next: next_commands(options.program, &report) };
    report::print(&report, options.output, &catalog(), &closing)?;
    Ok(report)
}

/// What came of one way, and what the input says should not count.
pub(super) type Judged = (Report<PssDetail>, Vec<Rule>);

/// Reads once and judges in each of the ways: a report for each.
pub(super) fn judge(program: &str, scope: &Scope<'_>, ways: &[Way<'_>]) -> Result<Vec<Judged>> {
    match scope {
        Scope::Files { files, kustomize, selection, cluster } => {
            let _progress = Progress::start("reading manifests");
            of_files(program, ways, (files, *kustomize), selection, *cluster)
        }
        Scope::Live { cluster, selection } => {
            let _progress = Progress::start("reading the cluster");
            of_cluster(program, ways, *cluster, selection)
        }
    }
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
    program: &str,
    ways: &[Way<'_>],
    (args, kustomize): (&FileArgs, Option<&str>),
    selection: &Selection,
    cluster: Option<Cluster<'_>>,
) -> Result<Vec<Judged>> {
    let mut files = args.names.clone();
    files.extend(kustomize.map(str::to_owned));
    let mut inventory = inventory::read(args, kustomize)?;
    inventory.note_if_empty(&files);
    let Some(first) = ways.first() else { return Ok(Vec::new()) };
    let mut suppressions = std::mem::take(&mut inventory.suppressions);
    let (namespace, mut gaps) = (first.policy.namespace, Vec::new());
    let mut requirements =
        Requirements::of_files(first.required, &inventory.objects, namespace, &mut gaps);
    let mut chosen = chosen::of(inventory, selection, namespace)?;
    suppressions.retain(|rule| chosen.covers(rule));
    gaps.splice(..0, std::mem::take(&mut chosen.gaps));
    let servers = scan::servers(cluster, ways, &mut gaps)?;
    let each = ways.iter().zip(&servers);
    let policies = each.map(|(way, server)| way.policies(*server, &chosen.objects));
    let mut policies = policies.collect::<Result<Vec<Policies>>>()?;
    if let Some(cluster) = cluster {
        scan::add_namespaces(cluster, &mut policies, &chosen.objects, &mut gaps);
        let lists = policies.first();
        let lists =
            lists.map(|policies| required::lists_for(first.required, policies, &chosen.objects));
        requirements = requirements.beside(cluster, &lists.unwrap_or_default(), &mut gaps);
    }
    gaps.extend_from_slice(policies.first().map_or(&[], Policies::conflicts));
    let skipped = chosen.aside;
    let mut objects = Some(chosen.into_meant());
    let mut reports = Vec::new();
    for (number, ((server, policies), way)) in servers.iter().zip(&policies).zip(ways).enumerate() {
        let evaluator = Evaluator::new(*server);
        let judge = Judge {
            evaluator: &evaluator,
            policies,
            live: None,
            assumptions: way.assumptions,
            requirements: &requirements,
        };
        let mut collected = Collected {
            gaps: gaps.clone(),
            skipped,
            suppressions: suppressions.clone(),
            ..Collected::default()
        };
        let is_last = number + 1 == servers.len();
        // By value: a document's memory is free again as soon as its objects are judged.
        let meant = if is_last { objects.take() } else { objects.clone() };
        judge.collect(meant.unwrap_or_default(), &mut collected);
        let target = Target {
            context: cluster.and_then(|cluster| cluster.context()).map(str::to_owned),
            server: Some(server.to_string()),
            files: files.clone(),
        };
        reports.push(collected.report(tool(program, "check"), target));
    }
    Ok(reports)
}

/// Judges what runs.
fn of_cluster(
    program: &str,
    ways: &[Way<'_>],
    cluster: Cluster<'_>,
    selection: &Selection,
) -> Result<Vec<Judged>> {
    cluster::introduce(cluster);
    let mut gaps = Vec::new();
    let servers = scan::servers(Some(cluster), ways, &mut gaps)?;
    let lists = cluster::lists(cluster, selection, workloads(), &mut gaps)?;
    let judged = judge_lists(cluster, &lists, (ways, &servers), gaps, None)?;
    let reports = reports_of(program, cluster, &servers, judged);
    if let Some((report, _)) = reports.first() {
        cluster::finish(cluster, &report.gaps, &format!("{program} check"))?;
    }
    Ok(reports)
}

/// Judges what is in lists: everything, or only what is meant.
pub(super) fn judge_lists(
    cluster: Cluster<'_>,
    lists: &[List],
    (ways, servers): (&[Way<'_>], &[Minor]),
    mut gaps: Vec<Gap>,
    meant: Option<&Meant>,
) -> Result<Vec<Collected>> {
    let Some(first) = ways.first() else { return Ok(Vec::new()) };
    let needed = required::lists(first.required, &namespaces_of(lists));
    let requirements = Requirements::of_cluster(first.required, cluster, &needed, &mut gaps);
    scan::judge(cluster, lists, How { ways, servers, requirements: &requirements, meant }, gaps)
}

/// What came of each way, as reports.
pub(super) fn reports_of(
    program: &str,
    cluster: Cluster<'_>,
    servers: &[Minor],
    judged: Vec<Collected>,
) -> Vec<Judged> {
    let target = |server: &Minor| Target {
        context: cluster.context().map(str::to_owned),
        server: Some(server.to_string()),
        files: cluster.files(),
    };
    let each = judged.into_iter().zip(servers);
    each.map(|(collected, server)| collected.report(tool(program, "check"), target(server)))
        .collect()
}

/// What is worth running next.
fn next_commands(program: &str, report: &Report<PssDetail>) -> Vec<String> {
    let is_check =
        |id: &str| crate::checks::find(id).is_some() || crate::requirements::find(id).is_some();
    let first = report.findings.iter().find(|finding| is_check(finding.check));
    first.map(|finding| format!("{program} explain {}", finding.check)).into_iter().collect()
}
