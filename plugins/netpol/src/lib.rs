//! Network policies: who can talk to whom, and why.
//!
//! The engine is pure: [`world`] is what is known of a cluster, [`engine`] says what its policies
//! make of it. The commands load the one and print the other.

pub mod address;
pub mod commands;
pub mod dialect;
pub mod endpoint;
pub mod enforcer;
pub mod engine;
pub mod page;
pub mod picture;
pub mod policy;
pub mod ports;
#[cfg(test)]
mod testing;
pub mod trace;
pub mod world;
