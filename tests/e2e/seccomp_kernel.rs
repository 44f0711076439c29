//! The evaluator against the kernel of this machine: the filters are loaded, the calls are made.
//!
//! Two filters are written for each profile: ours, rule by rule, and that of libseccomp. Errors of
//! rules are such as no call returns, so that what the kernel itself says is told apart.
#![cfg(test)]
#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::{Command, Stdio};

use kubectl_seccomp::evaluate::{
    Abi, Answer, Compare, Condition, Decision, Resolved, numbers, resolve,
};
use kubectl_seccomp::profile::{Dialect, Profile};
use posture_e2e::seccomp::generate::{Generator, merges};
use posture_e2e::seccomp::reference::compile;
use posture_e2e::seccomp::setting::Setting;
use posture_generators::random::Random;
use posture_harness::{binary, score, seed};
use posture_kernel::bpf::{
    AND, AT_LEAST, Data, EQUAL, GREATER, Instruction, JUMP, LOAD, RETURN, plain, run,
};
use posture_kernel::libseccomp::Library;
use posture_kernel::wire::{Call, Request, Seen};
use serde_json::json;

/// Calls that change nothing: no descriptor is open, and no address is mapped.
const CALLS: [&str; 22] = [
    "read",
    "openat",
    "socket",
    "bind",
    "sendto",
    "accept",
    "listen",
    "connect",
    "personality",
    "getpid",
    "getuid",
    "uname",
    "mkdirat",
    "readlinkat",
    "fchmod",
    "getdents64",
    "fstat",
    "lseek",
    "sched_yield",
    "getrandom",
    "setsockopt",
    "ioctl",
];

const SIGSYS: i32 = 31;
const ENOSYS: i32 = 38;

/// Errors that no call returns.
const ERRNOS: [u32; 3] = [4000, 4001, 4093];

#[cfg(target_arch = "x86_64")]
const GOARCH: &str = "amd64";
#[cfg(target_arch = "aarch64")]
const GOARCH: &str = "arm64";

/// Our own filter: rule by rule, with no thought of size.
fn emit(resolved: &Resolved, setting: &Setting) -> Vec<Instruction> {
    let mut filter = Vec::new();
    for abi in setting.abis().iter().filter(|abi| resolved.abis.contains(abi)) {
        for name in numbers::names(*abi) {
            let Some(number) = numbers::number(*abi, name) else { continue };
            for clause in resolved.clauses(*abi, name) {
                let mut body = Vec::new();
                for condition in clause.conditions.iter().rev() {
                    let rest = body.len();
                    let mut block = compare(condition, rest + 1);
                    block.append(&mut body);
                    body = block;
                }
                body.push(plain(RETURN, clause.decision.filter_value()));
                let mut block = vec![plain(LOAD, 4)];
                block.extend(unless_equal(abi.audit_arch(), body.len() + 3));
                block.push(plain(LOAD, 0));
                block.extend(unless_equal(number, body.len()));
                filter.extend(block);
                filter.extend(body);
            }
        }
    }
    filter.push(plain(LOAD, 4));
    for abi in &resolved.abis {
        let value = resolved.default.filter_value();
        if *abi != Abi::X32 {
            filter.extend(unless_equal(abi.audit_arch(), 1));
            filter.push(plain(RETURN, value));
        }
    }
    filter.push(plain(RETURN, Decision::KillThread.filter_value()));
    filter
}

/// Goes on where the word is equal, else jumps over so many instructions.
fn unless_equal(value: u32, over: usize) -> [Instruction; 2] {
    let over = u32::try_from(over).expect("a short filter");
    [Instruction { jt: 1, ..plain(EQUAL, value) }, plain(JUMP, over)]
}

