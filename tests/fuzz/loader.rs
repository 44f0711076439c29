//! Any bytes through the loader: every document is read or refused, and becomes JSON.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use posture::input::yaml;
use posture::model::source::Source;

fuzz_target!(|bytes: &[u8]| {
    let source = Arc::new(Source::new("fuzz.yaml", bytes.to_vec()));
    for outcome in yaml::read(&source) {
        match outcome {
            Ok(document) => {
                let root = document.tree.root();
                assert!(source.text().get(root.span()).is_some(), "a span outside of the text");
                drop(root.to_json());
            }
            Err(gap) => drop(gap.place.map(|place| place.place())),
        }
    }
});
