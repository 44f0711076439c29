//! Peers of rules as sets of parties: those that are meant for certain, and those that may be.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::Engine;
use super::compiled::{CompiledPeer, PodsKey, SelectorId, Spaces};
use super::faults::{Fault, injected};
use super::fit::Fit;
use super::matching::Reading;
use super::parties::Parties;
use crate::world::Text;

/// The number of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SetId(u32);

/// A set, and what may belong to it beside. Most times they are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) sure: SetId,
    pub(super) possible: SetId,
}

impl Pair {
    /// Everybody.
    pub(super) const EVERYBODY: Self = Self { sure: SetId(0), possible: SetId(0) };

    /// Whether nothing of it is in doubt.
    pub(super) fn is_certain(self) -> bool {
        self.sure == self.possible
    }
}

/// Sets in one reading, each made once.
#[derive(Debug)]
pub(super) struct Sets<'a> {
    engine: &'a Engine<'a>,
    parties: &'a Parties,
    reading: Reading,
    made: Vec<RoaringBitmap>,
    peers: FxHashMap<CompiledPeer, Pair>,
    lists: FxHashMap<Vec<CompiledPeer>, Pair>,
    namespaces: FxHashMap<SelectorId, (RoaringBitmap, RoaringBitmap)>,
    pods: FxHashMap<SelectorId, RoaringBitmap>,
    /// Namespaces and classes by label.
    spaces_by_label: FxHashMap<(Text, Text), Vec<u32>>,
    classes_by_label: FxHashMap<(Text, Text), Vec<u32>>,
    unseen: Vec<u32>,
}

impl<'a> Sets<'a> {
    pub(super) fn new(engine: &'a Engine<'a>, parties: &'a Parties, reading: Reading) -> Self {
        let mut everybody = RoaringBitmap::new();
        everybody.insert_range(0..parties.len());
        let mut sets = Self {
            engine,
            parties,
            reading,
            made: vec![everybody],
            peers: FxHashMap::default(),
            lists: FxHashMap::default(),
            namespaces: FxHashMap::default(),
            pods: FxHashMap::default(),
            spaces_by_label: FxHashMap::default(),
            classes_by_label: FxHashMap::default(),
            unseen: Vec::new(),
        };
        let world = engine.world;
        for (number, namespace) in (0..).zip(&world.namespaces) {
            if !namespace.seen {
                sets.unseen.push(number);
            }
            for label in &namespace.labels {
                sets.spaces_by_label.entry(*label).or_default().push(number);
            }
        }
        for (number, class) in (0..).zip(&parties.classes) {
            let labels = world.pods[class.example as usize].labels.iter();
            for label in labels.filter(|(key, _)| parties.keys[key.0 as usize]) {
                sets.classes_by_label.entry(*label).or_default().push(number);
            }
        }
        sets
    }

    /// The parties of a set.
    pub(super) fn get(&self, id: SetId) -> &RoaringBitmap {
        &self.made[id.0 as usize]
    }

    fn add(&mut self, set: RoaringBitmap) -> SetId {
        let id = SetId(u32::try_from(self.made.len()).unwrap_or(u32::MAX));
        self.made.push(set);
        id
    }

    fn pair(&mut self, sure: RoaringBitmap, possible: Option<RoaringBitmap>) -> Pair {
        let sure = self.add(sure);
        let possible = match possible {
            Some(possible) if possible != *self.get(sure) => self.add(possible),
            _ => sure,
        };
        Pair { sure, possible }
    }

