//! A picture in the language of Graphviz. Text stands only in labels, in quotes.

use std::io::Write;

use super::escape::escape;
use super::graph::{Graph, Look};
use crate::model::error::Result;

/// Writes the picture.
pub fn write(graph: &Graph, out: &mut impl Write) -> Result<()> {
    writeln!(out, "digraph map {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(
        out,
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];"
    )?;
    writeln!(out, "  edge [fontname=\"Helvetica\", fontsize=10];")?;
    if !graph.title.is_empty() {
        let lines: Vec<String> = graph.title.iter().map(|line| escaped(line)).collect();
        // Lines end with \l: they stand at the left.
        writeln!(out, "  label=\"{}\\l\";", lines.join("\\l"))?;
        writeln!(out, "  labelloc=b;\n  labeljust=l;")?;
    }
    for (number, name) in graph.boxes.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{number} {{")?;
        writeln!(out, "    label={};\n    style=rounded;\n    color=gray;", quoted(name))?;
        nodes(graph, Some(number), "    ", out)?;
        writeln!(out, "  }}")?;
    }
    nodes(graph, None, "  ", out)?;
    for edge in &graph.edges {
        let dashed = if edge.certain { "" } else { ", style=dashed, color=darkorange" };
        writeln!(out, "  n{} -> n{} [label={}{dashed}];", edge.from, edge.to, quoted(&edge.label))?;
    }
    writeln!(out, "}}")?;
    Ok(())
}

/// Writes the nodes of a box, or those in none.
fn nodes(graph: &Graph, inside: Option<usize>, indent: &str, out: &mut impl Write) -> Result<()> {
    for number in graph.inside(inside) {
        let node = &graph.nodes[number];
        let (label, look) = (quoted(&node.label), look(node.look));
        writeln!(out, "{indent}n{number} [label={label}{look}];")?;
    }
    Ok(())
}

fn look(look: Look) -> &'static str {
    match look {
        Look::Plain => "",
        Look::Open => ", fillcolor=orange",
        Look::Many => ", fillcolor=aliceblue",
        Look::Outside => ", shape=ellipse, fillcolor=lightgray",
        Look::Possible => ", style=\"rounded,dashed\"",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Text for between quotes: a backslash begins an escape there, and `&` an entity of HTML.
fn escaped(text: &str) -> String {
    escape(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::graph::sample;

    #[test]
    fn names_stay_in_their_quotes() {
        let mut out = Vec::new();
        write(&sample(), &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        let expected = r#"digraph map {
  rankdir=LR;
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica"];
  edge [fontname="Helvetica", fontsize=10];
  label="a \"title\"\l<b> &amp; %%{init: 1}%%\l";
  labelloc=b;
  labeljust=l;
  subgraph cluster_0 {
    label="shop\"];end";
    style=rounded;
    color=gray;
    n0 [label="web"];
  }
  subgraph cluster_1 {
    label="日本";
    style=rounded;
    color=gray;
    n1 [label="a\\N\"]\\n`x`", fillcolor=orange];
  }
  n2 [label="^[[31m", shape=ellipse, fillcolor=lightgray];
  n0 -> n1 [label="TCP 80"];
  n2 -> n0 [label="a|\"b\"", style=dashed, color=darkorange];
}
"#;
        assert_eq!(text, expected, "{text}");
    }
}
