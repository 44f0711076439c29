//! `check ns`: what each namespace asks for, what it would meet, and what stands in between.

use std::collections::{BTreeMap, BTreeSet};

use posture::client::list::List;
use posture::client::resource::Resource;
use posture::finding::report::{Report, Target};
use posture::finding::suppression::found::annotations;
use posture::finding::suppression::rule::Rule;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::gather::{all_failed, gather};
use posture::input::inventory;
use posture::input::live;
use posture::input::selection::Selection;
use posture::input::workloads::workloads;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::labels::LabelSelector;
use posture::model::object::Object;
use posture::model::owners::{Owners, controller_of, is_left_behind};
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::{Carrier, pod_templates};
use posture::render::cluster;
use posture::render::gate::GateOptions;
use posture::render::out::{Output, Stdout};
use posture::render::progress::Progress;
use posture::render::report::{self, ReportFormat, Tables};
use rayon::prelude::*;

use super::check::known;
use super::gate;
use super::policies::{Policies, PolicyOptions};
use super::scan;
use super::standing::NamespaceDetail;
use super::{namespace_report, namespace_table};
use crate::census::{self, Census, Standing};
use crate::checks::catalog;
use crate::evaluate::Evaluator;

/// Where namespaces are looked at.
#[derive(Clone, Debug)]
pub enum NamespaceScope<'a> {
    /// In manifests.
    Files {
        /// The values of `-f` and `-R`.
        files: FileArgs,
        /// The directory of `-k`.
        kustomize: Option<&'a str>,
        /// Which namespaces are meant.
        selection: Selection,
    },
    /// In a cluster.
    Live {
        /// The cluster.
        cluster: Cluster<'a>,
        /// Only namespaces with these labels.
        selector: Option<&'a str>,
        /// Only namespaces with these fields.
        field_selector: Option<&'a str>,
    },
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct NamespaceOptions<'a> {
    /// How the program is called: `kubectl pss`.
    pub program: &'a str,
    /// Where to look.
    pub scope: NamespaceScope<'a>,
    /// These namespaces, or all.
    pub names: Vec<String>,
    /// Show the system's namespaces one by one.
    pub all: bool,
    /// What is said about policies.
    pub policy: PolicyOptions<'a>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
    /// Which findings count.
    pub gates: GateOptions<'a>,
    /// Where and how to write the report.
    pub output: Output<ReportFormat>,
}

/// A report on namespaces.
pub type NamespaceReport = Report<NamespaceDetail>;

/// Everything that was counted.
pub(super) struct Counted {
    /// What their labels ask for.
    pub(super) policies: Policies,
    /// The namespaces that are there, or that something is in.
    pub(super) namespaces: BTreeSet<String>,
    /// What lives in them.
    pub(super) standings: BTreeMap<String, Standing>,
    /// Those of which not everything could be read; all of them, if `None` is among them.
    pub(super) partial: BTreeSet<Option<String>>,
    /// What could not be read.
    pub(super) gaps: Vec<Gap>,
    /// What was looked at.
    pub(super) target: Target,
    /// What the objects themselves say should not count.
    pub(super) suppressions: Vec<Rule>,
}

/// Counts, sums up, reports. The report comes back for the exit code.
pub fn run(options: &NamespaceOptions<'_>) -> Result<NamespaceReport> {
    let progress = Progress::start("reading namespaces");
    let counted = match &options.scope {
        NamespaceScope::Files { files, kustomize, selection } => {
            of_files(options, files, *kustomize, selection)
        }
        NamespaceScope::Live { cluster, .. } => of_cluster(options, *cluster),
    };
    drop(progress);
    let mut counted = counted?;
    let suppressions = std::mem::take(&mut counted.suppressions);
    let mut report = namespace_report::report_of(options, counted);
    options.gates.apply(&mut report, &suppressions, &catalog(), gate::settle)?;
    if let NamespaceScope::Live { cluster, .. } = &options.scope {
        let again = format!("{} check", options.program);
        cluster::finish(*cluster, &report.gaps, &again)?;
    }
    let tables = Tables {
        human: |out: &mut Stdout| namespace_table::human(&report, options, out),
        wide: |out: &mut Stdout| namespace_table::wide(&report, options, out),
    };
    report::print_with(&report, options.output, &catalog(), tables)?;
    Ok(report)
}

