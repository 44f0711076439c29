//! What is read at most: hostile input ends in a gap, in bounded time and memory.

/// The deepest nesting, in the text and through aliases. Kubernetes has nothing near it, and
/// readers of a document may recurse; kubectl itself stops at 10,000.
pub const MAX_DEPTH: usize = 1_000;

/// The most nodes that aliases may bring into a document.
pub const MAX_ALIASED_NODES: u64 = 1_000_000;

/// The longest line of YAML; a line of text in a manifest is nowhere near. JSON has no such limit.
pub const MAX_LINE_BYTES: usize = 64 << 20;
