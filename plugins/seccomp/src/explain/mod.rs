//! What a seccomp profile does, in words: with one call, and with all of them.
//!
//! A question is asked about places: a container of a runtime's release, on a kind of node; or
//! about a document. Places where the same becomes of a call are put together.

mod answer;
mod call;
mod compare;
mod constants;
mod filters;
mod groups;
mod history;
mod overview;
mod place;
#[cfg(test)]
mod tests;
mod topic;
mod verdict;
mod words;

pub use crate::capabilities::{Changes, bounding};
pub use answer::{Answers, Group, NeedSaid, PlaceAnswer, PlaceSaid, Question, Reading, answer};
pub use call::Call;
pub use compare::{Comparison, Differs, compare};
pub use filters::Filters;
pub use history::{History, Line, Span};
pub use overview::{Blocked, Opened, OtherAbi, Overview, Partly, Sight, overview};
pub use place::{Document, Filter, Place, Surroundings};
pub use topic::Topic;
pub use verdict::{CaseSaid, ChangeSaid, RuleSaid, Verdict};
