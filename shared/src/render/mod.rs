//! Ring 3: reports to bytes, one file a format. Only this ring writes to standard output and
//! standard error, and everything untrusted passes through [`escape`] on its way.

pub mod answer;
pub mod audience;
#[cfg(feature = "live")]
pub mod cluster;
pub mod csv;
mod diff;
pub mod difference;
mod distinct;
pub mod document;
pub mod dot;
pub mod error;
pub mod escape;
pub mod excerpt;
pub mod gate;
pub mod gfm;
mod github;
mod gitlab;
pub mod graph;
mod groups;
pub mod human;
mod judged;
pub mod junit;
mod lines;
mod location;
pub mod machine;
pub mod markdown;
pub mod mermaid;
pub mod name;
#[cfg(feature = "live")]
pub mod notices;
pub mod out;
pub mod overview;
pub mod plan;
pub mod policyreport;
pub mod progress;
pub mod report;
#[cfg(feature = "live")]
pub mod rights;
#[cfg(test)]
mod sample;
mod sarif;
mod sentence;
mod settled;
pub mod style;
pub mod wide;
mod xml;
mod yaml;
