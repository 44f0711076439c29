//! Differences on paper.
