//! Collections in block style: parts that come and go, line by line.

use super::comments::each;
use super::differ::{Added, Differ, Done, Refusal, values};
use super::flow::wish;
use super::layout::{column, is_first_on_line, line_end_before};
use super::parts::Part;
use crate::model::node::Value;

impl<'a> Differ<'a> {
    /// Takes parts out of a block collection that keeps at least one, and puts others in. The
    /// comments of what goes stay where it was.
    pub(super) fn rearrange_block(
        &mut self,
        collection: Value<'a>,
        parts: &[Part<'a>],
        removed: &[bool],
        added: &[Added<'_>],
    ) -> Done {
        let sheet = self.sheet;
        let (text, composer) = (sheet.text, sheet.composer());
        let outer = column(text, collection.span().start);
        let line = composer.line(outer);
        let wish = wish(values(parts));
        let write = |new: &Added<'_>| match new.key {
            Some(key) => composer.entry(key, new.value, outer),
            None => composer.item(new.value, wish, outer),
        };
        let first = removed.iter().position(|removed| !removed).unwrap_or_default();
        let is_front = |new: &&Added<'_>| new.behind.is_none_or(|behind| behind < first);
        let start = parts[0].start;
        for new in added.iter().filter(is_front) {
            self.insert(start, format!("{}{line}", write(new)));
        }
        if first > 0 {
            // The first part may follow the dash of a list: what is left moves up to it.
            let stretch = start..parts[first].start;
            let kept = self.comments_in(stretch.clone(), collection);
            let kept = each(&kept, "", &line);
            self.put(stretch, kept);
        }
        for (at, part) in parts.iter().enumerate().skip(first) {
            let tail = sheet.tail(part.end, outer);
            if removed[at] {
                if !is_first_on_line(text, part.start) {
                    return Err(Refusal::at(part.value, "it shares its line with what stays"));
                }
                let before = line_end_before(text, part.start).unwrap_or_default();
                let kept = self.comments_in(before..tail, collection);
                let kept = each(&kept, &line, "");
                let above = (0..at).rev().find(|at| !removed[*at]).map(|at| &parts[at]);
                let stretch = if kept.is_empty() {
                    sheet.with_empty_lines(above, before..tail)
                } else {
                    before..tail
                };
                self.put(stretch, kept);
            }
            for new in added.iter().filter(|new| !is_front(new) && new.behind == Some(at)) {
                self.insert(tail, format!("{line}{}", write(new)));
            }
        }
        Ok(())
    }
}
