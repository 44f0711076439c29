//! Fixes of what runs in a cluster.

use std::collections::BTreeMap;

use posture::client::list::List;
use posture::client::rbac::Access;
use posture::client::resource::Resource;
use posture::finding::report::Target;
use posture::input;
use posture::input::cluster::Cluster;
use posture::input::gather;
use posture::input::selection::resolve::Resolved;
use posture::input::workloads::{namespaces_of, owners_in};
use posture::model::clock::Clock;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::{Object, ObjectRef};
use posture::model::owners::{Owners, controller_of};
use posture::patch::found;
use posture::patch::live::whole::{self, Manner};
use posture::patch::plan::Planned;
use posture::patch::report::PlanReport;
use posture::render::out;

use super::super::policies::{Policies, PolicyOptions};
use super::super::{scan, tool};
use super::detail::FixDetail;
use super::fixer::Fixer;
use super::{FixOptions, Live, Planning, TOOL, complete};
use crate::evaluate::Evaluator;
use crate::fixes::Facts;

/// Reads, plans, shows what is about to happen, and does it.
pub(super) fn run(options: &FixOptions<'_>, live: &Live<'_>) -> Result<PlanReport<FixDetail>> {
    let connection = live.connection;
    let cluster = Cluster::Live { connection, recorder: None };
    let mut gaps = Vec::new();
    let server = scan::server(cluster, options.server, &mut gaps)?;
    let Resolved { lists, warnings, gaps: unread, .. } =
        found::lists(connection, &options.selection)?;
    out::warnings(&warnings);
    gaps.extend(unread);
    let everything = options.selection.is_everything();
    let found = found::read(connection, &lists, everything)?;
    gaps.extend(found.gaps);
    let roots: Vec<&Object> = found.roots.iter().map(|root| &root.object).collect();
    let own = PolicyOptions { namespace: Some(&connection.target().namespace), ..options.policy };
    let mut policies = Policies::new(own, server, &[])?;
    let namespaces = namespaces(&roots);
    let read = scan::read_namespaces(
        cluster,
        &namespaces,
        std::slice::from_mut(&mut policies),
        &mut gaps,
        &mut <_>::default(),
    );
    policies.add(&read);
    let facts = facts(cluster, &roots, &mut gaps);
    let kubectl = whole::kubectl(connection);
    let evaluator = Evaluator::new(server);
    let fixer = Fixer {
        evaluator: &evaluator,
        policies: &policies,
        limit: options.how.limit,
        migrate: options.how.migrate,
        live: Some((&kubectl, live.managed)),
        command: options.how.command,
    };
    let mut planning = Planning::new(fixer, options);
    let nothing = Facts::default();
    for root in found.roots {
        let ways = root.ways();
        let known = facts.get(&root.object.reference(root.object.namespace()));
        planning.add(&root.object, known.unwrap_or(&nothing), ways);
    }
    let Planning { mut plan, came, mut terminal, answered, .. } = planning;
    plan.skipped += found.aside;
    plan.gaps.splice(..0, gaps);
    let manner = Manner {
        tool: TOOL,
        dry_run: live.dry_run,
        yes: live.yes,
        undo_file: options.undo_file,
        clock: Clock::System,
    };
    let replan = |object: Object| -> Planned {
        let known = facts.get(&object.reference(object.namespace()));
        let answers = answered.get(&fixer.reference(&object)).unwrap_or(options.how.answers);
        fixer.plan(&object, answers, known.unwrap_or(&nothing), Vec::new()).planned
    };
    let carried = whole::of_plan(connection, &mut plan, &lists, &replan, &mut terminal, manner)?;
    let target = Target {
        context: connection.target().context.clone(),
        server: Some(server.to_string()),
        files: Vec::new(),
    };
    let mut report = PlanReport::new(tool(options.program, "fix"), target, plan, carried);
    complete(&mut report, came, |object| {
        let known = facts.get(&object.reference(object.namespace())).unwrap_or(&nothing);
        let answers = answered.get(&fixer.reference(object)).unwrap_or(options.how.answers);
        fixer.untouched(object, answers, known)
    });
    Ok(report)
}

/// The Namespaces of objects.
fn namespaces(roots: &[&Object]) -> Vec<List> {
    let names: std::collections::BTreeSet<&str> =
        roots.iter().filter_map(|object| object.namespace()).collect();
    names.into_iter().map(List::of_namespace).collect()
}

/// What the pods of objects show, by the object.
fn facts(
    cluster: Cluster<'_>,
    roots: &[&Object],
    gaps: &mut Vec<Gap>,
) -> BTreeMap<ObjectRef, Facts> {
    let mut facts: BTreeMap<ObjectRef, Facts> = BTreeMap::new();
    let mut owners = Owners::default();
    let mut pods: Vec<Object> = Vec::new();
    let lists = beside(roots);
    for (list, (objects, failure)) in lists.iter().zip(gather::objects(cluster, &lists)) {
        // Without what stands between them, pods of Deployments show nothing.
        gaps.extend(failure.map(|failure| input::live::gap(list, &failure)));
        if list.resource.kind == "Pod" {
            pods.extend(objects);
        } else {
            for object in &objects {
                owners.note(object);
            }
        }
    }
    for pod in &pods {
        let Some(controller) = controller_of(pod.value()) else { continue };
        let root = owners.root(controller).reference(pod.namespace());
        facts.entry(root).or_default().observe(pod.value());
    }
    facts
}

/// What is read to know the pods of objects: pods, and what stands between them.
fn beside(roots: &[&Object]) -> Vec<List> {
    namespaces(roots).iter().flat_map(|namespace| pods_of(namespace.name.as_deref())).collect()
}

fn pods_of(namespace: Option<&str>) -> Vec<List> {
    let mut lists = vec![List::of(Resource::new("", "v1", "pods", "Pod", true), namespace)];
    lists.extend(owners_in(namespace));
    lists
}

/// What the server must allow for this run.
pub(in super::super) fn accesses(options: &FixOptions<'_>, live: &Live<'_>) -> Result<Vec<Access>> {
    let lists = found::lists(live.connection, &options.selection)?.lists;
    let everything = options.selection.is_everything();
    let mut accesses = whole::accesses(&lists, everything, live.dry_run);
    for scope in namespaces_of(&lists) {
        let name = scope.as_deref();
        accesses.push(Access {
            verb: "get".to_owned(),
            group: String::new(),
            resource: "namespaces".to_owned(),
            namespace: None,
            name: scope.clone(),
        });
        accesses.extend(pods_of(name).iter().flat_map(List::accesses));
    }
    Ok(accesses)
}
