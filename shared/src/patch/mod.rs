//! Ring 3: from what should be to what is written: plans, edits of manifests, patches of what runs.

pub mod audience;
#[cfg(feature = "live")]
pub mod back;
pub mod diff;
pub mod files;
#[cfg(feature = "live")]
pub mod found;
#[cfg(feature = "live")]
pub mod live;
pub mod operations;
pub mod partial;
pub mod plan;
pub mod report;
#[cfg(feature = "live")]
pub mod roots;
pub mod shell;
pub mod standing;
pub mod text;
pub mod undo;
pub mod write;
