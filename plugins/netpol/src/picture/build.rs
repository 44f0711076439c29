//! From traffic to the map as it is written.

use posture::finding::report::{API_VERSION, Target, Tool};
use posture::model::gap::Gap;
use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHashSet};

use super::focus::{Focus, Only, Sorts};
use super::names::Names;
use super::profiles::{Mass, profiles};
use super::report::{
    ClosedSaid, Connection, GroupKind, GroupSaid, MapReport, NodeSaid, OpenSaid, OutsideSaid,
    PossibleSaid, Stretch, Summary, Why, Witness, WorkloadSaid,
};
use super::sets::{SetId, Sets};
use super::terms::{Index, Shape, Term};
use super::{Traffic, Who, causes, outside};
use crate::address::Cidr;
use crate::engine::verdict::Verdict;
use crate::ports::{PortSet, Protocol};
use crate::world::World;

/// What is around a map.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Who writes it.
    pub tool: Tool,
    /// What was looked at.
    pub target: Target,
    /// Which enforcer was found, in words.
    pub enforcer: String,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
}

impl MapReport {
    /// The map of what is asked for.
    pub fn of(world: &World, traffic: &Traffic, focus: &Focus, frame: Frame) -> Self {
        let sorts = Sorts::of(traffic);
        let mut sets = Sets::default();
        let found = profiles(traffic, &sorts, focus, Mass::LeftOut, &mut sets);
        let mut groups = Groups {
            names: Names::of(world, traffic),
            index: Index::of(world, traffic, &sorts),
            said: Vec::new(),
            known: FxHashMap::default(),
            named: FxHashMap::default(),
        };
        let mut connections = Vec::new();
        let mut reached = sorts.open_ingress.clone();
        for profile in found {
            reached |= &profile.to;
            let to = sets.add(profile.to);
            let to = groups.of_set(to, &sets);
            for (line, from) in profile.lines {
                connections.push(Connection {
                    from: groups.of_set(from, &sets),
                    to: to.clone(),
                    ports: stretches(&line.ports),
                    verdict: causes::verdict(line.verdict),
                    causes: line.causes.iter().map(|cause| causes::name(*cause)).collect(),
                    why: None,
                    port_set: line.ports,
                    certainty: line.verdict,
                    reasons: line.causes,
                });
            }
        }
        let open = groups.open(&sorts, focus);
        let closed = groups.closed(&(&sorts.pods - reached), focus);
        let shown = groups.shown(&open, &closed, focus);
        let parties = Parties::of(world, traffic, &groups.names, shown.as_ref());
        let count = |verdict| {
            connections
                .iter()
                .filter(|connection: &&Connection| connection.certainty == verdict)
                .count()
        };
        let (depends, unknown) = (count(Verdict::Depends), count(Verdict::Unknown));
        let in_sight: RoaringBitmap =
            parties.workloads.iter().map(|workload| workload.id).collect();
        let (workloads, namespaces) = groups.index.counts(&in_sight);
        let summary = Summary {
            namespaces,
            workloads,
            pods: parties.workloads.iter().map(|workload| workload.pods as usize).sum(),
            connections: connections.len(),
            depends,
            unknown,
            open: open.counts[0].0,
            gaps: frame.gaps.len(),
            complete: frame.gaps.is_empty() && depends + unknown == 0,
        };
        Self {
            api_version: API_VERSION,
            kind: "Map",
            tool: frame.tool,
            target: frame.target,
            summary,
            enforcer: frame.enforcer,
            workloads: parties.workloads,
            nodes: parties.nodes,
            outside: parties.outside,
            possible: parties.possible,
            groups: groups.said,
            connections,
            open,
            closed,
            gaps: frame.gaps,
        }
    }

    /// Asks for every connection what decides it: for each pair of its groups (the first few, where
    /// there are many) by one pair of their parties.
    pub fn explain(&mut self, mut decides: impl FnMut(&Witness) -> Vec<Why>) {
        const MOST: usize = 16;
        let groups = &self.groups;
        for connection in &mut self.connections {
            let Some((protocol, port)) = connection.port_set.first() else { continue };
            let first = |group: &usize| groups.get(*group)?.members.first().copied();
            let pairs = connection.to.iter().flat_map(|to| {
                connection.from.iter().filter_map(move |from| {
                    Some(Witness { from: first(from)?, to: first(to)?, protocol, port })
                })
            });
            let mut why: Vec<Why> = Vec::new();
            for one in pairs.take(MOST).flat_map(|witness| decides(&witness)) {
                if !why.iter().any(|known| known.says_the_same(&one)) {
                    why.push(one);
                }
            }
            connection.why = Some(why);
        }
    }
}

impl Why {
    fn says_the_same(&self, other: &Self) -> bool {
        self.direction == other.direction
            && self.policy == other.policy
            && self.path == other.path
            && self.words == other.words
    }
}

/// The ports as machine formats have them.
pub(super) fn stretches(ports: &PortSet) -> Vec<Stretch> {
    let of = |protocol: Protocol| {
        let stretches = ports.stretches(protocol).iter();
        stretches.map(move |&(from, to)| Stretch { protocol, from, to })
    };
    Protocol::ALL.into_iter().flat_map(of).collect()
}

/// Groups, each once.
struct Groups<'a> {
    names: Names<'a>,
    index: Index<'a>,
    said: Vec<GroupSaid>,
    /// Groups by their sets, and terms by their words: the groups of one name have one set unless
    /// they are parts of what the name means.
    known: FxHashMap<SetId, Vec<usize>>,
    named: FxHashMap<String, Vec<usize>>,
}

