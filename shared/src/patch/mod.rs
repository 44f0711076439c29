//! Ring 3: from what should be to what is written: plans, edits of manifests, patches of what runs.

pub mod audience;
pub mod diff;
#[cfg(feature = "live")]
pub mod live;
pub mod operations;
pub mod plan;
#[cfg(feature = "live")]
pub mod roots;
pub mod undo;
pub mod text;
