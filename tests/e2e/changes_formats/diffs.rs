//! Unified diffs: git and patch make of the old files exactly the new ones.

use std::fs;
use std::path::Path;
use std::process::Command;

use posture::model::source::Source;
use posture::patch::diff;
use posture_generators::random::Random;
use posture_generators::yaml;
use posture_harness::{score, seed};
use tempfile::TempDir;

/// Names of files, in folders too, with what has a meaning in a diff or to a shell.
const NAMES: [&str; 10] = [
    "plain.yaml",
    "deploy/base/web.yaml",
    "with blank.yaml",
    "folder with blank/x y.yaml",
    "日本/ü.yaml",
    "quote\"d.yaml",
    "back\\slash.yaml",
    "tab\there.yaml",
    "-dash.yaml",
    "a/b/c.yaml",
];

/// Lines that look like what a diff is made of, or end as no other.
const LINES: [&str; 10] = [
    "--- a/x\n",
    "+++ b/x\n",
    "@@ -1,3 +1,3 @@\n",
    "\\ No newline at end of file\n",
    "-- \n",
    "diff --git a/x b/x\n",
    "carriage: return\r\n",
    "lone\rreturn: x\n",
    "\n",
    "form\u{c}feed: \u{85}\u{2028}\n",
];

/// A text with some of its lines changed.
fn changed(random: &mut Random, before: &str) -> String {
    let mut lines: Vec<String> = before.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..=random.below(4) {
        let at = random.below(lines.len() + 1);
        let line = match random.below(3) {
            0 => random.pick(&LINES).to_owned(),
            1 => format!("new: {}\n", random.number()),
            _ => lines.get(at).cloned().unwrap_or_default(),
        };
        // In the middle of a text a line without an end would grow into the next.
        let line = if line.ends_with('\n') { line } else { format!("{line}\n") };
        match random.below(3) {
            0 if at < lines.len() => drop(lines.remove(at)),
            1 if at < lines.len() => lines[at] = line,
            _ => {
                if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
                    last.push('\n');
                }
                lines.insert(at.min(lines.len()), line);
            }
        }
    }
    let mut after = lines.concat();
    match random.below(6) {
        0 => drop(after.pop().filter(|last| *last != '\n').map(|last| after.push(last))),
        1 => after = after.replace('\n', "\r\n"),
        _ => {}
    }
    after
}

/// A text to start from: short and odd, or long enough for several hunks.
fn text(random: &mut Random) -> String {
    let mut text: String = (0..=random.below(6)).map(|_| random.pick(&yaml::SEEDS)).collect();
    if random.percent(30) {
        text = text.replace('\n', "\r\n");
    }
    if random.percent(20) {
        text.pop();
    }
    if random.percent(10) {
        text.insert(0, '\u{feff}');
    }
    text
}

/// Applies a diff in a folder by a program, and says what it said where it fails.
fn apply(folder: &Path, program: &str, arguments: &[&str], diff: &str) {
    let file = folder.with_extension("diff");
    fs::write(&file, diff).expect("written");
    let input = fs::File::open(&file).expect("it is there");
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(input)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {said}{told}\n{diff}");
}

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

#[test]
fn git_and_patch_make_the_new_files_of_the_old_ones() {
    let mut random = Random::new(seed::seed());
    let rounds = seed::scaled(60, 2_000);
    let temporary = TempDir::new().expect("a temporary folder");
    let mut compared = 0;
    for round in 0..rounds {
        let mut whole = String::new();
        let mut files = Vec::new();
        for name in NAMES {
            let before = text(&mut random);
            let after = changed(&mut random, &before);
            // To git an empty file is one that is made or removed.
            if before == after || before.is_empty() || after.is_empty() {
                continue;
            }
            whole.push_str(&diff::unified(name, &before, &after));
            files.push((name, before, after));
        }
        for (program, arguments) in [
            ("git", &["apply", "-p1", "--whitespace=nowarn"][..]),
            ("patch", &["-p1", "--batch", "--silent", "--fuzz=0", "--no-backup-if-mismatch"]),
        ] {
            let folder = temporary.path().join(format!("{program}-{round}"));
            for (name, before, _) in &files {
                put(&folder, name, before);
            }
            apply(&folder, program, arguments, &whole);
            for (name, _, after) in &files {
                let made = fs::read_to_string(folder.join(name)).expect("it is there");
                assert_eq!(&made, after, "{program}, {name}, round {round}\n{whole}");
                compared += 1;
            }
        }
    }
    assert!(compared > rounds * NAMES.len(), "{compared} files are too few");
    score::record(
        "changes_diffs",
        "unified diffs, applied by git and patch",
        &format!("{compared} files"),
        0,
    );
}

#[test]
fn a_file_is_named_where_patch_finds_it() {
    let temporary = TempDir::new().expect("a temporary folder");
    let folder = temporary.path().canonicalize().expect("it is there");
    let path = folder.join("deep/x.yaml");
    let (before, after) = ("\u{feff}a: 1\r\nb: 2\r\n", "a: 1\r\nb: 3\r\n");
    put(&folder, "deep/x.yaml", before);
    let source = Source::file(&path, before.into());
    let text = diff::of_source(&source, after);
    let name = path.to_string_lossy().into_owned();
    assert!(text.starts_with(&format!("--- a{name}\n+++ b{name}\n")), "{text}");
    // It is outside of the current folder: the name begins at the root.
    apply(&folder, "patch", &["-p1", "--batch", "--silent", "--fuzz=0", "-d", "/"], &text);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), format!("\u{feff}{after}"));
    // Links are followed: neither patch nor git does.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, folder.join("link.yaml")).expect("linked");
        let linked = Source::file(&folder.join("link.yaml"), before.into());
        assert_eq!(diff::of_source(&linked, after), text);
    }
}
