//! The views of a profile agree with each other, and with what is known of the runtimes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::defaults::Runtime;
use crate::evaluate::numbers;
use crate::profile::{Kernel, Profile};

fn around(add: &[&str], drop: &[&str]) -> Surroundings {
    let list = |caps: &[&str]| caps.iter().map(|cap| (*cap).to_owned()).collect::<Vec<_>>();
    Surroundings {
        machine: "amd64".parse().unwrap(),
        kernel: Kernel(6, 12),
        caps: Changes::asked(&list(add), &list(drop)).unwrap(),
    }
}

fn place(runtime: Runtime, version: &str) -> Place {
    Place::of_release(runtime, version, &around(&[], &[])).unwrap()
}

fn ask(call: &str, places: &[Place]) -> Answers {
    answer(&Question { call: Call::parse(call).unwrap(), history: false }, places)
}

const RELEASES: [(Runtime, &str); 5] = [
    (Runtime::Containerd, "1.7.27"),
    (Runtime::Containerd, "2.4.2"),
    (Runtime::Docker, "28.5.2"),
    (Runtime::CriO, "1.33"),
    (Runtime::ContainersCommon, "0.68.0"),
];

#[test]
fn what_is_blocked_by_group_is_what_is_refused_call_by_call() {
    for (runtime, version) in RELEASES {
        let place = place(runtime, version);
        let seen = overview(&place, &mut Filters::default());
        let sight = &seen.readings[0];
        let blocked: BTreeSet<&str> =
            sight.blocked.iter().flat_map(|group| &group.calls).map(String::as_str).collect();
        let partly: BTreeSet<&str> = sight.partly.iter().map(|call| &*call.call).collect();
        let mut allowed = 0;
        let target = place.target();
        let (_, profile) = place.profiles()[0];
        let resolved = Filters::default().get(profile, &target).unwrap();
        for name in numbers::names(place.machine.native()) {
            let call = Call::parse(name).unwrap();
            let verdict = verdict::verdicts(&call, profile, &resolved, &target)[0].verdict;
            assert_eq!(blocked.contains(name), verdict == "refused", "{runtime} {name}");
            assert_eq!(partly.contains(name), verdict == "depends", "{runtime} {name}");
            allowed += usize::from(verdict == "allowed");
        }
        assert_eq!(sight.allowed, allowed);
        let listed: usize = sight.verdicts.values().map(Vec::len).sum();
        assert_eq!(listed, blocked.len());
    }
}

#[test]
fn what_a_capability_would_open_is_open_with_it() {
    for (runtime, version) in RELEASES {
        let seen = overview(&place(runtime, version), &mut Filters::default());
        let sight = &seen.readings[0];
        assert!(sight.capabilities.len() > 8, "{runtime}");
        for opened in sight.capabilities.iter().filter(|opened| !opened.held) {
            let with = around(&[&opened.cap], &[]);
            let with = Place::of_release(runtime, version, &with).unwrap();
            let after = overview(&with, &mut Filters::default());
            let held = after.readings[0].capabilities.iter().find(|one| one.cap == opened.cap);
            assert_eq!(held.map(|one| (one.held, &one.opens)), Some((true, &opened.opens)));
            let blocked = |sight: &Sight, call: &str| {
                sight.blocked.iter().any(|group| group.calls.iter().any(|one| one == call))
            };
            for call in opened.opens.iter().filter(|call| blocked(sight, call)) {
                assert!(!blocked(&after.readings[0], call), "{runtime} {call}");
            }
        }
    }
}

#[test]
fn places_where_the_same_becomes_of_a_call_are_put_together() {
    let places = [
        place(Runtime::Containerd, "1.7.31"),
        place(Runtime::Containerd, "1.7.32"),
        place(Runtime::Containerd, "2.1.9"),
        place(Runtime::Containerd, "2.2.4"),
    ];
    let answers = ask("socket(AF_ALG)", &places);
    let groups: Vec<_> =
        answers.groups.iter().map(|group| (&*group.verdict, &*group.places)).collect();
    assert_eq!(groups, [("allowed", &[0, 2][..]), ("refused with EPERM", &[1, 3])]);
    assert!(answers.complete() && answers.needs.is_empty());
}

#[test]
fn each_filter_is_made_once() {
    let mut filters = Filters::default();
    let target = place(Runtime::Containerd, "1.7.27").target();
    for version in ["1.7.27", "1.7.13", "1.7.31"] {
        let place = place(Runtime::Containerd, version);
        for (_, profile) in place.profiles() {
            assert!(filters.get(profile, &target).is_ok());
        }
    }
    assert_eq!(filters.count(), 1);
}

