#![cfg(test)]
//! A small world and its traffic, made by hand.

use posture::finding::report::{Target, Tool};
use posture::model::gap::Gap;
use posture::model::labels::LabelSelector;
use posture::model::object::ObjectRef;
use posture::model::path::FieldPath;
use roaring::RoaringBitmap;

use super::build::Frame;
use super::{Flow, Open, Party, Traffic, Who};
use crate::address::{Cidr, Family};
use crate::engine::verdict::{Cause, Verdict};
use crate::policy::{Action, Namespaces, Peer, Pods, Policy, Rule, Section, Tier};
use crate::ports::{PortSet, Protocol};
use crate::world::{Namespace, Pod, Workload, World};

pub(crate) const OPEN: Open = Open { ingress: true, egress: true };
pub(crate) const CLOSED: Open = Open { ingress: false, egress: false };
pub(crate) const IN: Open = Open { ingress: true, egress: false };
pub(crate) const OUT: Open = Open { ingress: false, egress: true };

/// A world that is being made.
#[derive(Default)]
pub(crate) struct Making {
    pub(crate) world: World,
    pub(crate) traffic: Traffic,
}

impl Making {
    pub(crate) fn namespace(&mut self, name: &str, labels: &[(&str, &str)]) -> u32 {
        let labels = labels
            .iter()
            .map(|(key, value)| (self.world.texts.add(key), self.world.texts.add(value)))
            .collect();
        self.world.namespaces.push(Namespace { name: name.to_owned(), labels, seen: true });
        u32::try_from(self.world.namespaces.len() - 1).unwrap()
    }

    /// A workload with one pod for each of its parties.
    pub(crate) fn workload(&mut self, name: &str, labels: &[(&str, &str)], open: Open) -> u32 {
        let namespace = u32::try_from(self.world.namespaces.len() - 1).unwrap();
        let object = ObjectRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some(self.world.namespaces[namespace as usize].name.clone()),
            name: name.to_owned(),
        };
        self.world.workloads.push(Workload { object, namespace, mark: None, replicas: Some(2) });
        self.variant("", labels, open)
    }

    /// Pods of the last workload that differ from the others.
    pub(crate) fn variant(&mut self, variant: &str, labels: &[(&str, &str)], open: Open) -> u32 {
        let workload = u32::try_from(self.world.workloads.len() - 1).unwrap();
        let namespace = self.world.workloads[workload as usize].namespace;
        let labels = labels
            .iter()
            .map(|(key, value)| (self.world.texts.add(key), self.world.texts.add(value)))
            .collect();
        self.world.pods.push(Pod {
            name: self.world.texts.add("pod"),
            namespace,
            workload,
            exists: true,
            labels,
            ports: Box::default(),
            host_network: false,
            addresses: Box::default(),
            node: None,
        });
        let pod = u32::try_from(self.world.pods.len() - 1).unwrap();
        self.party(Who::Workload { workload, variant: variant.to_owned(), pod, pods: 2 }, open)
    }

    /// What tells the last pods from the others of their workload.
    pub(crate) fn calls_it(&mut self, words: &str) {
        if let Some(Party { who: Who::Workload { variant, .. }, .. }) =
            self.traffic.parties.last_mut()
        {
            words.clone_into(variant);
        }
    }

    pub(crate) fn party(&mut self, who: Who, open: Open) -> u32 {
        self.traffic.parties.push(Party { who, open });
        u32::try_from(self.traffic.parties.len() - 1).unwrap()
    }

    pub(crate) fn outside(&mut self, first: &str, last: &str) -> u32 {
        let (family, first) = Family::split(first.parse().unwrap());
        let (_, last) = Family::split(last.parse().unwrap());
        self.party(Who::External { family, first, last }, OPEN)
    }

    pub(crate) fn flow(&mut self, from: &[u32], to: &[u32], ports: &str) {
        self.uncertain(from, to, ports, &[]);
    }

    /// `TCP 80`, `UDP 53`, `all`; it depends on the causes, if there are any.
    pub(crate) fn uncertain(&mut self, from: &[u32], to: &[u32], ports: &str, causes: &[Cause]) {
        let ports = match ports.split_once(' ') {
            None => PortSet::all(),
            Some((protocol, port)) => {
                let port = port.parse().unwrap();
                PortSet::range(Protocol::of(protocol).unwrap(), port, port)
            }
        };
        let verdict = match causes {
            [] => Verdict::Allowed,
            [cause, ..] if cause.is_open() => Verdict::Depends,
            _ => Verdict::Unknown,
        };
        let of = |parties: &[u32]| parties.iter().copied().collect::<RoaringBitmap>();
        let flow = Flow {
            from: of(from),
            to: of(to),
            ports,
            verdict,
            causes: causes.to_vec(),
            family: None,
        };
        self.traffic.flows.push(flow);
    }

    /// Adds a policy that asks for labels of pods and of namespaces: what can be names of sets.
    pub(crate) fn asks_for(&mut self, pods: &str, namespaces: &str) {
        let selects = |text: &str| LabelSelector::parse(text).unwrap();
        let object = ObjectRef {
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "NetworkPolicy".to_owned(),
            namespace: Some("data".to_owned()),
            name: "db".to_owned(),
        };
        let who = crate::policy::Who::Pods(Pods {
            namespaces: Namespaces::Selected(selects(namespaces)),
            pods: selects(pods),
        });
        let path = FieldPath::root();
        let rule = Rule {
            path: path.clone(),
            mark: None,
            name: None,
            action: Action::Allow,
            peers: Some(vec![Peer { path, mark: None, who }]),
            ports: None,
        };
        self.world.policies.push(Policy {
            object,
            mark: None,
            tier: Tier::NetworkPolicy,
            priority: 0,
            subject: Pods { namespaces: Namespaces::Own, pods: LabelSelector::default() },
            ingress: Section { active: true, rules: vec![rule] },
            egress: Section::default(),
        });
    }
}

