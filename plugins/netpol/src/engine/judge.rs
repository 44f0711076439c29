//! One direction of one connection, tier by tier.

use super::compiled::CompiledPolicy;
use super::faults::{Fault, injected};
use super::fit::{Causes, Fit};
use super::matching::{Scene, Seen};
use super::verdict::{Cause, Decided, Exempt, RuleId, Side, Verdict};
use crate::policy::{Action, Direction, Tier};
use crate::ports::Protocol;

/// What is asked of one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) direction: Direction,
    /// The pod whose policies are asked.
    pub(super) subject: &'a Seen<'a>,
    /// The other end.
    pub(super) other: &'a Seen<'a>,
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// Whether the ends are two pods that are alike where they are the same one.
    pub(super) apart: bool,
}

/// What can come of it, while policies are asked one after the other.
#[derive(Debug, Default)]
struct Outcome {
    can_allow: bool,
    can_deny: bool,
    causes: Causes,
    /// What decides, as far as it is certain; otherwise what decides first if it fits.
    decided: Option<Decided>,
    isolated_by: Vec<u32>,
    passed: Vec<RuleId>,
}

impl Outcome {
    fn may(&mut self, action: Action, decided: Decided) {
        self.can_allow |= action == Action::Allow;
        self.can_deny |= action == Action::Deny;
        self.decided.get_or_insert(decided);
    }

    fn side(self, direction: Direction) -> Side {
        let causes = self.causes.list();
        let verdict = match (self.can_allow, self.can_deny) {
            (true, false) => Verdict::Allowed,
            (false, _) => Verdict::Denied,
            (true, true) if causes.iter().any(|cause| cause.is_open()) => Verdict::Depends,
            (true, true) => Verdict::Unknown,
        };
        let uncertain = matches!(verdict, Verdict::Depends | Verdict::Unknown);
        Side {
            direction,
            verdict,
            causes: if uncertain { causes } else { Vec::new() },
            decided: self.decided.unwrap_or(Decided::Default),
            isolated_by: self.isolated_by,
            passed: self.passed,
        }
    }
}

/// What the policies say of one direction. `order` has the numbers of those that could select the
/// subject: by tier, priority and name.
pub(super) fn judge(
    scene: &Scene<'_>,
    order: &[u32],
    question: &Question<'_>,
    by_name: bool,
    skips_baseline: bool,
) -> Side {
    let mut outcome = Outcome::default();
    let speaks = |policy: &CompiledPolicy| policy.rules(question.direction).is_some();
    if question.subject.any_pod && scene.compiled.policies.iter().any(speaks) {
        // Which policies select it, nobody knows.
        outcome.causes = Causes::of(Cause::PodUnknown);
        outcome.may(Action::Allow, Decided::NotSubject);
        outcome.may(Action::Deny, Decided::NotSubject);
        return outcome.side(question.direction);
    }
    if let Some(decided) = exempt(scene, question) {
        outcome.may(Action::Allow, decided);
        return outcome.side(question.direction);
    }
    let is_asked =
        |tier: Tier| move |&&number: &&u32| scene.compiled.policies[number as usize].tier == tier;
    let admin: Vec<u32> = order.iter().filter(is_asked(Tier::Admin)).copied().collect();
    let own: Vec<u32> = order.iter().filter(is_asked(Tier::NetworkPolicy)).copied().collect();
    let baseline: Vec<u32> = order.iter().filter(is_asked(Tier::Baseline)).copied().collect();
    if !injected(Fault::NoAdmin) && !ranked(scene, &admin, question, by_name, &mut outcome) {
        return outcome.side(question.direction);
    }
    if !isolated(scene, &own, question, skips_baseline, &mut outcome) {
        return outcome.side(question.direction);
    }
    if !injected(Fault::NoBaseline) && !ranked(scene, &baseline, question, by_name, &mut outcome) {
        return outcome.side(question.direction);
    }
    outcome.may(Action::Allow, Decided::Default);
    outcome.side(question.direction)
}

/// What no policy decides.
fn exempt(scene: &Scene<'_>, question: &Question<'_>) -> Option<Decided> {
    let (subject, other) = (question.subject, question.other);
    if !question.apart
        && subject.pod.is_some()
        && subject.pod.map(|(number, _)| number) == other.pod.map(|(number, _)| number)
    {
        return Some(Decided::Exempt(Exempt::Itself));
    }
    if !subject.is_selectable(scene.reading) {
        return Some(Decided::NotSubject);
    }
    let nothing = match question.direction {
        Direction::Ingress => Fault::NoIngress,
        Direction::Egress => Fault::NoEgress,
    };
    if injected(nothing) {
        return Some(Decided::NotSubject);
    }
    let own_node = subject.pod.and_then(|(_, pod)| pod.node);
    let is_own = own_node.is_some() && own_node == other.node && !injected(Fault::NoOwnNode);
    (question.direction == Direction::Ingress && is_own).then_some(Decided::Exempt(Exempt::OwnNode))
}

