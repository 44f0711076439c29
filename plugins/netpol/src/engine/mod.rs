//! What policies make of traffic.

pub mod verdict;
