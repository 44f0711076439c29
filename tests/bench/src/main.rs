//! Measures our binary beside upstream's library.
fn main(){}
