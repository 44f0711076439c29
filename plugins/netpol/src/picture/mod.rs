//! The map: who can talk to whom, said in few words.
//!
//! [`Traffic`] is what the engine found: rectangles of parties. [`report::MapReport`] is what is
//! shown of it: for each destination its sources, with namespaces, selections and blocks in place of
//! their members.

#[cfg(test)]
mod against_engine;
pub mod build;
pub mod causes;
pub mod focus;
mod judged;
mod names;
mod outside;
pub mod pairs;
mod profiles;
pub mod report;
#[cfg(test)]
pub(crate) mod sample;
mod sets;
mod terms;
#[cfg(test)]
mod tests;
mod why;

use std::net::IpAddr;

use roaring::RoaringBitmap;

use crate::address::Family;
use crate::engine::verdict::{Cause, Verdict};
use crate::ports::PortSet;

/// Who can talk to whom, as the engine found it. Connections that no policy can forbid (of a pod to
/// itself, of a node to its pods) are left out.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Everybody, by number. Pods come sorted by namespace.
    pub parties: Vec<Party>,
    /// What is allowed, or could be. What no flow has is denied; between two open parties
    /// ([`Open`]) everything is allowed, with a flow or without.
    pub flows: Vec<Flow>,
    /// Parties with addresses of both families: between two of them what holds by one family alone
    /// is not certain.
    pub dual: RoaringBitmap,
}

/// One who takes part: all that belong to it are treated alike.
#[derive(Clone, Debug)]
pub struct Party {
    /// Who it is.
    pub who: Who,
    /// What nothing limits.
    pub open: Open,
}

/// Which directions of a party nothing limits: no policy isolates it or denies it anything, for
/// certain. What is outside the cluster is open in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Whatever may leave elsewhere arrives.
    pub ingress: bool,
    /// Whatever may arrive elsewhere leaves.
    pub egress: bool,
}

/// Who a [`Party`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Pods of a workload that are alike: all of them, or one variant.
    Workload {
        /// The number of the workload in the world.
        workload: u32,
        /// What tells these pods from the others of the workload (`version=v2`); empty where all
        /// are alike.
        variant: String,
        /// The number of one of the pods in the world: it stands for all.
        pod: u32,
        /// How many there are; 0 where only the template is.
        pods: u32,
    },
    /// Addresses outside the cluster, both ends included.
    External {
        /// Of which family.
        family: Family,
        /// The first, as a number.
        first: u128,
        /// The last, as a number.
        last: u128,
    },
    /// A node, by one of its addresses.
    Node {
        /// The number of the node in the world.
        node: u32,
        /// The address, where one is known.
        address: Option<IpAddr>,
    },
    /// Pods that do not exist, but would be treated like this if they did: what they would be
    /// (`pods labelled app=x in namespaces with team=y`).
    Possible(String),
}

/// A rectangle: everybody on the one side can reach everybody on the other side. Several may have
/// the same pair.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Who opens the connection: parties, by number.
    pub from: RoaringBitmap,
    /// To whom.
    pub to: RoaringBitmap,
    /// To which ports.
    pub ports: PortSet,
    /// Allowed, or why that is not certain: depends or unknown.
    pub verdict: Verdict,
    /// Why it is not certain; in order, each once.
    pub causes: Vec<Cause>,
    /// By which addresses; `None` where it makes no difference.
    pub family: Option<Family>,
}

impl Traffic {
    /// The parties for which something holds.
    pub fn select(&self, holds: impl Fn(&Party) -> bool) -> RoaringBitmap {
        let numbered = (0u32..).zip(&self.parties);
        numbered.filter(|(_, party)| holds(party)).map(|(number, _)| number).collect()
    }

    /// The parties of workloads for which something holds, by the number of the workload.
    pub fn of_workloads(&self, holds: impl Fn(u32) -> bool) -> RoaringBitmap {
        self.select(|party| match party.who {
            Who::Workload { workload, .. } => holds(workload),
            _ => false,
        })
    }
}
