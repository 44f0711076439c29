//! The evaluator against the system's libseccomp: generated documents, containers and calls.
#![cfg(test)]
#![cfg(target_os = "linux")]

use kubectl_seccomp::evaluate::{
    Abi, Answer, Clause, Compare, Condition, Outcome, Resolved, Target, Why,
    faults::{Fault, inject},
    numbers, resolve,
};
use kubectl_seccomp::profile::Profile;
use posture_e2e::seccomp::generate::Generator;
use posture_e2e::seccomp::reference::{Compiled, compile, token};
use posture_e2e::seccomp::setting::Setting;
use posture_generators::random::Random;
use posture_harness::{score, seed};
use posture_kernel::libseccomp::Library;
use serde_json::Value as Json;

/// Calls asked about each document.
const CALLS: usize = 12;

/// What was counted.
#[derive(Debug, Default)]
struct Count {
    documents: usize,
    queries: usize,
    ordered: usize,
    ambiguous: usize,
    refused: usize,
    refused_ambiguous: usize,
    blind: usize,
    differences: Vec<String>,
}

impl Count {
    fn differs(&mut self, what: &str, document: &Json, setting: &Setting) {
        self.differences.push(format!("{what}\n{setting:?}\n{document:#}"));
    }
}

fn ours(document: &Json, target: &Target) -> Result<Resolved, String> {
    let profile = Profile::from_json(document).map_err(|wrong| wrong.to_string())?;
    resolve(&profile, target).map_err(|wrong| wrong.to_string())
}

fn compare(library: &Library, generator: &mut Generator, count: &mut Count) {
    let setting = generator.setting();
    let document = generator.document(&setting);
    count.documents += 1;
    let compiled = compile(library, &document, &setting);
    let resolved = ours(&document, &setting.target());
    match (compiled, resolved) {
        (Err(_), Err(_)) => count.refused += 1,
        (Ok(_), Err(wrong)) => {
            count.differs(&format!("we refuse: {wrong}"), &document, &setting);
        }
        (Err(reason), Ok(resolved)) => {
            // Where rules overlap that say different things, libseccomp may refuse.
            if resolved.contested.is_empty() {
                count.differs(&format!("libseccomp refuses: {reason}"), &document, &setting);
            } else {
                count.refused_ambiguous += 1;
            }
        }
        (Ok(compiled), Ok(resolved)) => {
            for _ in 0..CALLS {
                let (abi, number, args) = generator.call(&setting, &document);
                let said = ask(&resolved, &compiled, abi, number, args, count);
                if let Err(what) = said {
                    count.differs(&what, &document, &setting);
                }
            }
        }
    }
}

fn ask(
    resolved: &Resolved,
    compiled: &Compiled,
    abi: Abi,
    number: u32,
    args: [u64; 6],
    count: &mut Count,
) -> Result<(), String> {
    count.queries += 1;
    let theirs = compiled.verdict(token(abi.scmp()), number, args);
    let ours = resolved.verdict_of_number(abi, number, &args.map(Some));
    let same = match &ours {
        Answer::Decided(outcome) => {
            count.ordered += usize::from(is_ordered(resolved, abi, number, outcome));
            outcome.decision.filter_value() == theirs.value
        }
        Answer::Ambiguous(outcomes) => {
            count.ambiguous += 1;
            outcomes.iter().any(|outcome| outcome.decision.filter_value() == theirs.value)
        }
        Answer::Absent | Answer::Unknown | Answer::Depends(..) => false,
    };
    let name = numbers::name(abi, number).unwrap_or("no name");
    if !same && !theirs.saw_number && resolved.abis.contains(&abi) {
        // libseccomp 2.5 forgets to load the number where all rules of an ABI have conditions,
        // but for one about a call that the ABI has not. Such a filter judges nothing.
        count.blind += 1;
        return Ok(());
    }
    same.then_some(()).ok_or_else(|| {
        let clauses: Vec<_> = resolved.clauses(abi, name).iter().map(clause).collect();
        format!(
            "{abi} {number:#x} ({name}) {args:#x?}\nours: {ours:?}\ntheirs: {:#x}\n{}",
            theirs.value,
            clauses.join("\n")
        )
    })
}

