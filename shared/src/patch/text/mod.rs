//! Changes of objects as changes of the text that they were read from: by the places of their
//! values, in the file's own style, and never without reading the result again.
//!
//! [`rewrite`] is the whole interface. What it cannot write safely it refuses, object by object:
//! values behind aliases and merge keys, templates, and whatever [`check`] finds wrong.

mod block;
mod comments;
mod compose;
mod differ;
mod flow;
mod layout;
mod list;
mod parts;
mod replace;
mod scalar;
mod sheet;
mod shift;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Number, Value as Json};

use self::differ::Refusal;
use self::sheet::Sheet;
use self::shift::apply;
use self::verify::Edit;
use super::plan::{Change, Refused};
use crate::model::node::{Type, Value};
use crate::model::scalar::Scalar;
use crate::model::source::{Encoding, Mark, Source};

/// A piece of text in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes of the source's text that go.
    pub span: Range<usize>,
    /// What comes in their place.
    pub insert: String,
}

/// A source with its changes.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// As it was read. [`Source::encoding`] has the bytes for a text.
    pub source: Arc<Source>,
    /// Its new text.
    pub after: String,
    /// What makes the new text of the old: in order, not overlapping.
    pub splices: Vec<Splice>,
    /// The positions of the changes that are in it, in order.
    pub positions: Vec<usize>,
}

/// Why a change is refused whose file cannot be written back.
const LOSSY: &str = "the file holds bytes that are no text";
const TWICE: &str = "the object has another change";
const OVERLAP: &str = "what would change in the text overlaps";

/// Writes changes into the text of their sources: one [`Rewritten`] for each source that has a
/// change, in the order of their first changes, and what was refused, in order. Every document
/// without a change stays byte for byte; in those with one, everything else is what it was, and
/// every comment is still there. Changes of nothing are in neither.
pub fn rewrite(changes: &[Change]) -> (Vec<Rewritten>, Vec<Refused>) {
    let mut known = HashMap::new();
    let mut sources: Vec<(&Arc<Source>, Vec<usize>)> = Vec::new();
    for (position, change) in changes.iter().enumerate() {
        let source = change.object.tree().source();
        let at = *known.entry(Arc::as_ptr(source)).or_insert_with(|| {
            sources.push((source, Vec::new()));
            sources.len() - 1
        });
        sources[at].1.push(position);
    }
    let done: Vec<_> = sources
        .into_par_iter()
        .map(|(source, positions)| rewrite_source(source, &positions, changes))
        .collect();
    let mut rewritten = Vec::new();
    let mut refused = Vec::new();
    for (done, not_done) in done {
        rewritten.extend(done);
        refused.extend(not_done);
    }
    refused.sort_by_key(|refused| refused.position);
    (rewritten, refused)
}

/// Reads a rewritten source again: it must hold the same documents, its changed objects must be
/// what their changes say, everything else must be what it was. The error says what is not.
pub fn check(rewritten: &Rewritten, changes: &[Change]) -> Result<(), Vec<Refused>> {
    let Rewritten { source, after, splices, positions } = rewritten;
    let edits: Vec<_> = positions
        .iter()
        .filter_map(|&position| {
            let Change { object, after, .. } = changes.get(position)?;
            Some(Edit { position, object, after, splices: Vec::new() })
        })
        .collect();
    let mut wrong = verify::verify(source, after, splices, &edits);
    let is_applied = apply(source.text(), splices).as_deref() == Some(after.as_str());
    if !is_applied && wrong.is_empty() {
        wrong.extend((0..edits.len()).map(|at| (at, verify::refusal(&edits[at], OVERLAP))));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong.into_iter().map(|(at, why)| refused(source, edits[at].position, why)).collect())
}

fn refused(source: &Arc<Source>, position: usize, refusal: Refusal) -> Refused {
    let Refusal { why, span } = refusal;
    Refused { position, why: why.into_owned(), place: Mark::new(source, span) }
}

