//! `diff`: for which objects the verdict changes between two states, in which direction, and by
//! which checks.

use std::collections::{BTreeMap, BTreeSet};

use posture::finding::difference::{self, Change, Difference, Outlook};
use posture::finding::gates::Gates;
use posture::finding::report::{Report, Target};
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::scope::Scope;
use posture::input::selection::pick::ABSENT;
use posture::model::error::{Error, Result};
use posture::model::version::Minor;
use posture::render::cluster;
use posture::render::difference::{DifferenceFormat, print};
use posture::render::out::Output;

use super::check::{self, Judged, Way, judge};
use super::meant::Meant;
use super::verdict::{ModeReport, PssDetail};
use super::{gate, scan, tool};
use crate::checks::catalog;
use crate::level::PolicyVersion;
use posture::finding::acceptance::UNKNOWN_FIELD;

/// What is compared.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// The same objects, judged in two ways.
    Ways {
        /// The objects, which are read once.
        scope: Scope<'a>,
        /// The first way.
        from: Way<'a>,
        /// The second way.
        to: Way<'a>,
        /// Whether the two are servers: then versions that labels pin are of interest.
        upgrade: bool,
    },
    /// Objects of two inputs, judged in one way.
    Inputs {
        /// The first input; nothing where its files name nothing.
        from: Scope<'a>,
        /// The second input; nothing where its files name nothing.
        to: Scope<'a>,
        /// The way.
        way: Way<'a>,
        /// Whether the command line says which objects are meant. Where it does not, only those
        /// of a cluster are looked at that the files on the other side hold.
        named: bool,
    },
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct DiffOptions<'a> {
    /// How the program is called: `kubectl pss`.
    pub program: &'a str,
    /// What the first state is called, where it does not follow from its report.
    pub from: Option<String>,
    /// What the second state is called, where it does not follow from its report.
    pub to: Option<String>,
    /// What is compared.
    pub question: Question<'a>,
    /// Which findings count, on both sides.
    pub gates: Gates,
    /// Where and how to write the difference.
    pub output: Output<DifferenceFormat>,
}

/// Reads, judges, compares. The difference comes back for the exit code.
pub fn run(options: &DiffOptions<'_>) -> Result<Difference> {
    let difference = compare(options)?;
    print(&difference, options.output)?;
    Ok(difference)
}

/// What [`run`] writes.
pub fn compare(options: &DiffOptions<'_>) -> Result<Difference> {
    let (from, to, further) = match &options.question {
        Question::Ways { scope, from, to, upgrade } => {
            let mut ways = vec![*from, *to];
            if *upgrade {
                ways.push(Way { unpinned: true, ..*to });
            }
            let judged = judge(options.program, scope, &ways)?;
            let mut reports = judged.into_iter().map(|judged| counting(&options.gates, judged));
            let (Some(from), Some(to)) = (reports.next(), reports.next()) else {
                return Err(Error::could_not_run("nothing was judged"));
            };
            (from, to, reports.next())
        }
        Question::Inputs { from, to, way, named } => {
            let [from, to] = of_inputs(options.program, [from, to], *way, *named)?;
            (counting(&options.gates, from), counting(&options.gates, to), None)
        }
    };
    let tool = tool(options.program, "diff");
    let state = |said: &Option<String>, report: &Report<PssDetail>| {
        said.clone().or_else(|| report.target.server.clone()).unwrap_or_default()
    };
    let (first, second) = (state(&options.from, &from), state(&options.to, &to));
    let mut difference = Difference::between(tool, (first, &from), (second, &to));
    if let Question::Inputs { .. } = options.question {
        explain_policies(&mut difference, &from, &to);
    }
    if let Some(further) = further {
        explain_upgrade(&mut difference, &from, &to);
        let (changes, _) = difference::changes(&to, &further);
        let step = "if the labels that pin an older version said latest".to_owned();
        difference.outlook = (!changes.is_empty()).then_some(Outlook { step, changes });
    }
    Ok(difference)
}

/// What counts of one side, by the same gates on both.
fn counting(gates: &Gates, (mut report, suppressions): Judged) -> Report<PssDetail> {
    // Nothing is written: there is no baseline.
    drop(gates.apply(&mut report, &suppressions, &catalog()));
    gate::settle(&mut report);
    report
}

/// Whether there is something to read: a path may be there in one of two states only.
pub(super) fn names_something(files: &FileArgs, kustomize: Option<&str>) -> bool {
    !files.names.is_empty() || kustomize.is_some()
}

