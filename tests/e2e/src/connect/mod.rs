//! Where a connection leads and as whom: kubectl's and ours side by side, before the same servers,
//! with the same files, flags and environment.

pub mod case;
pub mod outcome;
pub mod process;
pub mod table;
pub mod world;
