//! The words by which people name the two ends of a connection.
//!
//! `deploy/web`, `pod/x`, `svc/db.data:5432`: a kind as kubectl has it, a name, a namespace behind a
//! dot where it is another one. `ns/shop`: every pod there. `app=web,tier!=db@shop`: pods by their
//! labels, with the namespace behind `@`, `@*` for all. `10.0.0.1`, `10.0.0.0/8`, `[::1]:443`:
//! addresses. `node/n1`. And `internet`, `apiserver`, `ingress`. A destination may have a port:
//! `:443`, `:8000-8080`, `:http`, `:53/UDP`; of a Service it is a port of the Service.

mod addresses;
mod kinds;
mod places;
mod port;
mod service;
#[cfg(test)]
mod tests;
mod words;

use posture::model::error::{Error, Result};

pub use self::addresses::Stretch;
pub use self::places::controllers as ingress_controllers;
use self::port::Asked;
use crate::engine::verdict::End;
use crate::ports::PortSet;
use crate::world::World;

/// What a word means. No text in it is escaped.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// In words: `Deployment shop/web (3 pods)`.
    pub words: String,
    /// What is asked of it: one entry, and of a Service one a port.
    pub ways: Vec<Way>,
    /// Addresses that no known pod or node has, in order. Pods and nodes that were meant by their
    /// addresses are among the ends.
    pub stretches: Vec<Stretch>,
    /// Whether it could be any pod, one that nobody has seen yet among them.
    pub any_pod: bool,
    /// A name of the outside; which addresses it has is not known.
    pub domain: Option<String>,
    /// The number of the Service, where one is meant.
    pub service: Option<u32>,
    /// What else should be said.
    pub notes: Vec<String>,
}

/// What is asked of an end of a connection: ports, and who has them.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// In words: `TCP 5432`, `all ports`; of a Service `db:5432 → targetPort sql`.
    pub words: String,
    /// The position of the port of the Service.
    pub service_port: Option<usize>,
    /// Who is meant, and which ports there: a port by its name is another one in every pod, and
    /// none where no container has it.
    pub ends: Vec<(End, PortSet)>,
    /// Which ports of whoever else is meant.
    pub others: PortSet,
}

impl Resolved {
    /// Everybody who is meant and known.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        // Every way has the same ends but for ports.
        self.ways.first().into_iter().flat_map(|way| &way.ends).map(|(end, _)| *end)
    }
}

/// What FROM means. Fails, saying what there is, where it means nothing.
pub fn source(text: &str, namespace: &str, world: &World) -> Result<Resolved> {
    let (who, port) = port::split(text);
    if let Some(port) = port {
        let message = format!("{text}: a port ({port}) belongs to the destination alone");
        return Err(Error::usage(message).hint(format!("leave it out: {who}")));
    }
    words::resolve(who, None, namespace, world)
}

/// What TO or TO:PORT means. Fails, saying what there is, where it means nothing.
pub fn destination(text: &str, namespace: &str, world: &World) -> Result<Resolved> {
    let (who, port) = port::split(text);
    let port = port.map(Asked::parse).transpose()?;
    words::resolve(who, port.as_ref(), namespace, world)
}
