//! Ring 3: from what should be to what is written: plans, edits of manifests, patches of what runs.

pub mod audience;
pub mod plan;
pub mod text;
