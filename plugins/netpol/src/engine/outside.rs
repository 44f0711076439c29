//! The outside, cut where policies tell addresses apart.

use super::Engine;
use super::parties::{Borders, Cell};

impl Engine<'_> {
    /// The pieces of a stretch of addresses that no policy tells apart.
    pub fn pieces(&self, stretch: Cell) -> Vec<Cell> {
        let cells = Borders::new(&self.compiled).cells();
        let overlap = |cell: Cell| {
            let (first, last) = (cell.first.max(stretch.first), cell.last.min(stretch.last));
            (cell.family == stretch.family && first <= last).then_some(Cell { first, last, ..cell })
        };
        cells.into_iter().filter_map(overlap).collect()
    }
}
