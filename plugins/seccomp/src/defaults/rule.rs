//! One rule as one line of the data: everything of it but the names of the system calls.
//!
//! ```text
//! ACTION [errno] [ERRNO] [with CAP,CAP] [without CAP,CAP] [on ARCH,ARCH] [not-on ARCH,ARCH]
//!     [since 4.8] [before 4.8] [arg0=1] [arg0&0x7e020000=0x0] …
//! ```
//!
//! The words after the action are `errnoRet`, `errno`, the capabilities, architectures and kernels
//! of `includes` and `excludes`, and the conditions on arguments.

use std::fmt::Write;

use crate::profile::{Action, Arg, Gate, Kernel, Op, Profile, Rule};

/// How the comparisons are written, the longest first.
const OPS: [(&str, Op); 6] =
    [("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("<", Op::Lt), (">", Op::Gt), ("=", Op::Eq)];

/// Numbers from here on are written in hexadecimal.
const HEXADECIMAL: u64 = 256;

const ACTION: &str = "SCMP_ACT_";

/// Writes a rule without its names. `None` where the line has no way to say it.
pub fn line(rule: &Rule) -> Option<String> {
    let mut line = action(rule.action.as_ref(), rule.errno_ret, rule.errno.as_deref())?;
    for (gate, [caps, arches, kernel]) in [
        (&rule.includes, ["with", "on", "since"]),
        (&rule.excludes, ["without", "not-on", "before"]),
    ] {
        for (word, list) in [(caps, &gate.caps), (arches, &gate.arches)] {
            if !list.is_empty() {
                write!(line, " {word} {}", list.join(",")).ok()?;
            }
        }
        if let Some(version) = gate.min_kernel {
            write!(line, " {kernel} {version}").ok()?;
        }
    }
    for arg in &rule.args {
        let value = number(arg.value);
        if arg.op == Op::MaskedEq {
            write!(line, " arg{}&{value}={}", arg.index, number(arg.value_two)).ok()?;
        } else {
            let (sign, _) = OPS.iter().find(|(_, op)| *op == arg.op)?;
            write!(line, " arg{}{sign}{value}", arg.index).ok()?;
        }
    }
    Some(line)
}

/// Writes the default action of a profile, as the action of a rule.
pub fn default(profile: &Profile) -> Option<String> {
    let errno = profile.default_errno.as_deref();
    action(profile.default_action.as_ref(), profile.default_errno_ret, errno)
}

/// Reads a rule. `None` for what [`line`] does not write.
pub fn read(line: &str) -> Option<Rule> {
    let mut words = line.split(' ').peekable();
    let mut rule = Rule { action: Some(named(words.next()?)?), ..Rule::default() };
    if let Some(number) = words.peek().and_then(|word| word.parse().ok()) {
        rule.errno_ret = Some(number);
        words.next();
    }
    if let Some(name) = words.next_if(|word| word.starts_with('E')) {
        rule.errno = Some(name.to_owned());
    }
    while let Some(word) = words.next() {
        if let Some(condition) = word.strip_prefix("arg") {
            rule.args.push(arg(condition)?);
            continue;
        }
        let value = words.next()?;
        let list = || value.split(',').map(str::to_owned).collect();
        match word {
            "with" => rule.includes.caps = list(),
            "on" => rule.includes.arches = list(),
            "since" => rule.includes.min_kernel = Some(kernel(value)?),
            "without" => rule.excludes.caps = list(),
            "not-on" => rule.excludes.arches = list(),
            "before" => rule.excludes.min_kernel = Some(kernel(value)?),
            _ => return None,
        }
    }
    Some(rule)
}

/// Reads the default action into a profile. `None` for what [`default`] does not write.
pub fn read_default(line: &str, profile: &mut Profile) -> Option<()> {
    let rule = read(line)?;
    if rule.includes != Gate::default() || rule.excludes != Gate::default() || !rule.args.is_empty()
    {
        return None;
    }
    profile.default_action = rule.action;
    profile.default_errno_ret = rule.errno_ret;
    profile.default_errno = rule.errno;
    Some(())
}

fn action(action: Option<&Action>, number: Option<u32>, name: Option<&str>) -> Option<String> {
    let mut line = action?.name().strip_prefix(ACTION)?.to_owned();
    if let Some(number) = number {
        write!(line, " {number}").ok()?;
    }
    if let Some(name) = name {
        write!(line, " {name}").ok()?;
    }
    Some(line)
}

fn named(word: &str) -> Option<Action> {
    match Action::named(&format!("{ACTION}{word}")) {
        Action::Other(_) => None,
        known => Some(known),
    }
}

fn kernel(text: &str) -> Option<Kernel> {
    text.parse().ok()
}

fn arg(condition: &str) -> Option<Arg> {
    let end = condition.find(|letter: char| !letter.is_ascii_digit())?;
    let (index, comparison) = condition.split_at(end);
    let index = index.parse().ok()?;
    if let Some(masked) = comparison.strip_prefix('&') {
        let (mask, equal) = masked.split_once('=')?;
        return Some(Arg {
            index,
            value: value(mask)?,
            value_two: value(equal)?,
            op: Op::MaskedEq,
        });
    }
    let (sign, op) = OPS.iter().find(|(sign, _)| comparison.starts_with(sign))?;
    Some(Arg { index, value: value(&comparison[sign.len()..])?, value_two: 0, op: op.clone() })
}

fn number(value: u64) -> String {
    if value < HEXADECIMAL { value.to_string() } else { format!("{value:#x}") }
}

fn value(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        for text in [
            "ALLOW",
            "ERRNO 38",
            "ERRNO 38 ENOSYS without CAP_SYS_ADMIN",
            "ERRNO EPERM",
            "ALLOW since 4.8",
            "ALLOW on amd64,x32 before 6.1",
            "ALLOW with CAP_SYS_ADMIN,CAP_BPF not-on s390x arg0&0x7e020000=0",
            "LOG arg0=40 arg1!=3 arg2<4 arg3<=5 arg4>6 arg5>=0xffffffff",
            "KILL_PROCESS",
        ] {
            let rule = read(text);
            assert_eq!(rule.as_ref().and_then(line).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_rule_is_not_read() {
        for text in [
            "",
            "PERHAPS",
            "ALLOW if",
            "ALLOW with",
            "ALLOW since now",
            "ALLOW argx=1",
            "ALLOW arg0~1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_default_has_no_conditions() {
        let mut profile = Profile::default();
        assert_eq!(read_default("ERRNO 1", &mut profile), Some(()));
        assert_eq!(default(&profile).as_deref(), Some("ERRNO 1"));
        assert_eq!(read_default("ERRNO 1 since 4.8", &mut profile), None);
    }
}
