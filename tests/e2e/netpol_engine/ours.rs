//! The engine's answers.

use std::collections::BTreeMap;

use kubectl_netpol::address::Family;
use kubectl_netpol::engine::Engine;
use kubectl_netpol::engine::verdict::{Answer, Cause, End, Point, Verdict};
use kubectl_netpol::ports::Protocol;
use kubectl_netpol::world::World;
use posture::model::object::Object;
use posture_e2e::object;
use posture_generators::cluster::points::{self, Question};
use serde_json::Value;

use crate::judges::sign;

/// What is in a cluster.
pub(crate) fn world(objects: &[&Value]) -> World {
    let objects: Vec<Object> = objects.iter().map(|object| object::from_json(object)).collect();
    let world = World::of(objects.iter(), "default");
    assert!(world.gaps.is_empty(), "{:?}", world.gaps);
    world
}

/// Who is at the ends of connections, by the names that judges know.
pub(crate) struct Names {
    pods: BTreeMap<String, u32>,
    nodes: BTreeMap<String, u32>,
}

impl Names {
    pub(crate) fn of(world: &World) -> Self {
        let pod = |(number, pod): (u32, &kubectl_netpol::world::Pod)| {
            let namespace = &world.namespaces[pod.namespace as usize].name;
            (format!("{namespace}/{}", world.texts.get(pod.name)), number)
        };
        Self {
            pods: (0..).zip(&world.pods).map(pod).collect(),
            nodes: (0..)
                .zip(&world.nodes)
                .map(|(number, node)| (node.name.clone(), number))
                .collect(),
        }
    }

    /// An end as the engine knows it. A node is asked for by each of its addresses, since it can
    /// have several of a family.
    pub(crate) fn end(&self, end: &points::End) -> End {
        if end.pod.is_empty() {
            assert!(end.node.is_empty() || self.nodes.contains_key(&end.node), "{end:?}");
            return End::Address(end.address);
        }
        End::Pod(*self.pods.get(&end.pod).unwrap_or_else(|| panic!("{end:?} is nobody")))
    }

    /// A connection as the engine knows it.
    pub(crate) fn point(&self, question: &Question<'_>, pair: usize, port: usize) -> Point {
        let (from, to) = question.pairs[pair];
        let (from, to) = (&question.ends[from], &question.ends[to]);
        let port = question.ports[port];
        Point {
            from: self.end(from),
            to: self.end(to),
            protocol: Protocol::of(port.protocol).expect("a protocol"),
            port: port.port,
            family: Some(Family::split(from.address).0),
        }
    }
}

/// The engine's answers, as judges give theirs: a text for each pair with a sign for each port.
pub(crate) fn answers(engine: &Engine<'_>, question: &Question<'_>) -> Vec<String> {
    let names = Names::of(engine.world());
    let of_pair = |pair: usize| {
        let ports = 0..question.ports.len();
        ports
            .map(|port| char::from(sign(&engine.answer(&names.point(question, pair, port)))))
            .collect()
    };
    (0..question.pairs.len()).map(of_pair).collect()
}

/// The sign of an answer. What depends on anything but equal priorities gets one that no judge
/// gives: everything else is known in the specification's dialect.
pub(crate) fn sign(answer: &Answer) -> u8 {
    let mut causes = answer.egress.causes.iter().chain(&answer.ingress.causes);
    match answer.verdict {
        Verdict::Allowed => sign::ALLOWED,
        Verdict::Denied => sign::DENIED,
        Verdict::Depends if causes.all(|cause| *cause == Cause::EqualPriority) => sign::OPEN,
        Verdict::Depends | Verdict::Unknown => b'!',
    }
}
