//! Ring 5: what knows clap. Start-up, flags, exit codes.

pub mod argv;
pub mod changes;
#[cfg(all(test, feature = "live"))]
mod connect_tests;
#[cfg(feature = "live")]
pub mod connection;
#[cfg(feature = "live")]
pub mod duration;
pub mod exit;
pub mod flags;
pub mod gates;
#[cfg(feature = "live")]
pub mod origin;
pub mod start;
#[cfg(feature = "live")]
pub mod undo;
