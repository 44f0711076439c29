//! What tells who enforces policies: DaemonSets, groups of the API, kubelets, a ConfigMap.

use std::collections::{BTreeMap, BTreeSet};

use posture::model::container::containers;
use posture::model::node::Value;
use posture::model::object::Object;

use super::image::{release, repository, tag};
use super::known::{K3S, KNOWN, Known, find};
use super::{Detected, Enforcer, cilium};
use crate::dialect::Dialect;

/// How much of a cluster was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scene {
    /// All that tells it: who was not found is not there.
    Cluster,
    /// Manifests.
    Manifests,
    /// Not all: why.
    Partly(String),
}

/// A DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DaemonSet {
    namespace: String,
    name: String,
    containers: Vec<Container>,
}

/// A container of a DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Container {
    name: String,
    image: String,
    /// `command` and `args`
    words: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    daemon_sets: BTreeSet<DaemonSet>,
    groups: BTreeSet<String>,
    /// A node of k3s.
    k3s: Option<String>,
    cilium: BTreeMap<String, String>,
}

impl Signs {
    /// Takes notice of an object, if it tells something.
    pub fn note(&mut self, object: &Object) {
        let value = object.value();
        match (object.group(), object.kind()) {
            ("apps", "DaemonSet") => self.note_daemon_set(object),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                let group = value.get("spec").and_then(|spec| spec.get("group")?.as_str());
                self.groups.extend(group.map(str::to_owned));
            }
            ("", "Node") if self.k3s.is_none() => {
                let info = value.get("status").and_then(|status| status.get("nodeInfo"));
                let version = info.and_then(|info| info.get("kubeletVersion")?.as_str());
                let is_k3s = version.is_some_and(|version| version.contains("+k3s"));
                self.k3s = is_k3s.then(|| object.name().to_owned());
            }
            ("", "ConfigMap") if object.name() == "cilium-config" => {
                let data = value.get("data").into_iter().flat_map(|data| data.entries());
                let texts = data.filter_map(|(key, value)| {
                    Some((key.as_str()?.to_owned(), value.as_str()?.trim().to_owned()))
                });
                self.cilium.extend(texts);
            }
            _ => {}
        }
    }

    /// Takes notice of a group that the API server serves.
    pub fn note_group(&mut self, group: &str) {
        self.groups.insert(group.to_owned());
    }

    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.daemon_sets.extend(other.daemon_sets);
        self.groups.extend(other.groups);
        self.k3s = self.k3s.take().or(other.k3s);
        self.cilium.extend(other.cilium);
    }

    /// Who enforces policies.
    pub fn detect(&self, scene: &Scene) -> Detected {
        let mut found: Vec<Enforcer> = KNOWN
            .iter()
            .filter_map(|known| {
                let set = self.daemon_sets.iter().find(|set| set.is_of(known) && !set.is_off())?;
                let evidence = format!("DaemonSet {}/{}", set.namespace, set.name);
                Some(self.enforcer(known, known.label, evidence))
            })
            .collect();
        if let (Some(node), Some(known)) = (&self.k3s, find(K3S)) {
            let evidence =
                format!("node {node} runs it, with the policy controller of kube-router");
            found.push(self.enforcer(known, K3S, evidence));
        }
        let idle = self.idle();
        if found.is_empty() && idle.is_empty() {
            found.extend(KNOWN.iter().filter_map(|known| {
                let group = known.group.filter(|group| self.groups.contains(*group))?;
                let evidence = format!("the API has the group {group}");
                Some(self.enforcer(known, known.label, evidence))
            }));
        }
        let mut found = found.into_iter();
        let Some(mut first) = found.next() else {
            return match scene {
                Scene::Cluster => Detected::Nobody(idle),
                Scene::Manifests if !idle.is_empty() => Detected::Nobody(idle),
                Scene::Manifests => Detected::Unknown("manifests only".to_owned()),
                Scene::Partly(why) => Detected::Unknown(why.clone()),
            };
        };
        first.notes.extend(found.map(|other| {
            format!("{} ({}) was found, too, and may enforce policies", other.name, other.evidence)
        }));
        Detected::Found(Box::new(first))
    }

    fn enforcer(&self, known: &Known, name: &'static str, evidence: String) -> Enforcer {
        let mut notes: Vec<String> = known.notes.iter().map(|&note| note.to_owned()).collect();
        if known.word == "cilium" {
            notes.extend(cilium::notes(&self.cilium));
        }
        Enforcer { name, evidence, dialect: known.dialect(Some(self)), notes }
    }

    /// What is known of the cluster that changes how an enforcer reads policies: its release, and
    /// what is switched.
    pub(super) fn adjust(&self, word: &str, dialect: &mut Dialect) {
        let known = find(word);
        let is_of = |set: &&DaemonSet| known.is_some_and(|known| set.is_of(known));
        let containers = || self.daemon_sets.iter().filter(is_of).flat_map(|set| &set.containers);
        match word {
            "cilium" => cilium::configure(dialect, &self.cilium),
            "calico" => {
                let nodes = containers().filter(|one| repository(&one.image).ends_with("/node"));
                let release = nodes.filter_map(|one| release(&one.image)).min();
                // 3.32 has ClusterNetworkPolicy in place of what 3.29 has brought.
                if let Some(release) = release {
                    dialect.kinds.cluster_network_policy = release >= (3, 32);
                    dialect.kinds.admin_network_policy = ((3, 29)..(3, 32)).contains(&release);
                }
            }
            "kube-network-policies" => {
                // The kinds are a matter of how the image was built, which its tag ends with.
                let has = |kind: &str| {
                    containers().any(|one| tag(&one.image).is_some_and(|tag| tag.ends_with(kind)))
                };
                dialect.kinds.cluster_network_policy = has("npa-v1alpha2");
                dialect.kinds.admin_network_policy = has("npa-v1alpha1");
            }
            _ => {}
        }
    }

    fn note_daemon_set(&mut self, object: &Object) {
        let template = object.value().get("spec").and_then(|spec| spec.get("template"));
        let Some(spec) = template.and_then(|template| template.get("spec")) else { return };
        let text = |value: Value<'_>, key: &str| {
            value.get(key).and_then(|text| text.as_str()).unwrap_or_default().to_owned()
        };
        let container = |value: Value<'_>| {
            let lists = ["command", "args"].into_iter().filter_map(|key| value.get(key));
            let words = lists.flat_map(|list| list.items()).filter_map(|word| word.as_str());
            Container {
                name: text(value, "name"),
                image: text(value, "image"),
                words: words.map(str::to_owned).collect(),
            }
        };
        let set = DaemonSet {
            namespace: object.namespace().unwrap_or("default").to_owned(),
            name: object.name().to_owned(),
            containers: containers(spec).map(|one| container(one.value)).collect(),
        };
        let is_network = set.is_flannel() || KNOWN.iter().any(|known| set.is_of(known));
        if is_network {
            self.daemon_sets.insert(set);
        }
    }

    /// Networks that are there and enforce nothing.
    fn idle(&self) -> Vec<String> {
        let sets = self.daemon_sets.iter();
        let idle = sets.filter_map(|set| {
            let place = format!("DaemonSet {}/{}", set.namespace, set.name);
            if set.is_off() {
                return Some(format!("AWS VPC CNI, {place}, has policies switched off"));
            }
            let is_idle = set.is_flannel() && !KNOWN.iter().any(|known| set.is_of(known));
            is_idle.then(|| format!("flannel, {place}, does not enforce them"))
        });
        idle.collect()
    }
}

impl DaemonSet {
    fn is_of(&self, known: &Known) -> bool {
        let ends = |image: &str| {
            let name = repository(image);
            known.images.iter().any(|end| {
                let rest = name.strip_suffix(end);
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            })
        };
        known.daemon_sets.contains(&self.name.as_str())
            || self.containers.iter().any(|container| ends(&container.image))
    }

    fn is_flannel(&self) -> bool {
        self.name.starts_with("kube-flannel") || self.name == "flannel"
    }

    /// Whether it is the AWS VPC CNI without its policy agent, or with the agent switched off.
    fn is_off(&self) -> bool {
        const AGENTS: [&str; 2] = ["aws-network-policy-agent", "aws-eks-nodeagent"];
        if self.name != "aws-node" {
            return false;
        }
        let mut agents = self.containers.iter().filter(|one| AGENTS.contains(&one.name.as_str()));
        !agents.any(|agent| agent.words.iter().any(|word| word == "--enable-network-policy=true"))
    }
}
