//! A cluster as it was: what a command has read of it, in a directory, and the same answers from
//! there again.
//!
//! Each list that was read is a file of plain manifests; `snapshot.yaml` says what was asked, what
//! came of it, and when. It is written last: a directory without it is no complete snapshot.

mod manifest;
mod read;
mod record;
mod redact;
#[cfg(test)]
mod tests;
mod write;

pub use self::read::Snapshot;
pub use self::record::Asked;
pub use self::write::{Recorder, Recording};

/// The file that makes a directory a snapshot.
const INDEX: &str = "snapshot.yaml";

/// The file that says that a snapshot is being written, with the names of its files.
const UNFINISHED: &str = "snapshot.unfinished";

/// The kind of what is in [`INDEX`].
const KIND: &str = "Snapshot";
