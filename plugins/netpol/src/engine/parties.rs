//! Who can be at an end of a connection, with equals together: classes of pods that no policy tells
//! apart, nodes by their addresses, and stretches of addresses of the outside.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::ops::Range;

use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHasher};

use super::Engine;
use super::compiled::{Compiled, CompiledPeer, CompiledPort, Spaces};
use super::verdict::End;
use crate::address::{Cidr, Family};
use crate::policy::Direction;
use crate::world::{NamedPort, Pod, Text, World};

/// Pods that no policy tells apart.
#[derive(Clone, Debug)]
pub struct Class {
    /// The number of their namespace.
    pub namespace: u32,
    /// One of them, by its number in the world.
    pub example: u32,
    /// How many there are.
    pub count: u32,
    /// The stretch that their address is in, where it is known.
    cell: Option<u32>,
}

/// A node, by one of its addresses.
#[derive(Clone, Debug)]
pub struct NodeParty {
    /// The number of the node.
    pub node: u32,
    /// The address; `None` where none is known.
    pub address: Option<IpAddr>,
}

/// A stretch of addresses that no policy tells apart, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which addresses these are.
    pub family: Family,
    /// The first address, as a number.
    pub first: u128,
    /// The last one.
    pub last: u128,
}

/// Everybody. A party is a number: first come the classes, by namespace, then the nodes, then the
/// cells.
#[derive(Clone, Debug)]
pub struct Parties {
    /// Classes of pods, by namespace.
    pub classes: Vec<Class>,
    /// Nodes.
    pub nodes: Vec<NodeParty>,
    /// The outside: IPv4 first, by address.
    pub cells: Vec<Cell>,
    /// For each pod its class; `u32::MAX` for one that has no address of the family.
    pub class_of: Vec<u32>,
    /// Which keys of labels of pods policies look at.
    pub(super) keys: Vec<bool>,
    spaces: Vec<Range<u32>>,
    /// Parties that are no cells, by the cell that their address is in.
    by_cell: Vec<(u32, u32)>,
    /// Those whose address is not known.
    pub(super) unplaced: RoaringBitmap,
    /// Classes in the network of their node.
    pub(super) hosts: RoaringBitmap,
}

/// What of pods policies look at.
struct Relevant {
    keys: Vec<bool>,
    ports: Vec<bool>,
    nodes: bool,
}

impl Relevant {
    fn new(compiled: &Compiled, world: &World) -> Self {
        let mut keys = vec![false; world.texts.len()];
        let mut ports = vec![false; world.texts.len()];
        let mut nodes = false;
        let mut mark = |id| {
            for key in compiled.selector(id).keys() {
                keys[key.0 as usize] = true;
            }
        };
        for policy in &compiled.policies {
            mark(policy.subject.pods);
            for rule in Direction::ALL.iter().filter_map(|way| policy.rules(*way)).flatten() {
                for peer in rule.peers.iter().flatten() {
                    match peer {
                        CompiledPeer::Pods(key) => mark(key.pods),
                        CompiledPeer::Nodes(_) => nodes = true,
                        _ => {}
                    }
                }
                for port in rule.ports.iter().flatten() {
                    if let CompiledPort::Named(_, Some(name)) = port {
                        ports[name.0 as usize] = true;
                    }
                }
            }
        }
        Self { keys, ports, nodes }
    }

    fn labels<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a (Text, Text)> {
        pod.labels.iter().filter(|(key, _)| self.keys[key.0 as usize])
    }

    fn ports<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a NamedPort> {
        pod.ports.iter().filter(|port| self.ports[port.name.0 as usize])
    }

    fn node(&self, pod: &Pod) -> Option<u32> {
        pod.node.filter(|_| pod.host_network && self.nodes)
    }

    fn hash(&self, pod: &Pod, cell: Option<u32>) -> u64 {
        let mut hasher = FxHasher::default();
        (pod.namespace, pod.host_network, cell, self.node(pod)).hash(&mut hasher);
        for label in self.labels(pod) {
            label.hash(&mut hasher);
        }
        for port in self.ports(pod) {
            port.hash(&mut hasher);
        }
        hasher.finish()
    }

