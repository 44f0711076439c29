//! From the difference between what a document says and what it should say to changes of its text.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::list::{self, Move};
use super::parts::Part;
use super::sheet::Sheet;
use super::{Splice, same};
use crate::model::node::{Style, Type, Value};

const ALIAS: &str = "the value is an alias";
const MERGED: &str = "the value comes from a merge key";
const SHARED: &str = "an alias elsewhere in the document refers to it";
const TEMPLATE: &str = "the value holds template syntax";

/// Why a change cannot be made in the text, and where.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) why: Cow<'static, str>,
    pub(super) span: Range<usize>,
}

impl Refusal {
    pub(super) fn at(value: Value<'_>, why: impl Into<Cow<'static, str>>) -> Self {
        Self { why: why.into(), span: value.span() }
    }
}

pub(super) type Done = Result<(), Refusal>;

/// A value and what it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) value: Value<'a>,
    pub(super) place: Place<'a>,
}

/// What a value belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// Nothing: it is the whole object.
    Whole,
    /// A key of a mapping.
    Field { mapping: Value<'a>, key: Value<'a> },
    /// A list, behind the element `before`.
    Item { list: Value<'a>, before: Option<Value<'a>> },
}

/// A part that a collection gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added<'n> {
    /// The part that it follows; none for the first.
    pub(super) behind: Option<usize>,
    /// The key, in a mapping.
    pub(super) key: Option<&'n str>,
    pub(super) value: &'n Json,
}

/// Collects the splices that turn one object into another.
#[derive(Debug)]
pub(super) struct Differ<'a> {
    pub(super) sheet: &'a Sheet<'a>,
    /// At the same place, in the order of the text that they put in.
    pub(super) splices: Vec<Splice>,
}

/// The splices that make `object` be `after`.
pub(super) fn splices<'a>(
    sheet: &'a Sheet<'a>,
    object: Value<'a>,
    after: &Json,
) -> Result<Vec<Splice>, Refusal> {
    let mut differ = Differ { sheet, splices: Vec::new() };
    differ.value(Slot { value: object, place: Place::Whole }, after)?;
    let mut splices = differ.splices;
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
    Ok(splices)
}

impl<'a> Differ<'a> {
    pub(super) fn put(&mut self, span: Range<usize>, insert: String) {
        self.splices.push(Splice { span, insert });
    }

    pub(super) fn insert(&mut self, at: usize, insert: String) {
        self.put(at..at, insert);
    }

    fn value(&mut self, slot: Slot<'a>, new: &Json) -> Done {
        let value = slot.value;
        if value.is_alias() {
            let stays = same(value, new);
            return if stays { Ok(()) } else { Err(Refusal::at(value, ALIAS)) };
        }
        match (value.value_type(), new) {
            (Type::Object, Json::Object(fields)) => self.mapping(slot, fields, new),
            (Type::Array, Json::Array(items)) => self.list(slot, items, new),
            _ if same(value, new) => Ok(()),
            _ => self.replace(slot, new),
        }
    }

    fn mapping(&mut self, slot: Slot<'a>, fields: &Map<String, Json>, new: &Json) -> Done {
        let mapping = slot.value;
        let written: Vec<_> = mapping.written_entries().collect();
        let mut removed = vec![false; written.len()];
        let mut met = 0;
        let field = |key, value| Slot { value, place: Place::Field { mapping, key } };
        if mapping.is_irregular() {
            met = self.irregular(mapping, &written, fields, &mut removed)?;
        } else {
            for (&(key, value), removed) in written.iter().zip(&mut removed) {
                match fields.get(key.as_str().unwrap_or_default()) {
                    Some(new) => {
                        met += 1;
                        self.value(field(key, value), new)?;
                    }
                    None => *removed = true,
                }
            }
        }
        let mut added = Vec::new();
        if met < fields.len() {
            let entries = mapping.entries();
            let known: HashSet<_> = entries.filter_map(|(key, _)| key.as_str()).collect();
            let missing = super::compose::in_order(fields);
            let missing = missing.filter(|(key, _)| !known.contains(key.as_str()));
            let behind = written.len().checked_sub(1);
            added.extend(missing.map(|(key, value)| Added { behind, key: Some(key), value }));
        }
        self.rearrange(slot, &removed, &added, new)
    }

