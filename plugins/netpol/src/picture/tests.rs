#![cfg(test)]
//! Small worlds, and the map that comes of them.
