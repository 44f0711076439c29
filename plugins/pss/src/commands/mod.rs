//! The verbs, one a file: load, analyse, report.

pub mod check;
mod collect;
pub mod explain;
mod findings;
pub mod judge;
mod namespaces;
pub mod overview;
pub mod policies;
mod scan;
pub mod verdict;