/// Whether a rule decides that is an exception to another, or leaves exceptions out: whether
/// libseccomp's order of rules has had a word in it.
fn is_ordered(resolved: &Resolved, abi: Abi, number: u32, outcome: &Outcome) -> bool {
    let Why::Rule { rule, held, .. } = &outcome.why else { return false };
    let name = numbers::name(abi, number).unwrap_or_default();
    let [condition] = &held[..] else { return false };
    let opposite = Condition { compare: Compare::Ne, ..*condition };
    let left_out = |clause: &Clause| {
        clause.rule != *rule && clause.conditions.iter().skip(1).any(|one| *one == opposite)
    };
    match condition.compare {
        Compare::Eq => resolved.clauses(abi, name).iter().any(left_out),
        Compare::Ne => !resolved.outranked(abi, name).is_empty(),
        _ => false,
    }
}

/// A rule in one line.
fn clause(clause: &Clause) -> String {
    let conditions: Vec<_> = clause.conditions.iter().map(ToString::to_string).collect();
    format!("  [{}] {}: {:?}", clause.rule, conditions.join(" and "), clause.decision)
}

/// Goes on to the first difference, where one is wanted.
fn run(documents: usize, seed: u64, one_is_enough: bool) -> Count {
    let library = Library::load();
    let mut generator = Generator { random: Random::new(seed), errnos: &[1, 2, 13, 22, 38, 4094] };
    let mut count = Count::default();
    for _ in 0..documents {
        compare(&library, &mut generator, &mut count);
        if one_is_enough && !count.differences.is_empty() {
            break;
        }
    }
    count
}

#[test]
fn generated_profiles_mean_what_libseccomp_makes_of_them() {
    let seed = seed::seed();
    let count = run(seed::scaled(9_000, 90_000), seed, false);
    let Count {
        documents,
        queries,
        ordered,
        ambiguous,
        refused,
        refused_ambiguous,
        blind,
        differences,
    } = &count;
    println!(
        "{documents} profiles, {queries} calls; {ordered} decided by the order of rules \
         that disagree, {ambiguous} under such rules without a certain order; \
         {refused} profiles refused by both, {refused_ambiguous} with such rules by libseccomp alone; {blind} calls \
         before filters that do not look at the number"
    );
    for difference in differences.iter().take(3) {
        println!("{difference}\n");
    }
    score::record(
        "seccomp_libseccomp",
        "seccomp: profiles and calls against libseccomp",
        &format!("{queries} calls"),
        differences.len(),
    );
    assert_eq!(differences.len(), 0);
    assert!(*queries >= 50_000, "{queries} calls");
    assert!(*ordered > 200, "{ordered} calls are too few");
    assert!(*refused > 50 && *ambiguous > 10, "{refused} refused, {ambiguous} ambiguous");
    assert!(ambiguous * 20 < *queries, "{ambiguous} ambiguous calls are too many");
}

#[test]
fn each_rule_of_the_evaluation_is_judged() {
    let seed = seed::seed();
    for fault in Fault::ALL {
        let injected = inject(fault);
        let count = run(9_000, seed, true);
        drop(injected);
        println!("{fault:?}: noticed after {} profiles", count.documents);
        assert!(!count.differences.is_empty(), "nobody notices {fault:?}");
    }
}

#[test]
fn numbers_are_those_of_libseccomp() {
    let library = Library::load();
    println!("libseccomp {:?}", library.version());
    let mut compared = 0;
    let mut wrong = Vec::new();
    for abi in Abi::all().filter(|abi| numbers::is_known(*abi)) {
        let token = if abi == Abi::X32 { 0x4000_003e } else { abi.audit_arch() };
        for name in numbers::names(abi) {
            // A negative number: another call carries it there, or the library thinks that the
            // ABI has none.
            let theirs =
                library.number_on(token, name).and_then(|number| u32::try_from(number).ok());
            let ours = numbers::number(abi, name);
            if let Some(theirs) = theirs {
                compared += 1;
                if ours != Some(theirs) {
                    wrong.push(format!("{abi} {name}: ours {ours:?}, theirs {theirs}"));
                }
            }
        }
    }
    println!("{compared} numbers");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 4_000);
}
