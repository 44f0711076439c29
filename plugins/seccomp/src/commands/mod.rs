//! The verbs, one a file: load, plan, carry out.

pub mod overview;
