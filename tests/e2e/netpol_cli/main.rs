//! `kubectl netpol` as a user runs it on manifests: answers and maps, how they end, and what is said of
//! words that mean nothing.
#![cfg(test)]

mod can;
mod list;

use posture_harness::binary::{Finished, Run};
use serde_json::Value;

/// Every format of a map.
const FORMATS: [&str; 9] =
    ["human", "wide", "json", "yaml", "csv", "markdown", "dot", "mermaid", "html"];

/// Two namespaces, workloads that have no pods and pods that run, Services, and policies.
const WORLD: &str = include_str!("world.yaml");

/// Runs words on a text.
fn on(text: &str, words: &str) -> Finished {
    let run = Run::new("kubectl-netpol").args(words.split_whitespace()).args(["-f", "-"]);
    run.env("COLUMNS", "100").input(text).finish()
}

/// Runs words on the world.
fn said(words: &str) -> Finished {
    on(WORLD, words)
}

/// The tree that words write about a text.
fn tree(text: &str, words: &str) -> Value {
    on(text, &format!("{words} -o json")).json()
}
