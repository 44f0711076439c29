//! The map in rows: `-o wide` and `-o csv`.

use std::io::Write;

use posture::model::error::Result;
use posture::render::escape::escape;
use posture::render::{csv, wide};

use super::human::reason;
use crate::picture::report::{Connection, MapReport};

/// Writes a line for every connection, with all its names, and for what is open or closed.
pub(super) fn wide(report: &MapReport, out: &mut impl Write) -> Result<()> {
    let mut rows = vec![["VERDICT", "TO", "PORTS", "FROM", "CAUSES", "WHY"].map(str::to_owned)];
    for connection in &report.connections {
        rows.push([
            connection.verdict.to_uppercase(),
            names(report, &connection.to),
            connection.port_set.to_string(),
            names(report, &connection.from),
            connection.causes.join(","),
            whys(connection),
        ]);
    }
    let [both, ingress, egress] = &report.open.words;
    let closed = &report.closed.words;
    let rest = [
        ("OPEN", both, "everything that may leave"),
        ("OPEN-INGRESS", ingress, "everything that may leave"),
        ("CLOSED", closed, "nobody"),
    ];
    for (verdict, words, from) in rest.iter().filter(|(_, words, _)| !words.is_empty()) {
        let ports = if *verdict == "CLOSED" { "no port" } else { "all ports" };
        let row = [verdict, words.join(", ").as_str(), ports, from, "", ""].map(str::to_owned);
        rows.push(row);
    }
    for (verdict, words) in [("OPEN", both), ("OPEN-EGRESS", egress)] {
        if !words.is_empty() {
            let to = "everything that lets them in";
            let row = [verdict, to, "all ports", &words.join(", "), "", ""].map(str::to_owned);
            rows.push(row);
        }
    }
    // Columns that nobody needs are left out.
    let used = [4, 5].map(|column| rows.iter().skip(1).any(|row| !row[column].is_empty()));
    let row = |row: &[String; 6]| -> Vec<String> {
        let keeps = |column: usize| column < 4 || used[column - 4];
        let cells = row.iter().enumerate().filter(|(column, _)| keeps(*column));
        cells.map(|(_, cell)| escape(cell).into_owned()).collect()
    };
    wide::table(&rows.iter().map(row).collect::<Vec<_>>(), out)
}

/// Writes a row for every source and destination, and for what is open.
pub(super) fn csv(report: &MapReport, out: &mut impl Write) -> Result<()> {
    csv::row(&["from", "to", "ports", "verdict", "causes", "why"], out)?;
    for connection in &report.connections {
        let ports = connection.port_set.to_string();
        let (causes, why) = (connection.causes.join(";"), whys(connection));
        for to in connection.to.iter().filter_map(|&group| report.groups.get(group)) {
            for from in connection.from.iter().filter_map(|&group| report.groups.get(group)) {
                let row = [&from.words, &to.words, &ports, connection.verdict, &causes, &why];
                csv::row(&row, out)?;
            }
        }
    }
    let [both, ingress, egress] = &report.open.words;
    let (may_leave, lets_in) = ("everything open for egress", "everything open for ingress");
    for to in both.iter().chain(ingress) {
        csv::row(&[may_leave, to, "all ports", "allowed", "", ""], out)?;
    }
    for from in both.iter().chain(egress) {
        csv::row(&[from, lets_in, "all ports", "allowed", "", ""], out)?;
    }
    Ok(())
}

fn names(report: &MapReport, groups: &[usize]) -> String {
    let names = groups.iter().filter_map(|&group| report.groups.get(group));
    names.map(|group| group.words.as_str()).collect::<Vec<_>>().join(", ")
}

fn whys(connection: &Connection) -> String {
    connection.why.iter().flatten().map(reason).collect::<Vec<_>>().join("; ")
}
