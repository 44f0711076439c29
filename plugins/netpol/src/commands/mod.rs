//! The verbs, and what they have in common.

pub mod load;
#[cfg(test)]
mod tests;
mod wanted;