impl Groups<'_> {
    fn of_set(&mut self, id: SetId, sets: &Sets) -> Vec<usize> {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let set = sets.get(id);
        let terms = self.index.describe(set);
        let numbers: Vec<usize> = terms.iter().map(|term| self.group(term, set)).collect();
        self.known.insert(id, numbers.clone());
        numbers
    }

    fn group(&mut self, term: &Term, set: &RoaringBitmap) -> usize {
        let words = self.names.term(term);
        let members: Vec<u32> = self.index.members(term, set).into_iter().collect();
        let same = self.named.entry(words.clone()).or_default();
        let is_it = |number: &&usize| self.said[**number].members == members;
        if let Some(&known) = same.iter().find(is_it) {
            return known;
        }
        let id = self.said.len();
        same.push(id);
        let namespace = match term.shape {
            Shape::Namespace(namespace) => Some(namespace),
            Shape::Workload(workload) | Shape::Variants(workload, _) => {
                self.names.namespace_of(workload)
            }
            _ => None,
        };
        self.said.push(GroupSaid {
            id,
            kind: kind(&term.shape),
            words,
            namespace: namespace.map(|number| self.names.namespace(number).to_owned()),
            members,
        });
        id
    }

    fn open(&mut self, sorts: &Sorts, focus: &Focus) -> OpenSaid {
        let mut open = OpenSaid::default();
        if focus.only == Some(Only::Depends) {
            return open;
        }
        let wanted = focus.parties();
        let pods = wanted.map_or_else(|| sorts.pods.clone(), |wanted| wanted & &sorts.pods);
        let (ingress, egress) = (&pods & &sorts.open_ingress, &pods & &sorts.open_egress);
        let three = [&ingress & &egress, &ingress - &egress, &egress - &ingress];
        for (position, set) in three.iter().enumerate() {
            let terms = self.index.describe(set);
            open.words[position] = terms.iter().map(|term| self.names.term(term)).collect();
            open.counts[position] = self.index.counts(set);
        }
        [open.both, open.ingress, open.egress] = three.map(|set| set.into_iter().collect());
        open
    }

    /// What is reached by nobody, unless connections were asked for by something else.
    fn closed(&mut self, unreached: &RoaringBitmap, focus: &Focus) -> ClosedSaid {
        if focus.from.is_some() || focus.ports.is_some() || focus.only.is_some() {
            return ClosedSaid::default();
        }
        let wanted = focus.parties();
        let set = wanted.map_or_else(|| unreached.clone(), |wanted| wanted & unreached);
        let terms = self.index.describe(&set);
        ClosedSaid {
            words: terms.iter().map(|term| self.names.term(term)).collect(),
            counts: self.index.counts(&set),
            ingress: set.into_iter().collect(),
        }
    }

    /// The parties that are named anywhere; `None` is all.
    fn shown(&self, open: &OpenSaid, closed: &ClosedSaid, focus: &Focus) -> Option<FxHashSet<u32>> {
        let narrow = focus.is_narrow() || focus.ports.is_some() || focus.only.is_some();
        let of_groups = self.said.iter().flat_map(|group| &group.members);
        let of_open =
            [&open.both, &open.ingress, &open.egress, &closed.ingress].into_iter().flatten();
        narrow.then(|| of_groups.chain(of_open).copied().collect())
    }
}

fn kind(shape: &Shape) -> GroupKind {
    match shape {
        Shape::Everything => GroupKind::Everything,
        Shape::AllPods => GroupKind::AllPods,
        Shape::Namespaces(_) => GroupKind::Namespaces,
        Shape::Labelled(_) => GroupKind::Pods,
        Shape::Namespace(_) => GroupKind::Namespace,
        Shape::Workload(_) | Shape::Variants(..) => GroupKind::Workload,
        Shape::AllNodes => GroupKind::AllNodes,
        Shape::Node(_) | Shape::NodeAt(_) => GroupKind::Node,
        Shape::Anywhere => GroupKind::Anywhere,
        Shape::Blocks(_) => GroupKind::Blocks,
        Shape::Possible(_) => GroupKind::Possible,
    }
}

/// Parties as they are written.
#[derive(Default)]
struct Parties {
    workloads: Vec<WorkloadSaid>,
    nodes: Vec<NodeSaid>,
    outside: Vec<OutsideSaid>,
    possible: Vec<PossibleSaid>,
}

impl Parties {
    fn of(
        world: &World,
        traffic: &Traffic,
        names: &Names<'_>,
        shown: Option<&FxHashSet<u32>>,
    ) -> Self {
        let mut parties = Self::default();
        for (id, party) in (0u32..).zip(&traffic.parties) {
            if shown.is_some_and(|shown| !shown.contains(&id)) {
                continue;
            }
            match &party.who {
                Who::Workload { workload, variant, pods, .. } => {
                    let Some(known) = world.workloads.get(*workload as usize) else { continue };
                    parties.workloads.push(WorkloadSaid {
                        id,
                        object: known.object.clone(),
                        words: names.workload(*workload),
                        variant: variant.clone(),
                        pods: *pods,
                        open_ingress: party.open.ingress,
                        open_egress: party.open.egress,
                        place: known.mark.clone(),
                    });
                }
                Who::Node { node, address } => {
                    let (name, address) = (names.node(*node).to_owned(), *address);
                    parties.nodes.push(NodeSaid { id, name, address });
                }
                Who::External { .. } => {
                    let made = outside::blocks_of_cell(&party.who);
                    let cidrs = made.iter().map(Cidr::to_string).collect();
                    parties.outside.push(OutsideSaid { id, cidrs });
                }
                Who::Possible(_) => {
                    parties.possible.push(PossibleSaid { id, words: names.party(id) });
                }
            }
        }
        parties
    }
}
