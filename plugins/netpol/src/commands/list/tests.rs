#![cfg(test)]
//! Every format of a small map, and of one whose names try to be something else.

use posture::render::style::Style;

use super::{ListFormat, PairsFormat, pairs, write};
use crate::picture::focus::Focus;
use crate::picture::report::MapReport;
use crate::picture::sample::{Making, frame, gap, hostile, shop};

fn of(made: &Making) -> MapReport {
    let mut frame = frame();
    frame.gaps.push(gap());
    let focus = Focus { exposure: true, ..Focus::default() };
    MapReport::of(&made.world, &made.traffic, &focus, frame)
}

fn text(made: &Making, format: ListFormat) -> String {
    let mut out = Vec::new();
    let next = ["kubectl netpol list --all-pairs".to_owned()];
    write(&of(made), format, Style::plain(100), &next, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn pairs_text(made: &Making, format: PairsFormat) -> String {
    let mut out = Vec::new();
    let style = Style::plain(100);
    pairs::write(&made.world, &made.traffic, &Focus::default(), format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Compares with a file; where they differ, what is written now is printed for a look at it.
fn same(name: &str, found: &str, wanted: &str) {
    assert!(found == wanted, "{name} is written like this now:\n{found}");
}

#[test]
fn the_shop_in_every_format() {
    let made = shop();
    let wanted = [
        (ListFormat::Human, include_str!("shown/shop.human.txt")),
        (ListFormat::Wide, include_str!("shown/shop.wide.txt")),
        (ListFormat::Csv, include_str!("shown/shop.csv.txt")),
        (ListFormat::Markdown, include_str!("shown/shop.markdown.txt")),
        (ListFormat::Dot, include_str!("shown/shop.dot.txt")),
        (ListFormat::Mermaid, include_str!("shown/shop.mermaid.txt")),
    ];
    for (format, wanted) in wanted {
        same(format.name(), &text(&made, format), wanted);
    }
    let found = pairs_text(&made, PairsFormat::Human);
    same("pairs", &found, include_str!("shown/shop.pairs.txt"));
}

#[test]
fn hostile_names_in_every_format() {
    let made = hostile();
    let wanted = [
        (ListFormat::Human, include_str!("shown/hostile.human.txt")),
        (ListFormat::Wide, include_str!("shown/hostile.wide.txt")),
        (ListFormat::Csv, include_str!("shown/hostile.csv.txt")),
        (ListFormat::Markdown, include_str!("shown/hostile.markdown.txt")),
        (ListFormat::Dot, include_str!("shown/hostile.dot.txt")),
        (ListFormat::Mermaid, include_str!("shown/hostile.mermaid.txt")),
        (ListFormat::Json, include_str!("shown/hostile.json.txt")),
    ];
    for (format, wanted) in wanted {
        same(format.name(), &text(&made, format), wanted);
    }
    for format in ListFormat::ALL {
        let steers = |character: char| character.is_control() && !"\r\n".contains(character);
        assert!(!text(&made, format).contains(steers), "{format:?}");
    }
    for format in [PairsFormat::Human, PairsFormat::Csv, PairsFormat::Json] {
        let found = pairs_text(&made, format);
        assert!(!found.contains(['\u{1b}', '\u{202e}']), "{format:?}");
        assert_eq!(found.lines().count(), if format == PairsFormat::Csv { 2 } else { 1 });
    }
}

#[test]
fn machine_formats_are_the_same_tree() {
    let made = shop();
    let json: serde_json::Value = serde_json::from_str(&text(&made, ListFormat::Json)).unwrap();
    let yaml: serde_json::Value = serde_yaml::from_str(&text(&made, ListFormat::Yaml)).unwrap();
    assert_eq!(json, yaml);
    let groups = json["groups"].as_array().unwrap();
    let ids: Vec<u64> = groups.iter().map(|group| group["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (0..groups.len() as u64).collect::<Vec<_>>());
    let connections = json["connections"].as_array().unwrap();
    let summary = &json["summary"];
    assert_eq!(summary["connections"], connections.len());
    assert_eq!((&summary["depends"], &summary["complete"]), (&1.into(), &false.into()));
    let uncertain = connections.iter().find(|one| one["verdict"] == "depends").unwrap();
    assert_eq!(uncertain["causes"][0], "block-on-pod");
    assert_eq!(json["open"]["both"].as_array().unwrap().len(), 3);
    assert_eq!(json["gaps"].as_array().unwrap().len(), 1);
}

#[test]
fn pairs_are_lines_of_json() {
    let found = pairs_text(&shop(), PairsFormat::Json);
    let lines: Vec<serde_json::Value> =
        found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), pairs_text(&shop(), PairsFormat::Csv).lines().count() - 1);
    assert_eq!(lines[0]["from"]["kind"], "Deployment");
    assert_eq!(lines[0]["ports"][0]["protocol"], "TCP");
}

#[test]
fn large_maps_are_drawn_by_namespaces_and_cut_in_comments() {
    let mut made = Making::default();
    let mut all = Vec::new();
    for number in 0..40 {
        made.namespace(&format!("team-{number}"), &[]);
        for name in ["web", "db"] {
            let open = crate::picture::sample::CLOSED;
            all.push(made.workload(name, &[], open));
        }
    }
    for pair in all.chunks(2) {
        made.flow(&pair[..1], &pair[1..], "TCP 5432");
        made.flow(&all[..1], &pair[..1], "TCP 80");
    }
    let dot = text(&made, ListFormat::Dot);
    assert!(!dot.contains("cluster_"), "{dot}");
    // A node for every namespace, and an edge for every two.
    assert_eq!(dot.matches(" [label=\"team-").count(), 40);
    assert_eq!(dot.matches("->").count(), 40 + 39);
    for number in 40..4000 {
        made.namespace(&format!("team-{number}"), &[]);
        let to = made.workload("db", &[], crate::picture::sample::CLOSED);
        made.flow(&[all[number % 80]], &[to], &format!("TCP {number}"));
    }
    let markdown = text(&made, ListFormat::Markdown);
    assert!(markdown.len() < 65_000 && markdown.contains("more connections"));
}
