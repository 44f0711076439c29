//! `kubectl netpol list -o html`, `dot` and `mermaid`, each before a judge of its own: a real
//! browser, Graphviz and Mermaid. Needs Chromium, which `tests/run` asks for, and the two drawing
//! programs, which `tests/judges/build` fetches from the registry of npm.
#![cfg(test)]

mod faithful;
mod maps;
mod pages;
mod pictures;
