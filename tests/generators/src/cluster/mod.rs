//! Small random clusters for network policies: everything that a policy can say, over pods that
//! differ in everything that a policy can ask.

pub mod addresses;
mod networkpolicy;
mod pods;
pub mod points;
mod selectors;
mod tiers;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::random::Random;
use addresses::Block;

/// Which policies a cluster has besides `NetworkPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// None.
    Alone,
    /// None, and no selector has `NotIn` or an empty value: not every reader of selectors knows
    /// what they mean.
    Plain,
    /// `ClusterNetworkPolicy`, each priority of a tier once.
    Cluster,
    /// `AdminNetworkPolicy`, each priority once, and `BaselineAdminNetworkPolicy`.
    Admin,
    /// As the two before, but for priorities that stand several times.
    Ambiguous,
    /// `ClusterNetworkPolicy` with peers of a release that is not out yet.
    Future,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Alone, Self::Plain, Self::Cluster, Self::Admin, Self::Ambiguous, Self::Future];

    /// Any of them, the more usual ones more often.
    pub fn any(random: &mut Random) -> Self {
        match random.below(100) {
            0..25 => Self::Alone,
            25..40 => Self::Plain,
            40..70 => Self::Cluster,
            70..85 => Self::Admin,
            85..95 => Self::Ambiguous,
            _ => Self::Future,
        }
    }
}

/// A cluster: its objects, and what is worth asking about them.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Which policies it has.
    pub family: Family,
    /// Namespaces.
    pub namespaces: Vec<Value>,
    /// Nodes.
    pub nodes: Vec<Value>,
    /// Pods.
    pub pods: Vec<Value>,
    /// Policies of every kind.
    pub policies: Vec<Value>,
    /// The blocks of addresses that stand in policies.
    pub blocks: BTreeSet<Block>,
    /// The numbers of ports that stand in policies and pods.
    pub numbers: BTreeSet<u16>,
    /// What there is in it, for a count of what was seen: the names of features.
    pub features: BTreeSet<&'static str>,
}

impl Cluster {
    /// A cluster of any family, determined by the seed.
    pub fn any(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let family = Family::any(&mut random);
        Self::new(family, random)
    }

    /// A cluster of a family.
    pub fn of(family: Family, seed: u64) -> Self {
        Self::new(family, Random::new(seed))
    }

    fn new(family: Family, random: Random) -> Self {
        let cluster = Self {
            family,
            namespaces: Vec::new(),
            nodes: Vec::new(),
            pods: Vec::new(),
            policies: Vec::new(),
            blocks: BTreeSet::new(),
            numbers: BTreeSet::new(),
            features: BTreeSet::new(),
        };
        let mut writer = Writer { cluster, random, homes: Vec::new() };
        writer.populate();
        writer.network_policies();
        writer.tiers();
        writer.cluster
    }

    /// Every object.
    pub fn objects(&self) -> Vec<&Value> {
        [&self.namespaces, &self.nodes, &self.pods, &self.policies].into_iter().flatten().collect()
    }

    /// Adds what there is in it to a count.
    pub fn count(&self, into: &mut BTreeMap<&'static str, usize>) {
        for feature in &self.features {
            *into.entry(feature).or_default() += 1;
        }
    }
}

/// What writes a cluster.
struct Writer {
    cluster: Cluster,
    random: Random,
    /// Addresses of pods and nodes: blocks are drawn around them.
    homes: Vec<std::net::IpAddr>,
}

impl Writer {
    /// Notes that there is a feature.
    fn has(&mut self, feature: &'static str) {
        self.cluster.features.insert(feature);
    }

    /// The name of one of the namespaces.
    fn namespace(&mut self) -> String {
        let number = self.random.below(self.cluster.namespaces.len());
        self.cluster.namespaces[number]["metadata"]["name"].as_str().unwrap_or_default().to_owned()
    }

    /// So many items, at least and at most.
    fn some<T>(
        &mut self,
        fewest: usize,
        most: usize,
        mut item: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = fewest + self.random.below(most - fewest + 1);
        (0..count).map(|_| item(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_cluster() {
        let (first, second) = (Cluster::any(7), Cluster::any(7));
        assert_eq!(first.objects(), second.objects());
        assert_ne!(first.objects(), Cluster::any(8).objects());
    }

    #[test]
    fn families_have_their_kinds() {
        for seed in 0..200 {
            let cluster = Cluster::any(seed);
            assert!((2..=5).contains(&cluster.namespaces.len()));
            assert!((3..=12).contains(&cluster.pods.len()));
            for policy in &cluster.policies {
                let kind = policy["kind"].as_str().unwrap();
                let fits = match cluster.family {
                    Family::Alone | Family::Plain => kind == "NetworkPolicy",
                    Family::Cluster | Family::Future => !kind.contains("Admin"),
                    Family::Admin => !kind.starts_with("Cluster"),
                    Family::Ambiguous => true,
                };
                assert!(fits, "{kind} in {:?}", cluster.family);
            }
        }
    }
}
