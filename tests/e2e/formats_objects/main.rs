//! The formats that go by object, each before a judge of its own: a reader of JUnit, a parser of
//! GitHub's Markdown, and an API server that knows the kinds of reports.
#![cfg(test)]

mod input;
mod junit;
mod markdown;
mod reports;

use input::Input;

/// The formats of this suite.
const FORMATS: [&str; 4] = ["junit", "markdown", "policyreport", "openreports"];

#[test]
fn each_format_of_small_inputs() {
    for input in [Input::clean(), Input::single(), Input::mixed()] {
        for format in FORMATS {
            let run = input.run(&["-o", format]);
            assert_eq!(run.code, input.run(&["-o", "json"]).code, "{format} of {}", input.name);
            assert!(!run.stdout.contains('\u{1b}'), "an escape got through");
            let shown =
                format!("exit {}\n--- stdout\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
            insta::assert_snapshot!(format!("{}_{format}", input.name), shown);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let input = Input::many();
    for format in FORMATS {
        assert_eq!(input.run(&["-o", format]), input.run(&["-o", format]), "{format}");
    }
}
