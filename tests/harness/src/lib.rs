//! What every judged test needs: where the judges lie, a conversation with one of them, a real
//! cluster, a proxy with faults before it, our own binaries, and the seed of what is generated.
//!
//! A judge is a program that answers with what Kubernetes itself says. Where one is missing the
//! test fails and says what to do: a judged suite that passes without its judge would prove
//! nothing.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness fails its test by panicking, with what to do about it"
)]

pub mod asset;
pub mod binary;
pub mod browser;
pub mod cluster;
pub mod judge;
pub mod proxy;
pub mod recorder;
pub mod score;
pub mod seed;
pub mod supervise;
pub mod terminal;
