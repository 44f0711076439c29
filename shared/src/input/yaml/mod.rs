//! The loader: text to documents, as kubectl reads them.

pub mod json;
