//! How often each check, at each of its revisions, fired and stayed silent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kubectl_pss::checks::ALL;

use super::row::{Row, Rows};

/// Counts pods, each at most once for each row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    counts: BTreeMap<Row, (usize, usize)>,
}

/// What one pod did in the rows of several policies.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    fired: BTreeSet<Row>,
    silent: BTreeSet<Row>,
}

impl Seen {
    /// Adds what one policy said.
    pub fn add(&mut self, rows: &Rows) {
        for (row, said) in &rows.0 {
            let set = if said.is_some() { &mut self.fired } else { &mut self.silent };
            set.insert(*row);
        }
    }
}

impl Table {
    /// Counts a pod.
    pub fn count(&mut self, seen: &Seen) {
        for row in &seen.fired {
            self.counts.entry(*row).or_default().0 += 1;
        }
        for row in &seen.silent {
            self.counts.entry(*row).or_default().1 += 1;
        }
    }

    /// Adds the counts of another table.
    pub fn merge(&mut self, other: &Self) {
        for (row, (fired, silent)) in &other.counts {
            let own = self.counts.entry(*row).or_default();
            own.0 += fired;
            own.1 += silent;
        }
    }

    /// Every revision of every check, counted or not, in the order of the messages.
    fn lines(&self) -> impl Iterator<Item = (Row, (usize, usize))> {
        ALL.iter()
            .flat_map(|check| check.revisions.iter().map(|revision| (check.id(), revision.since.0)))
            .map(|(id, since)| {
                let row = Row { id, since };
                (row, self.counts.get(&row).copied().unwrap_or_default())
            })
    }

    /// The rows that fired, or stayed silent, fewer than `least` times.
    pub fn thin(&self, least: usize) -> Vec<String> {
        self.lines()
            .filter(|(_, (fired, silent))| *fired < least || *silent < least)
            .map(|(row, (fired, silent))| format!("{} 1.{}: {fired}, {silent}", row.id, row.since))
            .collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>6}{:>10}{:>10}", "check", "since", "fired", "silent")?;
        for (row, (fired, silent)) in self.lines() {
            let since = format!("1.{}", row.since);
            writeln!(f, "{:<28}{since:>6}{fired:>10}{silent:>10}", row.id)?;
        }
        Ok(())
    }
}
