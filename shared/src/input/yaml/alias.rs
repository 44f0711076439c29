//! How much a document may grow through its aliases.

use super::limits::{MAX_ALIASED_NODES, MAX_DEPTH};
use crate::model::node::{Kind, Node, NodeId};

/// Walks the document as go-yaml's decoder does and refuses what it refuses: a document of which
/// too large a share comes from aliases; and beyond that more than [`MAX_ALIASED_NODES`].
pub(super) fn check(nodes: &[Node]) -> Result<(), String> {
    let mut walk = Walk { nodes, decoded: 1, aliased: 0 };
    walk.node(0, 0, 0)
}

struct Walk<'a> {
    nodes: &'a [Node],
    decoded: u64,
    aliased: u64,
}

impl Walk<'_> {
    fn count(&mut self, alias_depth: usize) -> Result<(), String> {
        self.decoded += 1;
        if alias_depth > 0 {
            self.aliased += 1;
        }
        if self.aliased > MAX_ALIASED_NODES {
            return Err(format!("aliases expand to more than {MAX_ALIASED_NODES} nodes"));
        }
        let (aliased, decoded) = (self.aliased, self.decoded);
        if aliased > 100 && decoded > 1000 && ratio(aliased, decoded) > allowed_ratio(decoded) {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        Ok(())
    }

    /// Counts the node and everything below it. Aliases can chain far deeper than the text
    /// nests, so the depth is checked here again.
    fn node(&mut self, id: NodeId, depth: usize, alias_depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH} levels through aliases"));
        }
        self.count(alias_depth)?;
        let node = self.nodes[id as usize];
        match node.kind {
            Kind::Alias => self.node(node.link, depth, alias_depth + 1),
            Kind::Seq | Kind::Map => self.children(id, node, depth + 1, alias_depth),
            _ => Ok(()),
        }
    }

    fn children(
        &mut self,
        id: NodeId,
        node: Node,
        depth: usize,
        alias_depth: usize,
    ) -> Result<(), String> {
        let mut child = id + 1;
        while child < node.link {
            let kind = self.nodes[child as usize].kind;
            if kind == Kind::MergeKey {
                // A merged sequence is not decoded itself, only its elements.
                let value = self.nodes[child as usize + 1];
                if value.kind == Kind::Seq {
                    self.children(child + 1, value, depth + 1, alias_depth)?;
                    child = value.link;
                    continue;
                }
            } else {
                self.node(child, depth, alias_depth)?;
            }
            child = match kind {
                Kind::Seq | Kind::Map => self.nodes[child as usize].link,
                _ => child + 1,
            };
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(aliased: u64, decoded: u64) -> f64 {
    aliased as f64 / decoded as f64
}

/// The share of nodes that may come from aliases, by go-yaml v2's `allowedAliasRatio`.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn allowed_ratio(decoded: u64) -> f64 {
    const LOW: u64 = 400_000;
    const HIGH: u64 = 4_000_000;
    match decoded {
        0..=LOW => 0.99,
        HIGH.. => 0.10,
        _ => 0.99 - 0.89 * ((decoded - LOW) as f64 / (HIGH - LOW) as f64),
    }
}
