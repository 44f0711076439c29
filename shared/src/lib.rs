//! The common crate of the kubectl posture plugins, in rings: an inner ring never imports an
//! outer one, nor a sibling on its right.
//!
//! `model` (0), `finding` (1), `client` (2), `input`, `patch`, `render` (3), `cli` (5). Plugins are ring 4.

pub mod cli;
#[cfg(feature = "live")]
pub mod client;
pub mod finding;
pub mod input;
pub mod model;
pub mod patch;
pub mod render;