    fn are_equal(&self, one: &Pod, other: &Pod) -> bool {
        one.namespace == other.namespace
            && one.host_network == other.host_network
            && self.node(one) == self.node(other)
            && self.labels(one).eq(self.labels(other))
            && self.ports(one).eq(self.ports(other))
    }
}

/// Where blocks begin and end.
#[derive(Debug, Default)]
pub(super) struct Borders {
    /// For each family the first addresses of the stretches, from 0 on.
    starts: [Vec<u128>; 2],
}

impl Borders {
    pub(super) fn new(compiled: &Compiled) -> Self {
        let mut starts = [vec![0], vec![0]];
        let mut add = |cidr: &Cidr| {
            let starts = &mut starts[cidr.family() as usize];
            starts.push(cidr.first());
            if cidr.last() < cidr.family().last() {
                starts.push(cidr.last() + 1);
            }
        };
        for policy in &compiled.policies {
            for rule in Direction::ALL.iter().filter_map(|way| policy.rules(*way)).flatten() {
                for peer in rule.peers.iter().flatten() {
                    if let CompiledPeer::Block { cidr, except, .. } = peer {
                        add(cidr);
                        except.iter().for_each(&mut add);
                    }
                }
            }
        }
        for family in &mut starts {
            family.sort_unstable();
            family.dedup();
        }
        Self { starts }
    }

    pub(super) fn cells(&self) -> Vec<Cell> {
        let of = |family: Family| {
            let starts = &self.starts[family as usize];
            starts.iter().enumerate().map(move |(position, &first)| {
                let last = starts.get(position + 1).map_or(family.last(), |next| next - 1);
                Cell { family, first, last }
            })
        };
        Family::ALL.into_iter().flat_map(of).collect()
    }

    /// The number of the stretch that an address is in, among those of both families.
    fn cell(&self, address: IpAddr) -> u32 {
        let (family, number) = Family::split(address);
        let before = if family == Family::V4 { 0 } else { self.starts[0].len() };
        let own = self.starts[family as usize].partition_point(|&start| start <= number) - 1;
        u32::try_from(before + own).unwrap_or(u32::MAX)
    }
}

impl Parties {
    /// Puts equals together. With a family only addresses of it count, and pods that have addresses
    /// but none of it are nobody.
    pub(super) fn new(engine: &Engine<'_>, family: Option<Family>) -> Self {
        let (world, compiled) = (engine.world, &engine.compiled);
        let relevant = Relevant::new(compiled, world);
        let borders = Borders::new(compiled);
        let fits = |address: &IpAddr| family.is_none_or(|own| Family::split(*address).0 == own);
        let mut parties = Self {
            classes: Vec::new(),
            nodes: Vec::new(),
            cells: borders.cells(),
            class_of: vec![u32::MAX; world.pods.len()],
            keys: relevant.keys.clone(),
            spaces: vec![0..0; world.namespaces.len()],
            by_cell: Vec::new(),
            unplaced: RoaringBitmap::new(),
            hosts: RoaringBitmap::new(),
        };
        let mut known: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for (number, pod) in (0_u32..).zip(&world.pods) {
            let addresses = engine.pod_addresses(number);
            let address = addresses.iter().find(|address| fits(address));
            if address.is_none() && !addresses.is_empty() {
                continue;
            }
            let cell = address.map(|address| borders.cell(*address));
            let same = known.entry(relevant.hash(pod, cell)).or_default();
            let equal = same.iter().copied().find(|&class| {
                let class = &parties.classes[class as usize];
                class.cell == cell && relevant.are_equal(pod, &world.pods[class.example as usize])
            });
            let class = equal.unwrap_or_else(|| {
                let class = parties.add_class(number, pod, cell);
                same.push(class);
                class
            });
            parties.classes[class as usize].count += 1;
            parties.class_of[number as usize] = class;
        }
        parties.add_nodes(world, &borders, family);
        parties.by_cell.sort_unstable();
        if let Some(family) = family {
            // Numbers of cells stay as they are: those of the other family are left empty.
            parties.only(family);
        }
        parties
    }

