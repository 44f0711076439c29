//! Ring 0: the pure model. Nothing here reads a file, dials a server or prints.

pub mod admission;
pub mod clock;
pub mod container;
pub mod decode;
pub mod edit;
pub mod error;
pub mod fault;
pub mod gap;
pub mod json_patch;
pub mod labels;
pub mod made;
pub mod managers;
pub mod mark;
pub mod naming;
pub mod node;
pub mod object;
pub mod owners;
pub mod path;
pub mod quantity;
pub mod quote;
pub mod rollout;
pub mod scalar;
pub mod served;
pub mod source;
pub mod version;
pub mod workload;
