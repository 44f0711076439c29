//! Whether one can reach another: everybody who is meant by the one and everybody who is meant by the
//! other, with those together of whom the same is said for the same reason.

mod describe;
mod report;

use std::net::IpAddr;

use posture::model::error::{Error, Result};

pub use self::report::{
    MissSaid, PolicySaid, PortsSaid, ResultSaid, RuleSaid, SideSaid, Traced, WaySaid, of,
};
use crate::dialect::{Dialect, Taken};
use crate::endpoint::{Resolved, Way};
use crate::engine::Engine;
use crate::engine::parties::Cell;
use crate::engine::verdict::{Answer, Cause, End, Point, Verdict, both};
use crate::ports::{PortSet, Protocol};

/// More connections than these are not looked at one by one.
const MOST: usize = 2_000_000;

/// What is said of some pairs, at some ports.
#[derive(Clone, Debug)]
pub struct Group {
    /// Who is on either side: each pair is meant.
    pub pairs: Vec<(Side, Side)>,
    /// At which ports.
    pub ports: PortSet,
    /// What is said of them; the rules and the reasons are those of all pairs.
    pub answer: Answer,
}

/// One who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// A pod, a node, an address.
    End(End),
    /// Addresses that no policy tells apart, by their first.
    Addresses(End, u128),
}

impl Side {
    fn end(self) -> End {
        match self {
            Self::End(end) | Self::Addresses(end, _) => end,
        }
    }
}

/// Judges a way: all who are meant by FROM, all who are meant by TO at its ports. Fails where these
/// are too many.
pub(super) fn judge(
    engine: &Engine<'_>,
    from: &Resolved,
    to: &Resolved,
    way: &Way,
) -> Result<Vec<Group>> {
    let sources = sides(engine, from, from.ends().map(|end| (end, PortSet::all())));
    let own = way.ends.iter().map(|(end, ports)| (*end, ports.clone()));
    let mut destinations = sides(engine, to, own);
    for (side, ports) in &mut destinations {
        if !matches!(side, Side::End(End::Pod(_) | End::Node(_) | End::Address(_))) {
            *ports = way.others.clone();
        }
    }
    if sources.len().saturating_mul(destinations.len()) > MOST {
        let message = format!("{} and {} are too many to look at one by one", from.words, to.words);
        return Err(Error::usage(message).hint("list shows them together; or name fewer"));
    }
    let blockless = Translation::of(engine, to, way);
    let mut groups: Vec<Group> = Vec::new();
    for (source, _) in &sources {
        for (destination, ports) in &destinations {
            // A pod does not talk to itself; two of one template do.
            if source == destination && !engine.is_template(source.end()) {
                continue;
            }
            for (ports, answer) in engine.answers((source.end(), destination.end()), ports, None) {
                let pair = (*source, *destination);
                let answer = match &blockless {
                    Some(translation) => translation.before(engine, &answer, pair, &ports),
                    None => answer,
                };
                let same = |group: &&mut Group| group.answer == answer && group.ports == ports;
                match groups.iter_mut().find(same) {
                    Some(group) => group.pairs.push(pair),
                    None => groups.push(Group { pairs: vec![pair], ports, answer }),
                }
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(gravity(group.answer.verdict)));
    Ok(groups)
}

/// How much a verdict is news: what is denied first.
fn gravity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allowed => 0,
        Verdict::Depends => 1,
        Verdict::Unknown => 2,
        Verdict::Denied => 3,
    }
}

/// Everybody who is meant, with their ports.
fn sides(
    engine: &Engine<'_>,
    resolved: &Resolved,
    ends: impl Iterator<Item = (End, PortSet)>,
) -> Vec<(Side, PortSet)> {
    let mut sides: Vec<(Side, PortSet)> =
        ends.map(|(end, ports)| (Side::End(end), ports)).collect();
    for stretch in &resolved.stretches {
        let cell = Cell { family: stretch.family, first: stretch.first, last: stretch.last };
        for piece in engine.pieces(cell) {
            let first = End::Address(piece.family.address(piece.first));
            sides.push((Side::Addresses(first, piece.last), PortSet::all()));
        }
    }
    if resolved.any_pod {
        sides.push((Side::End(End::AnyPod), PortSet::all()));
    }
    if resolved.domain.is_some() {
        sides.push((Side::End(End::Outside), PortSet::all()));
    }
    sides
}

/// A Service stands between: some enforcers judge what leaves by the address and port of the Service,
/// before they are translated to those of a pod.
struct Translation<'w> {
    address: IpAddr,
    port: (Protocol, u16),
    /// The same policies, with blocks that mean no pods: they mean the address of the Service alone,
    /// while selectors still mean the pods behind it.
    blockless: Engine<'w>,
}

impl<'w> Translation<'w> {
    fn of(engine: &Engine<'w>, to: &Resolved, way: &Way) -> Option<Self> {
        if engine.dialect().before_dnat == Taken::No {
            return None;
        }
        let service = &engine.world().services[to.service? as usize];
        let port = &service.ports[way.service_port?];
        let dialect = Dialect { block_means_pods: Taken::No, ..engine.dialect().clone() };
        Some(Self {
            address: *service.cluster_addresses.first()?,
            port: (port.protocol, port.port),
            blockless: Engine::new(engine.world(), &dialect),
        })
    }

    /// The answer before translation, put beside the one after it.
    fn before(
        &self,
        engine: &Engine<'_>,
        after: &Answer,
        (source, destination): (Side, Side),
        ports: &PortSet,
    ) -> Answer {
        let is_pod = |side: Side| matches!(side, Side::End(End::Pod(_)));
        let first = ports.first().filter(|_| is_pod(source) && is_pod(destination));
        let Some((protocol, port)) = first else { return after.clone() };
        let point =
            Point { from: source.end(), to: destination.end(), protocol, port, family: None };
        let to = End::Address(self.address);
        let service = Point { to, protocol: self.port.0, port: self.port.1, ..point };
        let by_service = engine.answer(&service).egress.verdict;
        let by_selectors = self.blockless.answer(&point).egress.verdict;
        let is_allowed = by_service == Verdict::Allowed || by_selectors == Verdict::Allowed;
        let before = if is_allowed { Verdict::Allowed } else { by_service };
        let mut answer = after.clone();
        if before == after.egress.verdict {
            return answer;
        }
        if engine.dialect().before_dnat == Taken::Yes {
            answer.egress.verdict = before;
        } else {
            answer.egress.verdict = Verdict::Depends;
            answer.egress.causes.push(Cause::BeforeDnat);
            answer.egress.causes.sort_unstable();
            answer.egress.causes.dedup();
        }
        answer.verdict = both(answer.egress.verdict, answer.ingress.verdict);
        answer
    }
}
