//! The verbs, and what they have in common.

pub mod load;
mod wanted;
