//! Ring 3: bytes to objects.

pub mod files;
pub mod glob;
pub mod inventory;
pub mod kustomize;
#[cfg(feature = "live")]
pub mod live;
pub mod selection;
pub mod yaml;
