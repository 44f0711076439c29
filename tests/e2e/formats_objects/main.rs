//! The formats that go by object, each before a judge of its own: a reader of `junit`, a parser of
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

#[test]
fn no_format_says_failed_where_the_command_does_not_fail() {
    let said = |input: &Input, arguments: &[&str]| {
        let json = input.run(&[arguments, &["-o", "json"]].concat());
        FORMATS.map(|format| {
            let run = input.run(&[arguments, &["-o", format]].concat());
            assert_eq!((run.code, run.stderr), (json.code, json.stderr.clone()), "{format}");
            run.stdout
        })
    };
    let failed = ["<failure ", "| rejected |", "result: fail\n", "result: fail\n"];
    let warned = Input::warned();
    let texts = said(&warned, &[]);
    assert!(texts.iter().zip(failed).all(|(text, failed)| !text.contains(failed)), "{texts:?}");
    assert!(texts[0].contains(": warning: hostNamespaces: "), "{}", texts[0]);
    assert!(texts[2].contains("result: warn\n") && texts[2].contains("severity: medium\n"));
    let texts = said(&warned, &["--fail-on", "warning"]);
    assert!(texts[0].contains(failed[0]) && texts[2].contains(failed[2]), "{texts:?}");

    let accepted = Input::accepted();
    for arguments in [&[][..], &["--show-suppressed"]] {
        let texts = said(&accepted, arguments);
        assert!(texts.iter().zip(failed).all(|(text, failed)| !text.contains(failed)), "{texts:?}");
        assert!(texts[0].contains("<skipped "), "{}", texts[0]);
        assert!(texts[2].contains("result: skip\n") && texts[3].contains("result: skip\n"));
        // Of two suppressions one does nothing.
        assert!(texts[0].contains("<testsuite name=\"suppressions\" tests=\"1\""), "{}", texts[0]);
        assert!(texts[1].contains("#### Suppressions that do nothing\n"), "{}", texts[1]);
        assert!(texts[2].contains("rule: suppression\n"), "{}", texts[2]);
        for text in &texts {
            assert_eq!(text.contains("@octocat knows"), !arguments.is_empty(), "{text}");
        }
    }
}
