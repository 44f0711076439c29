//! What is said of FROM and TO, for people and programs.

use posture::model::error::Result;
use posture::model::object::ObjectRef;
use posture::model::source::Mark;
use serde::Serialize;

use super::describe;
use super::{Group, Side, judge};
use crate::endpoint::Resolved;
use crate::engine::Engine;
use crate::engine::verdict::{Cause, Decided, Exempt, Point, RuleId, Side as Sided, Verdict};
use crate::policy::Direction;
use crate::ports::{PortSet, Protocol};

/// How many near misses are told of one direction.
const MISSES: usize = 3;

/// Whether FROM can reach TO.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Traced {
    /// `yes`, `no`, `partly`, `depends` or `unknown`.
    pub verdict: &'static str,
    /// Who opens connections, in words.
    pub from: String,
    /// To whom, in words.
    pub to: String,
    /// One entry, and of a Service one a port.
    pub ways: Vec<WaySaid>,
    /// What else is to be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What is said at some ports.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WaySaid {
    /// In words: `TCP 5432`; of a Service `5432 → targetPort sql`.
    pub words: String,
    /// What is denied first.
    pub results: Vec<ResultSaid>,
}

/// What is said of some, at some ports.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResultSaid {
    /// `allowed`, `denied`, `depends` or `unknown`.
    pub verdict: Verdict,
    /// At which ports of those who are reached.
    pub ports: Vec<PortsSaid>,
    /// Who opens connections: workloads with the number of their pods, addresses.
    pub from: Vec<String>,
    /// To whom.
    pub to: Vec<String>,
    /// How many pairs of pods, nodes and stretches of addresses that are.
    pub pairs: usize,
    /// What leaves, then what arrives.
    pub directions: [SideSaid; 2],
}

/// Ports of a protocol, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PortsSaid {
    /// Of which protocol.
    pub protocol: Protocol,
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// What policies say of one direction.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SideSaid {
    /// `egress` or `ingress`.
    pub direction: &'static str,
    /// `allowed`, `denied`, `depends` or `unknown`.
    pub verdict: Verdict,
    /// What decides, in words.
    pub why: String,
    /// The rule that decides, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleSaid>,
    /// Why it is not certain, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// The policies that isolate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub isolated_by: Vec<PolicySaid>,
    /// Rules that were asked before and let it pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<RuleSaid>,
    /// The rules that come closest to allowing it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<MissSaid>,
}

/// A policy.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicySaid {
    /// Which.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Where it stands, if in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
}

/// A rule of a policy.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleSaid {
    /// The policy.
    pub policy: ObjectRef,
    /// The way to the rule: `spec.ingress[0]`.
    pub path: String,
    /// Where it stands, if in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// `Allow`, `Deny` or `Pass`.
    pub action: &'static str,
}

/// A rule that does not fit, and what of it does not.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MissSaid {
    /// The rule; its path leads to the peer where there is one.
    pub rule: RuleSaid,
    /// What does not fit: all of it would have to.
    pub wrong: Vec<String>,
}

/// Judges, and puts it into words.
pub fn of(engine: &Engine<'_>, from: &Resolved, to: &Resolved) -> Result<Traced> {
    let mut ways = Vec::new();
    let mut found = Vec::new();
    for way in &to.ways {
        let groups = judge(engine, from, to, way)?;
        found.extend(groups.iter().map(|group| group.answer.verdict));
        let results = groups.iter().map(|group| result(engine, group)).collect();
        ways.push(WaySaid { words: way.words.clone(), results });
    }
    let mut notes = from.notes.clone();
    notes.extend(to.notes.iter().cloned());
    if found.is_empty() {
        notes.push("there is nobody on one side: no connection to judge".to_owned());
    }
    Ok(Traced {
        verdict: overall(&found),
        from: from.words.clone(),
        to: to.words.clone(),
        ways,
        notes,
    })
}

/// What is said of all verdicts together.
fn overall(found: &[Verdict]) -> &'static str {
    let has = |verdict| found.contains(&verdict);
    let doubt = if has(Verdict::Unknown) { "unknown" } else { "depends" };
    let doubts = has(Verdict::Unknown) || has(Verdict::Depends);
    match (has(Verdict::Allowed), has(Verdict::Denied), doubts) {
        (true, false, false) => "yes",
        (false, false, false) => "unknown",
        (true, true, _) => "partly",
        // Not all of it can be reached, whatever the rest depends on.
        (false, true, _) => "no",
        (_, false, true) => doubt,
    }
}

