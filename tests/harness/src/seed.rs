//! The seed of everything generated, and how long to go on.

use std::env;

/// What is generated from when nothing is set: a normal run is the same everywhere.
const DEFAULT_SEED: u64 = 20_261_121;

/// Set to a number, it replaces the seed.
const SEED_VARIABLE: &str = "POSTURE_SEED";

/// Set to anything, it asks for the long run.
const LONG_VARIABLE: &str = "POSTURE_LONG";

/// The seed of this run, printed with the words that repeat it.
///
/// # Panics
/// If the variable holds no number.
#[expect(clippy::print_stdout, reason = "the seed is part of a test's output")]
pub fn seed() -> u64 {
    let seed = env::var(SEED_VARIABLE).map_or(DEFAULT_SEED, |text| {
        text.parse().unwrap_or_else(|_| panic!("{SEED_VARIABLE}={text:?} is no number"))
    });
    println!("seed: {SEED_VARIABLE}={seed}");
    seed
}

/// Whether this run generates what every run does where nothing is set.
pub fn is_default() -> bool {
    env::var_os(SEED_VARIABLE).is_none() && !long()
}

/// Whether the long run was asked for.
pub fn long() -> bool {
    env::var_os(LONG_VARIABLE).is_some()
}

/// `normal` in a normal run, `long` in a long one.
pub fn scaled(normal: usize, long: usize) -> usize {
    if self::long() { long } else { normal }
}
