//! `can`: whether one can reach another, and why not.

use std::io::Write;

use posture::client::rbac::Access;
use posture::finding::report::{API_VERSION, Target, Tool};
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::ObjectRef;
use posture::model::source::Mark;
use posture::render::answer::AnswerFormat;
use posture::render::escape::escape;
use posture::render::out::{self, Output};
use posture::render::rights;
use posture::render::style::{Role, Style};
use serde::Serialize;

use super::TOOL;
use super::load::{Loaded, Loading};
use super::vendors;
use crate::dialect::Dialect;
use crate::endpoint::{self, Resolved};
use crate::engine::Engine;
use crate::engine::verdict::Verdict;
use crate::ports::PortSet;
use crate::trace::{self, MissSaid, PortsSaid, ResultSaid, RuleSaid, SideSaid, Traced, WaySaid};

/// What the command line asks for.
#[derive(Debug)]
pub struct CanOptions<'a> {
    /// How the program is called: `kubectl netpol`.
    pub program: &'a str,
    /// What to read.
    pub loading: Loading<'a>,
    /// FROM
    pub from: &'a str,
    /// TO, with its port.
    pub to: &'a str,
    /// `--cni`
    pub cni: Option<Dialect>,
    /// Whether policies of other kinds are left out of account on purpose.
    pub accept_vendor_gap: bool,
    /// Where and how to write the answer.
    pub output: Output<AnswerFormat>,
}

/// The answer, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Trace"))]
pub struct Trace {
    /// `posture/v1`
    pub api_version: &'static str,
    /// `Trace`
    pub kind: &'static str,
    /// What wrote it.
    pub tool: Tool,
    /// What was read.
    pub target: Target,
    /// The counts.
    pub summary: Summary,
    /// Who enforces policies, in words: the first line for people.
    pub enforcer: String,
    /// How policies were read: `spec`, `open` where nothing is decided that the specification leaves
    /// open, or an enforcer.
    pub dialect: String,
    /// What is said.
    #[serde(flatten)]
    pub traced: Traced,
    /// What could not be read or is not judged.
    pub gaps: Vec<Gap>,
}

/// Counts of pairs of pods, nodes and stretches of addresses, by verdict.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Those that can be opened.
    pub allowed: usize,
    /// Those that cannot.
    pub denied: usize,
    /// Those that depend on the enforcer.
    pub depends: usize,
    /// Those of which too little is known.
    pub unknown: usize,
    /// How many gaps there are.
    pub gaps: usize,
    /// Whether nothing was left out.
    pub complete: bool,
}

/// What came of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that was asked for is allowed.
    Yes,
    /// Something is denied.
    No,
    /// It depends, or too little is known.
    Open,
}

/// What the server must allow.
pub fn print_rights(options: &CanOptions<'_>) -> Result<()> {
    let accesses: Vec<Access> = options.loading.accesses();
    rights::print(TOOL, &accesses)
}

/// Answers.
pub fn run(options: &CanOptions<'_>) -> Result<Outcome> {
    let loaded = options.loading.read()?;
    let (answer, outcome) = answer(options, &loaded)?;
    let mut out = out::stdout();
    let Output { format, style, .. } = options.output;
    format.write(&answer, &mut out, |out| Page { style, out }.write(&answer, options))?;
    out.flush()?;
    Ok(outcome)
}

