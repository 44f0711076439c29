//! What the engine says of a network.

use kubectl_netpol::address::Family;
use kubectl_netpol::dialect::Dialect;
use kubectl_netpol::engine::Engine;
use kubectl_netpol::engine::verdict::{End, Point, Verdict};
use kubectl_netpol::world::World;
use posture::model::object::Object;
use posture_e2e::object::from_json;

use crate::network::{Network, Probe};

/// The objects of a network, as the engine has them.
pub(crate) fn world(network: &Network) -> World {
    let objects: Vec<Object> = network.objects.iter().map(from_json).collect();
    let world = World::of(objects.iter(), "default");
    assert!(world.gaps.is_empty(), "{:?}", world.gaps);
    world
}

/// The engine, and the numbers of the ends in its world.
#[derive(Debug)]
pub(crate) struct Sayer<'w> {
    engine: Engine<'w>,
    network: &'w Network,
}

impl<'w> Sayer<'w> {
    pub(crate) fn new(network: &'w Network, world: &'w World) -> Self {
        Self { engine: Engine::new(world, &Dialect::spec()), network }
    }

    /// What comes of a probe.
    pub(crate) fn verdict(&self, probe: &Probe, family: Family) -> Verdict {
        let point = Point {
            from: self.end(&probe.from, family),
            to: self.end(&probe.to, family),
            protocol: probe.protocol,
            port: probe.port,
            family: Some(family),
        };
        self.engine.answer(&point).verdict
    }

    fn end(&self, text: &str, family: Family) -> End {
        let world = self.engine.world();
        let (space, name) = text.split_once('/').expect("an end");
        let number = match space {
            "host" => {
                let address = self.network.hosts[name][family as usize];
                return End::Address(address.parse().expect("an address"));
            }
            "node" => world.nodes.iter().position(|node| node.name == name),
            _ => world.pods.iter().position(|pod| {
                let own = &world.namespaces[pod.namespace as usize].name;
                own == space && world.texts.get(pod.name) == name
            }),
        };
        let number = number.unwrap_or_else(|| panic!("{text} is not in the world"));
        let number = u32::try_from(number).expect("a small world");
        if space == "node" { End::Node(number) } else { End::Pod(number) }
    }
}
