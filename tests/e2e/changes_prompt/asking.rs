//! The questions themselves, asked by this very test, run anew on a terminal.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use posture::patch::audience::{Answer, Audience as _};
use posture::render::audience::{Terminal, Value};
use posture::render::out::Output;
use posture::render::plan::PlanFormat;
use posture::render::style::{ColorChoice, Style};
use posture_harness::binary::Run;
use posture_harness::terminal::{CTRL_C, CTRL_D, Session, Streams};

const DIFF: &str = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a: 1\n+a: \u{1b}[31m2\r\n";

/// Where the child writes what it was told.
const REPORT: &str = "POSTURE_CHILD_REPORT";
/// What the child asks for: `changes`, or a `value`.
const TOPIC: &str = "POSTURE_CHILD_TOPIC";

/// What the child does: asks about three changes, or for a value, and writes the answers down.
#[test]
#[ignore = "it is what the others run"]
fn child() {
    let Some(report) = env::var_os(REPORT).map(PathBuf::from) else { return };
    let output = Output {
        format: PlanFormat::Diff,
        style: Style::for_stdout(ColorChoice::Auto),
        stderr_style: Style::for_stderr(ColorChoice::Auto),
    };
    let mut terminal = Terminal::new(output, true);
    let mut told = String::new();
    if env::var(TOPIC).is_ok_and(|topic| topic == "value") {
        let validate = |text: &str| {
            let number = text.parse::<u32>().map_err(|_| format!("{text} is no number"))?;
            if number == 0 { Err("0 is root".to_owned()) } else { Ok(()) }
        };
        let why = "the image's user is not known";
        let value = terminal.ask_value("runAsUser of app", why, validate);
        told = match value {
            Value::Given(text) => format!("given {text}"),
            Value::Skipped => "skipped".to_owned(),
            Value::Quit => "quit".to_owned(),
        };
    } else {
        for number in 1..=3 {
            terminal.diff(DIFF);
            let question = format!("Change pod/x\u{1b}[2J{number}?");
            let answer = terminal.ask(&question, number, 3, DIFF);
            let _infallible = write!(told, "{answer:?} ");
            if matches!(answer, Answer::All | Answer::Quit) {
                break;
            }
        }
    }
    fs::write(report, told.trim_end()).expect("written");
}

struct Asked {
    session: Session,
    report: PathBuf,
}

fn run(topic: &str, report: &Path) -> Run {
    let own = env::current_exe().expect("a test knows its path");
    Run::of(&own)
        .args(["--exact", "asking::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(REPORT, &report.to_string_lossy())
        .env(TOPIC, topic)
}

fn ask(topic: &str, streams: Streams) -> Asked {
    let folder = tempfile::TempDir::new().expect("a temporary folder").keep();
    let report = folder.join("report");
    let session = run(topic, &report).on_terminal(streams);
    Asked { session, report }
}

impl Asked {
    /// Waits for a question and answers it. In between the terminal is as it was.
    fn answer(&mut self, question: &str, keys: &str) {
        self.session.expect(question);
        self.session.expect("[q]uit ");
        self.session.send(keys);
    }

    /// What the child was told, and what was to be seen.
    fn told(self) -> (String, String) {
        let screen = self.session.finish().screen;
        let told = fs::read_to_string(&self.report).unwrap_or_default();
        fs::remove_dir_all(self.report.parent().expect("a folder")).expect("removed");
        (told, screen)
    }
}

#[test]
fn every_answer_is_understood() {
    for (keys, told) in [
        (["y\r", "n\r", "YES\r"], "Yes No Yes"),
        (["\r", "no\r", "a\r"], "No No All"),
        (["y\r", "All\r", ""], "Yes All"),
        (["y\r", "q\r", ""], "Yes Quit"),
        (["n\r", CTRL_C, ""], "No Quit"),
        ([CTRL_D, "", ""], "Quit"),
        // Half a word, and then Ctrl-C.
        (["ye\u{3}", "", ""], "Quit"),
        // Corrected before it is sent; keys that mean nothing here.
        (["yx\u{7f}\r", "\u{1b}[A\tn\r", "q\r"], "Yes No Quit"),
    ] {
        let mut asked = ask("changes", Streams::All);
        let answers = keys.iter().filter(|keys| !keys.is_empty());
        for (number, keys) in answers.enumerate() {
            asked.answer(&format!("({} of 3) Change pod/x^[[2J{}?", number + 1, number + 1), keys);
        }
        let (seen, screen) = asked.told();
        assert_eq!(seen, told, "{keys:?}\n{screen}");
    }
}

#[test]
fn what_is_no_answer_is_asked_again() {
    let mut asked = ask("changes", Streams::All);
    asked.session.expect("+a: ^[[31m2\r\n");
    asked.answer("(1 of 3)", "maybe\r");
    asked.session.expect("y: make this change;");
    asked.answer("(1 of 3)", "s\r");
    asked.session.expect("+a: ^[[31m2\r\n");
    asked.answer("(1 of 3)", "y\r");
    asked.answer("(2 of 3)", "q\r");
    let (told, screen) = asked.told();
    assert_eq!(told, "Yes Quit", "{screen}");
    // Somebody who leans on a key is not asked for ever.
    let mut asked = ask("changes", Streams::All);
    asked.session.expect("(1 of 3)");
    asked.session.send(&"x\r".repeat(20));
    assert_eq!(asked.told().0, "Quit");
}

#[test]
fn the_terminal_is_as_it_was_however_it_ends() {
    for keys in ["q\r", CTRL_C, CTRL_D] {
        for streams in [Streams::All, Streams::WithoutSignals] {
            let mut asked = ask("changes", streams);
            asked.answer("(1 of 3)", keys);
            // The child writes the answer down at its end.
            let start = std::time::Instant::now();
            while !asked.report.exists() && start.elapsed().as_secs() < 10 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            assert!(asked.session.is_as_before());
            assert_eq!(asked.told().0, "Quit");
        }
    }
}

#[test]
fn a_terminal_that_goes_away_is_a_no() {
    for streams in [Streams::All, Streams::WithoutSignals] {
        let mut asked = ask("changes", streams);
        asked.session.expect("(1 of 3)");
        asked.session.hang_up();
        let ended = asked.session.finish();
        let told = fs::read_to_string(&asked.report).unwrap_or_default();
        match streams {
            // The signal of a terminal that is closed ends it.
            Streams::All => assert!(ended.signal == Some(1) || told == "Quit", "{ended:?}"),
            _ => assert_eq!(told, "Quit", "{ended:?}"),
        }
    }
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let report = folder.path().join("report");
    for (topic, expected) in [("changes", "Quit"), ("value", "quit")] {
        let finished = run(topic, &report).input("y\ny\ny\n").finish();
        assert_eq!(fs::read_to_string(&report).expect("it is there"), expected);
        assert!(!finished.stderr.contains('?'), "{}", finished.stderr);
    }
}

#[test]
fn results_in_a_file_are_exact_while_somebody_is_asked() {
    let mut asked = ask("changes", Streams::WithoutStdout);
    asked.answer("(1 of 3)", "s\r");
    // Shown on the terminal, where nothing of it may steer.
    asked.session.expect("+a: ^[[31m2\r\n");
    asked.answer("(1 of 3)", "y\r");
    asked.answer("(2 of 3)", "q\r");
    asked.session.expect("\n");
    let start = std::time::Instant::now();
    while !asked.report.exists() && start.elapsed().as_secs() < 10 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let written = asked.session.written();
    assert!(written.contains(&DIFF.repeat(2)), "{written:?}");
    assert_eq!(asked.told().0, "Yes Quit");
}

#[test]
fn values_are_asked_for_until_they_are_valid() {
    for (keys, told) in [
        (&["1000\r"][..], "given 1000"),
        (&["x\r", "0\r", " 10\u{7f}0 \r"], "given 10"),
        (&["\r"], "skipped"),
        (&["12", CTRL_C], "quit"),
        (&[CTRL_D], "quit"),
    ] {
        let mut asked = ask("value", Streams::All);
        asked.session.expect("the image's user is not known");
        for keys in keys {
            if !keys.starts_with('\u{3}') {
                asked.session.expect("runAsUser of app? (Enter leaves it) ");
            }
            asked.session.send(keys);
        }
        let (seen, screen) = asked.told();
        assert_eq!(seen, told, "{keys:?}\n{screen}");
        assert_eq!(screen.contains("x is no number"), keys.contains(&"x\r"), "{screen}");
    }
}
