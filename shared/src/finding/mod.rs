//! Ring 1: what a check found, the report that carries it to the renderers, and what of it counts.

pub mod acceptance;
pub mod baseline;
pub mod catalog;
pub mod check;
pub mod collected;
pub mod difference;
pub mod document;
pub mod fingerprint;
pub mod fix;
pub mod gates;
pub mod nearest;
pub mod pattern;
pub mod report;
pub mod suppression;
