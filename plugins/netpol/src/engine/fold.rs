//! The policies of a class in one direction, folded tier by tier into areas: which parties at which
//! ports can be allowed, or denied.

use super::areas::{Areas, PortSets, PortsId};
use super::faults::{Fault, injected};
use super::sets::{Pair, SetId, Sets};
use crate::policy::{Action, Tier};

/// A rule, with its peers as a set and its ports at one destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FoldedRule {
    pub(super) action: Action,
    /// The peers with the ports that count for them: named ports of the other end make several.
    pub(super) parts: Vec<(Pair, PortsId)>,
}

/// A policy that selects the class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FoldedPolicy {
    pub(super) tier: Tier,
    pub(super) priority: i32,
    /// Whether it selects the class for certain.
    pub(super) certain: bool,
    pub(super) rules: Vec<FoldedRule>,
}

/// How policies are folded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Of one priority the first by name goes first.
    pub(super) by_name: bool,
    /// Whether any policy of the tier that isolates selects the class, and keeps the baseline tier
    /// from it though none isolates it in this direction.
    pub(super) skips_baseline: bool,
}

/// What can be allowed, and what is allowed for certain. `policies` are by tier, priority and name.
pub(super) fn fold(
    policies: &[FoldedPolicy],
    manner: Manner,
    sets: &Sets<'_>,
    ports: &mut PortSets,
) -> (Areas, Option<Areas>) {
    if isolate_alone(policies) && is_certain(policies, manner) {
        // Most classes of most clusters: what is allowed is what the rules allow, together.
        return (allowed(policies, |pair| pair.possible, sets, ports), None);
    }
    let mut folding = Folding { sets, ports, manner };
    let possible = folding.reach(policies, Action::Allow);
    if is_certain(policies, manner) {
        return (possible, None);
    }
    let denied = folding.reach(policies, Action::Deny);
    let mut sure = Areas::everything(sets.get(Pair::EVERYBODY.sure));
    sure.take_all(&denied, ports);
    (possible, Some(sure))
}

/// Whether there are only policies that isolate.
fn isolate_alone(policies: &[FoldedPolicy]) -> bool {
    policies.iter().all(|policy| policy.tier == Tier::NetworkPolicy)
        && !injected(Fault::BaselineAlways)
}

/// What the rules of policies that isolate allow, together.
fn allowed(
    policies: &[FoldedPolicy],
    set: impl Fn(&Pair) -> SetId,
    sets: &Sets<'_>,
    ports: &mut PortSets,
) -> Areas {
    let mut allowed = Areas::default();
    for (pair, own) in policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| &rule.parts)
    {
        allowed.add(sets.get(set(pair)), *own, ports);
    }
    allowed
}

/// Whether nothing is in doubt: neither peers nor subjects, and no priority is shared.
fn is_certain(policies: &[FoldedPolicy], manner: Manner) -> bool {
    let are_certain = |policy: &FoldedPolicy| {
        let parts = policy.rules.iter().flat_map(|rule| &rule.parts);
        policy.certain && parts.into_iter().all(|(pair, _)| pair.is_certain())
    };
    let shares = |pair: &[FoldedPolicy]| {
        pair[0].tier != Tier::NetworkPolicy
            && (pair[0].tier, pair[0].priority) == (pair[1].tier, pair[1].priority)
    };
    policies.iter().all(are_certain) && (manner.by_name || !policies.windows(2).any(shares))
}

struct Folding<'a, 'b> {
    sets: &'a Sets<'b>,
    ports: &'a mut PortSets,
    manner: Manner,
}

