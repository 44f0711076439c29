//! Documents that nobody wrote: trees made of JSON values, for judging what an object would be
//! once it is changed. They have no text, so that nothing is written and read back for them.

use std::sync::Arc;

use serde_json::Value as Json;

use super::node::{Kind, Node, Style, Tree};
use super::source::Source;

/// A document that reads as the value does. Its places mean nothing.
pub fn tree(value: &Json) -> Tree {
    let mut made = Made::default();
    made.add(value);
    let source = Arc::new(Source::new("", Vec::new()));
    Tree::new(source, 0, made.nodes, made.owned)
}

#[derive(Default)]
struct Made {
    nodes: Vec<Node>,
    owned: Vec<Box<str>>,
}

impl Made {
    fn add(&mut self, value: &Json) {
        match value {
            Json::Null => self.push(Kind::Null),
            Json::Bool(false) => self.push(Kind::False),
            Json::Bool(true) => self.push(Kind::True),
            Json::Number(number) => self.text(Kind::OwnedNumber, number.to_string()),
            Json::String(text) => self.text(Kind::OwnedStr, text.clone()),
            Json::Array(items) => self.collection(Kind::Seq, |made| {
                for item in items {
                    made.add(item);
                }
            }),
            Json::Object(fields) => self.collection(Kind::Map, |made| {
                for (key, value) in fields {
                    made.text(Kind::OwnedStr, key.clone());
                    made.add(value);
                }
            }),
        }
    }

    fn push(&mut self, kind: Kind) {
        let style = Style::Plain;
        self.nodes.push(Node { start: 0, end: 0, link: 0, kind, style, flags: 0 });
    }

    fn text(&mut self, kind: Kind, text: String) {
        let position = self.owned.len();
        self.owned.push(text.into());
        self.push(kind);
        self.link(self.nodes.len() - 1, position);
    }

    fn collection(&mut self, kind: Kind, add: impl FnOnce(&mut Self)) {
        let position = self.nodes.len();
        self.push(kind);
        add(self);
        self.link(position, self.nodes.len());
    }

    /// No value in memory has more nodes than this number holds: the loader takes none.
    fn link(&mut self, node: usize, to: usize) {
        self.nodes[node].link = u32::try_from(to).unwrap_or(u32::MAX);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_as_the_value_does() {
        let value = json!({
            "a": [null, true, false, {"b": {}}, []],
            "n": [0, -1, 9_007_199_254_740_993_i64, 1.5],
            "": "text \"quoted\"\n",
            "after": {"x": {"y": "z"}},
        });
        let tree = tree(&value);
        assert_eq!(tree.root().to_json(), value);
        let numbers = tree.root().get("n").expect("there");
        let numbers: Vec<_> = numbers.items().map(|number| number.as_i64()).collect();
        assert_eq!(numbers, [Some(0), Some(-1), Some(9_007_199_254_740_993), None]);
        let text = tree.root().get("after").and_then(|after| after.get("x")?.get("y"));
        assert_eq!(text.and_then(|text| text.as_str()), Some("z"));
    }
}
