//! Who sets seccomp profiles when pods are created on a cluster, for which pods, and what becomes of
//! pods while it is away.

mod setter;

pub use setter::{
    Expectation, FailMode, FailurePolicy, Level, Missed, Sets, Setter, SetterKind, Setting, Verdict,
};
