//! What runs in a cluster: first what stands around pods, then what makes them, then the pods.

use posture::client::list::List;
use posture::finding::report::Target;
use posture::input::cluster::Cluster;
use posture::input::gather::{all_failed, gather};
use posture::input::live;
use posture::input::selection::Selection;
use posture::input::workloads::{is_noise, namespaces_of, owners_of, workloads};
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::owners::Owners;
use posture::model::workload::pod_templates;
use posture::render::cluster::{self, introduce, lists};

use super::judge::{Collected, Judge, Live};
use super::surroundings::{Surroundings, Wanted};
use super::templates::Templates;
use super::{Judged, Reading};
use crate::commands::planner::DEFAULT_NAMESPACE;

/// Reads and judges.
pub(super) fn run(
    options: &Reading<'_>,
    cluster: Cluster<'_>,
    selection: &Selection,
) -> Result<Judged> {
    introduce(cluster);
    let mut gaps = Vec::new();
    let server = cluster.release(options.server, &mut gaps)?;
    let lists = lists(cluster, selection, workloads(), &mut gaps)?;
    let wanted = Wanted::beside(cluster, namespaces_of(&lists));
    let surroundings = Surroundings::of_cluster(cluster, wanted, (server, options.kubelets));
    let collected = judge(cluster, &lists, &surroundings, options.deep, gaps)?;
    let target = Target {
        context: cluster.context().map(str::to_owned),
        server: Some(server.to_string()),
        files: cluster.files(),
    };
    let judged = super::finish(options.program, collected, surroundings, target);
    cluster::finish(cluster, &judged.report.gaps, &format!("{} check", options.program))?;
    Ok(judged)
}

/// Everything that is read for the objects in lists, for the roles that are printed.
pub(super) fn all_lists(cluster: Cluster<'_>, selection: &Selection) -> Result<Vec<List>> {
    let lists = lists(cluster, selection, workloads(), &mut Vec::new())?;
    let mut all: Vec<List> = Wanted::beside(cluster, namespaces_of(&lists)).into_lists().collect();
    all.extend(owners_beside(&lists));
    all.extend(lists);
    Ok(all)
}

/// What is read to know the owners of pods, beside what is read anyway.
fn owners_beside(lists: &[List]) -> Vec<List> {
    let is_read = |owners: &List| {
        let has = |list: &List| {
            let whole = list.name.is_none()
                && list.label_selector.is_none()
                && list.field_selector.is_none();
            whole && list.resource == owners.resource && list.namespace == owners.namespace
        };
        lists.iter().any(has)
    };
    owners_of(lists).into_iter().filter(|owners| !is_read(owners)).collect()
}

/// What a list of what makes pods has brought.
#[derive(Default)]
struct Makers {
    collected: Collected,
    owners: Owners,
    templates: Templates,
}

/// Judges what is in lists: pods after what they are made of.
fn judge(
    cluster: Cluster<'_>,
    lists: &[List],
    surroundings: &Surroundings,
    deep: bool,
    gaps: Vec<Gap>,
) -> Result<Collected> {
    let is_pods = |list: &&List| list.resource.kind == "Pod" && list.resource.group.is_empty();
    let (pods, mut others): (Vec<&List>, Vec<&List>) = lists.iter().partition(is_pods);
    let beside = owners_beside(lists);
    let asked = others.len();
    others.extend(&beside);
    let (mut owners, mut templates) = (Owners::default(), Templates::default());
    let nothing = (Owners::default(), Templates::default());
    let of_makers = Live { owners: &nothing.0, templates: &nothing.1 };
    let first = Judge { surroundings, namespace: DEFAULT_NAMESPACE, live: Some(of_makers), deep };
    let others: Vec<List> = others.into_iter().cloned().collect();
    let mut makers = gather(cluster, &others, |list, objects, own: &mut Makers| {
        for object in &objects {
            own.owners.note(object);
        }
        if !list.metadata_only {
            let makes = objects.iter().filter(|object| !pod_templates(object).is_empty());
            for object in makes {
                own.templates.note(object);
            }
            first.collect(keep(list, objects, &mut own.collected), &mut own.collected);
        }
    });
    for (own, _) in &mut makers {
        owners.merge(std::mem::take(&mut own.owners));
        templates.merge(std::mem::take(&mut own.templates));
    }
    // Without owners a pod is reported under its ReplicaSet or Job: its verdict is the same.
    makers.truncate(asked);
    let of_pods = Live { owners: &owners, templates: &templates };
    let second = Judge { live: Some(of_pods), ..first };
    let pods: Vec<List> = pods.into_iter().cloned().collect();
    let judged = gather(cluster, &pods, |list, objects, own: &mut Collected| {
        second.collect(keep(list, objects, own), own);
    });
    let mut read: Vec<(&List, Collected, Option<_>)> = Vec::new();
    read.extend(pods.iter().zip(judged).map(|(list, (own, failure))| (list, own, failure)));
    let makers = others.iter().zip(makers);
    read.extend(makers.map(|(list, (own, failure))| (list, own.collected, failure)));
    let mut collected = Collected { gaps, ..Collected::default() };
    let all: Vec<((), Option<_>)> =
        read.iter().map(|(_, _, failure)| ((), failure.clone())).collect();
    if let Some(failure) = all_failed(&all)
        && read.iter().all(|(_, own, _)| own.objects.is_empty())
    {
        return Err(cluster.could_not_run(failure));
    }
    for (list, own, failure) in read {
        collected.append(own);
        if let Some(failure) = failure {
            collected.add_gap(live::gap(list, &failure));
        }
    }
    Ok(collected)
}

/// What is judged of a page: what is no news is left aside, unless it is asked for by name.
fn keep(list: &List, mut objects: Vec<Object>, collected: &mut Collected) -> Vec<Object> {
    let before = objects.len();
    if list.name.is_none() {
        objects.retain(|object| !is_noise(object));
    }
    collected.skipped += before - objects.len();
    objects
}
