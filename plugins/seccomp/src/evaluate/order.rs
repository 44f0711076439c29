//! Rules that disagree about a call, where libseccomp's order is certain.
//!
//! The library keeps the rules about a call as a tree of comparisons; the first one that says
//! something decides. `arg0 ≠ 16` is there as the comparison with 16 that says something where it
//! fails. On one level the larger value is compared first, in whichever order the rules stand: so
//! `arg0 = 40` is an exception to `arg0 ≠ 16`, and `arg0 = 8` never counts beside it.
//!
//! That holds for `=` and `≠` alone on the same argument. It does not for a mask of all bits, which
//! is a node of its own; nor for rules that go on to another argument: they may be cut off, or the
//! profile is refused. Where a rule about the call goes on after an inequality, the library may
//! mistake one argument for another, so nothing is said of such calls at all.
//!
//! Source: `_db_chain_lt`, `_db_tree_add`, `_db_rule_gen_32` and `_db_rule_gen_64` in src/db.c of
//! libseccomp, and `_gen_bpf_chain` in `src/gen_bpf.c`, which writes a level in its order.

use super::condition::{Compare, Condition};
use super::faults::{Fault, injected};
use super::resolve::Clause;

/// What an order makes of two rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The first is an exception to the second, which is about every other value.
    Exception,
    /// The second never leaves the first anything to decide.
    Nothing,
}

/// The only condition of a rule.
fn only(clause: &Clause) -> Option<&Condition> {
    let [condition] = &clause.conditions[..] else { return None };
    Some(condition)
}

/// What becomes of an equality beside an inequality that says something else. `None` where they
/// are no such pair.
fn order(equality: &Clause, inequality: &Clause) -> Option<Order> {
    let (one, other) = (only(equality)?, only(inequality)?);
    let pair = one.compare == Compare::Eq && other.compare == Compare::Ne && one.arg == other.arg;
    if !pair || one.datum == other.datum || equality.decision == inequality.decision {
        return None;
    }
    let first = one.datum > other.datum || injected(Fault::EqualityAlwaysFirst);
    Some(if first { Order::Exception } else { Order::Nothing })
}

/// Whether the order of the rules about a call is certain wherever two of them are such a pair.
fn is_certain(clauses: &[Clause]) -> bool {
    let goes_on = |clause: &Clause| {
        let Some((_, before)) = clause.conditions.split_last() else { return false };
        before.iter().any(|one| !matches!(one.compare, Compare::Eq | Compare::Masked))
    };
    !injected(Fault::FirstOverlapWins) && !clauses.iter().any(goes_on)
}

/// Whether the library's order settles what two rules of these say.
pub(super) fn settles(clauses: &[Clause], one: &Clause, other: &Clause) -> bool {
    is_certain(clauses) && (order(one, other).is_some() || order(other, one).is_some())
}

