//! `check`: what confines every container, in what runs and in manifests.

mod detail;
mod judge;
mod scan;
mod surroundings;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use posture::client::list::List;
use posture::client::rbac::Access;
use posture::finding::report::{Report, Target, Tool};
use posture::finding::suppression::rule::Rule;
use posture::input::chosen::Chosen;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::inventory;
use posture::input::scope::Scope;
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::pod_templates;
use posture::render::gate::GateOptions;
use posture::render::human::Closing;
use posture::render::out::{self, Output};
use posture::render::progress::Progress;
use posture::render::report::{self, ReportFormat};

use self::judge::{Collected, Judge};
use super::kubelets;
use super::planner::DEFAULT_NAMESPACE;
use crate::checks::{self, catalog};
use crate::effective::{Scene, SeccompDefault};
use crate::facts::names;
use crate::installed::FOLDER;

pub use self::detail::{ContainerReport, LinkReport, PlaceReport, SeccompDetail};
pub use self::surroundings::Kubelets;
pub(super) use self::surroundings::{Surroundings, Wanted};

/// What is read and judged, and how.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    /// How the program is called: `kubectl seccomp`.
    pub program: &'a str,
    /// What to look at.
    pub scope: Scope<'a>,
    /// The namespace of what names none, where one is given.
    pub namespace: Option<String>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
    /// What is said of the kubelets.
    pub kubelets: Kubelets,
    /// Whether the capabilities of containers are told, too.
    pub deep: bool,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct CheckOptions<'a> {
    /// What to look at, and how.
    pub reading: Reading<'a>,
    /// Which findings count.
    pub gates: GateOptions<'a>,
    /// Where and how to write the report.
    pub output: Output<ReportFormat>,
}

/// Reads, judges, reports. The report comes back for the exit code.
pub fn run(options: &CheckOptions<'_>) -> Result<Report<SeccompDetail>> {
    let Judged { mut report, suppressions, .. } = options.reading.judge()?;
    options.gates.apply(&mut report, &suppressions, &catalog(), |_| {})?;
    let closing = Closing { next: next_commands(options.reading.program, &report) };
    report::print(&report, options.output, &catalog(), &closing)?;
    Ok(report)
}

impl Reading<'_> {
    /// Reads and judges; nothing is left out yet that does not count.
    pub(super) fn judge(&self) -> Result<Judged> {
        match &self.scope {
            Scope::Files { files, kustomize, selection, cluster } => {
                let _progress = Progress::start("reading manifests");
                of_files(self, (files, *kustomize), selection, *cluster)
            }
            Scope::Live { cluster, selection } => {
                let _progress = Progress::start("reading the cluster");
                scan::run(self, *cluster, selection)
            }
        }
    }
}

/// What the server must allow.
pub(super) fn accesses(options: &Reading<'_>) -> Result<Vec<Access>> {
    let lists = match &options.scope {
        Scope::Live { cluster: cluster @ Cluster::Live { .. }, selection } => {
            scan::all_lists(*cluster, selection)?
        }
        Scope::Files { files, kustomize, selection, cluster: Some(cluster) } => {
            let chosen = choose(files, *kustomize, selection, options.namespace.as_deref())?;
            let namespaces = namespaces_of(&chosen.objects, options.namespace.as_deref());
            Wanted::beside(*cluster, namespaces).into_lists().collect()
        }
        Scope::Live { .. } | Scope::Files { .. } => Vec::new(),
    };
    let probes = options.kubelets.probe && !lists.is_empty();
    let lists = lists.iter().flat_map(List::accesses);
    Ok(lists.chain(probes.then(kubelets::access)).collect())
}

/// What was judged.
#[derive(Debug)]
pub(super) struct Judged {
    /// The report.
    pub(super) report: Report<SeccompDetail>,
    /// What the input says should not count.
    pub(super) suppressions: Vec<Rule>,
    /// The nodes.
    pub(super) scene: Scene,
}

/// Judges manifests.
fn of_files(
    options: &Reading<'_>,
    (args, kustomize): (&FileArgs, Option<&str>),
    selection: &Selection,
    cluster: Option<Cluster<'_>>,
) -> Result<Judged> {
    let mut files = args.names.clone();
    files.extend(kustomize.map(str::to_owned));
    let namespace = options.namespace.as_deref();
    let mut chosen = choose(args, kustomize, selection, namespace)?;
    let mut suppressions = std::mem::take(&mut chosen.suppressions);
    suppressions.retain(|rule| chosen.covers(rule));
    let mut gaps = std::mem::take(&mut chosen.gaps);
    let server = match cluster {
        Some(cluster) => cluster.release(options.server, &mut gaps)?,
        None => options.server.unwrap_or(NEWEST),
    };
    let about = (server, options.kubelets);
    let surroundings = match cluster {
        Some(cluster) => {
            let namespaces = namespaces_of(&chosen.objects, namespace);
            Surroundings::of_cluster(cluster, Wanted::beside(cluster, namespaces), about)
        }
        None => Surroundings::of_files(chosen.objects.iter(), about),
    };
    let skipped = chosen.aside;
    let judge = Judge {
        surroundings: &surroundings,
        namespace: namespace.unwrap_or(DEFAULT_NAMESPACE),
        live: None,
        deep: options.deep,
    };
    let mut collected = Collected { gaps, skipped, suppressions, ..Collected::default() };
    judge.collect(chosen.into_meant(), &mut collected);
    let target = Target {
        context: cluster.and_then(|cluster| cluster.context()).map(str::to_owned),
        server: Some(server.to_string()),
        files,
    };
    Ok(finish(options.program, collected, surroundings, target))
}

