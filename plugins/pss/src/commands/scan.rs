//! Objects of a cluster: first the namespaces and owners that verdicts depend on, then the lists,
//! page by page.

use std::collections::{BTreeMap, BTreeSet};

use posture::client::diagnose;
use posture::client::failure::{Failure, FailureKind};
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::gather::{self, all_failed, gather};
use posture::input::inventory;
use posture::input::live;
use posture::input::selection::Selection;
use posture::model::error::{Error, Result};
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::owners::{Owners, controller_of};
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::pod_templates;
use posture::render::escape::escape;
use posture::render::out;

use super::check::{Way, known};
use super::chosen::Chosen;
use super::collect::Collected;
use super::judge::Judge;
use super::meant::Meant;
use super::policies::{Policies, PolicyOptions};
use super::required::{self, Requirements};
use crate::census::has_ended;
use crate::evaluate::Evaluator;
use crate::requirements::Required;

/// Says of a recorded cluster which one it is, and of when.
pub(super) fn introduce(cluster: Cluster<'_>) {
    if let Cluster::Recorded { snapshot, .. } = cluster {
        let of = snapshot.context().map_or_else(String::new, |context| format!(" of {context}"));
        let time = snapshot.clock().now();
        out::note(&escape(&format!("snapshot{of}, taken {time}")));
    }
}

/// Completes the snapshot, if one is being written, and says how to look at it again.
pub(super) fn finish(cluster: Cluster<'_>, gaps: &[Gap], program: &str) -> Result<()> {
    cluster.finish(gaps)?;
    if let Cluster::Live { recorder: Some(recorder), .. } = cluster {
        let dir = recorder.dir().display();
        out::note(&escape(&format!("snapshot written; again: {program} check -f {dir}")));
    }
    Ok(())
}

/// The release that the server behaves as, or the one that was asked for.
pub(super) fn server(
    cluster: Cluster<'_>,
    asked: Option<Minor>,
    gaps: &mut Vec<Gap>,
) -> Result<Minor> {
    if let Some(asked) = asked {
        cluster.judged_as(asked);
        return Ok(known(asked));
    }
    match cluster.server_version() {
        Ok(minor) => Ok(known(minor)),
        Err(failure) if is_fatal(&failure) => Err(could_not_run(cluster, &failure)),
        Err(failure) => {
            gaps.push(Gap {
                what: "version".to_owned(),
                place: None,
                object: Some("/version".to_owned()),
                why: format!("{failure}; judged as {NEWEST}"),
                hint: "say --server-version 1.NN".to_owned(),
            });
            Ok(NEWEST)
        }
    }
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

/// Whether nothing else will work either: the first request was not answered, or not to us.
fn is_fatal(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Unreachable | FailureKind::Unauthorized | FailureKind::Timeout
    )
}

/// The error of a cluster that does not answer: one line of cause, one of what to do. A snapshot
/// has no server to look for.
pub(super) fn could_not_run(cluster: Cluster<'_>, failure: &Failure) -> Error {
    match cluster {
        Cluster::Live { connection, .. } => diagnose::could_not_reach(failure, connection.target()),
        Cluster::Recorded { .. } => Error::could_not_run(failure.message.clone()),
    }
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
    let list = |name: &str| List { name: Some(name.to_owned()), ..List::of(namespaces(), None) };
    wanted.into_iter().map(list).collect()
}

/// What `-f --with-cluster` reads of the cluster.
pub(super) fn lists_for_files(
    files: &FileArgs,
    kustomize: Option<&str>,
    selection: &Selection,
    options: PolicyOptions<'_>,
    required: &Required,
) -> Result<Vec<List>> {
    let chosen = Chosen::of(inventory::read(files, kustomize)?, selection, options.namespace)?;
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

/// The kinds that carry pods: what is looked at where nothing is named.
pub(super) fn workloads() -> Vec<Resource> {
    [
        ("", "pods", "Pod"),
        ("apps", "deployments", "Deployment"),
        ("apps", "replicasets", "ReplicaSet"),
        ("apps", "statefulsets", "StatefulSet"),
        ("apps", "daemonsets", "DaemonSet"),
        ("batch", "jobs", "Job"),
        ("batch", "cronjobs", "CronJob"),
        ("", "replicationcontrollers", "ReplicationController"),
        ("", "podtemplates", "PodTemplate"),
    ]
    .into_iter()
    .map(|(group, plural, kind)| Resource::new(group, "v1", plural, kind, true))
    .collect()
}

/// What to read of a cluster: what was named, or the workloads.
pub(super) fn lists(
    cluster: Cluster<'_>,
    selection: &Selection,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<List>> {
    let resolved = cluster.lists(selection, workloads())?;
    for warning in &resolved.warnings {
        out::note(&escape(&format!("Warning: {warning}")));
    }
    gaps.extend(resolved.gaps);
    Ok(resolved.lists)
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
                collected.leave_aside(&mut own);
            }
            collected.judge(judge, own);
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
        return Err(could_not_run(cluster, failure));
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
        if list.resource == namespaces() {
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

/// The namespaces that lists are of; `None` stands for all.
pub(super) fn namespaces_of(lists: &[List]) -> BTreeSet<Option<String>> {
    let namespaced = lists.iter().filter(|list| list.resource.namespaced);
    namespaced.map(|list| list.namespace.clone()).collect()
}

/// What verdicts on lists depend on: first Namespaces, and how many lists are theirs, then owners.
pub(super) fn context_lists(lists: &[List]) -> (Vec<List>, usize) {
    let mut scopes = namespaces_of(lists);
    // A Namespace that is asked for by name is judged by its own labels.
    let own = lists.iter().filter(|list| list.resource == namespaces() && list.name.is_some());
    scopes.extend(own.map(|list| list.name.clone()));
    let everywhere = scopes.contains(&None);
    let mut context: Vec<List> = if everywhere {
        vec![List::of(namespaces(), None)]
    } else {
        let named = scopes.iter().flatten();
        named
            .map(|name| List { name: Some(name.clone()), ..List::of(namespaces(), None) })
            .collect()
    };
    let about_namespaces = context.len();
    let pods: BTreeSet<Option<String>> = lists
        .iter()
        .filter(|list| list.resource.kind == "Pod" && list.resource.group.is_empty())
        .map(|list| list.namespace.clone())
        .collect();
    for namespace in &pods {
        for (group, plural, kind) in
            [("apps", "replicasets", "ReplicaSet"), ("batch", "jobs", "Job")]
        {
            let resource = Resource::new(group, "v1", plural, kind, true);
            let list = List::of(resource, namespace.as_deref());
            context.push(List { metadata_only: true, ..list });
        }
    }
    (context, about_namespaces)
}

/// The resource of namespaces.
pub(super) fn namespaces() -> Resource {
    Resource::new("", "v1", "namespaces", "Namespace", false)
}

/// Whether an object is no news: a ReplicaSet that an update has left behind, a pod that has
/// ended. They are judged where they are asked for by name.
pub(super) fn is_noise(object: &Object) -> bool {
    let is_pod = object.kind() == "Pod" && object.group().is_empty();
    is_left_behind(object) || is_pod && has_ended(object.value())
}

/// Whether an object is a ReplicaSet that an update of its Deployment has left behind.
pub(super) fn is_left_behind(object: &Object) -> bool {
    if object.kind() != "ReplicaSet" || object.group() != "apps" {
        return false;
    }
    let replicas = object.value().get("spec").and_then(|spec| spec.get("replicas"));
    replicas.and_then(|replicas| replicas.as_i64()) == Some(0)
        && controller_of(object.value()).is_some()
}