/// Judges two inputs.
fn of_inputs(
    program: &str,
    [from, to]: [&Scope<'_>; 2],
    way: Way<'_>,
    named: bool,
) -> Result<[Judged; 2]> {
    // The files first: they say which objects of the cluster are meant.
    if let Some(cluster) = cluster_beside(from, to, named) {
        let to = of_input(program, to, way)?;
        let from = of_meant(program, cluster, way, &Meant::of(&to.0))?;
        return Ok(as_stored([from, to], [true, false]));
    }
    let first = of_input(program, from, way)?;
    let second = match cluster_beside(to, from, named) {
        Some(cluster) => of_meant(program, cluster, way, &Meant::of(&first.0))?,
        None => of_input(program, to, way)?,
    };
    let stored = [from, to].map(|scope| matches!(scope, Scope::Live { .. }));
    Ok(as_stored([first, second], stored))
}

/// Takes fields that the server does not know out of files that stand against a cluster: it has
/// dropped them, and would again. What was named and is on one side alone is no gap: it comes, or
/// goes.
fn as_stored(mut sides: [Judged; 2], stored: [bool; 2]) -> [Judged; 2] {
    let absent = |(report, _): &Judged| -> BTreeSet<String> {
        let gaps = report.gaps.iter().filter(|gap| gap.why.starts_with(ABSENT));
        gaps.filter_map(|gap| gap.object.clone()).collect()
    };
    let [first, second] = [absent(&sides[0]), absent(&sides[1])];
    for (report, _) in &mut sides {
        report.gaps.retain(|gap| {
            let is_absent = gap.why.starts_with(ABSENT);
            let both = |name: &String| first.contains(name) && second.contains(name);
            !is_absent || gap.object.as_ref().is_none_or(both)
        });
        report.summary.gaps = report.gaps.len();
        report.summary.complete = report.gaps.is_empty();
    }
    if stored[0] != stored[1] {
        for (report, _) in &mut sides {
            report.findings.retain(|finding| finding.check != UNKNOWN_FIELD);
        }
    }
    sides
}

/// The cluster of a side of which only those objects are meant that the files on the other side
/// hold: those of any cluster that stands against files, where nothing else is said.
pub(super) fn cluster_beside<'a>(
    scope: &Scope<'a>,
    other: &Scope<'_>,
    named: bool,
) -> Option<Cluster<'a>> {
    match (scope, other) {
        (Scope::Live { cluster, .. }, Scope::Files { .. }) if !named => Some(*cluster),
        _ => None,
    }
}

fn of_input(program: &str, scope: &Scope<'_>, way: Way<'_>) -> Result<Judged> {
    if let Scope::Files { files, kustomize, .. } = scope
        && !names_something(files, *kustomize)
    {
        let (tool, target) = (tool(program, "check"), Target::default());
        let nothing = Report::new(tool, target, Vec::new(), Vec::new(), Vec::new());
        return Ok((nothing, Vec::new()));
    }
    let mut reports = judge(program, scope, &[way])?;
    reports.pop().ok_or_else(|| Error::could_not_run("nothing was judged"))
}

/// The objects that files hold. What a cluster says of their namespaces is of no interest.
pub(super) fn meant_of(program: &str, scope: &Scope<'_>, way: Way<'_>) -> Result<Meant> {
    let alone = match scope {
        Scope::Files { files, kustomize, selection, .. } => Scope::Files {
            files: files.clone(),
            kustomize: *kustomize,
            selection: selection.clone(),
            cluster: None,
        },
        live @ Scope::Live { .. } => live.clone(),
    };
    of_input(program, &alone, way).map(|(report, _)| Meant::of(&report))
}

/// Judges those objects of a cluster that are meant.
fn of_meant(program: &str, cluster: Cluster<'_>, way: Way<'_>, meant: &Meant) -> Result<Judged> {
    cluster::introduce(cluster);
    let (ways, mut gaps) = ([way], Vec::new());
    let servers = scan::servers(Some(cluster), &ways, &mut gaps)?;
    let lists = meant.lists(cluster, &mut gaps);
    let judged = check::judge_lists(cluster, &lists, (&ways, &servers), gaps, Some(meant))?;
    let mut reports = check::reports_of(program, cluster, &servers, judged);
    reports.pop().ok_or_else(|| Error::could_not_run("nothing was judged"))
}

