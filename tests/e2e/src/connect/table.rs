//! Runs a table of cases: kubectl must do what each says, and we what kubectl does.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use posture_harness::score;

use super::case::{Case, Expected, Server};
use super::outcome::Outcome;
use super::process::Ended;
use super::world::{Program, World, outside};

/// How many cases run at once.
const THREADS: usize = 4;

/// How much longer than kubectl we may take: nobody waits for minutes in silence.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many cases were compared.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Those that every machine can compare.
    pub compared: usize,
    /// Those in which we are known to differ.
    pub known: usize,
}

impl Held {
    /// Leaves the score of a suite.
    pub fn record(self, suite: &str, what: &str) {
        let compared = format!("{} cases", self.compared);
        score::record(suite, &format!("{what}, against kubectl"), &compared, self.known);
    }
}

/// Holds every case against kubectl; fails with all differences that are not known.
///
/// # Panics
/// If there are differences.
#[expect(clippy::print_stdout, reason = "what was compared is part of a test's output")]
pub fn hold(cases: &[Case]) -> Held {
    let (next, differences) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let (compared, skipped) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if case.expected == Expected::Reaches(Server::Outside) && outside().is_none() {
                        println!("skipped, this machine has no address but its own: {}", case.name);
                        skipped.fetch_add(1, Ordering::SeqCst);
                        continue;
                    }
                    compared.fetch_add(1, Ordering::SeqCst);
                    let found = match (compare(case), case.known) {
                        (Some(_), Some(why)) => {
                            println!("known to differ: {}: {why}", case.name);
                            None
                        }
                        (None, Some(_)) => Some(format!("{}: no longer differs", case.name)),
                        (found, None) => found,
                    };
                    differences.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            });
        }
    });
    let differences = differences.into_inner().unwrap_or_else(PoisonError::into_inner);
    let compared = compared.into_inner();
    println!(
        "{compared} cases, {} differences, {} skipped",
        differences.len(),
        skipped.into_inner()
    );
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    let everywhere = |case: &&Case| case.expected != Expected::Reaches(Server::Outside);
    Held {
        compared: cases.iter().filter(everywhere).count(),
        known: cases.iter().filter(|case| case.known.is_some()).count(),
    }
}

/// What differs in one case, in words.
pub fn compare(case: &Case) -> Option<String> {
    let world = World::new(case);
    let (theirs, judge) = world.run(Program::Kubectl, case);
    let (ours, own) = world.run(Program::Ours, case);
    let mut text = String::new();
    if let Some(wrong) = unexpected(case, &theirs, &judge) {
        writeln!(text, "  the case is not about what it says: {wrong}").expect("it is memory");
    }
    for (what, theirs, ours) in [
        ("failure", format!("{:?}", theirs.failed), format!("{:?}", ours.failed)),
        ("callers", format!("{:?}", theirs.callers), format!("{:?}", ours.callers)),
        ("lists", format!("{:?}", theirs.lists), format!("{:?}", ours.lists)),
        ("proxies", format!("{:?}", theirs.proxies), format!("{:?}", ours.proxies)),
        ("plugin", format!("{:?}", theirs.plugin), format!("{:?}", ours.plugin)),
    ] {
        if theirs != ours {
            writeln!(text, "  {what}: kubectl {theirs}\n  {what}: we {ours}")
                .expect("it is memory");
        }
    }
    for said in case.said.iter().filter(|said| !own.stderr.contains(**said)) {
        writeln!(text, "  we do not say {said:?}").expect("it is memory");
    }
    if let Some(secret) = case.secret
        && (own.stdout.contains(secret) || own.stderr.contains(secret))
    {
        writeln!(text, "  we print the secret").expect("it is memory");
    }
    if own.code.is_none() || own.took > judge.took + PATIENCE {
        writeln!(text, "  we take {:?}, kubectl {:?}", own.took, judge.took).expect("it is memory");
    }
    (!text.is_empty()).then(|| {
        format!(
            "{}\n{text}  kubectl ended {:?}: {}\n  we ended {:?}: {}",
            case.name,
            judge.code,
            end(&judge.stderr),
            own.code,
            end(&own.stderr)
        )
    })
}

fn unexpected(case: &Case, theirs: &Outcome, judge: &Ended) -> Option<String> {
    if let Some(said) = case.said.iter().find(|said| !judge.stderr.contains(**said)) {
        return Some(format!("kubectl does not say {said:?}"));
    }
    match case.expected {
        Expected::Reaches(server) => {
            let reached = theirs.lists.iter().any(|(at, _)| *at == server);
            (theirs.failed.is_some() || !reached).then(|| format!("{server:?} was not reached"))
        }
        Expected::Fails(text) => (theirs.failed.is_none() || !judge.stderr.contains(text))
            .then(|| format!("kubectl does not fail with {text:?}")),
    }
}

/// The last lines of what was said.
fn end(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().rev().take(3).collect();
    let lines: Vec<String> =
        lines.into_iter().rev().map(|line| line.chars().take(400).collect()).collect();
    lines.join("\n    ")
}