fn rewrite_source(
    source: &Arc<Source>,
    positions: &[usize],
    changes: &[Change],
) -> (Option<Rewritten>, Vec<Refused>) {
    let mut not_done = Vec::new();
    let mut edits = Vec::new();
    let mut sheets: HashMap<_, Sheet<'_>> = HashMap::new();
    let mut seen = HashSet::new();
    for &position in positions {
        let Change { object, after, .. } = &changes[position];
        let tree = object.tree();
        let value = object.value();
        let sheet = sheets.entry(Arc::as_ptr(tree)).or_insert_with(|| Sheet::new(tree));
        let found = if !seen.insert((Arc::as_ptr(tree), value.id())) {
            Err(Refusal::at(value, TWICE))
        } else if source.encoding() == Encoding::Lossy {
            Err(Refusal::at(value, LOSSY))
        } else {
            differ::splices(sheet, value, after)
        };
        match found {
            Ok(splices) if splices.is_empty() => {}
            Ok(splices) if !shift::are_apart(&splices) => {
                not_done.push((position, Refusal::at(value, OVERLAP)));
            }
            Ok(splices) => edits.push(Edit { position, object, after, splices }),
            Err(refusal) => not_done.push((position, refusal)),
        }
    }
    let done = settle(source, edits, &mut not_done);
    let not_done = not_done.into_iter().map(|(position, why)| refused(source, position, why));
    (done, not_done.collect())
}

/// Applies edits, and takes those out that do not hold, until the rest does.
fn settle(
    source: &Arc<Source>,
    mut edits: Vec<Edit<'_>>,
    not_done: &mut Vec<(usize, Refusal)>,
) -> Option<Rewritten> {
    /// How often one document may take the others' time.
    const ROUNDS: usize = 8;
    for round in 0.. {
        if edits.is_empty() {
            return None;
        }
        let splices = shift::merged(edits.iter().map(|edit| &edit.splices));
        let after = apply(source.text(), &splices);
        let mut wrong = match &after {
            Some(after) => verify::verify(source, after, &splices, &edits),
            None => verify::all(&edits, OVERLAP),
        };
        if let (Some(after), true) = (after, wrong.is_empty()) {
            let positions = edits.iter().map(|edit| edit.position).collect();
            return Some(Rewritten { source: Arc::clone(source), after, splices, positions });
        }
        if round >= ROUNDS {
            wrong = verify::all(&edits, verify::DIFFERENT);
        }
        let mut reasons: HashMap<_, _> = wrong.into_iter().collect();
        let mut at = 0;
        edits.retain(|edit| {
            let reason = reasons.remove(&at);
            at += 1;
            let stays = reason.is_none();
            not_done.extend(reason.map(|reason| (edit.position, reason)));
            stays
        });
    }
    None
}

/// Whether a value of a document is this one.
fn same(value: Value<'_>, json: &Json) -> bool {
    match json {
        Json::Null => value.is_null(),
        Json::Bool(wanted) => value.as_bool() == Some(*wanted),
        Json::Number(wanted) => value.as_number().is_some_and(|number| equal(number, wanted)),
        Json::String(wanted) => value.as_str() == Some(wanted),
        Json::Array(wanted) => {
            let mut items = value.items();
            value.value_type() == Type::Array
                && wanted.iter().all(|wanted| items.next().is_some_and(|item| same(item, wanted)))
                && items.next().is_none()
        }
        Json::Object(wanted) => {
            let mut left = wanted.len();
            let holds = |(key, value): (Value<'_>, Value<'_>)| {
                let wanted = key.as_str().and_then(|key| wanted.get(key));
                left = left.wrapping_sub(1);
                wanted.is_some_and(|wanted| same(value, wanted))
            };
            value.value_type() == Type::Object && value.entries().all(holds) && left == 0
        }
    }
}

/// Whether a number of a document is this one, to kubectl: whole floats are integers.
fn equal(number: Scalar, wanted: &Number) -> bool {
    match number {
        Scalar::Int(number) => match wanted.as_i64() {
            Some(wanted) => wanted == number,
            #[expect(clippy::cast_precision_loss, reason = "both are the float that was meant")]
            None => wanted.as_f64() == Some(number as f64),
        },
        Scalar::Float(number) => wanted.as_f64() == Some(number),
        _ => false,
    }
}
