//! The rules of the evaluation, one small profile each.

use serde_json::{Value as Json, json};

use super::testing::{answer, profile, target};
use super::*;
use crate::profile::{Dialect, Profile};

/// What becomes of a call, where that is certain.
fn decision(resolved: &Resolved, abi: Abi, name: &str, args: [u64; 6]) -> Decision {
    match resolved.verdict(abi, name, &args.map(Some)) {
        Answer::Decided(outcome) => outcome.decision,
        other => panic!("{other:?}"),
    }
}

fn on(rules: &Json, extra: &Json) -> Resolved {
    let mut json = json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules});
    for (key, value) in extra.as_object().unwrap() {
        json[key] = value.clone();
    }
    resolve(&Profile::from_json(&json).unwrap(), &target()).unwrap()
}

#[test]
fn the_first_rule_without_conditions_wins_and_swallows_the_others() {
    let rules = json!([
        {"names": ["read"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"}]},
        {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["read"], "action": "SCMP_ACT_KILL"},
    ]);
    let resolved = on(&rules, &json!({}));
    assert_eq!(decision(&resolved, Abi::X86_64, "read", [7; 6]), Decision::Allow);
    assert_eq!(resolved.shadowed(Abi::X86_64, "read"), [0, 2]);
}

#[test]
fn what_the_default_does_stands_in_nobodys_way() {
    let rules = json!([
        {"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
        {"names": ["bpf"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2},
    ]);
    let resolved = on(&rules, &json!({}));
    assert_eq!(resolved.fates, [Fate::EqualToDefault, Fate::Counts, Fate::Counts]);
    assert_eq!(decision(&resolved, Abi::X86_64, "bpf", [0; 6]), Decision::Allow);
    assert_eq!(decision(&resolved, Abi::X86_64, "read", [0; 6]), Decision::Errno(2));
}

#[test]
fn rules_see_sockets_of_32_bits_as_one_call() {
    let rules = json!([
        {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": 38, "op": "SCMP_CMP_NE"}]},
    ]);
    let resolved = on(&rules, &json!({"architectures": ["SCMP_ARCH_X86"]}));
    let refused = Decision::Errno(1);
    assert_eq!(decision(&resolved, Abi::X86, "socket", [38, 0, 0, 0, 0, 0]), refused);
    // The same socket, through socketcall(SYS_SOCKET).
    assert_eq!(decision(&resolved, Abi::X86, "socketcall", [1, 0, 0, 0, 0, 0]), Decision::Allow);
    assert_eq!(decision(&resolved, Abi::X86, "socketcall", [2, 0, 0, 0, 0, 0]), refused);
    assert_eq!(decision(&resolved, Abi::X32, "socket", [1; 6]), Decision::KillThread);
}

#[test]
fn the_same_conditions_twice_stop_the_container() {
    let rules = json!([
        {"names": ["read"], "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
        {"names": ["read"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
    ]);
    let wrong = resolve(&profile(&rules), &target()).unwrap_err();
    assert!(wrong.to_string().starts_with("syscalls[1]: says something else than syscalls[0]"));
}

#[test]
fn overlapping_rules_that_disagree_are_both_shown() {
    let rules = json!([
        {"names": ["read"], "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
        {"names": ["read"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]},
    ]);
    let resolved = on(&rules, &json!({}));
    assert_eq!(resolved.contested[0].args, Some([1, 2, 0, 0, 0, 0]));
    let answer = resolved.verdict(Abi::X86_64, "read", &[Some(1), Some(2), None, None, None, None]);
    let Answer::Ambiguous(outcomes) = answer else { panic!("{answer:?}") };
    let decisions: Vec<_> = outcomes.iter().map(|outcome| outcome.decision).collect();
    assert_eq!(decisions, [Decision::Allow, Decision::Log]);
}

#[test]
fn calls_newer_than_the_profile_do_not_exist_to_runc() {
    let rules = json!([{"names": ["close_range"], "action": "SCMP_ACT_ALLOW"}]);
    let resolved = on(&rules, &json!({}));
    let answer = resolved.verdict(Abi::X86_64, "cachestat", &[None; 6]);
    let outcome = Outcome { decision: Decision::Errno(38), why: Why::NewerThanProfile(436) };
    assert_eq!(answer, Answer::Decided(outcome));
    assert_eq!(decision(&resolved, Abi::X86_64, "bpf", [0; 6]), Decision::Errno(1));
    let crun = Target { runtime: Runtime::Crun, ..target() };
    let resolved = resolve(&profile(&rules), &crun).unwrap();
    assert_eq!(decision(&resolved, Abi::X86_64, "cachestat", [0; 6]), Decision::Errno(1));
}

#[test]
fn a_profile_of_moby_is_nearly_open_to_who_reads_plain_fields() {
    let rules = json!([
        {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    ]);
    assert!(matches!(
        answer(&rules, "mount", &target()),
        Answer::Decided(Outcome { decision: Decision::Errno(1), why: Why::Default })
    ));
    let containerd = Target { reader: Dialect::Oci, ..target() };
    assert!(matches!(
        answer(&rules, "mount", &containerd),
        Answer::Decided(Outcome { decision: Decision::Allow, .. })
    ));
}

#[test]
fn what_no_runtime_takes_is_refused_with_its_place() {
    for (document, message) in [
        (json!({"syscalls": [{}]}), "defaultAction: is missing"),
        (json!({"defaultAction": "SCMP_ACT_NO"}), "defaultAction: no runtime knows"),
        (
            json!({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4095}),
            "defaultAction: libseccomp takes no error above 4094",
        ),
        (
            json!({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_ARM64"]}),
            "architectures[0]: the runtime does not know",
        ),
        (
            json!({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_S390X"]}),
            "architectures[0]: no filter can hold s390x beside x86_64",
        ),
        (
            json!({"defaultAction": "SCMP_ACT_ERRNO", "flags": ["SECCOMP_FILTER_FLAG_NO"]}),
            "flags[0]: the runtime does not know",
        ),
        (
            json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
                {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6}]}]}),
            "syscalls[0].args[0]: is no condition",
        ),
        (
            json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
                {"name": "read", "names": ["write"], "action": "SCMP_ACT_ALLOW"}]}),
            "syscalls[0].name: has no place beside names",
        ),
    ] {
        let profile = Profile::from_json(&document).unwrap();
        let wrong = resolve(&profile, &target()).unwrap_err().to_string();
        assert!(wrong.starts_with(message), "{wrong}");
    }
    let off = resolve(&Profile::default(), &target()).unwrap();
    assert!(off.off);
    assert_eq!(decision(&off, Abi::X86, "mount", [0; 6]), Decision::Allow);
}
