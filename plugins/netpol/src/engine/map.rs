//! All connections at once.

use roaring::RoaringBitmap;

use super::Engine;
use super::areas::PortSets;
use super::compiled::CompiledPeer;
use super::join::join;
use super::matching::Reading;
use super::parties::Parties;
use super::sides::{Sides, sides};
use super::verdict::{Cause, Point, Verdict};
use crate::address::Family;
use crate::policy::Direction;
use crate::ports::PortSet;

/// Who can open connections to whom. Left out is what no policy can forbid: a pod and itself, and
/// what comes from the node of a pod.
#[derive(Debug)]
pub struct Map {
    /// One where no pod has addresses of both families, or no block tells them apart; otherwise one
    /// a family.
    pub views: Vec<View>,
}

/// The map by one family of addresses, or by all.
#[derive(Debug)]
pub struct View {
    /// By which addresses; `None` where it makes no difference.
    pub family: Option<Family>,
    /// Who is there.
    pub parties: Parties,
    /// What is allowed, or may be. A pair of parties can be in several flows, then with other ports.
    pub flows: Vec<Flow>,
    /// The classes that policies isolate, or whose traffic they decide, on the way out.
    pub limited_egress: RoaringBitmap,
    /// The same on the way in.
    pub limited_ingress: RoaringBitmap,
}

/// All these sources may open connections to all these destinations at these ports.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Parties that may open them.
    pub from: RoaringBitmap,
    /// Parties to which.
    pub to: RoaringBitmap,
    /// At which ports.
    pub ports: PortSet,
    /// Whether for certain: `Allowed`, `Depends` or `Unknown`.
    pub verdict: Verdict,
    /// Why not, of one of them.
    pub causes: Vec<Cause>,
}

impl Engine<'_> {
    /// Judges everything.
    pub fn map(&self) -> Map {
        let families: &[Option<Family>] = if self.tells_families_apart() {
            &[Some(Family::V4), Some(Family::V6)]
        } else {
            &[None]
        };
        Map { views: families.iter().map(|family| self.view(*family)).collect() }
    }

    /// Whether a pod can be reached by one family and not by the other.
    fn tells_families_apart(&self) -> bool {
        let is_dual = |number: usize| {
            let addresses = self.pod_addresses(u32::try_from(number).unwrap_or(u32::MAX));
            addresses.iter().any(std::net::IpAddr::is_ipv4)
                && addresses.iter().any(std::net::IpAddr::is_ipv6)
        };
        self.has_blocks(false) && (0..self.world.pods.len()).any(is_dual)
    }

    /// Whether rules have blocks; `optional` are those of which it is open whether they mean pods.
    fn has_blocks(&self, optional: bool) -> bool {
        let policies = self.compiled.policies.iter();
        let rules = policies
            .flat_map(|policy| Direction::ALL.into_iter().filter_map(|way| policy.rules(way)));
        rules.flatten().flat_map(|rule| rule.peers.iter().flatten()).any(|peer| match peer {
            CompiledPeer::Block { reaches_pods, .. } => !(optional && *reaches_pods),
            _ => false,
        })
    }

    /// The readings that make a difference.
    fn readings_that_matter(&self) -> Vec<Reading> {
        let mut readings = self.readings();
        let first = readings[0];
        let blocks = self.has_blocks(true);
        let hosts = self.world.pods.iter().any(|pod| pod.host_network);
        readings.retain(|reading| {
            (blocks || reading.block_means_pods == first.block_means_pods)
                && (hosts || reading.host_network_is_selected == first.host_network_is_selected)
        });
        readings
    }

    /// Says why it is not certain that a flow is allowed: of one connection of it.
    fn doubt(&self, flow: &mut Flow, parties: &Parties, family: Option<Family>) {
        flow.verdict = Verdict::Depends;
        let ends = flow.from.min().zip(flow.to.min()).zip(flow.ports.first());
        let Some(((from, to), (protocol, port))) = ends else { return };
        let (from, to) = (parties.end(from), parties.end(to));
        let answer = self.answer_of_two(&Point { from, to, protocol, port, family });
        if answer.verdict == Verdict::Unknown {
            flow.verdict = Verdict::Unknown;
        }
        flow.causes = answer.egress.causes;
        flow.causes.extend(answer.ingress.causes);
        flow.causes.sort_unstable();
        flow.causes.dedup();
    }

    fn view(&self, family: Option<Family>) -> View {
        let parties = Parties::new(self, family);
        let readings = self.readings_that_matter();
        let all = u8::MAX >> (8 - readings.len().min(8));
        let mut ports = PortSets::default();
        let [egress, ingress] = sides(self, &parties, &readings, &mut ports);
        let rectangles = join(&egress, &ingress, &parties, &mut ports);
        let mut flows = Vec::with_capacity(rectangles.len());
        for rectangle in rectangles {
            let set = ports.get(rectangle.ports).clone();
            let mut flow = Flow {
                from: rectangle.from,
                to: rectangle.to,
                ports: set,
                verdict: Verdict::Allowed,
                causes: Vec::new(),
            };
            if rectangle.sure != all {
                self.doubt(&mut flow, &parties, family);
            }
            flows.push(flow);
        }
        let limited = |sides: &Sides| {
            let classes = (0_u32..).zip(&sides.profile_of);
            classes.filter(|(_, profile)| **profile != 0).map(|(class, _)| class).collect()
        };
        let (limited_egress, limited_ingress) = (limited(&egress), limited(&ingress));
        View { family, parties, flows, limited_egress, limited_ingress }
    }
}
