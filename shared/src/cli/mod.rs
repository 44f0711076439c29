//! Ring 5: what knows clap. Start-up, flags, exit codes.

pub mod argv;
pub mod exit;
pub mod flags;
pub mod start;