#[test]
fn between_two_that_differ_both_are_said() {
    let answers = ask("socket(AF_ALG)", &[place(Runtime::Containerd, "2.0.9")]);
    assert_eq!(answers.answers[0].verdict(), "uncertain: allowed, or refused with EPERM");
    assert!(!answers.complete());
    // Where they agree, it is certain.
    let answers = ask("ptrace", &[place(Runtime::Containerd, "2.0.9")]);
    assert_eq!(answers.answers[0].verdict(), "allowed");
    assert!(answers.complete());
    assert!(!ask("ptrace", &[place(Runtime::Containerd, "2.9.0")]).complete());
}

#[test]
fn a_call_that_an_architecture_lacks_is_not_blocked() {
    let arm = Surroundings { machine: "arm64".parse().unwrap(), ..around(&[], &[]) };
    let place = Place::of_release(Runtime::Containerd, "2.4.2", &arm).unwrap();
    let answers = ask("open", std::slice::from_ref(&place));
    let abis: Vec<_> = answers.answers[0].readings[0].abis.iter().map(|one| one.verdict).collect();
    assert_eq!(abis, ["absent", "allowed"]);
    let seen = overview(&place, &mut Filters::default());
    let mut calls = seen.readings[0].blocked.iter().flat_map(|group| &group.calls);
    assert!(!calls.any(|call| call == "open" || call == "iopl"));
}

#[test]
fn a_profile_with_which_nothing_starts_is_said_to_be_one() {
    let json = json!({"defaultAction": "SCMP_ACT_NOTHING"});
    let profile = Arc::new(Profile::from_json(&json).unwrap());
    let document = Document { name: "x.json".to_owned(), profile, reader: Runtime::CriO };
    let place = Place::of_document(document, &around(&[], &[]));
    let answers = ask("read", std::slice::from_ref(&place));
    assert_eq!(answers.answers[0].verdict(), "no container starts");
    assert!(overview(&place, &mut Filters::default()).readings[0].refused.is_some());
}

/// A document that CRI-O loads.
fn loaded(rules: &serde_json::Value) -> Place {
    let json = json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules});
    let profile = Arc::new(Profile::from_json(&json).unwrap());
    let document = Document { name: "x.json".to_owned(), profile, reader: Runtime::CriO };
    Place::of_document(document, &around(&[], &[]))
}

#[test]
fn rules_that_disagree_about_a_call_are_no_answer() {
    let rules = json!([
        {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_NE"}]},
        {"names": ["socket"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 1, "value": 3, "op": "SCMP_CMP_EQ"}]},
    ]);
    let places = [loaded(&rules)];
    let answers = ask("socket(AF_VSOCK, SOCK_RAW)", &places);
    assert_eq!(answers.answers[0].readings[0].abis[0].verdict, "ambiguous");
    assert!(!answers.complete());
    let answers = ask("socket", &places);
    let native = &answers.answers[0].readings[0].abis[0];
    assert!(native.reason.contains("overlap and disagree"), "{}", native.reason);
    assert!(ask("socket(AF_INET, SOCK_STREAM)", &places).complete());
}

#[test]
fn an_exception_is_said_to_be_one() {
    // The profile refuses family 40, and allows every family but 16.
    let places = [place(Runtime::CriO, "1.36")];
    let answers = ask("socket(AF_VSOCK)", &places);
    assert_eq!(answers.answers[0].verdict(), "refused with EPERM");
    assert!(answers.complete());
    let native = |answers: &Answers| answers.answers[0].readings[0].abis[0].clone();
    let fates: Vec<String> = native(&answers).rules.into_iter().map(|rule| rule.fate).collect();
    assert_eq!(fates.iter().filter(|fate| *fate == "decides").count(), 1, "{fates:?}");
    let whole = native(&ask("socket", &places));
    assert!(!whole.text.contains("else"), "{}", whole.text);
    assert!(!whole.reason.contains("disagree"), "{}", whole.reason);
    let rules = json!([
        {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
        {"names": ["socket"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]},
    ]);
    let answers = ask("socket(AF_NETLINK)", &[loaded(&rules)]);
    assert_eq!(answers.answers[0].verdict(), "allowed");
    let fate = &native(&answers).rules[1].fate;
    assert_eq!(fate, "counts for nothing: libseccomp asks about a larger value first");
}
