//! What becomes of a call under a profile, exactly as the kernel will have it.
//!
//! A document is first resolved for a container on a node: gates by capability, architecture and
//! kernel, what the runtime drops, what libseccomp makes of several rules about one call. The
//! result is asked about calls.

mod abi;
mod change;
mod condition;
mod cover;
mod decision;
#[cfg(not(feature = "faults"))]
#[expect(dead_code, unreachable_pub, reason = "only a test asks for more than whether one is on")]
mod faults;
#[cfg(feature = "faults")]
pub mod faults;
mod gates;
mod multiplex;
mod needs;
pub mod numbers;
mod order;
mod resolve;
mod table;
mod target;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verdict;

pub use abi::{Abi, Machine, X32_BIT};
pub use change::{Change, Turn, changes};
pub use condition::{Compare, Condition, witness};
pub use cover::covers_all;
pub use decision::{Decision, errno_name, errno_number};
pub use gates::Closed;
pub use multiplex::through;
pub use needs::{Need, needs};
pub use resolve::{Clause, Contested, Fate, Resolved, resolve};
pub use table::{ByArgument, Values};
pub use target::{Runtime, Target};
pub use verdict::{Answer, Arguments, Case, Outcome, Why};
