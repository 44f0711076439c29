//! The verifier: a text is read again, and must say what was meant, and nothing else.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::differ::Refusal;
use super::shift::Shift;
use super::{Splice, comments, same};
use crate::input::yaml::{self, Outcome};
use crate::model::gap::Gap;
use crate::model::node::{NodeId, Tree, Type, Value};
use crate::model::object::Object;
use crate::model::source::Source;

pub(super) const DIFFERENT: &str = "the edited text would not read as intended";
const UNREADABLE: &str = "the edited text could not be read";
const COMMENT: &str = "the edited text would lose a comment";
const CUT: &str = "the edited text would be cut into other documents";

/// A change with the splices that make it.
#[derive(Debug)]
pub(super) struct Edit<'c> {
    pub(super) position: usize,
    pub(super) object: &'c Object,
    /// The object as it is meant to be.
    pub(super) after: &'c Json,
    pub(super) splices: Vec<Splice>,
}

/// Edits that do not hold, by their position among all, and why.
pub(super) type Wrong = Vec<(usize, Refusal)>;

/// The refusal of an edit that does not hold: it stands where the text was to change.
pub(super) fn refusal(edit: &Edit<'_>, why: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    let start =
        edit.splices.first().map_or(edit.object.value().span().start, |splice| splice.span.start);
    Refusal { why: why.into(), span: start..start }
}

/// All edits are wrong.
pub(super) fn all(edits: &[Edit<'_>], why: &'static str) -> Wrong {
    edits.iter().enumerate().map(|(at, edit)| (at, refusal(edit, why))).collect()
}

/// Reads the text that `splices` made of a source. What is wrong with it is laid at the door of
/// those edits that can have done it.
pub(super) fn verify(
    source: &Arc<Source>,
    after: &str,
    splices: &[Splice],
    edits: &[Edit<'_>],
) -> Wrong {
    let read = Arc::new(Source::new(source.name(), after.as_bytes().to_vec()));
    if read.text() != after {
        return all(edits, DIFFERENT);
    }
    let shift = Shift::new(splices);
    let outcomes = yaml::read(&read);
    let pieces = match yaml::pieces(source.text()) {
        Some(pieces) => pieces,
        None if is_one_value(source, edits) && outcomes.len() == 1 => Vec::new(),
        None if is_same_stream(source, &read, &outcomes, &shift, edits) => Vec::new(),
        None => return all(edits, CUT),
    };
    if strays(splices, &pieces, edits) {
        return all(edits, DIFFERENT);
    }
    if let Some(wrong) = wrong_cut(source, &read, &pieces, &shift, edits) {
        return wrong;
    }
    let mut by_tree: Vec<(&Arc<Tree>, Vec<usize>)> = Vec::new();
    let mut known = HashMap::new();
    for (at, edit) in edits.iter().enumerate() {
        let tree = edit.object.tree();
        let place = *known.entry(Arc::as_ptr(tree)).or_insert_with(|| {
            by_tree.push((tree, Vec::new()));
            by_tree.len() - 1
        });
        by_tree[place].1.push(at);
    }
    let documents: HashMap<_, _> =
        outcomes.iter().flatten().map(|document| (document.tree.base(), &document.tree)).collect();
    let mut wrong = Vec::new();
    for (tree, members) in by_tree {
        let Some(new) = documents.get(&shift.start(tree.base())) else {
            let gap = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
            wrong.extend(unreadable(tree, gap, &shift, &members, edits));
            continue;
        };
        let mut comparison = Comparison {
            meant: members.iter().map(|&at| (edits[at].object.value().id(), at)).collect(),
            edits,
            wrong: Vec::new(),
        };
        let is_kept = comparison.compare(tree.root(), new.root());
        wrong.extend(comparison.wrong.iter().map(|&at| (at, refusal(&edits[at], DIFFERENT))));
        let piece = piece_of(&pieces, tree);
        if !is_kept {
            wrong.extend(members.iter().map(|&at| (at, refusal(&edits[at], DIFFERENT))));
        } else if piece.is_some_and(|piece| loses_comment(tree, new, piece, &shift)) {
            wrong.extend(members.iter().map(|&at| (at, refusal(&edits[at], COMMENT))));
        }
    }
    wrong
}

/// The piece of the text that a document is.
fn piece_of<'p>(pieces: &'p [Range<usize>], tree: &Tree) -> Option<&'p Range<usize>> {
    let behind = pieces.partition_point(|piece| piece.start <= tree.base());
    pieces[..behind].iter().rfind(|piece| piece.contains(&tree.base()))
}

/// Whether something changes outside of the documents that have edits.
fn strays(splices: &[Splice], pieces: &[Range<usize>], edits: &[Edit<'_>]) -> bool {
    let stretch = |edit: &Edit<'_>| {
        let tree = edit.object.tree();
        let piece = piece_of(pieces, tree).cloned();
        piece.unwrap_or_else(|| tree.base()..tree.root().span().end)
    };
    let mut documents: Vec<_> = edits.iter().map(stretch).collect();
    documents.sort_unstable_by_key(|document| document.start);
    splices.iter().any(|Splice { span, .. }| {
        let behind = documents.partition_point(|document| document.start <= span.start);
        behind == 0 || documents[behind - 1].end < span.end
    })
}

