//! One connection: who is at its ends, and what both directions make of it.

use std::net::IpAddr;

use super::fit::Causes;
use super::judge::{Question, judge};
use super::matching::{Reading, Scene, Seen};
use super::verdict::{Answer, Cause, End, Point, Side, Verdict, both};
use super::{Engine, Owner};
use crate::address::Family;
use crate::policy::Direction;
use crate::world::Pod;

impl Engine<'_> {
    /// Whether a connection can be opened, and what decides: in each direction and together.
    pub fn answer(&self, point: &Point) -> Answer {
        self.answered(point, false)
    }

    /// The same, but where both ends are one pod, of two pods that are both like it.
    pub fn answer_of_two(&self, point: &Point) -> Answer {
        self.answered(point, true)
    }

    /// The same, but where both ends are one template, of two pods that are made from it.
    pub(super) fn answer_of_any(&self, point: &Point) -> Answer {
        self.answered(point, point.from == point.to && self.is_template(point.from))
    }

    /// Whether it stands for pods that are still to be made.
    pub(crate) fn is_template(&self, end: End) -> bool {
        matches!(end, End::Pod(pod) if !self.world.pods[pod as usize].exists)
    }

    fn answered(&self, point: &Point, apart: bool) -> Answer {
        let families = self.families(point);
        let mut answers = families.into_iter().map(|family| self.of_family(point, family, apart));
        let Some(first) = answers.next() else { return self.of_family(point, None, apart) };
        answers.fold(first, |first, other| either(first, &other, Cause::AddressFamily))
    }

    /// The families by which a connection can be opened; `None` where addresses are not known.
    pub(super) fn families(&self, point: &Point) -> Vec<Option<Family>> {
        if let Some(family) = point.family {
            return vec![Some(family)];
        }
        let of = |end: End| -> Vec<Family> {
            let mut families: Vec<Family> = match end {
                End::Address(address) => vec![Family::split(address).0],
                End::Pod(pod) => families_of(self.pod_addresses(pod)),
                End::Node(node) => families_of(&self.world.nodes[node as usize].addresses),
                End::AnyPod | End::Outside => Vec::new(),
            };
            families.sort_unstable();
            families.dedup();
            families
        };
        let (from, to) = (of(point.from), of(point.to));
        match (from.is_empty(), to.is_empty()) {
            (true, true) => vec![None],
            (true, false) => to.into_iter().map(Some).collect(),
            (false, true) => from.into_iter().map(Some).collect(),
            (false, false) => {
                from.into_iter().filter(|family| to.contains(family)).map(Some).collect()
            }
        }
    }

    /// In each way to read what is left open.
    fn of_family(&self, point: &Point, family: Option<Family>, apart: bool) -> Answer {
        let (from, to) = (self.seen(point.from, family), self.seen(point.to, family));
        let readings = self.readings();
        let answers: Vec<Answer> = readings
            .iter()
            .map(|&reading| self.read(point, (&from, &to), reading, apart))
            .collect();
        let mut total = answers[0].clone();
        let mut causes = Causes::default();
        for (position, reading) in readings.iter().enumerate() {
            for (other_position, other) in readings.iter().enumerate().take(position) {
                let by_block = reading.block_means_pods != other.block_means_pods;
                let by_host = reading.host_network_is_selected != other.host_network_is_selected;
                let cause = match (by_block, by_host) {
                    (true, false) => Cause::BlockOnPod,
                    (false, true) => Cause::HostNetwork,
                    _ => continue,
                };
                let (one, two) = (&answers[position], &answers[other_position]);
                if one.verdict != two.verdict {
                    causes = causes.with(Causes::of(cause));
                }
                mix(&mut total.egress, (&one.egress, &two.egress), cause);
                mix(&mut total.ingress, (&one.ingress, &two.ingress), cause);
            }
        }
        if causes != Causes::default() {
            total.verdict = Verdict::Depends;
        }
        total
    }

    /// In one way to read it.
    fn read(
        &self,
        point: &Point,
        (from, to): (&Seen<'_>, &Seen<'_>),
        reading: Reading,
        apart: bool,
    ) -> Answer {
        let scene = Scene { world: self.world, compiled: &self.compiled, reading };
        let side = |direction, subject: &Seen<'_>, other: &Seen<'_>| {
            let order = subject.pod.map_or(Vec::new(), |(_, pod)| self.order(pod.namespace));
            let (protocol, port) = (point.protocol, point.port);
            let question = Question { direction, subject, other, protocol, port, apart };
            let by_name = self.dialect.equal_priority_by_name;
            judge(&scene, &order, &question, by_name, self.dialect.isolation_skips_baseline)
        };
        let egress = side(Direction::Egress, from, to);
        let ingress = side(Direction::Ingress, to, from);
        Answer { verdict: both(egress.verdict, ingress.verdict), egress, ingress }
    }

    /// An end as rules see it, by its address of a family.
    pub(super) fn seen(&self, end: End, family: Option<Family>) -> Seen<'_> {
        let of_family = |addresses: &[IpAddr]| {
            let mut fitting = addresses
                .iter()
                .filter(|address| family.is_none_or(|family| Family::split(**address).0 == family));
            fitting.next().copied()
        };
        let pod = |number: u32| -> Option<(u32, &Pod)> {
            Some((number, &self.world.pods[number as usize]))
        };
        let nobody = Seen::default();
        match end {
            End::Pod(number) => {
                let host = self.world.pods[number as usize].host_network;
                let node = self.world.pods[number as usize].node.filter(|_| host);
                let address = of_family(self.pod_addresses(number));
                Seen { pod: pod(number), node, address, ..nobody }
            }
            End::Node(number) => {
                let address = of_family(&self.world.nodes[number as usize].addresses);
                Seen { node: Some(number), address, ..nobody }
            }
            End::Address(address) => {
                let owner = self.owner(address);
                let address = Some(address);
                match owner {
                    Some(Owner::Pod(number)) => Seen { pod: pod(number), address, ..nobody },
                    Some(Owner::Node(number)) => Seen { node: Some(number), address, ..nobody },
                    None => Seen { address, ..nobody },
                }
            }
            End::AnyPod => Seen { any_pod: true, ..nobody },
            End::Outside => nobody,
        }
    }

    /// The addresses of a pod: in the network of its node those of the node, where it tells none.
    pub(super) fn pod_addresses(&self, number: u32) -> &[IpAddr] {
        let pod = &self.world.pods[number as usize];
        match pod.node {
            Some(node) if pod.host_network && pod.addresses.is_empty() => {
                &self.world.nodes[node as usize].addresses
            }
            _ => &pod.addresses,
        }
    }
}

fn families_of(addresses: &[IpAddr]) -> Vec<Family> {
    addresses.iter().map(|address| Family::split(*address).0).collect()
}

/// Adds to a side that it depends on a cause, where it does.
fn mix(side: &mut Side, (one, two): (&Side, &Side), cause: Cause) {
    if one.verdict != two.verdict {
        side.verdict = Verdict::Depends;
        if !side.causes.contains(&cause) {
            side.causes.push(cause);
            side.causes.sort_unstable();
        }
    }
}

/// What is the same in both, and depends on the cause where they differ.
fn either(mut first: Answer, other: &Answer, cause: Cause) -> Answer {
    let (egress, ingress) = (first.egress.clone(), first.ingress.clone());
    mix(&mut first.egress, (&egress, &other.egress), cause);
    mix(&mut first.ingress, (&ingress, &other.ingress), cause);
    if first.verdict != other.verdict {
        first.verdict = Verdict::Depends;
    }
    first
}
