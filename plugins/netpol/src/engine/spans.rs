//! A connection at all ports of a set: which are allowed.

use super::Engine;
use super::compiled::{CompiledPort, CompiledRule};
use super::verdict::{Answer, End, Point};
use crate::address::Family;
use crate::policy::Direction;
use crate::ports::{FIRST, PortSet, Protocol};

impl Engine<'_> {
    /// The ports of a set, cut where the verdict or what decides changes: each piece with its
    /// answer. Pieces with the same answer are one.
    pub fn answers(
        &self,
        (from, to): (End, End),
        ports: &PortSet,
        family: Option<Family>,
    ) -> Vec<(PortSet, Answer)> {
        let mut pieces: Vec<(PortSet, Answer)> = Vec::new();
        let starts = self.starts(from, to);
        for protocol in Protocol::ALL {
            for &(first, last) in ports.stretches(protocol) {
                let inside =
                    starts.iter().copied().filter(|start| (first + 1..=last).contains(start));
                let mut cuts: Vec<u16> = std::iter::once(first).chain(inside).collect();
                cuts.dedup();
                for (position, &port) in cuts.iter().enumerate() {
                    let end = cuts.get(position + 1).map_or(last, |next| next - 1);
                    let answer = self.answer_of_any(&Point { from, to, protocol, port, family });
                    let piece = PortSet::range(protocol, port, end);
                    match pieces.iter_mut().find(|(_, known)| *known == answer) {
                        Some((set, _)) => *set = set.union(&piece),
                        None => pieces.push((piece, answer)),
                    }
                }
            }
        }
        pieces
    }

    /// The ports at which something can change between two ends, in order.
    fn starts(&self, from: End, to: End) -> Vec<u16> {
        let mut starts = Vec::new();
        let destination = self.seen(to, None);
        let named = destination.pod.map_or(&[][..], |(_, pod)| &pod.ports);
        for (end, direction) in [(from, Direction::Egress), (to, Direction::Ingress)] {
            let Some((_, pod)) = self.seen(end, None).pod else { continue };
            for number in self.order(pod.namespace) {
                let rules = self.compiled.policies[number as usize].rules(direction);
                for rule in rules.into_iter().flatten() {
                    push(rule, &mut starts);
                }
            }
        }
        for port in named {
            starts.extend([port.number, port.number.saturating_add(1)]);
        }
        starts.sort_unstable();
        starts.dedup();
        starts
    }
}

fn push(rule: &CompiledRule, starts: &mut Vec<u16>) {
    for port in rule.ports.iter().flatten() {
        if let CompiledPort::Range(_, first, last) = *port {
            starts.extend([first.max(FIRST), last.saturating_add(1)]);
        }
    }
}
