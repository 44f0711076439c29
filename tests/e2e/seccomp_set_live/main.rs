//! `kubectl seccomp set` on a real cluster: what it changes, what it leaves alone and why, and that
//! it says beforehand what the server will say.
#![cfg(test)]

mod asking;
mod climbing;
mod enforced;
mod kinds;
mod operator;
mod rights;
mod world;
