//! Every pair, one after the other: nothing is held but the sources of one destination.

use posture::model::error::Result;
use roaring::RoaringBitmap;
use serde::Serialize;

use super::build::stretches;
use super::focus::{Focus, Sorts};
use super::names::Names;
use super::profiles::{Line, Mass, profiles};
use super::report::Stretch;
use super::sets::Sets;
use super::{Traffic, Who, causes};
use crate::engine::verdict::{Cause, Verdict};
use crate::ports::PortSet;
use crate::world::World;

/// One end of a pair.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PairEnd {
    /// `Deployment`, `Node`, `External` or `Possible`.
    pub kind: String,
    /// The namespace, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name, the blocks, or what pods they would be.
    pub name: String,
    /// What tells these pods from the others of the workload.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// How people call it.
    #[serde(skip)]
    pub words: String,
}

/// A pair, and to which ports.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pair<'a> {
    /// Who opens the connection.
    pub from: &'a PairEnd,
    /// To whom.
    pub to: &'a PairEnd,
    /// To which ports.
    pub ports: &'a [Stretch],
    /// `allowed`, `depends` or `unknown`.
    pub verdict: &'static str,
    /// Why that is not certain.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub causes: &'a [&'static str],
    /// The ports as a set.
    #[serde(skip)]
    pub port_set: &'a PortSet,
    /// The verdict.
    #[serde(skip)]
    pub certainty: Verdict,
    /// Why it is not certain.
    #[serde(skip)]
    pub reasons: &'a [Cause],
}

/// A line with what is written of it.
struct Said {
    line: Line,
    /// The sources: each for itself, and those outside as one.
    inside: RoaringBitmap,
    outside: Option<PairEnd>,
    ports: Vec<Stretch>,
    causes: Vec<&'static str>,
}

/// Hands over every pair that can talk, by destination and source, with what is between open
/// parties. A single pod and itself are no pair. Fails as `each` does.
pub fn pairs(
    world: &World,
    traffic: &Traffic,
    focus: &Focus,
    mut each: impl FnMut(&Pair<'_>) -> Result<()>,
) -> Result<()> {
    let sorts = Sorts::of(traffic);
    let mut sets = Sets::default();
    let found = profiles(traffic, &sorts, focus, Mass::Listed, &mut sets);
    let names = Names::of(world, traffic);
    let ends: Vec<PairEnd> = (0u32..)
        .zip(&traffic.parties)
        .map(|(number, party)| end(world, &names, number, &party.who))
        .collect();
    let mut of_destination: Vec<Option<usize>> = vec![None; traffic.parties.len()];
    let mut outside: Vec<PairEnd> = Vec::with_capacity(found.len());
    for (number, profile) in found.iter().enumerate() {
        // Addresses outside are one end, as far as they are alike.
        for to in &(&profile.to - &sorts.outside) {
            if let Some(of) = of_destination.get_mut(to as usize) {
                *of = Some(number);
            }
        }
        outside.push(blocks_end(&names, &(&profile.to & &sorts.outside)));
    }
    let said: Vec<Vec<Said>> = found
        .iter()
        .map(|profile| {
            let lines = profile.lines.iter();
            lines.map(|(line, from)| Said::of(line, sets.get(*from), &sorts, &names)).collect()
        })
        .collect();
    let mut sources: Vec<(u32, usize)> = Vec::new();
    let inside = (0u32..).zip(of_destination);
    let inside = inside.filter_map(|(to, of)| Some((of?, &ends[to as usize], Some(to))));
    let with_outside = outside.iter().enumerate().filter(|(_, end)| !end.words.is_empty());
    for (number, to_end, to) in inside.chain(with_outside.map(|(of, end)| (of, end, None))) {
        sources.clear();
        for (position, said) in said[number].iter().enumerate() {
            sources.extend(said.inside.iter().map(|from| (from, position)));
            // Behind all others.
            sources.extend(said.outside.iter().map(|_| (u32::MAX, position)));
        }
        sources.sort_unstable();
        for &(from, position) in &sources {
            if to == Some(from) && is_one(world, &traffic.parties[from as usize].who) {
                continue;
            }
            let Said { line, ports, causes, outside, .. } = &said[number][position];
            let from = ends.get(from as usize).or(outside.as_ref());
            let Some(from) = from else { continue };
            each(&Pair {
                from,
                to: to_end,
                ports,
                verdict: causes::verdict(line.verdict),
                causes,
                port_set: &line.ports,
                certainty: line.verdict,
                reasons: &line.causes,
            })?;
        }
    }
    Ok(())
}

impl Said {
    fn of(line: &Line, from: &RoaringBitmap, sorts: &Sorts, names: &Names<'_>) -> Self {
        let outside = from & &sorts.outside;
        Self {
            line: line.clone(),
            inside: from - &sorts.outside,
            outside: (!outside.is_empty()).then(|| blocks_end(names, &outside)),
            ports: stretches(&line.ports),
            causes: line.causes.iter().map(|cause| causes::name(*cause)).collect(),
        }
    }
}

/// Whether it is nobody but itself.
fn is_one(world: &World, who: &Who) -> bool {
    match *who {
        Who::Workload { workload, pods, .. } => {
            // A template stands for as many as are wanted.
            let wanted = world.workloads.get(workload as usize).and_then(|known| known.replicas);
            pods.max(wanted.filter(|_| pods == 0).unwrap_or(0)) <= 1
        }
        Who::Node { .. } => true,
        Who::External { .. } | Who::Possible(_) => false,
    }
}

/// Addresses outside as one end; without words for none.
fn blocks_end(names: &Names<'_>, parties: &RoaringBitmap) -> PairEnd {
    let words = names.outside(parties);
    let (kind, name) = ("External".to_owned(), words.clone());
    PairEnd { kind, namespace: None, name, variant: String::new(), words }
}

fn end(world: &World, names: &Names<'_>, number: u32, who: &Who) -> PairEnd {
    let words = names.party(number);
    let (kind, namespace, name, variant) = match who {
        Who::Workload { workload, variant, .. } => {
            let object = world.workloads.get(*workload as usize).map(|known| &known.object);
            let kind = object.map(|object| object.kind.clone()).unwrap_or_default();
            let name = object.map(|object| object.name.clone()).unwrap_or_default();
            let namespace = names.namespace_of(*workload).map(|number| names.namespace(number));
            (kind, namespace.map(str::to_owned), name, variant.clone())
        }
        Who::Node { node, address } => {
            let address = address.map(|address| address.to_string()).unwrap_or_default();
            ("Node".to_owned(), None, names.node(*node).to_owned(), address)
        }
        Who::External { .. } => ("External".to_owned(), None, words.clone(), String::new()),
        Who::Possible(pods) => ("Possible".to_owned(), None, pods.clone(), String::new()),
    };
    PairEnd { kind, namespace, name, variant, words }
}
