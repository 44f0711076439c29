//! Maps made by hand, and the page of one of them in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kubectl_netpol::address::Family;
use kubectl_netpol::engine::verdict::{Cause, Verdict};
use kubectl_netpol::page;
use kubectl_netpol::picture::build::Frame;
use kubectl_netpol::picture::focus::Focus;
use kubectl_netpol::picture::report::{MapReport, Why, Witness};
use kubectl_netpol::picture::{Flow, Open, Party, Traffic, Who};
use kubectl_netpol::ports::{PortSet, Protocol};
use kubectl_netpol::world::{Namespace, Pod, Workload, World};
use posture::finding::report::{Target, Tool};
use posture::model::gap::Gap;
use posture::model::object::ObjectRef;
use posture::model::source::{Mark, Source};

pub(crate) const OPEN: Open = Open { ingress: true, egress: true };
pub(crate) const CLOSED: Open = Open { ingress: false, egress: false };
/// What most workloads are: they may send to whatever takes it.
pub(crate) const SENDS: Open = Open { ingress: false, egress: true };

/// A map that is being made.
#[derive(Default)]
pub(crate) struct Making {
    world: World,
    pub(crate) traffic: Traffic,
    gaps: Vec<Gap>,
}

impl Making {
    fn namespace(&mut self, name: &str) {
        let namespace = Namespace { name: name.to_owned(), labels: Box::default(), seen: true };
        self.world.namespaces.push(namespace);
    }

    /// A workload of the last namespace.
    fn workload(&mut self, name: &str, open: Open) -> u32 {
        let namespace = number(self.world.namespaces.len()) - 1;
        let object = object("apps/v1", "Deployment", self.last_namespace(), name);
        let mark = None;
        self.world.workloads.push(Workload { object, namespace, mark, replicas: Some(2) });
        let workload = number(self.world.workloads.len()) - 1;
        self.world.pods.push(Pod {
            name: self.world.texts.add("pod"),
            namespace,
            workload,
            exists: true,
            labels: Box::default(),
            ports: Box::default(),
            host_network: false,
            addresses: Box::default(),
            node: None,
        });
        let pod = number(self.world.pods.len()) - 1;
        self.party(Who::Workload { workload, variant: String::new(), pod, pods: 2 }, open)
    }

    fn last_namespace(&self) -> &str {
        self.world.namespaces.last().map_or("", |namespace| namespace.name.as_str())
    }

    fn party(&mut self, who: Who, open: Open) -> u32 {
        self.traffic.parties.push(Party { who, open });
        number(self.traffic.parties.len()) - 1
    }

    fn outside(&mut self, first: &str, last: &str) -> u32 {
        let (family, first) = Family::split(first.parse().expect("an address"));
        let (_, last) = Family::split(last.parse().expect("an address"));
        self.party(Who::External { family, first, last }, OPEN)
    }

    /// Port 0 is every port of every protocol. It depends on the cause, if there is one.
    fn flow(&mut self, from: &[u32], to: &[u32], port: u16, cause: Option<Cause>) {
        let ports = match port {
            0 => PortSet::all(),
            port => PortSet::range(Protocol::Tcp, port, port),
        };
        let verdict = match cause {
            None => Verdict::Allowed,
            Some(cause) if cause.is_open() => Verdict::Depends,
            Some(_) => Verdict::Unknown,
        };
        self.traffic.flows.push(Flow {
            from: from.iter().copied().collect(),
            to: to.iter().copied().collect(),
            ports,
            verdict,
            causes: cause.into_iter().collect(),
            family: None,
        });
    }

    /// The report, with a rule that decides each connection.
    pub(crate) fn report(&self) -> MapReport {
        let frame = Frame {
            tool: Tool::new("kubectl netpol", "1.2.3", "list"),
            target: Target { files: vec!["shop.yaml".to_owned()], ..Target::default() },
            enforcer: "enforcer: Calico, by its DaemonSet calico-node".to_owned(),
            gaps: self.gaps.clone(),
        };
        let focus = Focus { exposure: true, ..Focus::default() };
        let mut report = MapReport::of(&self.world, &self.traffic, &focus, frame);
        let text = "kind: NetworkPolicy\n".repeat(40);
        let source = Arc::new(Source::new("shop.yaml", text.into_bytes()));
        report.explain(|witness| self.decides(witness, &source));
        report
    }

    fn decides(&self, witness: &Witness, source: &Arc<Source>) -> Vec<Why> {
        let party = self.traffic.parties.get(witness.to as usize);
        let Some(Who::Workload { workload, .. }) = party.map(|party| &party.who) else {
            return Vec::new();
        };
        let to = &self.world.workloads[*workload as usize].object;
        let namespace = to.namespace.as_deref().unwrap_or_default();
        let name = format!("{}-in", to.name);
        let line = usize::from(witness.port) % 40 + 1;
        let start = source.line_start(line);
        let egress = Why {
            direction: "egress",
            policy: None,
            path: None,
            place: None,
            words: "no policy is about what leaves".to_owned(),
        };
        let ingress = Why {
            direction: "ingress",
            policy: Some(object("networking.k8s.io/v1", "NetworkPolicy", namespace, &name)),
            path: Some("spec.ingress[0]".to_owned()),
            place: Some(Mark::new(source, start..start + 4)),
            words: format!("allowed by {name}"),
        };
        vec![egress, ingress]
    }

