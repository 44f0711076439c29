//! Destinations that the same sources reach, and these sources: by sets, never by pairs.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::Traffic;
use super::focus::{Focus, Sorts};
use super::sets::{SetId, Sets};
use crate::address::Family;
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

/// A line, by the addresses of one family or of all.
type Tagged = (Line, Option<Family>);

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
    let mut parts =
        Parts { focus, known: FxHashMap::default(), lines: Vec::new(), all: Vec::new() };
    let shown = |set: &RoaringBitmap| {
        if focus.exposure { set.clone() } else { set - &sorts.possible }
    };
    // What neither is a pod on the one side nor on the other is no concern of policies.
    let inside = &sorts.pods | &sorts.possible;
    for flow in &traffic.flows {
        let line = Line {
            verdict: flow.verdict,
            causes: flow.causes.clone(),
            ports: focus.ports(&flow.ports),
        };
        let Some(line) = parts.line((line, flow.family)) else { continue };
        let (from, to) = (shown(&flow.from), shown(&flow.to));
        match mass {
            Mass::LeftOut => {
                parts.add(line, &from - &sorts.open_egress, &to & &sorts.open_ingress);
                parts.add(line, from, to - &sorts.open_ingress);
            }
            Mass::Listed => {
                parts.add(line, &from & &inside, to.clone());
                parts.add(line, from - &inside, to & &inside);
            }
        }
    }
    if mass == Mass::Listed {
        let (from, to) = (shown(&sorts.open_egress), shown(&sorts.open_ingress));
        let line = Line {
            verdict: Verdict::Allowed,
            causes: Vec::new(),
            ports: focus.ports(&PortSet::all()),
        };
        if let Some(line) = parts.line((line, None)) {
            parts.add(line, &from & &inside, to.clone());
            parts.add(line, from - &inside, to & &inside);
        }
    }
    let mut merged = Merged::default();
    for (to, members) in classes(traffic, &parts.all) {
        let is_dual = to.min().is_some_and(|first| traffic.dual.contains(first));
        let dual = is_dual.then_some(&traffic.dual).filter(|_| parts.has_families());
        merged.add(to, parts.sources(&members, dual, sets));
    }
    merged.profiles
}