/// Goes on where a condition holds, else jumps over so many instructions.
fn compare(condition: &Condition, over: usize) -> Vec<Instruction> {
    let offset = 16 + 8 * u32::from(condition.arg);
    let word = |value: u64, shift: u32| (value >> shift & 0xffff_ffff) as u32;
    let (low, high) = (word(condition.datum, 0), word(condition.datum, 32));
    let (low_mask, high_mask) = (word(condition.mask, 0), word(condition.mask, 32));
    // Whether the condition is about greater values, or about those that are not; and whether it
    // includes the value itself.
    let (code, wanted) = match condition.compare {
        Compare::Gt => (GREATER, true),
        Compare::Le => (GREATER, false),
        Compare::Ge => (AT_LEAST, true),
        Compare::Lt => (AT_LEAST, false),
        Compare::Ne => (EQUAL, false),
        Compare::Eq | Compare::Masked => (EQUAL, true),
    };
    let over = u32::try_from(over).expect("a short filter");
    // Words: high greater → holds; high different → fails; low decides.
    let mut block = vec![plain(LOAD, offset + 4), plain(AND, high_mask)];
    if code != EQUAL {
        // To "yes", five instructions on.
        block.push(Instruction { jt: 5, ..plain(GREATER, high) });
    }
    // To "no", five on.
    block.push(Instruction { jf: 5, ..plain(EQUAL, high) });
    block.push(plain(LOAD, offset));
    block.push(plain(AND, low_mask));
    block.push(Instruction { jt: 1, ..plain(code, low) });
    block.push(plain(JUMP, 1));
    // "yes", one instruction; then "no", one instruction.
    if wanted {
        block.push(plain(JUMP, 1));
        block.push(plain(JUMP, over));
    } else {
        block.push(plain(JUMP, over + 1));
        block.push(plain(JUMP, 0));
    }
    block
}

/// What must be seen where this becomes of a call.
fn fits(decision: Decision, seen: Seen) -> bool {
    match (decision, seen) {
        (Decision::Allow | Decision::Log, Seen::Returned { errno, .. }) => {
            u32::try_from(errno).is_ok_and(|errno| !ERRNOS.contains(&errno))
        }
        (Decision::Errno(code), Seen::Returned { errno, .. }) => errno == i32::from(code),
        (Decision::Trace(_) | Decision::Notify, Seen::Returned { errno, .. }) => errno == ENOSYS,
        (Decision::Trap | Decision::KillThread | Decision::KillProcess, Seen::Ended(signal)) => {
            signal == SIGSYS
        }
        _ => false,
    }
}

/// A request, and for each call what we say and how to tell of it.
type Asked = (Request, Vec<(Decision, String)>);

