//! Objects of a cluster: first the namespaces and owners that verdicts depend on, then the lists,
//! page by page.

use std::collections::{BTreeMap, BTreeSet};

use posture::client::failure::FailureKind;
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::gather::{self, all_failed, gather};
use posture::input::inventory;
use posture::input::live;
use posture::input::selection::Selection;
use posture::input::workloads::{is_noise, namespaces_of, owners_of};
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::owners::Owners;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::pod_templates;

use super::check::{Way, known};
use super::chosen;
use super::judge::{Collected, Judge};
use super::meant::Meant;
use super::policies::{Policies, PolicyOptions};
use super::required::{self, Requirements};
use crate::evaluate::Evaluator;
use crate::requirements::Required;

/// The release that the server behaves as, or the one that was asked for.
pub(super) fn server(
    cluster: Cluster<'_>,
    asked: Option<Minor>,
    gaps: &mut Vec<Gap>,
) -> Result<Minor> {
    cluster.release(asked, gaps).map(known)
}

/// The release that is asked for, or the newest.
pub(super) fn known_or_newest(asked: Option<Minor>) -> Minor {
    known(asked.unwrap_or(NEWEST))
}

/// The release for each of the ways; without a cluster it is the newest where none is asked for.
pub(super) fn servers(
    cluster: Option<Cluster<'_>>,
    ways: &[Way<'_>],
    gaps: &mut Vec<Gap>,
) -> Result<Vec<Minor>> {
    let mut own = None;
    let mut said = BTreeMap::new();
    let each = ways.iter().map(|way| match (cluster, way.server, own) {
        // What is not known is said once.
        (None, asked, _) => {
            let asked = asked.unwrap_or(NEWEST);
            Ok(*said.entry(asked).or_insert_with(|| known(asked)))
        }
        // It is asked once.
        (Some(_), None, Some(own)) => Ok(own),
        (Some(cluster), None, None) => Ok(*own.insert(server(cluster, None, gaps)?)),
        (Some(cluster), asked, _) => server(cluster, asked, gaps),
    });
    each.collect()
}

/// Adds what manifests need of the namespaces of a cluster. A Namespace among the manifests goes
/// before the cluster's: it is what the labels will be.
pub(super) fn add_namespaces(
    cluster: Cluster<'_>,
    policies: &mut [Policies],
    objects: &[Object],
    gaps: &mut Vec<Gap>,
) {
    let Some(first) = policies.first() else { return };
    let lists = missing_namespaces(first, objects);
    // A namespace that is not there yet has no labels.
    let found = read_namespaces(cluster, &lists, policies, gaps, &mut BTreeSet::new());
    for policies in policies {
        policies.add(&found);
    }
}

/// The Namespaces that manifests need and do not hold.
fn missing_namespaces(policies: &Policies, objects: &[Object]) -> Vec<List> {
    let wanted: BTreeSet<&str> = objects
        .iter()
        .filter(|object| !pod_templates(object).is_empty())
        .map(|object| policies.namespace_of(object))
        .filter(|namespace| policies.labels_of(namespace).is_none())
        .collect();
    wanted.into_iter().map(List::of_namespace).collect()
}

/// What `-f --with-cluster` reads of the cluster.
pub(super) fn lists_for_files(
    files: &FileArgs,
    kustomize: Option<&str>,
    selection: &Selection,
    options: PolicyOptions<'_>,
    required: &Required,
) -> Result<Vec<List>> {
    let chosen = chosen::of(inventory::read(files, kustomize)?, selection, options.namespace)?;
    let policies = Policies::new(options, NEWEST, &chosen.objects)?;
    let mut lists = missing_namespaces(&policies, &chosen.objects);
    lists.extend(required::lists_for(required, &policies, &chosen.objects));
    Ok(lists)
}

/// Reads Namespaces. Those that are not there leave `names`.
pub(super) fn read_namespaces(
    cluster: Cluster<'_>,
    lists: &[List],
    policies: &mut [Policies],
    gaps: &mut Vec<Gap>,
    names: &mut BTreeSet<String>,
) -> Vec<Object> {
    let mut found = Vec::new();
    for (list, (own, failure)) in lists.iter().zip(gather::objects(cluster, lists)) {
        found.extend(own);
        let Some(failure) = failure else { continue };
        match list.name.as_deref() {
            Some(name) if failure.kind == FailureKind::NotFound => {
                if names.remove(name) {
                    gaps.push(live::gap(list, &failure));
                }
            }
            name => {
                for policies in &mut *policies {
                    policies.unreadable(name);
                }
                gaps.push(live::gap(list, &failure));
            }
        }
    }
    found
}

/// In which ways to judge what a cluster holds, and what of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct How<'a> {
    /// The ways.
    pub(super) ways: &'a [Way<'a>],
    /// The release of the server in each.
    pub(super) servers: &'a [Minor],
    /// What is required beyond the standards.
    pub(super) requirements: &'a Requirements<'a>,
    /// Which objects alone are meant; everything, if that is not said.
    pub(super) meant: Option<&'a Meant>,
}

