//! The verbs, one a file: load, plan, carry out.

pub mod check;
mod enforced;
pub mod explain;
mod files;
pub mod fix;
mod kubelets;
mod nodes;
pub mod overview;
mod planner;
pub mod rights;
mod running;
pub mod set;