/// Judges what was read.
pub fn answer(options: &CanOptions<'_>, loaded: &Loaded) -> Result<(Trace, Outcome)> {
    let world = &loaded.world;
    let from = endpoint::source(options.from, &loaded.namespace, world)?;
    let to = endpoint::destination(options.to, &loaded.namespace, world)?;
    let dialect = loaded.detected.dialect(options.cni.as_ref());
    let engine = Engine::new(world, &dialect);
    let mut traced = trace::of(&engine, &from, &to)?;
    if let Some(enforcer) = loaded.detected.enforcer().filter(|_| options.cni.is_none()) {
        traced.notes.extend(enforcer.notes.iter().cloned());
    }
    let mut gaps = world.gaps.clone();
    if !options.accept_vendor_gap {
        gaps.extend(vendors::gap(world, &ends(&from, &to)));
    }
    let summary = summary(&traced, gaps.len());
    let outcome = match traced.verdict {
        "no" | "partly" => Outcome::No,
        "yes" if gaps.is_empty() => Outcome::Yes,
        _ => Outcome::Open,
    };
    let trace = Trace {
        api_version: API_VERSION,
        kind: "Trace",
        tool: Tool::new(options.program, env!("CARGO_PKG_VERSION"), "can"),
        target: loaded.target.clone(),
        summary,
        enforcer: loaded.detected.line(options.cni.as_ref()),
        dialect: dialect.name,
        traced,
        gaps,
    };
    Ok((trace, outcome))
}

fn ends(from: &Resolved, to: &Resolved) -> Vec<crate::engine::verdict::End> {
    from.ends().chain(to.ends()).collect()
}

fn summary(traced: &Traced, gaps: usize) -> Summary {
    let mut summary = Summary { gaps, ..Summary::default() };
    for result in traced.ways.iter().flat_map(|way| &way.results) {
        let count = match result.verdict {
            Verdict::Allowed => &mut summary.allowed,
            Verdict::Denied => &mut summary.denied,
            Verdict::Depends => &mut summary.depends,
            Verdict::Unknown => &mut summary.unknown,
        };
        *count += result.pairs;
    }
    summary.complete = gaps == 0 && summary.depends + summary.unknown == 0;
    summary
}

/// The answer for people.
struct Page<'a, W> {
    style: Style,
    out: &'a mut W,
}

impl<W: Write> Page<'_, W> {
    fn write(&mut self, trace: &Trace, options: &CanOptions<'_>) -> Result<()> {
        let traced = &trace.traced;
        self.line(0, Role::Dim, &trace.enforcer)?;
        let role = match traced.verdict {
            "yes" => Role::Good,
            "no" | "partly" => Role::Error,
            _ => Role::Warning,
        };
        let verdict = self.style.paint(role, traced.verdict);
        writeln!(self.out, "{verdict}  {} → {}", escape(&traced.from), escape(&traced.to))?;
        for way in &traced.ways {
            self.way(way, traced.ways.len() > 1)?;
        }
        for note in &traced.notes {
            self.line(2, Role::Info, &format!("note: {note}"))?;
        }
        for gap in &trace.gaps {
            let what = gap.object.as_deref().unwrap_or(&gap.what);
            self.line(2, Role::Warning, &format!("not judged: {what}: {}", gap.why))?;
            if !gap.hint.is_empty() {
                self.line(4, Role::Info, &format!("hint: {}", gap.hint))?;
            }
        }
        if let Some(next) = next(trace, options) {
            let next = self.style.paint(Role::Command, &escape(&next));
            writeln!(self.out, "  next: {next}")?;
        }
        Ok(())
    }

    fn line(&mut self, indent: usize, role: Role, text: &str) -> Result<()> {
        let text = self.style.paint(role, &escape(text));
        writeln!(self.out, "{:indent$}{text}", "")?;
        Ok(())
    }

    fn way(&mut self, way: &WaySaid, several: bool) -> Result<()> {
        if several {
            self.line(2, Role::Name, &way.words)?;
        }
        for result in &way.results {
            self.result(result)?;
        }
        Ok(())
    }

    fn result(&mut self, result: &ResultSaid) -> Result<()> {
        let verdict = self.verdict(result.verdict);
        let who = format!(
            "{}  {} → {}",
            ports(&result.ports),
            shortened(&result.from),
            shortened(&result.to)
        );
        writeln!(self.out, "  {verdict} {}", escape(&who))?;
        for side in &result.directions {
            self.side(side)?;
        }
        Ok(())
    }

    fn verdict(&self, verdict: Verdict) -> String {
        let (role, word) = match verdict {
            Verdict::Allowed => (Role::Good, "allowed"),
            Verdict::Denied => (Role::Error, "denied "),
            Verdict::Depends => (Role::Warning, "depends"),
            Verdict::Unknown => (Role::Warning, "unknown"),
        };
        self.style.paint(role, word)
    }

    fn side(&mut self, side: &SideSaid) -> Result<()> {
        let verdict = self.verdict(side.verdict);
        let why = match &side.rule {
            Some(rule) if side.causes.is_empty() => rule_in_words(rule),
            Some(rule) => format!("{}: {}", side.why, rule_in_words(rule)),
            None if side.isolated_by.is_empty() => side.why.clone(),
            None => {
                let policies = side.isolated_by.iter();
                let names: Vec<String> =
                    policies.map(|policy| named(&policy.object, policy.place.as_ref())).collect();
                format!("isolated by {}: no rule matches", names.join(", "))
            }
        };
        writeln!(self.out, "    {:<8} {verdict}  {}", side.direction, escape(&why))?;
        for rule in &side.passed {
            self.line(22, Role::Dim, &format!("passed on by {}", rule_in_words(rule)))?;
        }
        for cause in &side.causes {
            self.line(22, Role::Warning, cause)?;
        }
        for miss in &side.near_misses {
            self.line(22, Role::Info, &missed(miss))?;
        }
        Ok(())
    }
}