/// Judges what is in lists.
pub(super) fn judge(
    cluster: Cluster<'_>,
    lists: &[List],
    how: How<'_>,
    mut gaps: Vec<Gap>,
) -> Result<Vec<Collected>> {
    let How { ways, servers, requirements, meant } = how;
    let mut owners = Owners::default();
    let each = ways.iter().zip(servers).map(|(way, server)| way.policies(*server, &[]));
    let mut policies = each.collect::<Result<Vec<Policies>>>()?;
    context(cluster, lists, &mut policies, &mut gaps, &mut owners, meant.is_some());
    let evaluators: Vec<Evaluator> = servers.iter().map(|server| Evaluator::new(*server)).collect();
    let judges: Vec<Judge<'_>> = evaluators
        .iter()
        .zip(&policies)
        .zip(ways)
        .map(|((evaluator, policies), way)| Judge {
            evaluator,
            policies,
            live: Some(&owners),
            assumptions: way.assumptions,
            requirements,
        })
        .collect();
    let mut gathered = gather(cluster, lists, |list, mut objects, own: &mut Vec<Collected>| {
        own.resize_with(judges.len(), Collected::default);
        let before = objects.len();
        match meant {
            Some(meant) => objects.retain(|object| meant.has(object)),
            None if list.name.is_none() => objects.retain(|object| !is_noise(object)),
            None => {}
        }
        let aside = if meant.is_some() { 0 } else { before - objects.len() };
        let mut objects = Some(objects);
        for (number, (judge, collected)) in judges.iter().zip(own).enumerate() {
            let is_last = number + 1 == judges.len();
            let own = if is_last { objects.take() } else { objects.clone() };
            let mut own = own.unwrap_or_default();
            collected.skipped += aside;
            if !list.resource.namespaced {
                leave_aside(&mut own, collected);
            }
            judge.collect(own, collected);
        }
    });
    if meant.is_some() {
        // What is not there is no failure: it is the answer.
        for (_, failure) in &mut gathered {
            failure.take_if(|failure| failure.kind == FailureKind::NotFound);
        }
    }
    let is_empty = |own: &[Collected]| own.iter().all(|own| own.objects.is_empty());
    if let Some(failure) = all_failed(&gathered)
        && gathered.iter().all(|(own, _)| is_empty(own))
    {
        return Err(cluster.could_not_run(failure));
    }
    let each = judges.iter().map(|_| Collected { gaps: gaps.clone(), ..Collected::default() });
    let mut all: Vec<Collected> = each.collect();
    for (list, (mut own, failure)) in lists.iter().zip(gathered) {
        own.resize_with(judges.len(), Collected::default);
        for (all, mut collected) in all.iter_mut().zip(own) {
            collected.gaps.extend(failure.as_ref().map(|failure| live::gap(list, failure)));
            all.append(collected);
        }
    }
    Ok(all)
}

/// Takes out objects that live in no namespace and make pods: which policy their pods meet is not
/// known.
fn leave_aside(objects: &mut Vec<Object>, collected: &mut Collected) {
    let aside = |object: &Object| !object.is_namespace() && !pod_templates(object).is_empty();
    for object in objects.extract_if(.., |object| aside(object)) {
        collected.add_gap(Gap {
            what: "object".to_owned(),
            place: None,
            object: Some(object.reference(None).to_string()),
            why: "it lives in no namespace: in which one its pods would be is not known".to_owned(),
            hint: String::new(),
        });
    }
}

/// What verdicts depend on: the namespaces of the lists, and who owns what makes pods. With
/// `may_lack`, a namespace that is not there is no gap.
fn context(
    cluster: Cluster<'_>,
    lists: &[List],
    policies: &mut [Policies],
    gaps: &mut Vec<Gap>,
    owners: &mut Owners,
    may_lack: bool,
) {
    let (context, about_namespaces) = context_lists(lists);
    let gathered = gather(cluster, &context, |list, objects, own: &mut Vec<Object>| {
        if list.resource == Resource::namespaces() {
            own.extend(objects);
        } else {
            for object in &objects {
                owners.note(object);
            }
        }
    });
    // Without owners a pod is reported under its ReplicaSet or Job: its verdict is the same.
    for (list, (found, failure)) in context.iter().zip(gathered).take(about_namespaces) {
        let lacks = may_lack
            && failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::NotFound);
        for policies in &mut *policies {
            policies.add(&found);
            if failure.is_some() && !lacks {
                policies.unreadable(list.name.as_deref());
            }
        }
        gaps.extend(failure.filter(|_| !lacks).map(|failure| live::gap(list, &failure)));
    }
}

/// What verdicts on lists depend on: first Namespaces, and how many lists are theirs, then owners.
pub(super) fn context_lists(lists: &[List]) -> (Vec<List>, usize) {
    let mut scopes = namespaces_of(lists);
    // A Namespace that is asked for by name is judged by its own labels.
    let own =
        lists.iter().filter(|list| list.resource == Resource::namespaces() && list.name.is_some());
    scopes.extend(own.map(|list| list.name.clone()));
    let everywhere = scopes.contains(&None);
    let mut context: Vec<List> = if everywhere {
        vec![List::of(Resource::namespaces(), None)]
    } else {
        let named = scopes.iter().flatten();
        named.map(|name| List::of_namespace(name)).collect()
    };
    let about_namespaces = context.len();
    context.extend(owners_of(lists));
    (context, about_namespaces)
}