/// Destinations of the same parts, in order, with the numbers of the parts.
fn classes(traffic: &Traffic, parts: &[Part]) -> Vec<(RoaringBitmap, Vec<usize>)> {
    // A fingerprint of the parts in which a destination is: 128 bits do not meet by chance.
    const FACTOR: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
    let mut fingerprints = vec![0u128; traffic.parties.len()];
    for (number, part) in (1u128..).zip(parts) {
        for to in &part.to {
            if let Some(fingerprint) = fingerprints.get_mut(to as usize) {
                *fingerprint = (*fingerprint ^ number).wrapping_mul(FACTOR).rotate_left(61);
            }
        }
    }
    let mut known: FxHashMap<(u128, bool), usize> = FxHashMap::default();
    let mut classes: Vec<(RoaringBitmap, Vec<usize>)> = Vec::new();
    let mut class_of_first: FxHashMap<u32, usize> = FxHashMap::default();
    let mut firsts = RoaringBitmap::new();
    for (party, fingerprint) in (0u32..).zip(&fingerprints).filter(|(_, own)| **own != 0) {
        let key = (*fingerprint, traffic.dual.contains(party));
        let class = *known.entry(key).or_insert_with(|| {
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

/// What of the flows is asked for.
struct Parts<'a> {
    focus: &'a Focus,
    known: FxHashMap<Tagged, usize>,
    lines: Vec<Tagged>,
    all: Vec<Part>,
}

impl Parts<'_> {
    /// The number of a line; `None` where nothing of it is asked for.
    fn line(&mut self, line: Tagged) -> Option<usize> {
        if line.0.ports.is_empty() || line.0.verdict == Verdict::Denied {
            return None;
        }
        let number = self.known.entry(line).or_insert_with_key(|line| {
            self.lines.push(line.clone());
            self.lines.len() - 1
        });
        Some(*number)
    }

    fn add(&mut self, line: usize, from: RoaringBitmap, to: RoaringBitmap) {
        if !from.is_empty() && !to.is_empty() {
            let pieces = self.focus.parts(from, to).into_iter();
            self.all.extend(pieces.map(|(from, to)| Part { from, to, line }));
        }
    }

    fn has_families(&self) -> bool {
        self.lines.iter().any(|(_, family)| family.is_some())
    }

    /// The sources of these parts: each with all its ports in one line. `dual` are the parties that
    /// can choose between families, if the destination can.
    fn sources(
        &self,
        members: &[usize],
        dual: Option<&RoaringBitmap>,
        sets: &mut Sets,
    ) -> Vec<(Line, SetId)> {
        let mut by_line: Vec<(usize, RoaringBitmap)> = Vec::new();
        for &member in members {
            let part = &self.all[member];
            match by_line.iter_mut().find(|(line, _)| *line == part.line) {
                Some((_, from)) => *from |= &part.from,
                None => by_line.push((part.line, part.from.clone())),
            }
        }
        let mut found: Vec<(Line, RoaringBitmap)> = Vec::new();
        for (from, own) in pieces(by_line) {
            let own: Vec<&Tagged> = own.iter().map(|&line| &self.lines[line]).collect();
            let (by_both, by_any) = match dual {
                Some(dual) => (&from & dual, from - dual),
                None => (RoaringBitmap::new(), from),
            };
            let mut add = |lines: Vec<Line>, from: &RoaringBitmap| {
                for line in lines.into_iter().filter(|line| self.focus.wants(line.verdict)) {
                    match found.iter_mut().find(|(known, _)| *known == line) {
                        Some((_, set)) => *set |= from,
                        None => found.push((line, from.clone())),
                    }
                }
            };
            if !by_any.is_empty() {
                add(said(own.iter().map(|(line, _)| line)), &by_any);
            }
            if !by_both.is_empty() {
                add(said_by_both(&own), &by_both);
            }
        }
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found.into_iter().map(|(line, set)| (line, sets.add(set))).collect()
    }
}

/// What is said of a source that can choose between families, as its destination can: what only
/// one family allows is not certain.
fn said_by_both(lines: &[&Tagged]) -> Vec<Line> {
    let [four, six] = Family::ALL.map(|family| {
        let own = lines.iter().filter(|(_, of)| of.is_none_or(|of| of == family));
        said(own.map(|(line, _)| line))
    });
    let allowed = |lines: &[Line]| {
        let allowed = lines.iter().filter(|line| line.verdict == Verdict::Allowed);
        allowed.fold(PortSet::none(), |all, line| all.union(&line.ports))
    };
    let certain = Line {
        verdict: Verdict::Allowed,
        causes: Vec::new(),
        ports: allowed(&four).intersection(&allowed(&six)),
    };
    let by_one = Line {
        verdict: Verdict::Depends,
        causes: vec![Cause::AddressFamily],
        ports: allowed(&four).union(&allowed(&six)),
    };
    let doubtful = four.iter().chain(&six).filter(|line| line.verdict != Verdict::Allowed);
    // In the order in which one beats the other.
    one_each([&certain].into_iter().chain(doubtful).chain([&by_one]).cloned().collect())
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
    let mut lines: Vec<Line> = lines.cloned().collect();
    lines.sort();
    one_each(lines)
}

/// One line for each reason, and each port in the first line that has it.
fn one_each(lines: Vec<Line>) -> Vec<Line> {
    let mut said: Vec<Line> = Vec::new();
    let mut before = PortSet::none();
    for mut line in lines {
        line.ports = line.ports.minus(&before);
        if line.ports.is_empty() {
            continue;
        }
        before = before.union(&line.ports);
        let same = |known: &&mut Line| known.verdict == line.verdict && known.causes == line.causes;
        match said.iter_mut().find(same) {
            Some(known) => known.ports = known.ports.union(&line.ports),
            None => said.push(line),
        }
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
    fn add(&mut self, to: RoaringBitmap, lines: Vec<(Line, SetId)>) {
        if lines.is_empty() {
            return;
        }
        if let Some(&known) = self.known.get(&lines) {
            self.profiles[known].to |= &to;
        } else {
            self.known.insert(lines.clone(), self.profiles.len());
            self.profiles.push(Profile { to, lines });
        }
    }
}