fn result(engine: &Engine<'_>, group: &Group) -> ResultSaid {
    let sides = |which: fn(&(Side, Side)) -> Side| {
        let mut sides: Vec<Side> = group.pairs.iter().map(which).collect();
        sides.sort_unstable();
        sides.dedup();
        describe::sides(engine.world(), &sides)
    };
    let answer = &group.answer;
    let first = group.pairs.first().zip(group.ports.first());
    let point = first.map(|((from, to), (protocol, port))| Point {
        from: from.end(),
        to: to.end(),
        protocol,
        port,
        family: None,
    });
    let side = |side: &Sided| said(engine, side, point.as_ref());
    ResultSaid {
        verdict: answer.verdict,
        ports: ports(&group.ports),
        from: sides(|pair| pair.0),
        to: sides(|pair| pair.1),
        pairs: group.pairs.len(),
        directions: [side(&answer.egress), side(&answer.ingress)],
    }
}

/// Ports, stretch by stretch.
fn ports(set: &PortSet) -> Vec<PortsSaid> {
    let of = |protocol| {
        let stretches = set.stretches(protocol).iter();
        stretches.map(move |&(first, last)| PortsSaid { protocol, first, last })
    };
    Protocol::ALL.into_iter().flat_map(of).collect()
}

fn said(engine: &Engine<'_>, side: &Sided, point: Option<&Point>) -> SideSaid {
    let world = engine.world();
    let policy = |number: &u32| {
        let policy = &world.policies[*number as usize];
        PolicySaid { object: policy.object.clone(), place: policy.mark.clone() }
    };
    let rule = match side.decided {
        Decided::Rule(id, _) => Some(rule(engine, id, side.direction, None)),
        _ => None,
    };
    let wants_misses = side.decided == Decided::Isolated && side.verdict != Verdict::Allowed;
    let misses = point
        .filter(|_| wants_misses)
        .map_or_else(Vec::new, |point| engine.near_misses(point, side.direction, MISSES));
    let told = misses.iter().map(|miss| MissSaid {
        rule: self::rule(engine, miss.rule, side.direction, miss.peer),
        wrong: miss
            .wrong
            .iter()
            .map(|wrong| describe::wrong(engine, point, side.direction, wrong))
            .collect(),
    });
    SideSaid {
        direction: side.direction.name(),
        verdict: side.verdict,
        why: why(side),
        rule,
        causes: side.causes.iter().map(|cause| cause_in_words(*cause).to_owned()).collect(),
        isolated_by: side.isolated_by.iter().map(policy).collect(),
        passed: side
            .passed
            .iter()
            .map(|id| self::rule(engine, *id, side.direction, None))
            .collect(),
        near_misses: told.collect(),
    }
}

fn rule(engine: &Engine<'_>, id: RuleId, direction: Direction, peer: Option<usize>) -> RuleSaid {
    let policy = &engine.world().policies[id.policy as usize];
    let rule = &policy.section(direction).rules[id.rule as usize];
    let peer = peer.and_then(|peer| rule.peers.as_ref()?.get(peer));
    RuleSaid {
        policy: policy.object.clone(),
        path: peer.map_or(&rule.path, |peer| &peer.path).to_string(),
        place: peer.map_or(&rule.mark, |peer| &peer.mark).clone(),
        action: rule.action.name(),
    }
}

/// What decides, in words.
fn why(side: &Sided) -> String {
    match side.decided {
        Decided::Rule(..) if side.causes.is_empty() => "a rule decides".to_owned(),
        Decided::Rule(..) => "a rule that may fit".to_owned(),
        Decided::Isolated => match side.isolated_by.len() {
            1 => "isolated, and no rule matches".to_owned(),
            count => format!("isolated by {count} policies, and no rule matches"),
        },
        Decided::Default => "no policy is about it: everything is allowed".to_owned(),
        Decided::NotSubject if side.causes.contains(&Cause::PodUnknown) => {
            "some policy may select it".to_owned()
        }
        Decided::NotSubject => {
            "no pod with an address of its own: no policy is about it".to_owned()
        }
        Decided::Exempt(Exempt::Itself) => "a pod can always reach itself".to_owned(),
        Decided::Exempt(Exempt::OwnNode) => "the node of a pod can always reach it".to_owned(),
    }
}

/// Why something is not certain, in words.
fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::BlockOnPod => {
            "an ipBlock holds the address of a pod or a node: enforcers differ in whether it means it"
        }
        Cause::HostNetwork => {
            "a pod in the network of its node: enforcers differ in whether policies select it"
        }
        Cause::EqualPriority => {
            "policies of one priority do different things: which goes first is not defined"
        }
        Cause::BeforeDnat => {
            "a Service: enforcers differ in whether they judge its own address or that of its pods"
        }
        Cause::AddressFamily => "by IPv4 it is another verdict than by IPv6",
        Cause::AddressUnknown => "the address of a pod is not known, and an ipBlock decides",
        Cause::PodUnknown => "which pod it is is not known, and a peer of a rule decides",
        Cause::NamespaceUnknown => {
            "the labels of a namespace are not known, and a namespaceSelector decides"
        }
        Cause::DomainName => "which addresses a domain name has is not known",
        Cause::VendorPolicy => "a policy of another kind selects one of the ends",
    }
}