/// Which objects of manifests are meant. What sets profiles, nodes and namespaces count whether they
/// are meant or not.
fn choose(
    args: &FileArgs,
    kustomize: Option<&str>,
    selection: &Selection,
    namespace: Option<&str>,
) -> Result<Chosen> {
    let mut inventory = inventory::read(args, kustomize)?;
    let mut files = args.names.clone();
    files.extend(kustomize.map(str::to_owned));
    inventory.note_if_empty(&files);
    let tells = |object: &Object| pod_templates(object).is_empty();
    let chosen = Chosen::of(inventory, selection, namespace, tells)?;
    out::warnings(&chosen.warnings);
    Ok(chosen)
}

/// The namespaces that manifests are for.
fn namespaces_of(objects: &[Object], namespace: Option<&str>) -> BTreeSet<Option<String>> {
    let pods = objects.iter().filter(|object| !pod_templates(object).is_empty());
    let names = pods.map(|object| object.namespace().or(namespace).unwrap_or(DEFAULT_NAMESPACE));
    names.map(|name| Some(name.to_owned())).collect()
}

/// What is not known of kubelets that containers are left to: each reason once.
fn unknown_defaults(collected: &Collected, surroundings: &Surroundings) -> Vec<Gap> {
    let scene = &surroundings.scene;
    let places = collected.objects.iter().flat_map(|object| &object.detail.containers);
    let places = places.flat_map(|container| &container.places);
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for place in places.filter(|place| place.by == "kubelet" && known.insert(place.nodes.id())) {
        let nodes = place.nodes.iter().filter_map(|name| scene.node(name));
        let defaults = nodes.map(|node| (&node.seccomp_default, node.name.as_str()));
        let unseen = place.nodes.is_empty().then(|| (scene.unseen_default(), ""));
        for (default, name) in defaults.chain(unseen) {
            if let SeccompDefault::Unknown(why) = default {
                reasons.entry(why).or_default().insert(name);
            }
        }
    }
    let gap = |(why, mut nodes): (&str, BTreeSet<&str>)| {
        nodes.remove("");
        let of = match nodes.len() {
            0 => "the kubelets".to_owned(),
            1 => format!("the kubelet of {}", nodes.iter().copied().collect::<String>()),
            count => format!("the kubelets of {count} nodes"),
        };
        Gap {
            what: "kubelet".to_owned(),
            place: None,
            object: Some(format!("seccompDefault of {of}")),
            why: format!(
                "{why}; whether containers are confined for which nothing is set hangs on it"
            ),
            hint:
                "say --assume seccompDefault=true or =false; --probe-nodes asks those of a cluster"
                    .to_owned(),
        }
    };
    reasons.into_iter().map(gap).collect()
}

/// The report of what was collected, with what is not known of what it depends on.
fn finish(
    program: &str,
    mut collected: Collected,
    surroundings: Surroundings,
    target: Target,
) -> Judged {
    let mut unread: Vec<Gap> = Vec::new();
    if is_open(&collected) {
        unread.extend(surroundings.gaps.iter().cloned());
        unread.extend(unknown_defaults(&collected, &surroundings));
    }
    if uses_installed(&collected) {
        // Nodes and profiles matter to both.
        for gap in &surroundings.of_profiles {
            if unread.iter().all(|other| other.object != gap.object) {
                unread.push(gap.clone());
            }
        }
    }
    for gap in unread {
        collected.add_gap(gap);
    }
    let tool = Tool::new(program, env!("CARGO_PKG_VERSION"), "check");
    let (mut report, suppressions) = collected.report(tool, target);
    report.notes = surroundings.setters.describe();
    report.notes.extend(told(&surroundings.scene));
    Judged { report, suppressions, scene: surroundings.scene }
}

/// What the kubelets do with containers for which nothing is set, where that is known.
fn told(scene: &Scene) -> Vec<String> {
    let mut known: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for node in scene.nodes().iter().filter(|node| !node.is_windows()) {
        if !matches!(node.seccomp_default, SeccompDefault::Unknown(_)) {
            known.entry(node.seccomp_default.to_string()).or_default().push(&node.name);
        }
    }
    let line = |(default, nodes): (String, Vec<&str>)| {
        let kubelets = if nodes.len() == 1 { "kubelet" } else { "kubelets" };
        format!("the {kubelets} of {}: {default}", names(&nodes))
    };
    known.into_iter().map(line).collect()
}

/// Whether anything is left to the kubelets: then it matters what could not be read beside pods.
fn is_open(collected: &Collected) -> bool {
    let containers = collected.objects.iter().flat_map(|object| &object.detail.containers);
    containers.flat_map(|container| &container.places).any(|place| place.by == "kubelet")
}

/// Whether a profile of the Security Profiles Operator is used: then it matters on which nodes it is.
fn uses_installed(collected: &Collected) -> bool {
    let containers = collected.objects.iter().flat_map(|object| &object.detail.containers);
    let mut places = containers.flat_map(|container| &container.places);
    places.any(|place| {
        let path = place.effective.localhost_profile.as_deref();
        path.is_some_and(|path| path.starts_with(FOLDER))
    })
}

/// What is worth running next.
fn next_commands(program: &str, report: &Report<SeccompDetail>) -> Vec<String> {
    let first = report.findings.iter().find(|finding| checks::find(finding.check).is_some());
    first.map(|finding| format!("{program} explain {}", finding.check)).into_iter().collect()
}
