//! Seeded random input: pods over every field that a check reads, the nine kinds around them, a
//! cluster full of them, policies of the network, and the file that the benchmark reads.
//!
//! The same seed gives the same input on every machine and in every release of this crate's
//! dependencies: the random numbers are our own.

pub mod bench;
pub mod cluster;
pub mod manifest;
pub mod mistype;
pub mod pod;
pub mod policy;
pub mod population;
pub mod random;
pub mod schema;
pub mod workload;
pub mod yaml;
