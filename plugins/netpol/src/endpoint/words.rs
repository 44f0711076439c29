//! What a word means: pods by what they belong to, by their labels, by their namespace.

use std::net::IpAddr;

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};
use posture::model::labels::LabelSelector;

use super::kinds::Kind;
use super::port::Asked;
use super::{Resolved, Way, places, service};
use crate::address::Cidr;
use crate::engine::verdict::End;
use crate::ports::PortSet;
use crate::world::{Pod, Text, Workload, World};

/// What a word is looked up in.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    /// The namespace of names that say none.
    pub(super) namespace: &'a str,
    pub(super) port: Option<&'a Asked>,
}

/// What a word means.
pub(super) fn resolve(
    who: &str,
    port: Option<&Asked>,
    namespace: &str,
    world: &World,
) -> Result<Resolved> {
    let scene = Scene { world, namespace, port };
    match who {
        "internet" => return Ok(places::internet(scene)),
        "apiserver" => return places::api_server(scene),
        "ingress" => return Ok(places::ingress(scene)),
        _ => {}
    }
    let bare = who.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(who);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return places::address(scene, address);
    }
    if let Some(block) = Cidr::parse(bare) {
        return Ok(places::block(scene, block));
    }
    if who.contains(['=', '!', '@', '(']) {
        return scene.by_labels(who);
    }
    let Some((kind, name)) = who.split_once('/') else { return Err(scene.without_kind(who)) };
    if kind.parse::<IpAddr>().is_ok() {
        return Err(Error::usage(format!("{who} is no block of addresses")));
    }
    if name.is_empty() {
        return Err(Error::usage(format!("{who}: a name is missing")));
    }
    match Kind::of(kind) {
        Some(Kind::Namespace) => scene.of_namespace(name),
        Some(Kind::Node) => places::node(scene, name),
        Some(Kind::Service) => service::by_name(scene, name),
        Some(Kind::Pod) => scene.of_pod(name),
        Some(Kind::Workload(known)) => scene.of_workload(kind, known, name),
        None => scene.of_other(kind, name),
    }
}

impl<'a> Scene<'a> {
    /// Pods, each with the ports that are asked for.
    pub(super) fn of_pods(self, words: String, pods: &[u32]) -> Resolved {
        let way = Way {
            words: self.port_words(),
            service_port: None,
            ends: pods.iter().map(|&pod| (End::Pod(pod), self.ports_at(pod))).collect(),
            others: self.ports(),
        };
        Resolved { words, ways: vec![way], ..Resolved::default() }
    }

    /// The ports that are asked for, by number.
    pub(super) fn ports(self) -> PortSet {
        self.port.map_or_else(PortSet::all, Asked::numbers)
    }

    /// The ports that are asked for at a pod.
    pub(super) fn ports_at(self, pod: u32) -> PortSet {
        let at = |port: &Asked| port.at(&self.world.pods[pod as usize], &self.world.texts);
        self.port.map_or_else(PortSet::all, at)
    }

    /// The ports that are asked for, in words.
    pub(super) fn port_words(self) -> String {
        self.port.map_or_else(|| PortSet::all().to_string(), ToString::to_string)
    }