impl Folding<'_, '_> {
    /// Where a verdict can be reached.
    fn reach(&mut self, policies: &[FoldedPolicy], goal: Action) -> Areas {
        let mut reached = Areas::default();
        let mut open = Areas::everything(self.sets.get(Pair::EVERYBODY.sure));
        let of = |tier: Tier| {
            let first = policies.partition_point(|policy| policy.tier < tier);
            &policies[first..policies.partition_point(|policy| policy.tier <= tier)]
        };
        if !injected(Fault::NoAdmin) {
            open = self.ranked(of(Tier::Admin), open, goal, &mut reached);
        }
        open = self.isolated(of(Tier::NetworkPolicy), open, goal, &mut reached);
        if !injected(Fault::NoBaseline) {
            open = self.ranked(of(Tier::Baseline), open, goal, &mut reached);
        }
        if goal == Action::Allow {
            reached.add_all(&open, self.ports);
        }
        reached
    }

    /// A tier with priorities. Returns what the next tier is asked about.
    fn ranked(
        &mut self,
        tier: &[FoldedPolicy],
        mut open: Areas,
        goal: Action,
        reached: &mut Areas,
    ) -> Areas {
        let by_name = self.manner.by_name;
        let same = |a: &FoldedPolicy, b: &FoldedPolicy| !by_name && a.priority == b.priority;
        let mut passed = Areas::default();
        let mut groups: Vec<&[FoldedPolicy]> = tier.chunk_by(same).collect();
        if injected(Fault::PriorityReversed) {
            groups.reverse();
        }
        for group in groups {
            // Each of them can be the first that is asked.
            if let [policy] = group {
                self.first_match(policy, &mut open, goal, (reached, &mut passed));
                continue;
            }
            let before = open.clone();
            for policy in group {
                let mut own = before.clone();
                let decided = self.first_match(policy, &mut own, goal, (reached, &mut passed));
                open.take_all(&decided, self.ports);
            }
        }
        open.add_all(&passed, self.ports);
        open
    }

    /// Asks the rules of a policy in order. Returns what one of them decides for certain.
    fn first_match(
        &mut self,
        policy: &FoldedPolicy,
        open: &mut Areas,
        goal: Action,
        (reached, passed): (&mut Areas, &mut Areas),
    ) -> Areas {
        let mut decided = Areas::default();
        let mut rules: Vec<&FoldedRule> = policy.rules.iter().collect();
        if injected(Fault::LastRuleWins) {
            rules.reverse();
        }
        for rule in rules {
            let lets_by = rule.action == Action::Pass && injected(Fault::PassAllows);
            let action = if lets_by { Action::Allow } else { rule.action };
            for (pair, ports) in &rule.parts {
                let matched = open.common(self.sets.get(pair.possible), *ports, self.ports);
                if action == goal {
                    reached.add_all(&matched, self.ports);
                } else if action == Action::Pass {
                    passed.add_all(&matched, self.ports);
                }
            }
            if policy.certain {
                for (pair, ports) in &rule.parts {
                    let taken = open.take(self.sets.get(pair.sure), *ports, self.ports);
                    decided.add_all(&taken, self.ports);
                }
            }
        }
        decided
    }

    /// The tier that isolates. Returns what the next tier is asked about.
    fn isolated(
        &mut self,
        tier: &[FoldedPolicy],
        open: Areas,
        goal: Action,
        reached: &mut Areas,
    ) -> Areas {
        if tier.is_empty() && !injected(Fault::IsolatedAlways) {
            if !self.manner.skips_baseline {
                return open;
            }
            if goal == Action::Allow {
                reached.add_all(&open, self.ports);
            }
            return Areas::default();
        }
        let of = |pair: &Pair| if goal == Action::Allow { pair.possible } else { pair.sure };
        let allowed = allowed(tier, of, self.sets, self.ports);
        if goal == Action::Allow {
            for (ports, parties) in allowed.entries() {
                let both = open.common(parties, *ports, self.ports);
                reached.add_all(&both, self.ports);
            }
        } else {
            let mut denied = open.clone();
            denied.take_all(&allowed, self.ports);
            reached.add_all(&denied, self.ports);
        }
        if injected(Fault::BaselineAlways) { open } else { Areas::default() }
    }
}
