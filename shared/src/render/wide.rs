//! `-o wide`: every object on a line, in kubectl's columns.

use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::escape::escape;
use crate::finding::report::Report;
use crate::model::error::Result;
use crate::model::source::Mark;

/// What a plugin adds to the columns.
pub trait Columns {
    /// The headings, upper case.
    const HEADINGS: &'static [&'static str];

    /// One cell for each heading.
    fn cells(&self) -> Vec<String>;
}

/// Writes the table: three blanks between columns, no borders. Nothing for no objects.
pub fn write<D: Columns>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    if report.objects.is_empty() {
        return Ok(());
    }
    let mut rows = vec![
        ["VERDICT", "NAMESPACE", "NAME"]
            .iter()
            .chain(D::HEADINGS)
            .chain(&["PLACE"])
            .map(|&heading| heading.to_owned())
            .collect::<Vec<_>>(),
    ];
    for object in &report.objects {
        let place = object.place.as_ref().map(Mark::place);
        let mut row = vec![
            object.verdict.to_uppercase(),
            object.object.namespace.clone().unwrap_or_default(),
            object.object.to_string(),
        ];
        row.extend(object.detail.cells());
        row.push(place.map(|place| format!("{}:{}", place.file, place.line)).unwrap_or_default());
        rows.push(row.iter().map(|cell| escape(cell).into_owned()).collect());
    }
    table(&rows, out)
}

/// Writes rows in aligned columns.
pub fn table(rows: &[Vec<String>], out: &mut impl Write) -> Result<()> {
    const GAP: usize = 3;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + GAP));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
