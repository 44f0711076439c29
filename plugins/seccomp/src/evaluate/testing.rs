//! What the tests of the evaluation share.

use serde_json::{Value as Json, json};

use super::{Abi, Answer, Case, Outcome, Runtime, Target, resolve};
use crate::profile::{Dialect, Kernel, Profile};

/// A container without capabilities on a node of today.
pub(super) fn target() -> Target {
    Target {
        machine: "amd64".parse().unwrap(),
        kernel: Kernel(6, 8),
        caps: ["CAP_CHOWN".to_owned()].into(),
        reader: Dialect::Moby,
        runtime: Runtime::Runc,
    }
}

/// A profile that refuses with EPERM, and these rules.
pub(super) fn profile(rules: &Json) -> Profile {
    let json = json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules});
    Profile::from_json(&json).unwrap()
}

/// What becomes of a call with arguments that nobody knows.
pub(super) fn answer(rules: &Json, name: &str, target: &Target) -> Answer {
    let resolved = resolve(&profile(rules), target).unwrap();
    resolved.verdict(Abi::X86_64, name, &[None; 6])
}

/// The same, where it depends on them.
pub(super) fn depends(rules: &Json, name: &str, target: &Target) -> (Vec<Case>, Outcome) {
    match answer(rules, name, target) {
        Answer::Depends(cases, rest) => (cases, rest),
        other => panic!("{other:?}"),
    }
}
