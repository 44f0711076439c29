//! The engine of `kubectl netpol` against programs that judge connections one by one: a naive
//! reference written from the specification alone, and the libraries of the field where they are
//! known to follow it.
#![cfg(test)]

mod faults;
mod judges;
mod map;
mod metamorphic;
mod ours;
mod random;