fn of_files(
    options: &NamespaceOptions<'_>,
    args: &FileArgs,
    kustomize: Option<&str>,
    selection: &Selection,
) -> Result<Counted> {
    let labels = selection.labels_in_files()?;
    let mut files = args.names.clone();
    files.extend(kustomize.map(str::to_owned));
    let mut inventory = inventory::read(args, kustomize)?;
    inventory.note_if_empty(&files);
    let server = known(options.server.unwrap_or(NEWEST));
    let policies = Policies::new(options.policy, server, &inventory.objects)?;
    let mut gaps = inventory.gaps;
    gaps.extend_from_slice(policies.conflicts());
    let evaluator = Evaluator::new(server);
    let (mut census, mut owners) = (Census::default(), Owners::default());
    let mut namespaces: BTreeSet<String> = BTreeSet::new();
    for object in &inventory.objects {
        owners.note(object);
        if object.is_namespace() {
            namespaces.insert(object.name().to_owned());
            continue;
        }
        let is_named =
            || object.namespace().is_some_and(|own| options.names.iter().any(|n| n == own));
        if !pod_templates(object).is_empty() || is_named() {
            namespaces.insert(policies.namespace_of(object).to_owned());
        }
    }
    if let Some(nothing) = selection.gap_of_labels() {
        let read = &inventory.objects;
        gaps.extend(keep_labelled(&mut namespaces, read, &labels));
        gaps.extend(namespaces.is_empty().then_some(nothing));
    } else if namespaces.is_empty() && gaps.is_empty() && options.names.is_empty() {
        gaps.push(not_there("namespaces".to_owned(), "neither they themselves"));
    }
    let missing = options.names.iter().filter(|name| !namespaces.contains(*name));
    gaps.extend(
        missing.map(|name| not_there(format!("namespace/{name}"), "neither the Namespace")),
    );
    count(&inventory.objects, &evaluator, &policies, false, &mut census);
    let suppressions = suppressions_of(&inventory.objects, &policies);
    let target = Target { files, server: Some(server.to_string()), context: None };
    let standings = census.finish(&owners);
    let partial = BTreeSet::new();
    Ok(Counted { policies, namespaces, standings, partial, gaps, target, suppressions })
}

/// The gap of namespaces that no file knows.
fn not_there(object: String, what: &str) -> Gap {
    Gap {
        what: "object".to_owned(),
        place: None,
        object: Some(object),
        why: format!("{what} nor what lives there is in the files that were named"),
        hint: String::new(),
    }
}

/// Leaves the namespaces with these labels; whose labels the files do not have is a gap.
fn keep_labelled(
    namespaces: &mut BTreeSet<String>,
    objects: &[Object],
    labels: &LabelSelector,
) -> Vec<Gap> {
    // The last of several of the same name is what counts, as for its policy.
    let own = objects.iter().filter(|object| object.is_namespace());
    let known: BTreeMap<&str, &Object> = own.map(|own| (own.name(), own)).collect();
    let unknown: Vec<String> =
        namespaces.iter().filter(|name| !known.contains_key(name.as_str())).cloned().collect();
    namespaces.retain(|name| known.get(name.as_str()).is_some_and(|own| labels.selects(own)));
    let gap = |name: String| Gap {
        what: "object".to_owned(),
        place: None,
        object: Some(format!("namespace/{name}")),
        why: "its labels are not in the files that were named, so -l may mean it or not".to_owned(),
        hint: "add the Namespace's manifest to -f".to_owned(),
    };
    unknown.into_iter().map(gap).collect()
}

fn of_cluster(options: &NamespaceOptions<'_>, cluster: Cluster<'_>) -> Result<Counted> {
    cluster::introduce(cluster);
    let mut gaps = Vec::new();
    let server = scan::server(cluster, options.server, &mut gaps)?;
    let mut policies = Policies::new(options.policy, server, &[])?;
    let mut namespaces: BTreeSet<String> = options.names.iter().cloned().collect();
    let lists = namespace_lists(options);
    let own = std::slice::from_mut(&mut policies);
    let found = scan::read_namespaces(cluster, &lists, own, &mut gaps, &mut namespaces);
    namespaces.extend(found.iter().map(|object| object.name().to_owned()));
    policies.add(&found);
    let lists = content_lists(&options.names, &namespaces);
    let mut partial = BTreeSet::new();
    let (census, owners, suppressions) =
        census_of(cluster, &lists, &policies, server, (&mut gaps, &mut partial))?;
    let mut standings = census.finish(&owners);
    if options.names.is_empty() && !is_selective(options) {
        // A namespace that came into being meanwhile, or all of them where they cannot be listed.
        namespaces.extend(standings.keys().cloned());
    } else {
        standings.retain(|name, _| namespaces.contains(name));
    }
    let target = Target {
        context: cluster.context().map(str::to_owned),
        server: Some(server.to_string()),
        files: cluster.files(),
    };
    Ok(Counted { policies, namespaces, standings, partial, gaps, target, suppressions })
}

