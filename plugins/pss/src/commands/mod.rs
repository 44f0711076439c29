//! The verbs, one a file: load, analyse, report.

pub mod check;
pub mod explain;
mod findings;
pub mod judge;
mod namespaces;
pub mod overview;
pub mod policies;
pub mod verdict;
