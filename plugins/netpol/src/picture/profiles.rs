//! Destinations that the same sources reach, and these sources: by sets, never by pairs.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::Traffic;
use super::focus::{Focus, Sorts};
use super::sets::{SetId, Sets};
use crate::engine::verdict::{Cause, Verdict};
use crate::ports::PortSet;

/// What a connection is beside its ends: verdict, causes, ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Line {
    pub(super) verdict: Verdict,
    pub(super) causes: Vec<Cause>,
    pub(super) ports: PortSet,
}

/// Destinations with one list of sources.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// The destinations.
    pub(super) to: RoaringBitmap,
    /// Their sources, in order. A source has each verdict (with its causes) once at most, and each
    /// port once.
    pub(super) lines: Vec<(Line, SetId)>,
}

/// What is between open parties: listed, or left to one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mass {
    /// It is listed like everything else.
    Listed,
    /// It is left out.
    LeftOut,
}

struct Part {
    from: RoaringBitmap,
    to: RoaringBitmap,
    line: usize,
}

/// The profiles of all destinations that something reaches, by their first.
pub(super) fn profiles(
    traffic: &Traffic,
    sorts: &Sorts,
    focus: &Focus,
    mass: Mass,
    sets: &mut Sets,
) -> Vec<Profile> {
    let mut known: FxHashMap<Line, usize> = FxHashMap::default();
    let mut lines: Vec<Line> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |verdict, causes: &[Cause], ports: &PortSet, from, to| {
        let line = Line { verdict, causes: causes.to_vec(), ports: focus.ports(ports) };
        if line.ports.is_empty() || verdict == Verdict::Denied {
            return;
        }
        let number = *known.entry(line).or_insert_with_key(|line| {
            lines.push(line.clone());
            lines.len() - 1
        });
        let pieces = focus.parts(from, to).into_iter();
        parts.extend(pieces.map(|(from, to)| Part { from, to, line: number }));
    };
    let shown = |set: &RoaringBitmap| {
        if focus.exposure { set.clone() } else { set - &sorts.possible }
    };
    for flow in &traffic.flows {
        let (from, to) = (shown(&flow.from), shown(&flow.to));
        let mut add = |from, to| add(flow.verdict, &flow.causes, &flow.ports, from, to);
        if mass == Mass::LeftOut {
            add(&from - &sorts.open_egress, &to & &sorts.open_ingress);
            add(from, to - &sorts.open_ingress);
        } else {
            add(from, to);
        }
    }
    if mass == Mass::Listed {
        let (from, to) = (shown(&sorts.open_egress), shown(&sorts.open_ingress));
        // What is outside talks to itself without us.
        add(Verdict::Allowed, &[], &PortSet::all(), &from - &sorts.outside, to.clone());
        add(Verdict::Allowed, &[], &PortSet::all(), from & &sorts.outside, to - &sorts.outside);
    }
    classes(traffic.parties.len(), &parts)
        .into_iter()
        .map(|(to, members)| (to, sources(&parts, &lines, &members, focus, sets)))
        .fold(Merged::default(), Merged::add)
        .profiles
}

/// Destinations of the same parts, in order, with the numbers of the parts.
fn classes(parties: usize, parts: &[Part]) -> Vec<(RoaringBitmap, Vec<usize>)> {
    // A fingerprint of the parts in which a destination is: 128 bits do not meet by chance.
    const FACTOR: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
    let mut fingerprints = vec![0u128; parties];
    for (number, part) in (1u128..).zip(parts) {
        for to in &part.to {
            if let Some(fingerprint) = fingerprints.get_mut(to as usize) {
                *fingerprint = (*fingerprint ^ number).wrapping_mul(FACTOR).rotate_left(61);
            }
        }
    }
    let mut known: FxHashMap<u128, usize> = FxHashMap::default();
    let mut classes: Vec<(RoaringBitmap, Vec<usize>)> = Vec::new();
    let mut class_of_first: FxHashMap<u32, usize> = FxHashMap::default();
    let mut firsts = RoaringBitmap::new();
    for (party, fingerprint) in (0u32..).zip(&fingerprints).filter(|(_, own)| **own != 0) {
        let class = *known.entry(*fingerprint).or_insert_with(|| {
            classes.push((RoaringBitmap::new(), Vec::new()));
            class_of_first.insert(party, classes.len() - 1);
            firsts.insert(party);
            classes.len() - 1
        });
        classes[class].0.insert(party);
    }
    for (number, part) in parts.iter().enumerate() {
        for first in &(&part.to & &firsts) {
            if let Some(&class) = class_of_first.get(&first) {
                classes[class].1.push(number);
            }
        }
    }
    classes
}

