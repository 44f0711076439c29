//! Ring 2: everything that dials, and the only place where anything is asynchronous.

pub mod connect;
pub mod connection;
pub mod diagnose;
pub mod discovery;
pub mod failure;
pub mod list;
mod log;
pub mod notices;
mod pages;
pub mod patch;
pub mod rbac;
mod redirect;
mod request;
pub mod resource;
mod retry;
mod warning;
