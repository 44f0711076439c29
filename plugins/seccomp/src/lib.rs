//! Seccomp profiles of pods: where they stand, what they mean, and how they are set; what is in
//! them, and what becomes of a call under one.
//!
//! The engines are pure: they read parsed objects and return edits of them, or answers. The
//! commands load what they work on and carry the edits out.

mod capabilities;
pub mod checks;
pub mod commands;
pub mod defaults;
pub mod effective;
pub mod evaluate;
pub mod explain;
pub mod facts;
mod fixes;
pub mod installed;
pub mod named;
pub mod policy;
pub mod profile;
pub mod set;
pub mod setters;
#[cfg(test)]
mod testing;
pub mod violation;
