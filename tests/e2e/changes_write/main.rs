//! Files that are changed: as a whole or not at all, whatever they are, whoever they belong to and
//! whatever happens meanwhile.
#![cfg(test)]

mod child;
mod files;
mod plans;