/// Asks the policies of a tier with priorities. Returns whether the next tier is asked.
fn ranked(
    scene: &Scene<'_>,
    tier: &[u32],
    question: &Question<'_>,
    by_name: bool,
    outcome: &mut Outcome,
) -> bool {
    let policy = |number: u32| &scene.compiled.policies[number as usize];
    let mut passes = false;
    let same = |a: &u32, b: &u32| !by_name && policy(*a).priority == policy(*b).priority;
    let mut groups: Vec<&[u32]> = tier.chunk_by(same).collect();
    if injected(Fault::PriorityReversed) {
        groups.reverse();
    }
    for group in groups {
        let mut closed = false;
        let mut actions: Vec<Action> = Vec::new();
        for &number in group {
            let Some(first) = first_match(scene, number, question) else { continue };
            closed |= first.closed;
            for (rule, action, fit) in first.rules {
                let action = if action == Action::Pass && injected(Fault::PassAllows) {
                    Action::Allow
                } else {
                    action
                };
                if fit.is_certain() && !actions.contains(&action) {
                    actions.push(action);
                }
                outcome.causes = outcome.causes.with(fit.causes());
                let id = RuleId { policy: number, rule };
                if action == Action::Pass {
                    passes = true;
                    outcome.passed.push(id);
                } else {
                    outcome.may(action, Decided::Rule(id, action));
                }
            }
        }
        if actions.len() > 1 {
            outcome.causes = outcome.causes.with(Causes::of(Cause::EqualPriority));
        }
        if closed {
            return passes;
        }
    }
    true
}

/// The rules of a policy one of which decides.
struct FirstMatch {
    rules: Vec<(u32, Action, Fit)>,
    /// Whether one of them does for certain.
    closed: bool,
}

/// The first rule of a policy that fits, with those before that may.
fn first_match(scene: &Scene<'_>, number: u32, question: &Question<'_>) -> Option<FirstMatch> {
    let policy = &scene.compiled.policies[number as usize];
    let rules = policy.rules(question.direction)?;
    let selected = selects(scene, policy, question);
    if !selected.is_possible() {
        return None;
    }
    let mut first = FirstMatch { rules: Vec::new(), closed: false };
    let mut asked: Vec<_> = rules.iter().collect();
    if injected(Fault::LastRuleWins) {
        asked.reverse();
    }
    for rule in asked {
        let fit = selected.and(|| fits(scene, rule, question));
        if fit.is_possible() {
            first.rules.push((rule.number, rule.action, fit));
        }
        if fit.is_certain() {
            first.closed = true;
            break;
        }
    }
    Some(first)
}

/// Asks the policies that isolate. Returns whether the next tier is asked.
fn isolated(
    scene: &Scene<'_>,
    own: &[u32],
    question: &Question<'_>,
    skips_baseline: bool,
    outcome: &mut Outcome,
) -> bool {
    let mut is_isolated = Fit::of(injected(Fault::IsolatedAlways));
    let mut is_selected = false;
    let mut allowed = Fit::NO;
    let mut by = None;
    // Whether, of the policies that may select the pod, one does not allow it even then.
    let mut could_miss = false;
    for &number in own {
        let policy = &scene.compiled.policies[number as usize];
        let selected = selects(scene, policy, question);
        if !selected.is_possible() {
            continue;
        }
        is_selected |= selected.is_certain();
        let Some(rules) = policy.rules(question.direction) else {
            if injected(Fault::IsolatedBothWays) {
                is_isolated = Fit::YES;
            }
            continue;
        };
        outcome.isolated_by.push(number);
        is_isolated = is_isolated.or(|| selected);
        let mut fit = Fit::NO;
        for rule in rules {
            let own = fits(scene, rule, question);
            if own.is_possible() && (by.is_none() || own.is_certain() && !allowed.is_certain()) {
                by = Some(RuleId { policy: number, rule: rule.number });
            }
            fit = fit.or(|| own);
            if fit.is_certain() {
                break;
            }
        }
        could_miss |= !fit.is_certain();
        allowed = allowed.or(|| selected.and(|| fit));
    }
    if !is_isolated.is_possible() {
        if skips_baseline && is_selected {
            outcome.may(Action::Allow, Decided::Default);
            return false;
        }
        return true;
    }
    outcome.causes = outcome.causes.with(is_isolated.causes()).with(allowed.causes());
    if let Some(by) = by.filter(|_| allowed.is_possible()) {
        outcome.may(Action::Allow, Decided::Rule(by, Action::Allow));
    }
    if !allowed.is_certain() && (could_miss || injected(Fault::IsolatedAlways)) {
        outcome.may(Action::Deny, Decided::Isolated);
    }
    !is_isolated.is_certain() || injected(Fault::BaselineAlways)
}

fn selects(scene: &Scene<'_>, policy: &CompiledPolicy, question: &Question<'_>) -> Fit {
    match question.subject.pod {
        Some((_, pod)) => scene.selects(policy.subject, pod),
        None => Fit::NO,
    }
}

fn fits(scene: &Scene<'_>, rule: &super::compiled::CompiledRule, question: &Question<'_>) -> Fit {
    let destination = match question.direction {
        Direction::Ingress => question.subject,
        Direction::Egress => question.other,
    };
    scene.rule_fits(rule, question.other, destination, (question.protocol, question.port))
}