fn observe(requests: &[Request]) -> Vec<Vec<Seen>> {
    let mut helper = Command::new(binary::path("posture-kernel"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the helper starts");
    let input = serde_json::to_vec(requests).expect("requests are JSON");
    helper.stdin.take().expect("a pipe").write_all(&input).expect("the helper reads");
    let output = helper.wait_with_output().expect("the helper ends");
    assert!(output.status.success(), "the helper failed");
    serde_json::from_slice(&output.stdout).expect("the helper answers")
}

/// Documents about calls that change nothing.
fn document(generator: &mut Generator, setting: &Setting) -> serde_json::Value {
    loop {
        let document = renamed(generator, setting);
        if !merges(&document) {
            return document;
        }
    }
}

fn renamed(generator: &mut Generator, setting: &Setting) -> serde_json::Value {
    let mut document = generator.document(setting);
    // Rules about one call more often than not, so that they meet.
    let one = generator.random.percent(40).then(|| generator.random.pick(&CALLS));
    for rule in document["syscalls"].as_array_mut().into_iter().flatten() {
        let count = 1 + generator.random.below(3);
        let names: Vec<&str> = (0..count).map(|_| generator.random.pick(&CALLS)).collect();
        rule["names"] = one.map_or_else(|| json!(names), |one| json!([one]));
        if let Some(rule) = rule.as_object_mut() {
            rule.remove("name");
        }
    }
    document
}

#[test]
fn the_kernel_does_what_we_say() {
    let seed = seed::seed();
    let library = Library::load();
    let mut generator = Generator { random: Random::new(seed), errnos: &ERRNOS };
    let mut asked: Vec<Asked> = Vec::new();
    while asked.len() < seed::scaled(500, 5_000) {
        let setting = Setting { goarch: GOARCH, ..generator.setting() };
        let mut document = document(&mut generator, &setting);
        // The stub answers with an error of the kernel's own.
        let setting = Setting { runc: false, reader: Dialect::Moby, ..setting };
        document["defaultErrnoRet"] = json!(ERRNOS[0]);
        for rule in document["syscalls"].as_array_mut().into_iter().flatten() {
            rule["errnoRet"] = json!(ERRNOS[1 + generator.random.below(2)]);
        }
        let profile = Profile::from_json(&document).expect("a generated profile is one");
        let Ok(resolved) = resolve(&profile, &setting.target()) else { continue };
        if !resolved.contested.is_empty() {
            continue;
        }
        let mut filters = vec![("ours", emit(&resolved, &setting))];
        if let Ok(compiled) = compile(&library, &document, &setting) {
            filters.push(("libseccomp's", compiled.filter));
        }
        let mut calls = Vec::new();
        let mut said = Vec::new();
        for _ in 0..6 {
            let own = document["syscalls"][0]["names"][0].as_str();
            let own = own.filter(|_| generator.random.percent(40));
            let name = own.unwrap_or_else(|| generator.random.pick(&CALLS));
            let compat = cfg!(target_arch = "x86_64") && generator.random.percent(25);
            let abi = if compat { Abi::X86 } else { setting.machine().native() };
            let Some(number) = numbers::number(abi, name) else { continue };
            let of_three = |condition: &Condition| condition.arg < 3;
            let clauses = resolved.clauses(abi, name);
            if compat && !clauses.iter().flat_map(|clause| &clause.conditions).all(of_three) {
                continue;
            }
            let mut args = generator.arguments_of(&document);
            if compat {
                // The entry has 32-bit registers, and we fill three of them.
                args = args.map(|value| value & 0xffff_ffff);
                args[3..].fill(0);
            }
            let answer = resolved.verdict(abi, name, &args.map(Some));
            let Answer::Decided(outcome) = answer else { panic!("{answer:?}") };
            // libseccomp 2.5 forgets to load the number before some filters, which judge nothing.
            let data = Data { number, arch: abi.audit_arch(), args };
            filters.retain(|(_, filter)| {
                !resolved.abis.contains(&abi) || run(filter, &data).is_ok_and(|ran| ran.saw_number)
            });
            calls.push(Call { compat, number, args });
            said.push((outcome.decision, format!("{abi} {name} {args:x?}\n{document:#}")));
        }
        for (whose, filter) in filters {
            let said = said.iter().map(|(one, what)| (*one, format!("{whose}: {what}"))).collect();
            asked.push((Request { filter, calls: calls.clone() }, said));
        }
    }
    let requests: Vec<Request> = asked.iter().map(|(request, _)| request.clone()).collect();
    let mut wrong = Vec::new();
    let (mut compared, mut refused) = (0, 0);
    for ((_, said), seen) in asked.iter().zip(observe(&requests)) {
        for ((decision, what), seen) in said.iter().zip(seen) {
            compared += 1;
            refused += usize::from(!decision.passes());
            if !fits(*decision, seen) {
                wrong.push(format!("we say {decision:?}, seen {seen:?}: {what}"));
            }
        }
    }
    println!("{compared} calls made, {refused} of them stopped; {} differ", wrong.len());
    for one in wrong.iter().take(3) {
        println!("{one}");
    }
    score::record(
        "seccomp_kernel",
        "seccomp: calls made under loaded filters, against this machine's kernel",
        &format!("{compared} calls"),
        wrong.len(),
    );
    assert_eq!(wrong.len(), 0);
    assert!(compared > 2_000 && refused > 500 && compared - refused > 200);
}
