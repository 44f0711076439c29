//! `fix`: the findings of `check` are mended, as far as that is safe.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use posture::client::list::List;
use posture::client::rbac::Access;
use posture::finding::acceptance;
use posture::finding::fix::Grade;
use posture::finding::report::{Target, Tool};
use posture::input::cluster::Cluster;
use posture::input::inventory::{self, Inventory};
use posture::input::selection::Selection;
use posture::input::selection::resolve::Resolved;
use posture::model::clock::Clock;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::{Object, ObjectRef};
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::{pod_templates, without_template};
use posture::patch::files::{self, Writing};
use posture::patch::found;
use posture::patch::live::DryRun;
use posture::patch::live::whole::{self, Manner};
use posture::patch::plan::{Left, Plan, Planned, Step};
use posture::patch::report::{ChangeReport, Fate, PlanReport};
use posture::patch::standing::{self, Place};
use posture::render::audience::Terminal;
use posture::render::out::{self, Output};
use posture::render::plan::{self, LastWords, PlanFormat};
use serde::Serialize;

use super::check::{Kubelets, Surroundings, Wanted};
use super::planner::DEFAULT_NAMESPACE;
use super::set::{Files, Live, Scope, TOOL};
use crate::checks;
use crate::effective::{Pod, Scene};
use crate::facts::{Facts, Missing, first};
use crate::violation::Violation;

/// How many objects are named for one thing that is left.
const NAMED: usize = 3;

/// What the command line says.
#[derive(Debug)]
pub struct FixOptions<'a> {
    /// How the program is called.
    pub program: &'a str,
    /// The gravest grade that is done.
    pub limit: Grade,
    /// Of which objects.
    pub selection: Selection,
    /// The namespace of what names none, where one is given.
    pub namespace: Option<&'a str>,
    /// Where these are.
    pub scope: Scope<'a>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
    /// What is said of the kubelets.
    pub kubelets: Kubelets,
    /// The command that does the same to an object in a pipe.
    pub command: &'a str,
    /// Where what takes it back is written; by default below the user's state folder.
    pub undo_file: Option<&'a Path>,
    /// How to show it.
    pub output: Output<PlanFormat>,
}

/// Something that is left when all is done.
#[derive(Clone, Debug, Serialize)]
pub struct Remaining {
    /// The object.
    pub object: ObjectRef,
    /// The check.
    pub check: &'static str,
    /// The field, from the object's root.
    pub path: String,
    /// How safe its fix is; `X` where there is none.
    pub grade: Grade,
    /// What would mend it.
    pub title: Cow<'static, str>,
}

/// What `fix` adds to a plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FixDetail {
    /// What is left.
    pub remaining: Vec<Remaining>,
}

impl LastWords for FixDetail {
    fn last_words(&self) -> Vec<String> {
        let mut alike: BTreeMap<(Grade, &str, &str), BTreeSet<String>> = BTreeMap::new();
        for left in &self.remaining {
            let namespace = left.object.namespace.as_deref().unwrap_or_default();
            let name = format!("{} in {namespace}", left.object);
            alike.entry((left.grade, left.check, &left.title)).or_default().insert(name);
        }
        let Some(grades) = grades(&self.remaining) else {
            return vec!["nothing is left to fix in what was judged".to_owned()];
        };
        let mut lines = vec![format!("left: {grades}")];
        lines.extend(alike.into_iter().map(|((grade, check, title), objects)| {
            let objects: Vec<String> = objects.into_iter().collect();
            format!("  {grade} {check}: {title}: {}", first(&objects, NAMED))
        }));
        lines
    }
}

/// `2 B, 1 C`; `None` where nothing is left.
fn grades(left: &[Remaining]) -> Option<String> {
    let mut counts: BTreeMap<Grade, usize> = BTreeMap::new();
    for left in left {
        *counts.entry(left.grade).or_default() += 1;
    }
    let words = counts.iter().map(|(grade, count)| format!("{count} {grade}"));
    (!counts.is_empty()).then(|| words.collect::<Vec<_>>().join(", "))
}

/// Fixes, shows what came of it, and returns it.
pub fn run(options: &FixOptions<'_>) -> Result<PlanReport<FixDetail>> {
    let tool = Tool::new(options.program, env!("CARGO_PKG_VERSION"), "fix");
    let report = match &options.scope {
        Scope::Files(files) => of_files(options, tool, files)?,
        Scope::Live(live) => of_cluster(options, tool, live)?,
    };
    plan::print(&report, options.output)?;
    Ok(report)
}

