//! From the engine's map to [`Traffic`]: classes of pods become parts of workloads.

use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHashSet};

use super::sets::{SetId, Sets};
use super::terms::keys;
use super::{Flow, Open, Party, Traffic, Who};
use crate::engine::map::{Map, View};
use crate::world::{Pod, Text, World};

/// The class of pods that have no address of a family.
const NOBODY: u32 = u32::MAX;

impl Traffic {
    /// The traffic of a world as its map has it. Pods of one workload are one party for each of
    /// their classes; what holds by one family of addresses alone is said to depend on it
    /// ([`crate::engine::verdict::Cause::AddressFamily`]) where both ends have both.
    pub fn of(world: &World, map: &Map) -> Self {
        let mut making = Making {
            traffic: Self::default(),
            expanded: map
                .views
                .iter()
                .map(|view| vec![Vec::new(); view.parties.len() as usize])
                .collect(),
        };
        making.pods(world, &map.views);
        making.variants(world);
        for (number, view) in map.views.iter().enumerate() {
            making.others(number, view);
        }
        for (number, view) in map.views.iter().enumerate() {
            making.flows(number, view);
        }
        making.traffic
    }
}

struct Making {
    traffic: Traffic,
    /// For each view the parties of each of its own.
    expanded: Vec<Vec<Vec<u32>>>,
}

impl Making {
    fn party(&mut self, who: Who, open: Open) -> u32 {
        let number = u32::try_from(self.traffic.parties.len()).unwrap_or(u32::MAX);
        self.traffic.parties.push(Party { who, open });
        number
    }

    fn pods(&mut self, world: &World, views: &[View]) {
        let mut known: FxHashMap<(u32, [u32; 2]), u32> = FxHashMap::default();
        for (number, pod) in (0u32..).zip(&world.pods) {
            let mut classes = [NOBODY; 2];
            for (class, view) in classes.iter_mut().zip(views) {
                *class = view.parties.class_of.get(number as usize).copied().unwrap_or(NOBODY);
            }
            let key = (pod.workload, classes);
            let party = known.get(&key).copied().unwrap_or_else(|| {
                let party = self.pod(number, pod, classes, views);
                known.insert(key, party);
                party
            });
            if pod.exists
                && let Who::Workload { pods, .. } = &mut self.traffic.parties[party as usize].who
            {
                *pods += 1;
            }
        }
    }

    /// Adds the party of a pod that is the first of its sort.
    fn pod(&mut self, number: u32, pod: &Pod, classes: [u32; 2], views: &[View]) -> u32 {
        let of_view = classes.iter().zip(views).filter(|(class, _)| **class != NOBODY);
        let open = Open {
            ingress: of_view.clone().all(|(class, view)| !view.limited_ingress.contains(*class)),
            egress: of_view.clone().all(|(class, view)| !view.limited_egress.contains(*class)),
        };
        let is_dual = of_view.count() == 2;
        let variant = String::new();
        let who = Who::Workload { workload: pod.workload, variant, pod: number, pods: 0 };
        let party = self.party(who, open);
        for (expanded, class) in self.expanded.iter_mut().zip(classes) {
            if let Some(parties) = expanded.get_mut(class as usize) {
                parties.push(party);
            }
        }
        if is_dual {
            self.traffic.dual.insert(party);
        }
        party
    }

    /// Says what tells the parties of one workload apart: labels that policies ask for, or the name
    /// of a pod.
    fn variants(&mut self, world: &World) {
        let (asked, _) = keys(world);
        let mut of_workload: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (number, party) in (0u32..).zip(&self.traffic.parties) {
            if let Who::Workload { workload, .. } = party.who {
                of_workload.entry(workload).or_default().push(number);
            }
        }
        let workloads = (0u32..).take(world.workloads.len());
        for parties in workloads.filter_map(|workload| of_workload.get(&workload)) {
            if parties.len() < 2 {
                continue;
            }
            for (party, words) in told_apart(world, &self.traffic, &asked, parties) {
                if let Who::Workload { variant, .. } = &mut self.traffic.parties[party as usize].who
                {
                    *variant = words;
                }
            }
        }
    }

    /// Nodes and the outside: nothing limits them. Both views have their own.
    fn others(&mut self, number: usize, view: &View) {
        let open = Open { ingress: true, egress: true };
        let nodes = view.parties.nodes.iter();
        let nodes = nodes.map(|node| Who::Node { node: node.node, address: node.address });
        let cells = view.parties.cells.iter().map(|cell| Who::External {
            family: cell.family,
            first: cell.first,
            last: cell.last,
        });
        let own = view.parties.node_numbers().start..view.parties.len();
        for (own, who) in own.zip(nodes.chain(cells)) {
            let party = self.party(who, open);
            self.expanded[number][own as usize] = vec![party];
        }
    }

    fn flows(&mut self, number: usize, view: &View) {
        let mut sets = Sets::default();
        let mut known: FxHashMap<SetId, RoaringBitmap> = FxHashMap::default();
        let expanded = &self.expanded[number];
        let mut expand = |set: &RoaringBitmap| {
            let id = sets.add(set.clone());
            let made = known.entry(id).or_insert_with(|| {
                let parties = set.iter().filter_map(|own| expanded.get(own as usize));
                let mut parties: Vec<u32> = parties.flatten().copied().collect();
                parties.sort_unstable();
                parties.into_iter().collect()
            });
            made.clone()
        };
        let family = view.family;
        self.traffic.flows.extend(view.flows.iter().map(|flow| Flow {
            from: expand(&flow.from),
            to: expand(&flow.to),
            ports: flow.ports.clone(),
            verdict: flow.verdict,
            causes: flow.causes.clone(),
            family,
        }));
    }
}

/// What is said of each of these parties of one workload.
fn told_apart(
    world: &World,
    traffic: &Traffic,
    asked: &FxHashSet<Text>,
    parties: &[u32],
) -> Vec<(u32, String)> {
    let pod = |party: u32| match traffic.parties.get(party as usize)?.who {
        Who::Workload { pod, .. } => world.pods.get(pod as usize),
        _ => None,
    };
    let pods: Vec<(u32, &Pod)> =
        parties.iter().filter_map(|&party| Some((party, pod(party)?))).collect();
    let of_all = |label: &(Text, Text)| pods.iter().all(|(_, pod)| pod.labels.contains(label));
    let own = |pod: &Pod| -> Vec<(Text, Text)> {
        let labels = pod.labels.iter().filter(|(key, _)| asked.contains(key));
        labels.filter(|label| !of_all(label)).copied().collect()
    };
    let labels: Vec<Vec<(Text, Text)>> = pods.iter().map(|(_, pod)| own(pod)).collect();
    pods.iter()
        .zip(&labels)
        .map(|((party, pod), own)| {
            let is_alone = labels.iter().filter(|other| *other == own).count() == 1;
            let said = own.iter().map(|(key, value)| {
                format!("{}={}", world.texts.get(*key), world.texts.get(*value))
            });
            let words = if is_alone && !own.is_empty() {
                said.collect::<Vec<_>>().join(",")
            } else {
                format!("as pod {}", world.texts.get(pod.name))
            };
            (*party, words)
        })
        .collect()
}