/// Says which namespaces ask for something else, and of each change that theirs does: a workload
/// fares better too where less is asked for.
fn explain_policies(difference: &mut Difference, from: &Report<PssDetail>, to: &Report<PssDetail>) {
    let (before, after) = (policies_of(from), policies_of(to));
    for (namespace, policy) in &after {
        let Some(old) = before.get(namespace).filter(|old| *old != policy) else { continue };
        let text = format!("namespace {namespace} asks for {policy}, and before for {old}");
        let own = |change: &&mut Change| change.object.namespace.as_deref() == Some(*namespace);
        for change in difference.changes.iter_mut().filter(own) {
            change.notes.push(text.clone());
        }
        difference.notes.push(text);
    }
}

/// What each namespace of a report asks for.
fn policies_of(report: &Report<PssDetail>) -> BTreeMap<&str, String> {
    let mut policies = BTreeMap::new();
    for object in report.objects.iter().filter(|object| judged(&object.detail)) {
        let Some(namespace) = object.object.namespace.as_deref() else { continue };
        policies.entry(namespace).or_insert_with(|| {
            let asks = modes(&object.detail)
                .map(|(mode, policy)| format!("{mode}={}:{}", policy.level, policy.version));
            let asks: Vec<String> = asks.collect();
            if asks.is_empty() { "privileged".to_owned() } else { asks.join(" ") }
        });
    }
    policies
}

/// Says of each change whether the version of a label makes it, and of what is pinned that it
/// stays as it is.
fn explain_upgrade(difference: &mut Difference, from: &Report<PssDetail>, to: &Report<PssDetail>) {
    let servers = [from, to].map(|report| {
        report.target.server.as_ref().and_then(|server| server.parse::<Minor>().ok())
    });
    let [Some(before), Some(after)] = servers else { return };
    let mut asked: BTreeMap<&str, &PssDetail> = BTreeMap::new();
    let mut pinned: BTreeMap<String, usize> = BTreeMap::new();
    for object in &to.objects {
        let detail = &object.detail;
        if let Some(namespace) = object.object.namespace.as_deref().filter(|_| judged(detail)) {
            asked.insert(namespace, detail);
        }
        let versions: BTreeSet<&str> = modes(detail)
            .filter(|(_, mode)| rules(mode, before) == rules(mode, after))
            .map(|(_, mode)| mode.version.as_str())
            .filter(|version| *version != "latest")
            .collect();
        for version in versions {
            *pinned.entry(version.to_owned()).or_default() += 1;
        }
    }
    for change in &mut difference.changes {
        let namespace = change.object.namespace.as_deref();
        let Some(detail) = namespace.and_then(|namespace| asked.get(namespace)) else { continue };
        let (moved, kept): (Vec<_>, Vec<_>) =
            modes(detail).partition(|(_, mode)| rules(mode, before) != rules(mode, after));
        let name = |(mode, policy): &(&str, &ModeReport)| {
            format!("{mode}={}:{}", policy.level, policy.version)
        };
        if let Some((_, policy)) = moved.first() {
            let names: Vec<String> = moved.iter().map(name).collect();
            let versions = [before, after].map(|server| rules(policy, server));
            let [Some(old), Some(new)] = versions else { continue };
            change.notes.push(format!(
                "at the upgrade: {}, which means v{old} before and v{new} after",
                names.join(" ")
            ));
        }
        if !kept.is_empty() {
            let names: Vec<String> = kept.iter().map(name).collect();
            let alone = if moved.is_empty() {
                ": it is the server itself that takes pods differently"
            } else {
                ""
            };
            change.notes.push(format!("pinned: {}{alone}", names.join(" ")));
        }
    }
    for (version, count) in pinned {
        let objects = posture::render::human::plural(count, "object");
        difference.notes.push(format!(
            "labels pin {version} for {objects}: an upgrade leaves those rules as they are"
        ));
    }
}

fn judged(detail: &PssDetail) -> bool {
    detail.modes.is_some()
}

/// The modes that ask for anything.
fn modes(detail: &PssDetail) -> impl Iterator<Item = (&'static str, &ModeReport)> {
    let modes = detail.pod.as_ref().map(|pod| &pod.modes).or(detail.modes.as_ref());
    let all = modes.into_iter().flat_map(|modes| {
        [("enforce", &modes.enforce), ("warn", &modes.warn), ("audit", &modes.audit)]
    });
    all.filter(|(_, mode)| mode.level != "privileged")
}

/// The release whose rules a server goes by.
fn rules(mode: &ModeReport, server: Minor) -> Option<Minor> {
    match PolicyVersion::parse(&mode.version).ok()? {
        PolicyVersion::Latest | PolicyVersion::Beyond(_) => Some(server),
        PolicyVersion::Minor(minor) => Some(minor.min(server)),
    }
}
