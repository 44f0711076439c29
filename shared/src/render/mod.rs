//! Ring 3: reports to bytes, one file a format. Only this ring writes to standard output and
//! standard error, and everything untrusted passes through [`escape`] on its way.

pub mod document;
pub mod error;
pub mod escape;
pub mod excerpt;
mod groups;
pub mod human;
#[expect(dead_code, reason = "the formats that need it follow")]
mod location;
pub mod machine;
pub mod name;
#[cfg(feature = "live")]
pub mod notices;
pub mod out;
pub mod progress;
pub mod report;
mod settled;
pub mod style;
pub mod wide;