    /// The name of a pod's namespace.
    pub(super) fn namespace_of(self, pod: &Pod) -> &'a str {
        &self.world.namespaces[pod.namespace as usize].name
    }

    /// The pods of a namespace that are meant; pods are sorted by namespace.
    pub(super) fn pods_in(self, namespace: u32, is_meant: impl Fn(&Pod) -> bool) -> Vec<u32> {
        let pods = &self.world.pods;
        let start = pods.partition_point(|pod| pod.namespace < namespace);
        let own = pods[start..].iter().take_while(|pod| pod.namespace == namespace);
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        (first..).zip(own).filter(|(_, pod)| is_meant(pod)).map(|(number, _)| number).collect()
    }

    /// The readings of a name: as it is, in the namespace that goes without saying; and with a
    /// namespace behind its last dot.
    pub(super) fn readings(self, name: &'a str) -> Vec<(&'a str, &'a str)> {
        let split =
            name.rsplit_once('.').filter(|(own, space)| !own.is_empty() && !space.is_empty());
        std::iter::once((name, self.namespace)).chain(split).collect()
    }

    fn of_namespace(self, name: &str) -> Result<Resolved> {
        let known = self.number_of(name)?;
        let pods = self.pods_in(known, |_| true);
        if pods.is_empty() {
            return Err(Error::usage(format!("namespace {name} has no pods")));
        }
        let words = format!("every pod of namespace {name}{}", count(self.world, &pods));
        Ok(self.of_pods(words, &pods))
    }

    /// The number of a namespace.
    fn number_of(self, name: &str) -> Result<u32> {
        if let Some(found) = self.known(name) {
            return Ok(found);
        }
        let names: Vec<&str> = self.world.namespaces.iter().map(|one| one.name.as_str()).collect();
        let error = Error::usage(format!("no namespace {name}: {}", there_are(&names)));
        Err(match nearest(name, names.into_iter()) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error,
        })
    }

    /// The number of a namespace, if it is known; namespaces are sorted.
    fn known(self, name: &str) -> Option<u32> {
        let found = self.world.namespaces.binary_search_by(|one| one.name.as_str().cmp(name));
        found.ok().and_then(|found| u32::try_from(found).ok())
    }

    fn of_pod(self, written: &'a str) -> Result<Resolved> {
        for (name, namespace) in self.readings(written) {
            let found = self.world.texts.find(name).zip(self.known(namespace));
            let Some((text, number)) = found else { continue };
            let pods = self.pods_in(number, |pod| pod.exists && pod.name == text);
            if !pods.is_empty() {
                return Ok(self.of_pods(format!("Pod {namespace}/{name}"), &pods));
            }
        }
        let pods = self.world.pods.iter().filter(|pod| pod.exists);
        let all = pods.map(|pod| (self.namespace_of(pod), self.world.texts.get(pod.name)));
        Err(self.missing(("Pod", "pod"), written, all))
    }

    fn of_workload(self, word: &str, kind: &str, written: &'a str) -> Result<Resolved> {
        self.find_workload(kind, written).ok_or_else(|| {
            let all = self.world.workloads.iter().filter(|one| one.object.kind == kind);
            let all = all.map(|one| self.place(one));
            let error = self.missing((kind, word), written, all);
            // What others have made goes by the name of what they belong to.
            let above = self.world.workloads.iter().find(|one| {
                let rest = written.strip_prefix(one.object.name.as_str());
                let is_in = self.world.namespaces[one.namespace as usize].name == self.namespace;
                is_in && rest.is_some_and(|rest| rest.starts_with('-'))
            });
            match above.filter(|_| matches!(kind, "ReplicaSet" | "Job")) {
                Some(above) => {
                    let (kind, name) = (above.object.kind.to_lowercase(), &above.object.name);
                    error.hint(format!("its pods may belong to {kind}/{name}"))
                }
                None => error,
            }
        })
    }

    fn place(self, workload: &'a Workload) -> (&'a str, &'a str) {
        let namespace = &self.world.namespaces[workload.namespace as usize];
        (namespace.name.as_str(), workload.object.name.as_str())
    }

    /// The pods of a workload of a kind.
    fn find_workload(self, kind: &str, written: &'a str) -> Option<Resolved> {
        for (name, namespace) in self.readings(written) {
            let Some(own) = self.known(namespace) else { continue };
            let is_it = |one: &Workload| {
                one.namespace == own && one.object.kind == kind && one.object.name == name
            };
            let found = (0_u32..).zip(&self.world.workloads).find(|(_, one)| is_it(one));
            if let Some((number, _)) = found {
                let pods = self.pods_in(own, |pod| pod.workload == number);
                let words = format!("{kind} {namespace}/{name}{}", count(self.world, &pods));
                return Some(self.of_pods(words, &pods));
            }
        }
        None
    }

    /// A workload of a kind that is none of Kubernetes' own.
    fn of_other(self, word: &str, written: &'a str) -> Result<Resolved> {
        let (own, singular) = (word.to_lowercase(), Kind::singular(word));
        let kinds = self.world.workloads.iter().map(|one| one.object.kind.as_str());
        let is_it = |kind: &&str| {
            let kind = kind.to_lowercase();
            kind == own || kind == singular
        };
        if let Some(kind) = kinds.clone().find(is_it) {
            return self.of_workload(word, kind, written);
        }
        let error = Error::usage(format!("{word}/{written}: no kind {word} makes pods here"));
        Err(match nearest(word, Kind::words()) {
            Some(near) => error.hint(format!("did you mean {near}/{written}?")),
            None => error,
        })
    }

    /// `SELECTOR` or `SELECTOR@NAMESPACE`.
    fn by_labels(self, word: &str) -> Result<Resolved> {
        let (selector, namespace) = word.rsplit_once('@').unwrap_or((word, self.namespace));
        let read = LabelSelector::parse(selector).map_err(Error::usage)?;
        let texts = &self.world.texts;
        let keys = read.requirements().iter().map(|one| (one.key(), texts.find(one.key())));
        let keys: Vec<(&str, Option<Text>)> = keys.collect();
        let label = |pod: &'a Pod, key: &str| {
            let key = keys.iter().find(|(own, _)| *own == key)?.1?;
            let found = pod.labels.iter().find(|(own, _)| *own == key);
            found.map(|(_, value)| texts.get(*value))
        };
        let known = if namespace == "*" { None } else { Some(self.number_of(namespace)?) };
        let (first, last) = known.map_or((0, u32::MAX), |known| (known, known));
        let pods = (0..).zip(&self.world.pods);
        let inside = pods.filter(|(_, pod)| (first..=last).contains(&pod.namespace));
        let meant = inside.filter(|(_, pod)| read.matches(|key| label(pod, key)));
        let pods: Vec<u32> = meant.map(|(number, _)| number).collect();
        let place = match known {
            Some(_) => format!("in namespace {namespace}"),
            None => "in any namespace".to_owned(),
        };
        if pods.is_empty() {
            let error = Error::usage(format!("no pod with {selector} {place}"));
            return Err(error.hint(format!("{selector}@* looks in all namespaces")));
        }
        let words = format!("pods with {selector} {place}{}", count(self.world, &pods));
        Ok(self.of_pods(words, &pods))
    }

    /// The error of a word without a kind.
    fn without_kind(self, word: &str) -> Error {
        let name = word.rsplit_once('.').map_or(word, |(name, _)| name);
        let mut error = Error::usage(format!("{word:?}: it is not said what that is"));
        let services = self.world.services.iter().map(|one| ("svc".to_owned(), &one.object));
        let workloads =
            self.world.workloads.iter().map(|one| (one.object.kind.to_lowercase(), &one.object));
        let fits = workloads.chain(services).filter(|(_, object)| object.name == name);
        let mut words = Vec::new();
        for (kind, object) in fits {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            words.push(if namespace == self.namespace {
                format!("{kind}/{name}")
            } else {
                format!("{kind}/{name}.{namespace}")
            });
        }
        if words.is_empty() {
            let known = "deploy/NAME, pod/NAME, svc/NAME, ns/NAME, app=web, 10.0.0.1, 10.0.0.0/8, \
                         node/NAME, internet, apiserver or ingress";
            return error.hint(format!("write {known}"));
        }
        words.truncate(MOST);
        error = error.hint(format!("did you mean {}?", words.join(", ")));
        error
    }

    /// The error of a name that is not there: what is, and what was meant perhaps. `kind` is the
    /// kind and the word for it; `all` are namespaces and names.
    pub(super) fn missing<'n>(
        self,
        (kind, word): (&str, &str),
        written: &'n str,
        all: impl Iterator<Item = (&'n str, &'n str)>,
    ) -> Error {
        let (mut here, mut elsewhere) = (Vec::new(), None);
        let split = written.rsplit_once('.');
        let known = |name: &str| self.world.namespaces.iter().any(|one| one.name == name);
        let (name, namespace) =
            split.filter(|(_, space)| known(space)).unwrap_or((written, self.namespace));
        for (space, own) in all {
            if space == namespace {
                here.push(own);
            } else if own == name {
                elsewhere.get_or_insert(space);
            }
        }
        let message = format!("no {kind} {name} in namespace {namespace}: {}", there_are(&here));
        let mut error = Error::usage(message);
        if let Some(space) = elsewhere {
            error = error.hint(format!("there is one in namespace {space}: {word}/{name}.{space}"));
        }
        if let Some(near) = nearest(name, here.into_iter()) {
            error = error.hint(format!("did you mean {word}/{near}?"));
        }
        error
    }
}

/// How many names an error tells.
const MOST: usize = 5;

/// `there are a, b and 3 more`
pub(super) fn there_are(names: &[&str]) -> String {
    match names {
        [] => "there is none".to_owned(),
        [one] => format!("there is {one}"),
        _ if names.len() <= MOST => format!("there are {}", names.join(", ")),
        _ => format!("there are {} and {} more", names[..MOST].join(", "), names.len() - MOST),
    }
}

/// ` (3 pods)`; of what has none yet that it is judged by its template.
pub(super) fn count(world: &World, pods: &[u32]) -> String {
    let live = pods.iter().filter(|&&pod| world.pods[pod as usize].exists).count();
    match live {
        0 => " (no pods yet: by its template)".to_owned(),
        1 => " (1 pod)".to_owned(),
        _ => format!(" ({live} pods)"),
    }
}
