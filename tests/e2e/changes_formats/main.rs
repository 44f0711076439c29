//! Changes as they are written for other programs, each held against the program that it is for:
//! diffs against `git apply` and `patch`, patches against kubectl, patches of a kustomization
//! against kustomize.
#![cfg(test)]

mod diffs;
mod edited;
mod patches;