/// `closest: NetworkPolicy data/db spec.ingress[0].from[0] (db.yaml:12) wants …`
fn missed(miss: &MissSaid) -> String {
    let rule = rule_in_words(&miss.rule);
    if miss.wrong.is_empty() {
        return format!("closest: {rule}");
    }
    format!("closest: {rule} {}", miss.wrong.join(", and "))
}

fn rule_in_words(rule: &RuleSaid) -> String {
    let action = if rule.action == "Allow" { "" } else { &format!("{} ", rule.action) };
    format!("{action}{} {}{}", name(&rule.policy), rule.path, place(rule.place.as_ref()))
}

fn named(object: &ObjectRef, mark: Option<&Mark>) -> String {
    format!("{}{}", name(object), place(mark))
}

fn name(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}

fn place(mark: Option<&Mark>) -> String {
    mark.map_or_else(String::new, |mark| {
        let place = mark.place();
        format!(" ({}:{})", place.file, place.line)
    })
}

/// How many are named before the rest is counted.
const NAMED: usize = 4;

fn shortened(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn ports(ports: &[PortsSaid]) -> String {
    let set = ports.iter().fold(PortSet::none(), |set, port| {
        set.union(&PortSet::range(port.protocol, port.first, port.last))
    });
    set.to_string()
}

/// What is worth running next.
fn next(trace: &Trace, options: &CanOptions<'_>) -> Option<String> {
    let live = trace.target.context.is_some();
    let results = trace.traced.ways.iter().flat_map(|way| &way.results);
    let doubtful = results.clone().any(|result| result.verdict == Verdict::Depends);
    if doubtful && options.cni.is_none() {
        let (from, to) = (options.from, options.to);
        let again = options.loading.again();
        return Some(format!("{} can {from} {to}{again} --cni spec", options.program));
    }
    let denied = results
        .filter(|result| result.verdict == Verdict::Denied)
        .flat_map(|result| &result.directions)
        .find(|side| side.verdict == Verdict::Denied)?;
    let policy = denied.rule.as_ref().map(|rule| &rule.policy);
    let policy = policy.or_else(|| Some(&denied.isolated_by.first()?.object))?;
    let kind = policy.kind.to_lowercase();
    let namespace = policy.namespace.as_ref().map(|name| format!(" -n {name}"));
    live.then(|| {
        format!("kubectl describe {kind} {}{}", policy.name, namespace.unwrap_or_default())
    })
}