    /// Who is meant by the peers of a rule.
    pub(super) fn of_peers(&mut self, peers: Option<&[CompiledPeer]>) -> Pair {
        let Some(peers) = peers else { return Pair::EVERYBODY };
        if let [peer] = peers {
            return self.of_peer(peer);
        }
        if let Some(known) = self.lists.get(peers) {
            return *known;
        }
        let pairs: Vec<Pair> = peers.iter().map(|peer| self.of_peer(peer)).collect();
        let union = |of: &dyn Fn(&Pair) -> SetId| {
            pairs.iter().fold(RoaringBitmap::new(), |set, pair| set | self.get(of(pair)))
        };
        let sure = union(&|pair| pair.sure);
        let certain = pairs.iter().all(|pair| pair.is_certain());
        let possible = (!certain).then(|| union(&|pair| pair.possible));
        let pair = self.pair(sure, possible);
        self.lists.insert(peers.to_vec(), pair);
        pair
    }

    /// Who of a set is among some parties.
    pub(super) fn common(&mut self, pair: Pair, parties: &RoaringBitmap) -> Pair {
        let sure = self.get(pair.sure) & parties;
        let possible = (!pair.is_certain()).then(|| self.get(pair.possible) & parties);
        self.pair(sure, possible)
    }

    /// The classes that policies can select.
    pub(super) fn selectable(&self) -> RoaringBitmap {
        let mut set = self.parties.pods().collect();
        self.without_hosts(&mut set);
        set
    }

    /// Which pods a policy is about.
    pub(super) fn of_subject(&mut self, key: PodsKey) -> Pair {
        self.of_peer(&CompiledPeer::Pods(key))
    }

    fn of_peer(&mut self, peer: &CompiledPeer) -> Pair {
        if let Some(known) = self.peers.get(peer) {
            return *known;
        }
        let pair = match peer {
            CompiledPeer::Pods(key) => self.of_pods(*key),
            CompiledPeer::Block { .. } => self.of_block(peer),
            CompiledPeer::Nodes(id) => self.of_nodes(*id),
            CompiledPeer::Domains => {
                let mut cells = RoaringBitmap::new();
                cells.insert_range(self.parties.cell_numbers());
                self.pair(RoaringBitmap::new(), Some(cells))
            }
            CompiledPeer::Nobody => self.pair(RoaringBitmap::new(), None),
        };
        self.peers.insert(peer.clone(), pair);
        pair
    }

    fn of_pods(&mut self, key: PodsKey) -> Pair {
        let selector = self.engine.compiled.selector(key.pods);
        if let Spaces::Own(own) = key.spaces {
            let world = self.engine.world;
            let classes = self.parties.of_namespace(own);
            let mut set: RoaringBitmap = if selector.is_empty() {
                classes.collect()
            } else {
                let is_meant = |class: &u32| {
                    let example = self.parties.classes[*class as usize].example;
                    selector.matches(&world.pods[example as usize].labels)
                };
                classes.filter(is_meant).collect()
            };
            self.without_hosts(&mut set);
            return self.pair(set, None);
        }
        let Spaces::Selected(id) = key.spaces else { return self.pair(RoaringBitmap::new(), None) };
        self.select_namespaces(id);
        self.select_pods(key.pods);
        let (Some((sure, possible)), Some(pods)) =
            (self.namespaces.get(&id), self.pods.get(&key.pods))
        else {
            return self.pair(RoaringBitmap::new(), None);
        };
        let (in_sure, certain) = (sure & pods, sure == possible);
        let in_possible = (!certain).then(|| possible & pods);
        self.pair(in_sure, in_possible)
    }

    fn without_hosts(&self, set: &mut RoaringBitmap) {
        if !self.reading.host_network_is_selected && !injected(Fault::HostNetworkSelected) {
            *set -= &self.parties.hosts;
        }
    }

