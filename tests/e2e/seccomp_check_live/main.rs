//! `kubectl seccomp check` on a real cluster, and what it says of profiles beside what the API server
//! and Pod Security say.
#![cfg(test)]

mod admission;
mod explaining;
mod nodes;
mod probes;
mod profiles;
mod random;
mod replay;
mod rights;
mod world;
