//! Questions on a terminal: what somebody sees, what they can answer, and what is left of the
//! terminal.
#![cfg(test)]

mod asking;
mod commands;