    /// Classes of selected namespaces.
    fn select_namespaces(&mut self, id: SelectorId) {
        if self.namespaces.contains_key(&id) {
            return;
        }
        let (world, compiled) = (self.engine.world, &self.engine.compiled);
        let selector = compiled.selector(id);
        let every: Vec<u32>;
        let candidates: &[u32] = match selector.narrowest() {
            Some((_, [])) => &[],
            Some((key, [value])) => {
                self.spaces_by_label.get(&(key, *value)).map_or(&[], Vec::as_slice)
            }
            _ => {
                every = (0..u32::try_from(world.namespaces.len()).unwrap_or(u32::MAX)).collect();
                &every
            }
        };
        let fit =
            |number: u32| selector.fits(&world.namespaces[number as usize], compiled.name_label);
        let mut fits: Vec<(u32, Fit)> = candidates.iter().map(|&one| (one, fit(one))).collect();
        fits.extend(self.unseen.iter().map(|&one| (one, fit(one))));
        let of = |keep: &dyn Fn(Fit) -> bool| {
            let kept: Vec<u32> =
                fits.iter().filter(|(_, fit)| keep(*fit)).map(|(one, _)| *one).collect();
            self.parties.of_spaces(Spaces::Selected(id), &kept)
        };
        let sets = (of(&|fit| fit.is_certain()), of(&|fit| fit.is_possible()));
        self.namespaces.insert(id, sets);
    }

    /// Classes of selected pods, in whichever namespace.
    fn select_pods(&mut self, id: SelectorId) {
        if self.pods.contains_key(&id) {
            return;
        }
        let selector = self.engine.compiled.selector(id);
        let world = self.engine.world;
        let is_meant = |class: &u32| {
            let example = self.parties.classes[*class as usize].example;
            selector.matches(&world.pods[example as usize].labels)
        };
        let mut set: RoaringBitmap = if selector.is_empty() {
            self.parties.pods().collect()
        } else if let Some((key, values)) = selector.narrowest() {
            let lists = values.iter().filter_map(|value| self.classes_by_label.get(&(key, *value)));
            lists.flatten().copied().filter(is_meant).collect()
        } else {
            self.parties.pods().filter(is_meant).collect()
        };
        self.without_hosts(&mut set);
        self.pods.insert(id, set);
    }

    fn of_block(&mut self, peer: &CompiledPeer) -> Pair {
        let CompiledPeer::Block { cidr, except, reaches_pods } = peer else {
            return self.pair(RoaringBitmap::new(), None);
        };
        let means_pods = self.reading.block_means_pods && !injected(Fault::BlockMeansNoPods);
        let means_pods = *reaches_pods || means_pods;
        let first = self.parties.cell_numbers().start;
        let add = |set: &mut RoaringBitmap, block, keep: bool| {
            let cells = self.parties.cells_of(block);
            let number = |cell: usize| first + u32::try_from(cell).unwrap_or(u32::MAX);
            let outside = number(cells.start)..number(cells.end);
            if keep {
                set.insert_range(outside);
                if means_pods {
                    set.extend(self.parties.in_cells(cells));
                }
            } else {
                set.remove_range(outside);
                for party in self.parties.in_cells(cells) {
                    set.remove(party);
                }
            }
        };
        let mut set = RoaringBitmap::new();
        add(&mut set, *cidr, true);
        if !injected(Fault::ExceptIgnored) {
            for hole in except {
                add(&mut set, *hole, false);
            }
        }
        let unplaced = &self.parties.unplaced;
        let possible = (means_pods && !unplaced.is_empty()).then(|| &set | unplaced);
        self.pair(set, possible)
    }

    fn of_nodes(&mut self, id: SelectorId) -> Pair {
        let world = self.engine.world;
        let selector = self.engine.compiled.selector(id);
        let is_meant = |node: u32| {
            selector.matches(&world.nodes[node as usize].labels) && !injected(Fault::NoNodes)
        };
        let nodes = self.parties.node_numbers().zip(&self.parties.nodes);
        let mut set: RoaringBitmap =
            nodes.filter(|(_, node)| is_meant(node.node)).map(|(party, _)| party).collect();
        for host in &self.parties.hosts {
            let example = self.parties.classes[host as usize].example;
            if world.pods[example as usize].node.is_some_and(is_meant) {
                set.insert(host);
            }
        }
        self.pair(set, None)
    }
}