/// The sources of these parts: each with all its ports in one line.
fn sources(
    parts: &[Part],
    lines: &[Line],
    members: &[usize],
    focus: &Focus,
    sets: &mut Sets,
) -> Vec<(Line, SetId)> {
    let mut by_line: Vec<(usize, RoaringBitmap)> = Vec::new();
    for &member in members {
        let part = &parts[member];
        match by_line.iter_mut().find(|(line, _)| *line == part.line) {
            Some((_, from)) => *from |= &part.from,
            None => by_line.push((part.line, part.from.clone())),
        }
    }
    let mut found: Vec<(Line, RoaringBitmap)> = Vec::new();
    for (from, own) in pieces(by_line) {
        for line in said(own.iter().map(|&line| &lines[line])) {
            if !focus.wants(line.verdict) {
                continue;
            }
            match found.iter_mut().find(|(known, _)| *known == line) {
                Some((_, set)) => *set |= &from,
                None => found.push((line, from.clone())),
            }
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found.into_iter().map(|(line, set)| (line, sets.add(set))).collect()
}

/// Cuts sets into pieces that share no party, each with the lines that it is in.
fn pieces(by_line: Vec<(usize, RoaringBitmap)>) -> Vec<(RoaringBitmap, Vec<usize>)> {
    let mut pieces: Vec<(RoaringBitmap, Vec<usize>)> = Vec::new();
    for (line, from) in by_line {
        let mut rest = from;
        let mut cut = Vec::new();
        for (piece, lines) in &mut pieces {
            if rest.is_empty() {
                break;
            }
            let both = &*piece & &rest;
            if both.is_empty() {
                continue;
            }
            rest -= &both;
            let mut with = lines.clone();
            with.push(line);
            if both.len() == piece.len() {
                *lines = with;
            } else {
                *piece -= &both;
                cut.push((both, with));
            }
        }
        pieces.append(&mut cut);
        if !rest.is_empty() {
            pieces.push((rest, vec![line]));
        }
    }
    pieces
}

/// What is said of one source: a line for what is allowed, and one for each reason why the rest
/// is not certain. What is certain beats what is not.
fn said<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<Line> {
    let mut said: Vec<Line> = Vec::new();
    for line in lines {
        let same = |known: &&mut Line| known.verdict == line.verdict && known.causes == line.causes;
        match said.iter_mut().find(same) {
            Some(known) => known.ports = known.ports.union(&line.ports),
            None => said.push(line.clone()),
        }
    }
    if said.len() > 1 {
        said.sort();
        let mut before = PortSet::none();
        for line in &mut said {
            line.ports = line.ports.minus(&before);
            before = before.union(&line.ports);
        }
        said.retain(|line| !line.ports.is_empty());
    }
    said
}

/// Profiles with equal lists are one.
#[derive(Default)]
struct Merged {
    profiles: Vec<Profile>,
    known: FxHashMap<Vec<(Line, SetId)>, usize>,
}

impl Merged {
    fn add(mut self, (to, lines): (RoaringBitmap, Vec<(Line, SetId)>)) -> Self {
        if lines.is_empty() {
            return self;
        }
        match self.known.get(&lines) {
            Some(&known) => self.profiles[known].to |= &to,
            None => {
                self.known.insert(lines.clone(), self.profiles.len());
                self.profiles.push(Profile { to, lines });
            }
        }
        self
    }
}
