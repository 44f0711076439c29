//! A picture as a flowchart of Mermaid, which GitHub and GitLab draw in Markdown. Text stands only
//! in quotes, and what could end them or mean anything is a reference to a character.

use std::fmt::Write as _;
use std::io::Write;

use super::escape::escape;
use super::graph::{Graph, Look};
use crate::model::error::Result;

/// Writes the picture.
pub fn write(graph: &Graph, out: &mut impl Write) -> Result<()> {
    writeln!(out, "flowchart LR")?;
    for line in &graph.title {
        writeln!(out, "  %% {}", comment(line))?;
    }
    for (number, name) in graph.boxes.iter().enumerate() {
        writeln!(out, "  subgraph box{number}[{}]", quoted(name))?;
        nodes(graph, Some(number), "    ", out)?;
        writeln!(out, "  end")?;
    }
    nodes(graph, None, "  ", out)?;
    for edge in &graph.edges {
        let arrow = if edge.certain { "-->" } else { "-.->" };
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!("|{}|", quoted(label)),
        };
        writeln!(out, "  n{} {arrow}{label} n{}", edge.from, edge.to)?;
    }
    for look in Look::ALL {
        if graph.nodes.iter().any(|node| node.look == look)
            && let Some(paint) = paint(look)
        {
            writeln!(out, "  classDef {} {paint}", look.name())?;
        }
    }
    Ok(())
}

/// Writes the nodes of a box, or those in none.
fn nodes(graph: &Graph, inside: Option<usize>, indent: &str, out: &mut impl Write) -> Result<()> {
    for number in graph.inside(inside) {
        let node = &graph.nodes[number];
        let (open, close) = match node.look {
            Look::Outside => ("([", "])"),
            _ => ("[", "]"),
        };
        let class = paint(node.look).map(|_| format!(":::{}", node.look.name()));
        let class = class.unwrap_or_default();
        writeln!(out, "{indent}n{number}{open}{}{close}{class}", quoted(&node.label))?;
    }
    Ok(())
}

fn paint(look: Look) -> Option<&'static str> {
    match look {
        Look::Plain => None,
        Look::Open => Some("fill:#fd9,stroke:#b60,color:#000"),
        Look::Many => Some("fill:#eef,stroke:#669,color:#000"),
        Look::Outside => Some("fill:#ddd,stroke:#666,color:#000"),
        Look::Possible => Some("stroke-dasharray:5 5"),
    }
}

/// Text in quotes. Directives are looked for in quotes, too, and Markdown means something there:
/// what is no letter, no digit and not in the list is a reference.
fn quoted(text: &str) -> String {
    let mut safe = "\"".to_owned();
    for character in escape(text).chars() {
        if character.is_alphanumeric() || " ./:,()=-".contains(character) {
            safe.push(character);
        } else {
            let _infallible = write!(safe, "#{};", u32::from(character));
        }
    }
    safe.push('"');
    safe
}

/// Text of a comment, which no directive can be in.
fn comment(text: &str) -> String {
    escape(text).replace(['%', '{', '}'], "_")
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
        let expected = r##"flowchart LR
  %% a "title"
  %% <b> & ___init: 1___
  subgraph box0["shop#34;#93;#59;end"]
    n0["web"]
  end
  subgraph box1["日本"]
    n1["a#92;N#34;#93;#92;n#96;x#96;"]:::open
  end
  n2(["#94;#91;#91;31m"]):::outside
  n0 -->|"TCP 80"| n1
  n2 -.->|"a#124;#34;b#34;"| n0
  classDef open fill:#fd9,stroke:#b60,color:#000
  classDef outside fill:#ddd,stroke:#666,color:#000
"##;
        assert_eq!(text, expected, "{text}");
    }
}