/// Whether the source is one JSON value, which is where all edits are.
fn is_one_value(source: &Source, edits: &[Edit<'_>]) -> bool {
    edits.first().is_some_and(|edit| {
        let tree = edit.object.tree();
        let end = tree.root().span().end;
        let (before, behind) = (&source.text()[..tree.base()], &source.text()[end..]);
        before.trim().is_empty() && behind.trim().is_empty()
    })
}

/// Whether a stream that begins with JSON still holds the same values, but for those with edits.
fn is_same_stream(
    source: &Arc<Source>,
    read: &Source,
    outcomes: &[Outcome],
    shift: &Shift<'_>,
    edits: &[Edit<'_>],
) -> bool {
    let before = yaml::read(source);
    let is_edited = |tree: &Tree| edits.iter().any(|edit| edit.object.tree().base() == tree.base());
    let is_same = |(old, new): (&Outcome, &Outcome)| match (old, new) {
        (Ok(old), Ok(new)) => {
            let (old_span, new_span) = (old.tree.root().span(), new.tree.root().span());
            new.tree.base() == shift.start(old.tree.base())
                && (is_edited(&old.tree) || source.text()[old_span] == read.text()[new_span])
        }
        (Err(old), Err(new)) => old.why == new.why,
        _ => false,
    };
    before.len() == outcomes.len() && before.iter().zip(outcomes).all(is_same)
}

/// What is wrong with how a text is cut into documents: each must be where it was, and those
/// without an edit byte for byte.
fn wrong_cut(
    source: &Source,
    read: &Source,
    pieces: &[Range<usize>],
    shift: &Shift<'_>,
    edits: &[Edit<'_>],
) -> Option<Wrong> {
    if pieces.is_empty() {
        return None;
    }
    let is_edited =
        |piece: &Range<usize>| edits.iter().any(|edit| piece.contains(&edit.object.tree().base()));
    let new = yaml::pieces(read.text()).unwrap_or_default();
    let is_same = |(old, new): (&Range<usize>, &Range<usize>)| {
        if shift.touches(old.start, old.end) && is_edited(old) {
            *new == (shift.start(old.start)..shift.end(old.end))
        } else {
            new.start == shift.start(old.start)
                && source.text()[old.clone()] == read.text()[new.clone()]
        }
    };
    let first = pieces.iter().zip(&new).position(|pair| !is_same(pair));
    let first =
        first.or_else(|| (pieces.len() != new.len()).then(|| pieces.len().min(new.len())))?;
    // The document that is cut first, or the one before it.
    let near = pieces.get(first).or(pieces.last())?.clone();
    let guilty: Wrong = edits
        .iter()
        .enumerate()
        .filter(|(_, edit)| near.contains(&edit.object.tree().base()))
        .map(|(at, edit)| (at, refusal(edit, CUT)))
        .collect();
    Some(if guilty.is_empty() { all(edits, CUT) } else { guilty })
}

/// Who made a document unreadable: the edit in front of the place where reading failed, or all.
fn unreadable<'g>(
    tree: &Tree,
    mut gaps: impl Iterator<Item = &'g Gap>,
    shift: &Shift<'_>,
    members: &[usize],
    edits: &[Edit<'_>],
) -> Wrong {
    let base = shift.start(tree.base());
    let gap = gaps.find(|gap| gap.place.as_ref().is_some_and(|place| place.span().start >= base));
    let (why, place) = match gap {
        Some(gap) => {
            let place = gap.place.as_ref().map_or(base, |place| place.span().start);
            (format!("{UNREADABLE}: {}", gap.why), place)
        }
        None => (UNREADABLE.to_owned(), base),
    };
    let is_before = |at: &&usize| {
        edits[**at].splices.first().is_some_and(|splice| shift.start(splice.span.start) <= place)
    };
    match members.iter().rfind(is_before) {
        Some(&at) => vec![(at, refusal(&edits[at], why))],
        None => members.iter().map(|&at| (at, refusal(&edits[at], why.clone()))).collect(),
    }
}

/// Whether a comment of a document is not in it any more.
fn loses_comment(old: &Tree, new: &Tree, piece: &Range<usize>, shift: &Shift<'_>) -> bool {
    let of = |tree: &Tree, stretch: Range<usize>| {
        let leaves = tree.leaves(tree.root().nodes());
        let found = comments::within(tree.source().text(), stretch, leaves);
        let mut texts: Vec<_> = found.iter().map(|comment| comment.text.to_owned()).collect();
        texts.sort_unstable();
        texts
    };
    if memchr::memchr(b'#', &old.source().text().as_bytes()[piece.clone()]).is_none() {
        return false;
    }
    let before = of(old, old.base()..piece.end);
    let after = of(new, new.base()..shift.end(piece.end));
    let mut after = after.iter();
    !before.iter().all(|comment| after.any(|other| other == comment))
}

/// The comparison of a document with what has become of it.
struct Comparison<'e, 'c> {
    /// The objects that have edits.
    meant: HashMap<NodeId, usize>,
    edits: &'e [Edit<'c>],
    /// The edits whose objects are not what they should be.
    wrong: Vec<usize>,
}

impl Comparison<'_, '_> {
    /// Whether everything outside of the objects with edits is the same.
    fn compare(&mut self, old: Value<'_>, new: Value<'_>) -> bool {
        if let Some(&at) = self.meant.get(&old.id()) {
            if !same(new, self.edits[at].after) {
                self.wrong.push(at);
            }
            return true;
        }
        if old.value_type() != new.value_type() {
            return false;
        }
        match old.value_type() {
            Type::Object => {
                let mut new = new.entries();
                let is_same = old.entries().all(|(key, value)| {
                    new.next().is_some_and(|(new_key, new_value)| {
                        key.as_str() == new_key.as_str() && self.compare(value, new_value)
                    })
                });
                is_same && new.next().is_none()
            }
            Type::Array => {
                let mut new = new.items();
                let is_same = old
                    .items()
                    .all(|item| new.next().is_some_and(|new_item| self.compare(item, new_item)));
                is_same && new.next().is_none()
            }
            _ => {
                old.as_str() == new.as_str()
                    && old.as_bool() == new.as_bool()
                    && old.as_number() == new.as_number()
            }
        }
    }
}