    /// The entries of a mapping with duplicate or merge keys. Returns how many of its keys stay.
    fn irregular(
        &mut self,
        mapping: Value<'a>,
        written: &[(Value<'a>, Value<'a>)],
        fields: &Map<String, Json>,
        removed: &mut [bool],
    ) -> Result<usize, Refusal> {
        let own: HashSet<_> = written.iter().map(|(key, _)| key.id()).collect();
        let merge = written.iter().find(|(key, _)| key.is_merge_key());
        let merge = merge.map_or(mapping, |(key, _)| *key);
        let mut met = 0;
        for (key, value) in mapping.entries() {
            let name = key.as_str().unwrap_or_default();
            let is_own = own.contains(&key.id());
            match fields.get(name) {
                Some(new) => {
                    met += 1;
                    if is_own {
                        let slot = Slot { value, place: Place::Field { mapping, key } };
                        self.value(slot, new)?;
                    } else if !same(value, new) {
                        return Err(Refusal::at(merge, MERGED));
                    }
                }
                None if is_own => {
                    for ((key, _), removed) in written.iter().zip(&mut *removed) {
                        *removed |= !key.is_merge_key() && key.as_str() == Some(name);
                    }
                }
                None => return Err(Refusal::at(merge, MERGED)),
            }
        }
        Ok(met)
    }

    fn list(&mut self, slot: Slot<'a>, items: &[Json], new: &Json) -> Done {
        let list = slot.value;
        let old: Vec<_> = list.items().collect();
        let mut removed = vec![false; old.len()];
        let mut added = Vec::new();
        let mut behind = None;
        for step in list::moves(&old, items) {
            match step {
                Move::Keep(at, new) => {
                    let before = at.checked_sub(1).map(|before| old[before]);
                    let place = Place::Item { list, before };
                    self.value(Slot { value: old[at], place }, &items[new])?;
                    behind = Some(at);
                }
                Move::Remove(at) => {
                    removed[at] = true;
                    behind = Some(at);
                }
                Move::Add(new) => added.push(Added { behind, key: None, value: &items[new] }),
            }
        }
        self.rearrange(slot, &removed, &added, new)
    }

    /// Takes parts out of a collection and puts others in.
    fn rearrange(
        &mut self,
        slot: Slot<'a>,
        removed: &[bool],
        added: &[Added<'_>],
        new: &Json,
    ) -> Done {
        if added.is_empty() && !removed.contains(&true) {
            return Ok(());
        }
        // Nothing stays, so nothing has been changed in it either.
        if !removed.contains(&false) {
            return self.replace(slot, new);
        }
        let collection = slot.value;
        if self.sheet.is_shared(collection.id()) {
            return Err(Refusal::at(collection, SHARED));
        }
        let parts = self.sheet.parts(collection);
        for (part, _) in parts.iter().zip(removed).filter(|(_, removed)| **removed) {
            let start = part.key.unwrap_or(part.value).id();
            self.may_go(part.value, start..part.value.nodes().end)?;
        }
        if collection.style() == Style::Flow {
            self.rearrange_flow(collection, &parts, removed, added)
        } else {
            self.rearrange_block(collection, &parts, removed, added)
        }
    }

    /// Whether nodes may be taken out of the text.
    pub(super) fn may_go(&self, value: Value<'a>, nodes: Range<u32>) -> Done {
        if self.sheet.is_shared(value.id()) || self.sheet.holds_shared(&nodes) {
            return Err(Refusal::at(value, SHARED));
        }
        if self.sheet.text[value.span()].contains("{{") {
            return Err(Refusal::at(value, TEMPLATE));
        }
        Ok(())
    }

    /// The part that a value is, without its neighbours.
    pub(super) fn start_of(&self, slot: Slot<'a>) -> Option<usize> {
        match slot.place {
            Place::Whole => None,
            Place::Field { key, .. } => self.sheet.colon(key),
            Place::Item { list, before: None } => Some(list.span().start + 1),
            Place::Item { before: Some(before), .. } => {
                let end = self.sheet.end(before, before.span().start).at;
                Some(super::layout::skip(self.sheet.text, end) + 1)
            }
        }
    }
}

/// The values of parts.
pub(super) fn values<'p, 'a>(
    parts: &'p [Part<'a>],
) -> impl Iterator<Item = Value<'a>> + use<'p, 'a> {
    parts.iter().map(|part| part.value)
}
