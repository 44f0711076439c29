//! Ring 2: everything that dials, and the only place where anything is asynchronous.

pub mod connect;
pub mod connection;
pub mod discovery;
pub mod failure;
pub mod list;
pub mod notices;
pub mod resource;