fn of_files(
    options: &FixOptions<'_>,
    tool: Tool,
    files: &Files<'_>,
) -> Result<PlanReport<FixDetail>> {
    let mut inventory = inventory::read(&files.files, files.kustomize)?;
    let mut named = files.files.names.clone();
    named.extend(files.kustomize.map(str::to_owned));
    inventory.note_if_empty(&named);
    let Inventory { objects, gaps, sources, .. } = inventory;
    let picked = options.selection.pick(objects, options.namespace)?;
    out::warnings(&picked.warnings);
    let server = options.server.unwrap_or(NEWEST);
    let all = picked.objects.iter().chain(&picked.aside);
    let surroundings = Surroundings::of_files(all, (server, options.kubelets));
    let fixer = Fixer { options, scene: &surroundings.scene, live: None };
    let mut plan: Plan<FixDetail> = Plan::default();
    plan.gaps.extend(gaps);
    plan.gaps.extend(picked.gaps);
    let mut remaining = Vec::new();
    for object in picked.objects {
        let found = fixer.violations(&object);
        remaining.extend(fixer.left(&object, &found));
        plan.add(fixer.plan(object, found, Vec::new()));
    }
    let writing = Writing { tool: TOOL, undo_file: options.undo_file, clock: Clock::System };
    let carried = files::carry_out(&plan.changes, files.write.then_some(writing))?;
    let target = Target { context: None, server: Some(server.to_string()), files: named };
    let mut report = PlanReport::new(tool, target, plan, carried);
    report.sources = sources;
    fixer.complete(&mut report, remaining);
    Ok(report)
}

fn of_cluster(
    options: &FixOptions<'_>,
    tool: Tool,
    live: &Live<'_>,
) -> Result<PlanReport<FixDetail>> {
    let connection = live.connection;
    let cluster = Cluster::Live { connection, recorder: None };
    let mut gaps = Vec::new();
    let server = cluster.release(options.server, &mut gaps)?;
    let Resolved { lists, warnings, gaps: unread } = found::lists(connection, &options.selection)?;
    out::warnings(&warnings);
    gaps.extend(unread);
    let found = found::read(connection, &lists, options.selection.is_everything())?;
    gaps.extend(found.gaps);
    let wanted = Wanted::nodes();
    let surroundings = Surroundings::of_cluster(cluster, wanted, (server, options.kubelets));
    gaps.extend(surroundings.gaps);
    let kubectl = whole::kubectl(connection);
    let fixer = Fixer { options, scene: &surroundings.scene, live: Some((&kubectl, live.managed)) };
    let mut plan: Plan<FixDetail> = Plan { skipped: found.aside, gaps, ..Plan::default() };
    let mut remaining = Vec::new();
    for root in found.roots {
        let ways = root.ways();
        let found = fixer.violations(&root.object);
        remaining.extend(fixer.left(&root.object, &found));
        plan.add(fixer.plan(root.object, found, ways));
    }
    let manner = Manner {
        tool: TOOL,
        dry_run: live.dry_run,
        yes: live.yes,
        undo_file: options.undo_file,
        clock: Clock::System,
    };
    let replan = |object| {
        let found = fixer.violations(&object);
        fixer.plan(object, found, Vec::new())
    };
    let asks = !live.yes && live.dry_run == DryRun::None;
    let mut terminal = Terminal::new(options.output, asks);
    let carried = whole::of_plan(connection, &mut plan, &lists, &replan, &mut terminal, manner)?;
    let target = Target {
        context: connection.target().context.clone(),
        server: Some(server.to_string()),
        files: Vec::new(),
    };
    let mut report = PlanReport::new(tool, target, plan, carried);
    fixer.complete(&mut report, remaining);
    Ok(report)
}

/// What the server must allow.
pub(super) fn accesses(options: &FixOptions<'_>) -> Result<Vec<Access>> {
    let Scope::Live(live) = &options.scope else { return Ok(Vec::new()) };
    let lists = found::lists(live.connection, &options.selection)?.lists;
    let mut accesses = whole::accesses(&lists, options.selection.is_everything(), live.dry_run);
    accesses.extend(Wanted::nodes().into_lists().flat_map(|list: List| list.accesses()));
    accesses.extend(options.kubelets.probe.then(super::kubelets::access));
    Ok(accesses)
}

/// What fixes are planned by.
struct Fixer<'a> {
    options: &'a FixOptions<'a>,
    scene: &'a Scene,
    /// Of objects of a cluster: how commands of kubectl begin that mean it, and whether those are
    /// changed too that somebody manages.
    live: Option<(&'a str, bool)>,
}

