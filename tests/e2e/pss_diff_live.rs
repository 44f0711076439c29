//! Later.
#![cfg(test)]
