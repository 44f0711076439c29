//! The verbs, one a file: load, analyse, write.

pub mod list;
