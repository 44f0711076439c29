//! Ring 3: bytes to objects.

pub mod baseline;
#[cfg(feature = "live")]
pub mod chosen;
#[cfg(feature = "live")]
pub mod cluster;
pub mod files;
#[cfg(feature = "live")]
pub mod gather;
pub mod git;
pub mod glob;
pub mod ignore;
pub mod inventory;
pub mod kustomize;
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "live")]
pub mod scope;
pub mod selection;
#[cfg(feature = "live")]
pub mod snapshot;
pub mod state;
#[cfg(feature = "live")]
pub mod workloads;
pub mod yaml;
