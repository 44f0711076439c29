//! The verbs, and what they have in common.

pub mod can;
pub mod list;
pub mod load;
pub mod overview;
#[cfg(test)]
mod tests;
mod vendors;
mod wanted;

/// The name of the tool in snapshots and roles.
pub const TOOL: &str = env!("CARGO_PKG_NAME");