/// The lists of the Namespaces themselves.
pub(super) fn namespace_lists(options: &NamespaceOptions<'_>) -> Vec<List> {
    let all = List::of(Resource::namespaces(), None);
    if !options.names.is_empty() {
        let named = options.names.iter();
        return named.map(|name| List { name: Some(name.clone()), ..all.clone() }).collect();
    }
    match &options.scope {
        NamespaceScope::Live { selector, field_selector, .. } => vec![List {
            label_selector: selector.map(str::to_owned),
            field_selector: field_selector.map(str::to_owned),
            ..all
        }],
        NamespaceScope::Files { .. } => Vec::new(),
    }
}

/// The lists of what is in namespaces: of those that are there where some are named, else of all.
pub(super) fn content_lists(named: &[String], there: &BTreeSet<String>) -> Vec<List> {
    let scopes: Vec<Option<&str>> = if named.is_empty() {
        vec![None]
    } else {
        there.iter().map(|name| Some(name.as_str())).collect()
    };
    scopes
        .iter()
        .flat_map(|scope| workloads().into_iter().map(|resource| List::of(resource, *scope)))
        .collect()
}

/// Whether only some of the namespaces are asked for.
fn is_selective(options: &NamespaceOptions<'_>) -> bool {
    let NamespaceScope::Live { selector, field_selector, .. } = &options.scope else {
        return false;
    };
    selector.is_some() || field_selector.is_some()
}

/// Reads the lists and counts what is in them.
fn census_of(
    cluster: Cluster<'_>,
    lists: &[List],
    policies: &Policies,
    server: Minor,
    (gaps, partial): (&mut Vec<Gap>, &mut BTreeSet<Option<String>>),
) -> Result<(Census, Owners, Vec<Rule>)> {
    let evaluator = Evaluator::new(server);
    let gathered = gather(cluster, lists, |list, objects, part: &mut Part| {
        part.any |= !objects.is_empty();
        // Pods own no workloads, and there are many of them.
        if list.resource.kind != "Pod" {
            for object in &objects {
                part.owners.note(object);
            }
        }
        count(&objects, &evaluator, policies, true, &mut part.census);
        part.suppressions.extend(suppressions_of(&objects, policies));
    });
    if let Some(failure) = all_failed(&gathered)
        && !gathered.iter().any(|(part, _)| part.any)
    {
        return Err(cluster.could_not_run(failure));
    }
    let (mut census, mut owners) = (Census::default(), Owners::default());
    let mut suppressions = Vec::new();
    for (list, (part, failure)) in lists.iter().zip(gathered) {
        if let Some(failure) = failure {
            partial.insert(list.namespace.clone());
            gaps.push(live::gap(list, &failure));
        }
        census.merge(part.census);
        owners.merge(part.owners);
        suppressions.extend(part.suppressions);
    }
    Ok((census, owners, suppressions))
}

/// What is known of one list.
#[derive(Default)]
struct Part {
    census: Census,
    owners: Owners,
    /// Whether it had any object.
    any: bool,
    /// What its workloads say should not count.
    suppressions: Vec<Rule>,
}

/// What workloads say should not count. Pods say what their templates do, over and over.
fn suppressions_of(objects: &[Object], policies: &Policies) -> Vec<Rule> {
    let is_controlled = |object: &Object| controller_of(object.value()).is_some();
    let own = objects.iter().filter(|object| !is_controlled(object));
    own.flat_map(|object| annotations(object, Some(policies.namespace_of(object)))).collect()
}

/// Judges objects on all cores and counts them.
fn count(
    objects: &[Object],
    evaluator: &Evaluator,
    policies: &Policies,
    stored: bool,
    census: &mut Census,
) {
    let judge = |object: &Object| -> Vec<census::Judged> {
        if stored && is_left_behind(object) {
            return Vec::new();
        }
        let namespace = policies.namespace_of(object);
        let templates = pod_templates(object);
        templates
            .iter()
            .filter(|template| template.carrier != Carrier::Other)
            .map(|template| {
                let policy = policies.labels_of(namespace);
                let exemptions = policies.exemptions();
                census::judge(evaluator, object, template, namespace, policy, exemptions, stored)
            })
            .collect()
    };
    let judged: Vec<Vec<census::Judged>> = objects.par_iter().map(judge).collect();
    judged.into_iter().flatten().for_each(|judged| census.add(judged));
}
