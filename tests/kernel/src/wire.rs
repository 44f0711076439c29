//! What is asked of the helper process, and what it answers: JSON on its standard streams.

use serde::{Deserialize, Serialize};

use crate::bpf::Instruction;

/// A filter, and the calls to make under it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The filter.
    pub filter: Vec<Instruction>,
    /// The calls, each made in a process of its own.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Whether it goes through the 32-bit entry of x86 (`int 0x80`), with three arguments.
    pub compat: bool,
    /// Its number.
    pub number: u32,
    /// Its arguments.
    pub args: [u64; 6],
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seen {
    /// It returned: the value, and the error, 0 where there is none.
    Returned {
        /// What it returned.
        value: i64,
        /// The error, 0 where there is none.
        errno: i32,
    },
    /// The process was ended by this signal.
    Ended(i32),
}
