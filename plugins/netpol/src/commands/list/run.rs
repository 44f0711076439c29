//! From what is read to the map.

use posture::client::rbac::Access;
use posture::finding::report::Tool;
use posture::model::error::Result;
use posture::render::out::Output;
use posture::render::rights;
use roaring::RoaringBitmap;

use super::{ListFormat, PairsFormat, print, print_pairs};
use crate::commands::load::{Loaded, Loading};
use crate::commands::{TOOL, vendors};
use crate::dialect::Dialect;
use crate::endpoint::{self, Resolved};
use crate::engine::Engine;
use crate::engine::verdict::End;
use crate::picture::build::Frame;
use crate::picture::focus::{Focus, Only};
use crate::picture::report::MapReport;
use crate::picture::{Traffic, Who};
use crate::ports::PortSet;

/// What the command line asks for.
#[derive(Debug)]
pub struct ListOptions<'a> {
    /// How the program is called: `kubectl netpol`.
    pub program: &'a str,
    /// What to read.
    pub loading: Loading<'a>,
    /// What part of the map to show.
    pub wanted: Wanted<'a>,
    /// `--cni`
    pub cni: Option<Dialect>,
    /// Whether policies of other kinds are left out of account on purpose.
    pub accept_vendor_gap: bool,
    /// Whether the rules that decide are told.
    pub why: bool,
    /// Where and how to write the map.
    pub output: Output<ListFormat>,
    /// How to write pairs, where all of them are wanted.
    pub all_pairs: Option<PairsFormat>,
}

/// What part of the map to show: `None` is everything.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Only what they open.
    pub from: Option<&'a str>,
    /// Only what goes to them.
    pub to: Option<&'a str>,
    /// Only what has one of them on either side.
    pub workload: Option<&'a str>,
    /// Only these ports.
    pub ports: Option<PortSet>,
    /// Only what is certain, or only what is not.
    pub only: Option<Only>,
}

/// Prints the roles that the command needs.
pub fn print_rights(options: &ListOptions<'_>) -> Result<()> {
    let accesses: Vec<Access> = options.loading.accesses();
    rights::print(TOOL, &accesses)
}

/// Writes the map; returns whether nothing was left out and all of it is certain.
pub fn run(options: &ListOptions<'_>) -> Result<bool> {
    let loaded = options.loading.read()?;
    let world = &loaded.world;
    let dialect = loaded.detected.dialect(options.cni.as_ref());
    let engine = Engine::new(world, &dialect);
    let traffic = Traffic::of(world, &engine.map());
    let focus = options.wanted.focus(&loaded, &traffic)?;
    let mut gaps = world.gaps.clone();
    if !options.accept_vendor_gap {
        let pods = (0..).zip(&world.pods).map(|(pod, _)| End::Pod(pod));
        gaps.extend(vendors::gap(world, &pods.collect::<Vec<_>>()));
    }
    let frame = Frame {
        tool: Tool::new(options.program, env!("CARGO_PKG_VERSION"), "list"),
        target: loaded.target.clone(),
        enforcer: loaded.detected.line(options.cni.as_ref()),
        gaps,
    };
    if let Some(format) = options.all_pairs {
        let Output { style, stderr_style, .. } = options.output;
        let complete = frame.gaps.is_empty();
        print_pairs(world, &traffic, &focus, &frame, Output { format, style, stderr_style })?;
        return Ok(complete && MapReport::of(world, &traffic, &focus, frame).summary.complete);
    }
    let mut report = MapReport::of(world, &traffic, &focus, frame);
    if options.why || options.output.format == ListFormat::Html {
        report.explain_by(&engine, &traffic);
    }
    let next = next(options, &report);
    print(&report, options.output, &next)?;
    Ok(report.summary.complete)
}

impl Wanted<'_> {
    fn focus(&self, loaded: &Loaded, traffic: &Traffic) -> Result<Focus> {
        let parties = |text: &str| -> Result<RoaringBitmap> {
            let resolved = endpoint::source(text, &loaded.namespace, &loaded.world)?;
            Ok(parties(&resolved, loaded, traffic))
        };
        Ok(Focus {
            from: self.from.map(parties).transpose()?,
            to: self.to.map(parties).transpose()?,
            either: self.workload.map(parties).transpose()?,
            ports: self.ports.clone(),
            only: self.only,
            exposure: false,
        })
    }
}

/// The parties that words mean: whole workloads, nodes, and stretches of addresses that overlap.
fn parties(resolved: &Resolved, loaded: &Loaded, traffic: &Traffic) -> RoaringBitmap {
    let mut workloads = Vec::new();
    let mut nodes = Vec::new();
    for end in resolved.ends() {
        match end {
            End::Pod(pod) => workloads.push(loaded.world.pods[pod as usize].workload),
            End::Node(node) => nodes.push(node),
            End::Address(_) | End::AnyPod | End::Outside => {}
        }
    }
    workloads.sort_unstable();
    traffic.select(|party| match &party.who {
        Who::Workload { workload, .. } => workloads.binary_search(workload).is_ok(),
        Who::Node { node, .. } => nodes.contains(node),
        Who::External { family, first, last } => resolved.stretches.iter().any(|stretch| {
            stretch.family == *family && stretch.first <= *last && *first <= stretch.last
        }),
        Who::Possible(_) => false,
    })
}

/// What is worth running next.
fn next(options: &ListOptions<'_>, report: &MapReport) -> Vec<String> {
    let command = format!("{} list{}", options.program, options.loading.again());
    let mut next = Vec::new();
    if report.summary.depends > 0 && options.cni.is_none() {
        next.push(format!("{command} --cni spec"));
    }
    if !options.why && !report.connections.is_empty() {
        next.push(format!("{command} --why"));
    }
    next
}
