//! What depends on one argument, value by value: `all but 38, 40`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::condition::{Compare, Number};
use super::decision::Decision;
use super::verdict::{Case, Outcome};

/// Every value of the one argument that decides, sorted by what becomes of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByArgument {
    /// Which argument.
    pub arg: u8,
    /// The values of each decision.
    pub parts: BTreeMap<Decision, Values>,
}

/// Some values: ranges with both ends, in order, that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    ranges: Vec<(u64, u64)>,
    /// The largest value that there is.
    last: u64,
}

impl ByArgument {
    /// Sorts the values of the argument that all cases are about. `None` where they are about
    /// several, or about single bits.
    pub fn of(cases: &[Case], rest: &Outcome) -> Option<Self> {
        let conditions = || cases.iter().flat_map(|case| &case.conditions);
        let first = conditions().next()?;
        let (arg, last) = (first.arg, first.mask);
        let about_one = conditions()
            .all(|one| one.arg == arg && (one.compare != Compare::Masked || one.mask == last));
        if !about_one || last.trailing_ones() + last.leading_zeros() != u64::BITS {
            return None;
        }
        // Between two of these, all values are alike.
        let starts: BTreeSet<u64> = conditions()
            .flat_map(|one| [Some(one.datum), one.datum.checked_add(1)])
            .chain([Some(0)])
            .flatten()
            .filter(|start| *start <= last)
            .collect();
        let mut parts: BTreeMap<Decision, Values> = BTreeMap::new();
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([last]);
        for (start, end) in starts.iter().zip(ends) {
            let holds =
                |case: &&Case| case.conditions.iter().all(|condition| condition.holds(*start));
            let outcome = cases.iter().find(holds).map_or(rest, |case| &case.outcome);
            let values = parts.entry(outcome.decision).or_default();
            values.last = last;
            match values.ranges.last_mut() {
                Some((_, before)) if before.checked_add(1) == Some(*start) => *before = end,
                _ => values.ranges.push((*start, end)),
            }
        }
        Some(Self { arg, parts })
    }
}

impl Values {
    /// The ranges, with both ends, in order.
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// The values that are not among these.
    fn others(&self) -> Self {
        let mut next = Some(0);
        let mut ranges = Vec::new();
        for (start, end) in &self.ranges {
            if let Some(from) = next.filter(|from| from < start) {
                ranges.push((from, start - 1));
            }
            next = end.checked_add(1);
        }
        ranges.extend(next.filter(|from| *from <= self.last).map(|from| (from, self.last)));
        Self { ranges, last: self.last }
    }

    /// The values, or those that are missing, where these are fewer; each in a word.
    pub fn in_words(&self, word: impl Fn(u64) -> String) -> String {
        let others = self.others();
        if others.ranges.is_empty() {
            return "all".to_owned();
        }
        let reaches_the_end = self.ranges.last().is_some_and(|(_, end)| *end == self.last);
        let fewer = reaches_the_end && others.ranges.iter().all(|(one, two)| one == two);
        let (start, ranges) = if fewer { ("all but ", &others.ranges) } else { ("", &self.ranges) };
        let range = |(start, end): &(u64, u64)| match *end {
            end if *start == end => word(*start),
            end if end == self.last => format!("{} and up", word(*start)),
            end => format!("{} to {}", word(*start), word(end)),
        };
        let ranges: Vec<String> = ranges.iter().map(range).collect();
        format!("{start}{}", ranges.join(", "))
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(|value| Number(value).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{depends, target};
    use super::*;

    fn parts(rules: &serde_json::Value) -> Vec<(Decision, String)> {
        let (cases, rest) = depends(rules, "socket", &target());
        let table = ByArgument::of(&cases, &rest).unwrap();
        table.parts.iter().map(|(decision, values)| (*decision, values.to_string())).collect()
    }

    #[test]
    fn families_are_listed_the_shorter_way() {
        let rules = serde_json::json!([
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 0, "value": 38, "op": "SCMP_CMP_LT"}]},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 0, "value": 39, "op": "SCMP_CMP_EQ"}]},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 0, "value": 40, "op": "SCMP_CMP_GT"}]},
        ]);
        assert_eq!(
            parts(&rules),
            [
                (Decision::Allow, "all but 38, 40".to_owned()),
                (Decision::Errno(1), "38, 40".to_owned()),
            ]
        );
    }

    #[test]
    fn two_unequals_on_one_argument_are_all() {
        let rules = serde_json::json!([
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 0, "value": 38, "op": "SCMP_CMP_NE"},
                {"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
        ]);
        assert_eq!(parts(&rules), [(Decision::Allow, "all".to_owned())]);
    }

    #[test]
    fn ranges_have_ends() {
        let rules = serde_json::json!([
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 0, "value": 100, "op": "SCMP_CMP_GE"}]},
            {"names": ["socket"], "action": "SCMP_ACT_LOG", "args": [
                {"index": 0, "value": 7, "op": "SCMP_CMP_LE"}]},
        ]);
        assert_eq!(
            parts(&rules),
            [
                (Decision::Allow, "100 and up".to_owned()),
                (Decision::Log, "0 to 7".to_owned()),
                (Decision::Errno(1), "8 to 99".to_owned()),
            ]
        );
    }
}