impl Fixer<'_> {
    fn reference(&self, object: &Object) -> ObjectRef {
        let namespace = object.namespace().or(self.options.namespace).unwrap_or(DEFAULT_NAMESPACE);
        object.reference(Some(namespace))
    }

    /// What is done to an object in which this was found. `ways` say how it was come to.
    fn plan(&self, object: Object, violations: Vec<Violation>, ways: Vec<String>) -> Planned {
        let reference = self.reference(&object);
        if pod_templates(&object).is_empty() {
            let unknown = |why| Planned::Unknown(self.gap(&object, why));
            return without_template(&object).map_or(Planned::Aside, unknown);
        }
        if let Some(why) = self.refusal(&object) {
            return Planned::Unknown(self.gap(&object, why));
        }
        let grades = grades(&self.left(&object, &violations));
        let mut steps: Vec<Step> = Vec::new();
        for violation in violations {
            let Some(fix) = violation.fix.filter(|fix| self.does(fix.grade)) else { continue };
            // Several containers lack what is set once for all.
            let is_new = steps.iter().all(|step| step.edits != fix.edits);
            if is_new && !fix.edits.is_empty() {
                steps.push(Step {
                    title: fix.title,
                    check: Some(violation.check),
                    grade: Some(fix.grade),
                    evidence: fix.evidence,
                    edits: fix.edits,
                });
            }
        }
        if steps.is_empty() {
            return match grades {
                None => Planned::Already(reference),
                Some(grades) => Planned::Left(Left {
                    object: reference,
                    why: format!("nothing that is found in it is done at this grade: {grades}"),
                    instead: Vec::new(),
                }),
            };
        }
        let place = match self.live {
            Some((kubectl, managed)) => {
                Place::Cluster { kubectl, command: self.options.command, managed }
            }
            None => Place::File,
        };
        standing::change(object, reference, steps, place, (ways, Vec::new()))
    }

    fn does(&self, grade: Grade) -> bool {
        grade <= self.options.limit
    }

    fn violations(&self, object: &Object) -> Vec<Violation> {
        let templates = pod_templates(object);
        let of_template = |template| {
            let Some(pod) = Pod::read(template, self.scene) else { return Vec::new() };
            let facts = Facts {
                pod: &pod,
                confinements: &pod.confinements(),
                missing: &Missing::default(),
                expected: &[],
                setter: None,
            };
            checks::all(facts)
        };
        templates.iter().flat_map(of_template).collect()
    }

    /// Completes a report: what is left, and of what was not done everything.
    fn complete(&self, report: &mut PlanReport<FixDetail>, mut remaining: Vec<Remaining>) {
        let is_done = |change: &&ChangeReport| matches!(change.outcome, Fate::Shown | Fate::Made);
        let refused = report.refused.iter().map(|refused| &refused.change);
        let not_done = report.changes.iter().filter(|change| !is_done(change)).chain(refused);
        for ChangeReport { change, .. } in not_done {
            let found = self.violations(&change.object);
            let done = found.iter().filter(|violation| !self.is_left(violation));
            remaining.extend(done.map(|violation| self.remains(&change.object, violation)));
        }
        report.detail.remaining = remaining;
    }

    /// Whether a finding is there when what is planned is done.
    fn is_left(&self, violation: &Violation) -> bool {
        violation.fix.as_ref().is_none_or(|fix| !self.does(fix.grade) || fix.edits.is_empty())
    }

    fn remains(&self, object: &Object, violation: &Violation) -> Remaining {
        let (grade, title) = match &violation.fix {
            Some(fix) => (fix.grade, fix.title.clone()),
            None => (Grade::X, violation.advice.clone()),
        };
        let (object, path) = (self.reference(object), violation.path.to_string());
        Remaining { object, check: violation.check, path, grade, title }
    }

    /// What is left of an object in which this was found, when what is planned is done.
    fn left(&self, object: &Object, violations: &[Violation]) -> Vec<Remaining> {
        let left = violations.iter().filter(|violation| self.is_left(violation));
        left.map(|violation| self.remains(object, violation)).collect()
    }

    /// Why the API server would not take a manifest.
    fn refusal(&self, object: &Object) -> Option<String> {
        if self.live.is_some() {
            return None;
        }
        let reference = self.reference(object);
        let refused =
            acceptance::refusal(object, &pod_templates(object), &reference, &mut Vec::new())?;
        Some(format!("the API server refuses it: {}", refused.message()))
    }

    fn gap(&self, object: &Object, why: String) -> Gap {
        Gap {
            what: "object".to_owned(),
            place: object.mark(),
            object: Some(self.reference(object).to_string()),
            why,
            hint: String::new(),
        }
    }
}
