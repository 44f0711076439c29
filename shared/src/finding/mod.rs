//! Ring 1: what a check found, and the report that carries it to the renderers.

pub mod catalog;
pub mod check;
pub mod document;
pub mod fingerprint;
pub mod report;
pub mod suppression;
