//! Splices applied to a text, and where its places are afterwards.

use super::Splice;

/// Whether splices are in order and none overlaps the next.
pub(super) fn are_apart(splices: &[Splice]) -> bool {
    splices.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start)
}

/// The splices of several objects in the order of the text.
pub(super) fn merged<'a>(splices: impl Iterator<Item = &'a Vec<Splice>>) -> Vec<Splice> {
    let mut all: Vec<_> = splices.flatten().cloned().collect();
    all.sort_by_key(|splice| (splice.span.start, splice.span.end));
    all
}

/// The text with splices applied; `None` if they overlap or do not fit it.
pub(super) fn apply(text: &str, splices: &[Splice]) -> Option<String> {
    let inserted: usize = splices.iter().map(|splice| splice.insert.len()).sum();
    let mut out = String::with_capacity(text.len() + inserted);
    let mut at = 0;
    for Splice { span, insert } in splices {
        if span.start > span.end {
            return None;
        }
        out.push_str(text.get(at..span.start)?);
        out.push_str(insert);
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Where the places of a text are after splices, which are in order and apart.
#[derive(Debug)]
pub(super) struct Shift<'a> {
    splices: &'a [Splice],
    /// How many bytes go, and how many come, up to each splice.
    sums: Vec<(usize, usize)>,
}

impl<'a> Shift<'a> {
    pub(super) fn new(splices: &'a [Splice]) -> Self {
        let mut sums = vec![(0, 0)];
        let (mut gone, mut come) = (0, 0);
        for splice in splices {
            gone += splice.span.len();
            come += splice.insert.len();
            sums.push((gone, come));
        }
        Self { splices, sums }
    }

    fn moved(&self, at: usize, before: usize) -> usize {
        let (gone, come) = self.sums[before];
        (at + come).saturating_sub(gone)
    }

    /// Where something begins: what is put in right there belongs to it.
    pub(super) fn start(&self, at: usize) -> usize {
        self.moved(at, self.splices.partition_point(|splice| splice.span.start < at))
    }

    /// Where something ends: what is put in right there belongs to it.
    pub(super) fn end(&self, at: usize) -> usize {
        self.moved(at, self.splices.partition_point(|splice| splice.span.end <= at))
    }

    /// Whether anything changes between two places.
    pub(super) fn touches(&self, from: usize, to: usize) -> bool {
        let next = self.splices.partition_point(|splice| splice.span.end < from);
        self.splices.get(next).is_some_and(|splice| splice.span.start <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_with_the_text() {
        let splice = |span, insert: &str| Splice { span, insert: insert.to_owned() };
        let splices = [splice(2..2, "xyz"), splice(4..6, ""), splice(8..8, "!")];
        assert_eq!(apply("abcdefgh", &splices).as_deref(), Some("abxyzcdgh!"));
        let shift = Shift::new(&splices);
        assert_eq!((shift.start(2), shift.end(2), shift.start(3)), (2, 5, 6));
        assert_eq!((shift.start(6), shift.start(8), shift.end(8)), (7, 9, 10));
        assert!(shift.touches(0, 2) && !shift.touches(0, 1) && shift.touches(7, 8));
        assert_eq!(apply("ab", &[splice(1..3, "")]), None);
        assert_eq!(apply("abc", &[splice(1..2, ""), splice(0..1, "")]), None);
        assert!(!are_apart(&[splice(1..3, ""), splice(2..4, "")]));
    }
}
