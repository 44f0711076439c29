//! The verbs, one a file: load, plan, carry out.

mod enforced;
pub mod explain;
mod files;
mod nodes;
pub mod overview;
mod planner;
pub mod rights;
mod running;
pub mod set;
