//! Ring 3: bytes to objects.

pub mod yaml;
