//! The loader before any bytes: it comes to an end, and what it says lies in the text.
//!
//! `tests/fuzz` asks the same of what a fuzzer makes up.
#![cfg(test)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, panic};

use posture::input::yaml;
use posture::model::node::Value;
use posture::model::source::Source;
use posture_generators::random::Random;
use posture_generators::yaml as generate;
use posture_harness::seed;

/// No input here is longer than a few thousand bytes.
const LONGEST: Duration = Duration::from_secs(5);

fn read(bytes: &[u8]) {
    let source = Arc::new(Source::new("x.yaml", bytes.to_vec()));
    for outcome in yaml::read(&source) {
        match outcome {
            Ok(document) => {
                drop(document.tree.root().to_json());
                check_spans(source.text(), document.tree.root());
            }
            Err(gap) => {
                let place = gap.place.expect("a gap in a text has its place");
                assert!(source.text().get(place.span()).is_some(), "{:?}", place.span());
                drop(place.place());
            }
        }
    }
}

fn check_spans(text: &str, value: Value<'_>) {
    assert!(text.get(value.span()).is_some(), "{:?} is no span of the text", value.span());
    for (key, value) in value.entries() {
        check_spans(text, key);
        check_spans(text, value);
    }
    for item in value.items() {
        check_spans(text, item);
    }
}

fn survives(bytes: &[u8]) {
    let start = Instant::now();
    let outcome = panic::catch_unwind(|| read(bytes));
    let text = String::from_utf8_lossy(bytes);
    assert!(outcome.is_ok(), "the loader panicked on {text:?}");
    assert!(start.elapsed() < LONGEST, "the loader took {:?} for {text:?}", start.elapsed());
}

#[test]
fn seeds_of_the_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/loader");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the fuzzer's seeds are checked in") {
        survives(&fs::read(entry.expect("a readable entry").path()).expect("a readable seed"));
        count += 1;
    }
    assert!(count > 0, "there is no seed");
}

#[test]
fn near_misses() {
    let mut random = Random::new(seed::seed());
    for _ in 0..seed::scaled(20_000, 1_000_000) {
        survives(generate::document(&mut random).as_bytes());
        survives(generate::stream(&mut random).as_bytes());
    }
}

#[test]
fn bytes_out_of_place() {
    let mut random = Random::new(seed::seed());
    for _ in 0..seed::scaled(20_000, 1_000_000) {
        let mut bytes = generate::document(&mut random).into_bytes();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() + 1);
            bytes.insert(at, u8::try_from(random.below(256)).unwrap_or_default());
        }
        survives(&bytes);
    }
}

#[test]
fn nothing_but_indicators() {
    const PIECES: &[u8] =
        b"[]{},:?-&*!|>'\"%@`#\n\r\t  \\ab1~<=.0x+\xef\xbb\xbf\xc2\x85\xe2\x80\xa8\0\xff";
    let mut random = Random::new(seed::seed());
    for _ in 0..seed::scaled(100_000, 3_000_000) {
        let length = random.below(40);
        let bytes: Vec<u8> = (0..length).map(|_| PIECES[random.below(PIECES.len())]).collect();
        survives(&bytes);
    }
}