/// What is around the map of a test.
pub(crate) fn frame() -> Frame {
    Frame {
        tool: Tool::new("kubectl netpol", "1.2.3", "list"),
        target: Target { files: vec!["shop.yaml".to_owned()], ..Target::default() },
        enforcer: "enforcer: not known (manifests only)".to_owned(),
        gaps: Vec::new(),
    }
}

/// Something that could not be judged.
pub(crate) fn gap() -> Gap {
    Gap {
        what: "document".to_owned(),
        place: None,
        object: Some("networkpolicy.networking.k8s.io/x".to_owned()),
        why: "it was not read".to_owned(),
        hint: String::new(),
    }
}

/// A shop: a database that some reach, a web that the outside reaches, some that are open.
pub(crate) fn shop() -> Making {
    let mut made = Making::default();
    made.asks_for("role in (client,web)", "team=a");
    made.namespace("data", &[]);
    let db = made.workload("db", &[], CLOSED);
    let cache = made.workload("cache", &[], OUT);
    made.namespace("jobs", &[("team", "a")]);
    let report = made.workload("report", &[("role", "client")], OUT);
    let sync = made.workload("sync", &[], OUT);
    made.namespace("kube-system", &[]);
    let dns = made.workload("coredns", &[], IN);
    let metrics = made.workload("metrics", &[], OPEN);
    made.namespace("ops", &[("team", "a")]);
    let prometheus = made.workload("prometheus", &[("role", "client")], OPEN);
    let grafana = made.workload("grafana", &[], OPEN);
    made.namespace("shop", &[]);
    let web = made.workload("web", &[("role", "web")], CLOSED);
    let api = made.workload("api", &[("role", "client")], CLOSED);
    made.calls_it("version=v1");
    let api2 = made.variant("version=v2", &[("role", "client")], CLOSED);
    let low = made.outside("0.0.0.0", "9.255.255.255");
    let ten = made.outside("10.0.0.0", "10.255.255.255");
    let high = made.outside("11.0.0.0", "255.255.255.255");
    let six = made.outside("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    let words = "pods labelled app=x in namespaces with team=b".to_owned();
    let possible = made.party(Who::Possible(words), OPEN);
    let outside = [low, ten, high, six];
    let pods = [db, cache, report, sync, dns, metrics, prometheus, grafana, web, api, api2];
    made.flow(&[api, api2, report, prometheus, possible], &[db], "TCP 5432");
    made.flow(&[report, sync, prometheus, grafana], &[db, cache], "TCP 9187");
    made.flow(&outside, &[web], "TCP 443");
    made.flow(&[ten], &[web], "TCP 80");
    made.uncertain(&[metrics], &[web], "TCP 443", &[Cause::BlockOnPod]);
    made.flow(&[web], &[api], "TCP 8080");
    made.flow(&[db, dns, web, api, api2], &[dns], "UDP 53");
    made.flow(&[web], &[low, high, six], "TCP 443");
    // The mass of the open ones, as an engine may hand it over.
    let open = [cache, report, sync, metrics, prometheus, grafana];
    made.flow(&open, &[dns, metrics, prometheus, grafana], "all");
    made.flow(&[db], &pods, "TCP 1");
    made
}

/// A world whose names try to be something else.
pub(crate) fn hostile() -> Making {
    let mut made = Making::default();
    made.namespace("a\"]; b -->|x| c\n%%{init: {}}%%", &[]);
    let from = made.workload("=cmd(),\"x\"\r\ny", &[], CLOSED);
    let to = made.workload("\u{1b}[31m|`<b>&amp; \u{202e}日本 @team #1\\", &[], CLOSED);
    made.flow(&[from], &[to], "TCP 80");
    made
}

/// The whole of a family, for tests of blocks.
pub(crate) fn everything(family: Family) -> (u128, u128) {
    let all = Cidr::everything(family);
    (all.first(), all.last())
}