/// Writes the order into the conditions: an inequality leaves out the values of its exceptions, and
/// equalities that never count are taken away. Returns the positions of their entries.
pub(super) fn settle(clauses: &mut Vec<Clause>) -> Vec<usize> {
    if !is_certain(clauses) {
        return Vec::new();
    }
    let never = |one: &Clause| clauses.iter().any(|two| order(one, two) == Some(Order::Nothing));
    let (gone, mut kept): (Vec<Clause>, Vec<Clause>) = clauses.iter().cloned().partition(never);
    let exceptions = kept.clone();
    for clause in &mut kept {
        let whole = clause.clone();
        let excepted = exceptions.iter().filter(|one| order(one, &whole) == Some(Order::Exception));
        let values = excepted.filter_map(only);
        clause.conditions.extend(values.map(|value| Condition { compare: Compare::Ne, ..*value }));
    }
    *clauses = kept;
    gone.iter().map(|clause| clause.rule).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::testing::{profile, target};
    use super::super::{Abi, Answer, Decision, resolve};

    fn rule(action: &str, args: &[(u8, &str, u64)]) -> Json {
        let args = args.iter().map(|(index, op, value)| {
            json!({"index": index, "op": format!("SCMP_CMP_{op}"), "value": value,
                "valueTwo": value})
        });
        json!({"names": ["socket"], "action": format!("SCMP_ACT_{action}"),
            "args": args.collect::<Vec<_>>()})
    }

    /// What becomes of values of the first argument; `None` where nobody knows.
    fn said(rules: &[Json], values: &[u64]) -> Vec<Option<Decision>> {
        let resolved = resolve(&profile(&json!(rules)), &target()).unwrap();
        let judge = |value: &u64| {
            let args = [Some(*value), Some(0), Some(0), Some(0), Some(0), Some(0)];
            match resolved.verdict(Abi::X86_64, "socket", &args) {
                Answer::Decided(outcome) => Some(outcome.decision),
                Answer::Ambiguous(_) => None,
                other => panic!("{other:?}"),
            }
        };
        values.iter().map(judge).collect()
    }

    const ALLOW: Option<Decision> = Some(Decision::Allow);
    const LOG: Option<Decision> = Some(Decision::Log);

    #[test]
    fn the_larger_value_is_asked_about_first() {
        let mut rules = [rule("ALLOW", &[(0, "NE", 16)]), rule("LOG", &[(0, "EQ", 40)])];
        assert_eq!(said(&rules, &[40, 16, 8]), [LOG, Some(Decision::Errno(1)), ALLOW]);
        rules.reverse();
        assert_eq!(said(&rules, &[40, 16, 8]), [LOG, Some(Decision::Errno(1)), ALLOW]);
        let rules = [rule("LOG", &[(0, "EQ", 8)]), rule("ALLOW", &[(0, "NE", 16)])];
        assert_eq!(said(&rules, &[8, 40]), [ALLOW, ALLOW]);
        // The upper half of a value counts before the lower one.
        let rules = [rule("LOG", &[(0, "EQ", 1 << 32)]), rule("ALLOW", &[(0, "NE", 40)])];
        assert_eq!(said(&rules, &[1 << 32, 0]), [LOG, ALLOW]);
    }

    #[test]
    fn a_rule_that_never_counts_is_named() {
        let rules = [rule("LOG", &[(0, "EQ", 8)]), rule("ALLOW", &[(0, "NE", 16)])];
        let resolved = resolve(&profile(&json!(rules)), &target()).unwrap();
        assert_eq!(resolved.outranked(Abi::X86_64, "socket"), [0]);
        assert!(resolved.contested.is_empty());
        assert_eq!(resolved.clauses(Abi::X86_64, "socket").len(), 1);
    }

    #[test]
    fn other_rules_that_disagree_stay_uncertain() {
        for rules in [
            [rule("ALLOW", &[(0, "NE", 16)]), rule("LOG", &[(0, "MASKED_EQ", u64::MAX)])],
            [rule("ALLOW", &[(0, "NE", 16)]), rule("LOG", &[(0, "NE", 17)])],
            [rule("ALLOW", &[(0, "NE", 16)]), rule("LOG", &[(0, "EQ", u64::MAX), (1, "EQ", 0)])],
            [rule("ALLOW", &[(0, "LE", 40)]), rule("LOG", &[(0, "GE", 8)])],
        ] {
            let resolved = resolve(&profile(&json!(rules)), &target()).unwrap();
            let [contested] = &resolved.contested[..] else { panic!("{:?}", resolved.contested) };
            let args = contested.args.unwrap().map(Some);
            let answer = resolved.verdict(Abi::X86_64, "socket", &args);
            assert!(matches!(answer, Answer::Ambiguous(_)), "{answer:?}");
        }
        // A third rule that goes on after an inequality takes the certainty away.
        let rules = [
            rule("ALLOW", &[(0, "NE", 16)]),
            rule("LOG", &[(0, "EQ", 40)]),
            rule("ALLOW", &[(1, "NE", 5), (2, "EQ", 9)]),
        ];
        assert_eq!(said(&rules, &[40]), [None]);
    }
}