    fn add_class(&mut self, example: u32, pod: &Pod, cell: Option<u32>) -> u32 {
        let class = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        self.classes.push(Class { namespace: pod.namespace, example, count: 0, cell });
        let space = &mut self.spaces[pod.namespace as usize];
        if space.start == space.end {
            *space = class..class;
        }
        space.end = class + 1;
        self.place(class, cell);
        if pod.host_network {
            self.hosts.insert(class);
        }
        class
    }

    fn place(&mut self, party: u32, cell: Option<u32>) {
        match cell {
            Some(cell) => self.by_cell.push((cell, party)),
            None => {
                self.unplaced.insert(party);
            }
        }
    }

    fn add_nodes(&mut self, world: &World, borders: &Borders, family: Option<Family>) {
        for (number, node) in (0_u32..).zip(&world.nodes) {
            let fits =
                |address: &&IpAddr| family.is_none_or(|own| Family::split(**address).0 == own);
            let mut addresses: Vec<Option<IpAddr>> =
                node.addresses.iter().filter(fits).copied().map(Some).collect();
            if node.addresses.is_empty() {
                addresses.push(None);
            }
            for address in addresses {
                let cell = address.map(|address| borders.cell(address));
                let party =
                    u32::try_from(self.classes.len() + self.nodes.len()).unwrap_or(u32::MAX);
                self.nodes.push(NodeParty { node: number, address });
                self.place(party, cell);
            }
        }
    }

    fn only(&mut self, family: Family) {
        let kept: Vec<Cell> =
            self.cells.iter().copied().filter(|cell| cell.family == family).collect();
        let before = self.cells.iter().take_while(|cell| cell.family != family).count();
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        self.cells = kept;
        for (cell, _) in &mut self.by_cell {
            *cell -= before;
        }
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.classes.len() + self.nodes.len() + self.cells.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The classes, as numbers.
    pub fn pods(&self) -> Range<u32> {
        0..u32::try_from(self.classes.len()).unwrap_or(u32::MAX)
    }

    /// The nodes, as numbers.
    pub fn node_numbers(&self) -> Range<u32> {
        let first = self.pods().end;
        first..first + u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// The cells, as numbers.
    pub fn cell_numbers(&self) -> Range<u32> {
        self.node_numbers().end..self.len()
    }

    /// One of a party: a pod, a node, or an address.
    pub fn end(&self, party: u32) -> End {
        let (node, cell) = (self.pods().end, self.node_numbers().end);
        if let Some(class) = self.classes.get(party as usize) {
            return End::Pod(class.example);
        }
        if let Some(node) = self.nodes.get((party - node) as usize) {
            return node.address.map_or(End::Node(node.node), End::Address);
        }
        let cell = &self.cells[(party - cell) as usize];
        End::Address(cell.family.address(cell.first))
    }

    /// The classes of a namespace.
    pub fn of_namespace(&self, namespace: u32) -> Range<u32> {
        self.spaces.get(namespace as usize).cloned().unwrap_or(0..0)
    }

    /// The classes of selected namespaces.
    pub(super) fn of_spaces(&self, spaces: Spaces, selected: &[u32]) -> RoaringBitmap {
        let mut set = RoaringBitmap::new();
        match spaces {
            Spaces::Own(own) => {
                set.insert_range(self.of_namespace(own));
            }
            Spaces::Selected(_) => {
                for &namespace in selected {
                    set.insert_range(self.of_namespace(namespace));
                }
            }
        }
        set
    }

    /// The cells of a block, by their positions.
    pub(super) fn cells_of(&self, cidr: Cidr) -> Range<usize> {
        let before = |cell: &Cell| (cell.family, cell.first) < (cidr.family(), cidr.first());
        let inside = |cell: &Cell| (cell.family, cell.first) <= (cidr.family(), cidr.last());
        self.cells.partition_point(before)..self.cells.partition_point(inside)
    }

    /// Pods and nodes whose address is in one of these cells.
    pub(super) fn in_cells(&self, cells: Range<usize>) -> impl Iterator<Item = u32> {
        let position = |cell: usize| {
            let cell = u32::try_from(cell).unwrap_or(u32::MAX);
            self.by_cell.partition_point(|&(own, _)| own < cell)
        };
        self.by_cell[position(cells.start)..position(cells.end)].iter().map(|&(_, party)| party)
    }
}
