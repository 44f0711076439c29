//! A picture as data: nodes, boxes around them, and edges. [`super::dot`] and [`super::mermaid`]
//! write it.

/// A picture.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// What stands below it, a line each.
    pub title: Vec<String>,
    /// What the boxes are called.
    pub boxes: Vec<String>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// The positions of the nodes of a box, or of those in none.
    pub(super) fn inside(&self, inside: Option<usize>) -> impl Iterator<Item = usize> {
        let numbered = self.nodes.iter().enumerate();
        numbered.filter(move |(_, node)| node.inside == inside).map(|(number, _)| number)
    }
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What stands in it.
    pub label: String,
    /// The position of the box that it is in.
    pub inside: Option<usize>,
    /// How it looks.
    pub look: Look,
}

/// How a node looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As most do.
    Plain,
    /// Nothing limits it: it stands out.
    Open,
    /// It stands for many.
    Many,
    /// It is outside of what is drawn.
    Outside,
    /// It does not exist.
    Possible,
}

impl Look {
    /// Every look.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Open, Self::Many, Self::Outside, Self::Possible];

    /// The name of the class.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Open => "open",
            Self::Many => "many",
            Self::Outside => "outside",
            Self::Possible => "possible",
        }
    }
}

/// An edge, by the positions of its nodes.
#[derive(Clone, Debug)]
pub struct Edge {
    /// From which.
    pub from: usize,
    /// To which.
    pub to: usize,
    /// What stands at it.
    pub label: String,
    /// Whether it is certain: others are dashed.
    pub certain: bool,
}

#[cfg(test)]
pub(super) fn sample() -> Graph {
    let node = |label: &str, inside, look| Node { label: label.to_owned(), inside, look };
    let edge = |from, to, label: &str, certain| Edge { from, to, label: label.to_owned(), certain };
    Graph {
        title: vec!["a \"title\"".to_owned(), "<b> & %%{init: 1}%%".to_owned()],
        boxes: vec!["shop\"];end".to_owned(), "日本".to_owned()],
        nodes: vec![
            node("web", Some(0), Look::Plain),
            node("a\\N\"]\n`x`", Some(1), Look::Open),
            node("\u{1b}[31m", None, Look::Outside),
        ],
        edges: vec![edge(0, 1, "TCP 80", true), edge(2, 0, "a|\"b\"", false)],
    }
}
