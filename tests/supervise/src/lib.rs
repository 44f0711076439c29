//! What is said to the supervisor of a test's programs, and what it answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a supervisor is asked, a line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Start a program.
    Start(Program),
    /// Say whether the program with a process id still runs.
    Status(u32),
}

/// A program, its arguments, and where its output goes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Program {
    /// The path of the program.
    pub path: PathBuf,
    /// Its arguments, without its name.
    pub arguments: Vec<String>,
    /// The file that its output is written to.
    pub log: PathBuf,
}

/// What a supervisor answers, a line of JSON to each request.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The program has this process id and runs.
    Running(u32),
    /// The program runs no longer: how it ended.
    Ended(String),
    /// The program was not started, or the request not understood.
    Failed(String),
}
