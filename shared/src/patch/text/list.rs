//! Which elements of a list are still there: by their names, else by what they are.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::same;
use crate::model::node::{Type, Value};

/// One step from an old list to a new one, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// An element stays, and may be different in itself.
    Keep(usize, usize),
    /// An element goes.
    Remove(usize),
    /// An element comes.
    Add(usize),
}

/// How many pairs of elements are compared at most; beyond, only the ends of lists are.
const MAX_PAIRS: usize = 1 << 18;

/// The steps, in the order of both lists.
pub(super) fn moves(old: &[Value<'_>], new: &[Json]) -> Vec<Move> {
    let names = || Some((old_names(old)?, new_names(new)?));
    match names() {
        Some((old, new)) => steps(old.len(), new.len(), |from, to| old[from] == new[to], false),
        None => steps(old.len(), new.len(), |from, to| same(old[from], &new[to]), true),
    }
}

/// The names of all elements, if each has one of its own.
fn old_names<'a>(items: &[Value<'a>]) -> Option<Vec<&'a str>> {
    let name = |item: &Value<'a>| match item.value_type() {
        Type::Object => item.get("name")?.as_str(),
        _ => None,
    };
    all_different(items.iter().map(name).collect::<Option<Vec<_>>>()?)
}

fn new_names(items: &[Json]) -> Option<Vec<&str>> {
    all_different(items.iter().map(|item| item.get("name")?.as_str()).collect::<Option<Vec<_>>>()?)
}

fn all_different(names: Vec<&str>) -> Option<Vec<&str>> {
    let different: HashSet<_> = names.iter().collect();
    (different.len() == names.len()).then_some(names)
}

/// The steps between lists of which `is_same` tells the elements apart. With `pairs`, what is left
/// over between the same elements changes in its place.
fn steps(old: usize, new: usize, is_same: impl Fn(usize, usize) -> bool, pairs: bool) -> Vec<Move> {
    let head = (0..old.min(new)).take_while(|&at| is_same(at, at)).count();
    let tail = (0..old.min(new) - head)
        .take_while(|&back| is_same(old - 1 - back, new - 1 - back))
        .count();
    let (rest, wanted) = (old - head - tail, new - head - tail);
    let mut steps: Vec<_> = (0..head).map(|at| Move::Keep(at, at)).collect();
    let common = if rest.saturating_mul(wanted) <= MAX_PAIRS {
        common(rest, wanted, |from, to| is_same(head + from, head + to))
    } else {
        Vec::new()
    };
    let (mut from, mut to) = (head, head);
    let ends = [(rest, wanted)];
    for (next, is_end) in
        common.iter().map(|pair| (pair, false)).chain(ends.iter().map(|end| (end, true)))
    {
        let (until_from, until_to) = (head + next.0, head + next.1);
        while pairs && from < until_from && to < until_to {
            steps.push(Move::Keep(from, to));
            (from, to) = (from + 1, to + 1);
        }
        steps.extend((from..until_from).map(Move::Remove));
        steps.extend((to..until_to).map(Move::Add));
        (from, to) = (until_from, until_to);
        if !is_end {
            steps.push(Move::Keep(from, to));
            (from, to) = (from + 1, to + 1);
        }
    }
    steps.extend((0..tail).map(|at| Move::Keep(old - tail + at, new - tail + at)));
    steps
}

/// The longest common subsequence.
fn common(old: usize, new: usize, is_same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    if old == 0 || new == 0 {
        return Vec::new();
    }
    let width = new + 1;
    let mut lengths = vec![0_u32; (old + 1) * width];
    let mut equal = vec![false; old * new];
    for from in (0..old).rev() {
        for to in (0..new).rev() {
            equal[from * new + to] = is_same(from, to);
            let here = from * width + to;
            lengths[here] = if equal[from * new + to] {
                lengths[here + width + 1] + 1
            } else {
                lengths[here + width].max(lengths[here + 1])
            };
        }
    }
    let (mut from, mut to) = (0, 0);
    let mut pairs = Vec::new();
    while from < old && to < new {
        let here = from * width + to;
        if equal[from * new + to] {
            pairs.push((from, to));
            (from, to) = (from + 1, to + 1);
        } else if lengths[here + width] >= lengths[here + 1] {
            from += 1;
        } else {
            to += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str, pairs: bool) -> String {
        let (from, to): (Vec<_>, Vec<_>) = (old.chars().collect(), new.chars().collect());
        let steps = steps(from.len(), to.len(), |a, b| from[a] == to[b], pairs);
        let step = |step: &Move| match *step {
            Move::Keep(a, b) if from[a] == to[b] => format!("{}", from[a]),
            Move::Keep(a, b) => format!("{}>{}", from[a], to[b]),
            Move::Remove(at) => format!("-{}", from[at]),
            Move::Add(at) => format!("+{}", to[at]),
        };
        steps.iter().map(step).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_stays_is_found() {
        assert_eq!(told("abc", "abc", true), "a b c");
        assert_eq!(told("abc", "b", true), "-a b -c");
        assert_eq!(told("b", "abc", true), "+a b +c");
        assert_eq!(told("abcd", "axd", true), "a b>x -c d");
        assert_eq!(told("abcd", "axd", false), "a -b -c +x d");
        assert_eq!(told("ab", "ba", false), "-a b +a");
        assert_eq!(told("", "ab", true), "+a +b");
        assert_eq!(told("ab", "", true), "-a -b");
        assert_eq!(told("aaa", "aa", true), "a a -a");
    }
}
