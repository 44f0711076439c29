//! The verbs, one a file: load, plan, carry out.

mod enforced;
mod files;
mod nodes;
pub mod overview;
mod planner;
pub mod rights;
mod running;
pub mod set;
