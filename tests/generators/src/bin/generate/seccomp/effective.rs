//! What the rules of a container's profile come to.

use std::collections::{BTreeMap, BTreeSet};

use kubectl_seccomp::defaults::rule;
use kubectl_seccomp::profile::{Action, Gate, Profile, Rule};

use crate::Result;

/// The error that a runtime takes where a profile gives none.
const EPERM: u32 = 1;

/// The rules of each system call, as lines of the data, that decide anything: a rule that does what
/// the default does is dropped, as every runtime does; of the others the first without conditions
/// counts alone, as libseccomp has it.
pub(super) type Calls = BTreeMap<String, BTreeSet<String>>;

/// What `rules` come to in a profile.
pub(super) fn calls<'a>(profile: &Profile, rules: impl Iterator<Item = &'a Rule>) -> Result<Calls> {
    let does = |action: Option<&Action>, errno: Option<u32>| {
        let errno = (action == Some(&Action::Errno)).then(|| errno.unwrap_or(EPERM));
        (action.cloned(), errno)
    };
    let default = does(profile.default_action.as_ref(), profile.default_errno_ret);
    let mut settled = BTreeSet::new();
    let mut calls = Calls::new();
    for rule in rules.filter(|rule| does(rule.action.as_ref(), rule.errno_ret) != default) {
        let ungated = Rule { includes: Gate::default(), excludes: Gate::default(), ..rule.clone() };
        let line = rule::line(&ungated).ok_or_else(|| format!("no line says {ungated:?}"))?;
        for name in rule.name.iter().chain(&rule.names) {
            if settled.contains(name) {
                continue;
            }
            let lines = calls.entry(name.clone()).or_default();
            if rule.args.is_empty() {
                lines.clear();
                settled.insert(name.clone());
            }
            lines.insert(line.clone());
        }
    }
    Ok(calls)
}
