//! Whether cases leave anything out.

use super::condition::{Compare, Condition, witness};
use super::verdict::Case;

/// How many combinations are tried before it is left open.
const STEPS: usize = 4_000;

/// Whether the cases are about all values of the arguments, so that nothing else can happen. Where
/// that would take too long to find out, they are said to leave something out.
pub fn covers_all(cases: &[Case]) -> bool {
    let mut steps = STEPS;
    !leaves_out(cases, &mut Vec::new(), &mut steps)
}

/// Whether there are arguments that fulfil all of these conditions, and no case.
fn leaves_out(cases: &[Case], so_far: &mut Vec<Condition>, steps: &mut usize) -> bool {
    if witness(so_far).is_none() {
        return false;
    }
    let Some((case, others)) = cases.split_first() else { return true };
    for condition in &case.conditions {
        for opposite in opposites(condition) {
            if *steps == 0 {
                return true;
            }
            *steps -= 1;
            so_far.push(opposite);
            let found = leaves_out(others, so_far, steps);
            so_far.pop();
            if found {
                return true;
            }
        }
    }
    false
}

/// What holds where a condition does not: one of these.
fn opposites(condition: &Condition) -> Vec<Condition> {
    let with = |compare| vec![Condition { compare, ..*condition }];
    match condition.compare {
        Compare::Ne => with(Compare::Eq),
        Compare::Eq => with(Compare::Ne),
        Compare::Lt => with(Compare::Ge),
        Compare::Le => with(Compare::Gt),
        Compare::Ge => with(Compare::Lt),
        Compare::Gt => with(Compare::Le),
        // One bit is another.
        Compare::Masked => {
            let bits = (0..u64::BITS).map(|bit| 1_u64 << bit);
            let bits = bits.filter(|bit| condition.mask & bit != 0);
            bits.map(|mask| Condition { mask, datum: !condition.datum & mask, ..*condition })
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{depends, target};
    use super::*;

    fn covered(conditions: &[&[(u8, &str, u64, u64)]]) -> bool {
        let rules = conditions.iter().map(|all| {
            let args = all.iter().map(|(index, op, value, two)| {
                json!({"index": index, "op": format!("SCMP_CMP_{op}"), "value": value,
                    "valueTwo": two})
            });
            json!({"names": ["socket"], "action": "SCMP_ACT_ALLOW",
                "args": args.collect::<Vec<_>>()})
        });
        let rules: Vec<_> = rules.collect();
        covers_all(&depends(&json!(rules), "socket", &target()).0)
    }

    #[test]
    fn what_is_left_out_is_found() {
        assert!(covered(&[
            &[(0, "NE", 16, 0)],
            &[(0, "EQ", 16, 0), (2, "NE", 9, 0)],
            &[(0, "EQ", 16, 0), (2, "EQ", 9, 0)],
        ]));
        assert!(!covered(&[&[(0, "NE", 16, 0)], &[(0, "EQ", 16, 0), (2, "NE", 9, 0)]]));
        assert!(covered(&[&[(0, "LT", 7, 0)], &[(0, "GE", 7, 0)]]));
        assert!(!covered(&[&[(0, "LT", 7, 0)], &[(0, "GT", 7, 0)]]));
        assert!(covered(&[&[(0, "MASKED_EQ", 1, 0)], &[(0, "MASKED_EQ", 1, 1)]]));
        assert!(!covered(&[&[(0, "MASKED_EQ", 3, 0)], &[(0, "MASKED_EQ", 3, 3)]]));
    }
}