    /// The page of the map, in a file.
    pub(crate) fn page(&self, folder: &Path) -> PathBuf {
        let mut text = Vec::new();
        page::write(&self.report(), &mut text).expect("a vector can be written to");
        let path = folder.join("map.html");
        fs::write(&path, text).expect("the folder is writable");
        path
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("few")
}

fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    }
}

/// A shop with a database, and what the outside may reach.
pub(crate) fn small() -> Making {
    let mut made = Making::default();
    made.namespace("data");
    let db = made.workload("db", CLOSED);
    let cache = made.workload("cache", SENDS);
    made.namespace("jobs");
    let report = made.workload("report", OPEN);
    made.namespace("shop");
    let web = made.workload("web", CLOSED);
    let api = made.workload("api", SENDS);
    let low = made.outside("0.0.0.0", "9.255.255.255");
    let ten = made.outside("10.0.0.0", "10.255.255.255");
    let high = made.outside("11.0.0.0", "255.255.255.255");
    made.flow(&[api, report], &[db], 5432, None);
    made.flow(&[api], &[cache], 6379, None);
    made.flow(&[low, ten, high], &[web], 443, None);
    made.flow(&[web], &[api], 8080, None);
    made.flow(&[ten], &[db], 9187, Some(Cause::BlockOnPod));
    made.flow(&[cache], &[api], 0, None);
    made.flow(&[web], &[db], 9999, Some(Cause::NamespaceUnknown));
    made
}

/// Ten workloads in each of fifty namespaces: teams with databases of their own, what all of them
/// use, what reaches all of them, and some namespaces without policies.
pub(crate) fn large() -> Making {
    const NAMES: [&str; 10] =
        ["web", "api", "db", "cache", "worker", "queue", "cron", "gateway", "indexer", "auth"];
    let mut made = Making::default();
    let mut teams: Vec<Vec<u32>> = Vec::new();
    for team in 0..50 {
        made.namespace(&format!("team-{team:02}"));
        let open = if team % 9 == 4 { OPEN } else { SENDS };
        teams.push(NAMES.iter().map(|name| made.workload(name, open)).collect());
    }
    let outside = made.outside("0.0.0.0", "255.255.255.255");
    let all: Vec<u32> = teams.concat();
    made.flow(&all, &[teams[0][0]], 53, None);
    made.flow(&[outside], &[teams[1][7]], 443, None);
    for (number, team) in teams.iter().enumerate() {
        // The third watches all, the second leads the outside to all.
        made.flow(&[teams[2][0]], team, 9100, None);
        made.flow(&[teams[1][7]], &[team[0]], 8080, None);
        for (from, to, port) in [(0, 1, 8081), (1, 2, 5432), (1, 3, 6379), (4, 5, 5672)] {
            made.flow(&[team[from]], &[team[to]], port, None);
        }
        let other = &teams[(number * 7 + 3) % 50];
        match number % 6 {
            0 => made.flow(team, &[other[2]], 5433, None),
            1 => made.flow(team, other, 0, None),
            2 => made.flow(&[team[0]], &[other[1]], 8443, Some(Cause::BlockOnPod)),
            3 => made.flow(&[team[6]], &[other[5]], 5673, Some(Cause::NamespaceUnknown)),
            _ => {}
        }
    }
    made
}

/// A name that would be markup, a script or the end of one, if it were not text.
pub(crate) const HOSTILE: &str =
    "</script><img src=\"http://127.0.0.1:9/x\" onerror=\"document.title='had'\"><!--";

/// Names that try to be something else, everywhere.
pub(crate) fn hostile() -> Making {
    let mut made = Making::default();
    made.namespace(&format!("a\"]; b -->|x| c{HOSTILE}"));
    let from = made.workload(HOSTILE, CLOSED);
    let to =
        made.workload("\u{1b}[31m|`<b>&amp; \u{202e}日本 @team #1\\\u{2028}%%{init: {}}%%", CLOSED);
    made.namespace("__proto__");
    let other = made.workload("constructor", CLOSED);
    made.flow(&[from], &[to], 80, None);
    made.flow(&[to], &[other], 81, None);
    made.flow(&[other], &[from], 82, Some(Cause::VendorPolicy));
    made.gaps.push(Gap {
        what: "document".to_owned(),
        place: None,
        object: Some(HOSTILE.to_owned()),
        why: HOSTILE.to_owned(),
        hint: HOSTILE.to_owned(),
    });
    made
}
