//! A call as somebody writes it: `ptrace`, `socket(AF_ALG)`, `clone(CLONE_NEWUSER|SIGCHLD, *)`.

use std::fmt;

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};

use super::constants::kind;
use crate::evaluate::{Abi, Arguments, numbers};

/// A system call with what is known of its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// The values of its arguments, as its manual page counts them.
    pub args: Arguments,
    /// The arguments as they were written; empty for a bare name.
    pub written: Vec<String>,
}

/// How many arguments a call has at most.
const ARGUMENTS: usize = 6;

impl Call {
    /// Reads a call. Arguments are numbers (decimal, `0x…`, `0…`) or names of the kernel's, put
    /// together with `|`; `*`, and what is left away, is not known. Fails on what no ABI has.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, rest) = match text.split_once('(') {
            None => (text.trim(), None),
            Some((name, rest)) => {
                let rest = rest.trim_end().strip_suffix(')').ok_or_else(|| {
                    Error::usage(format!("{text:?} ends without a bracket"))
                        .hint("write a call like 'socket(AF_ALG)'")
                })?;
                (name.trim(), Some(rest))
            }
        };
        if !numbers::exists(name) {
            return Err(unknown(name));
        }
        let mut call = Self { name: name.to_owned(), args: [None; 6], written: Vec::new() };
        let Some(rest) = rest.filter(|rest| !rest.trim().is_empty()) else { return Ok(call) };
        call.written = rest.split(',').map(|one| one.trim().to_owned()).collect();
        if call.written.len() > ARGUMENTS {
            let count = call.written.len();
            return Err(Error::usage(format!("a call has {ARGUMENTS} arguments, not {count}")));
        }
        for position in 0..call.written.len() {
            call.args[position] = call.value(position)?;
        }
        Ok(call)
    }

    /// The value that was written for an argument; `None` for one that is not known.
    fn value(&self, position: usize) -> Result<Option<u64>> {
        let text = self.written[position].as_str();
        if matches!(text, "" | "*" | "?" | "_") {
            return Ok(None);
        }
        let mut value = 0;
        for part in text.split('|').map(str::trim) {
            value |= match number(part) {
                Some(number) => number,
                None => self.named(position, part)?,
            };
        }
        Ok(Some(value))
    }

    fn named(&self, position: usize, name: &str) -> Result<u64> {
        let kind = kind(&self.name, position, self.args[0]);
        if let Some(number) = kind.and_then(|kind| kind.number(name)) {
            return Ok(number);
        }
        let error = Error::usage(format!(
            "{name:?} is no value known here of argument {} of {}",
            position + 1,
            self.name
        ));
        let known = kind.into_iter().flat_map(|kind| kind.names.iter().map(|(name, _)| *name));
        Err(match nearest(name, known) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("write it as a number, or * where it does not matter"),
        })
    }

    /// The arguments as an ABI has them: `clone` of S/390 takes its flags second.
    ///
    /// Source: `CONFIG_CLONE_BACKWARDS2` in kernel/fork.c of Linux.
    pub fn arguments(&self, abi: Abi) -> Arguments {
        let mut args = self.args;
        if self.name == "clone" && matches!(abi, Abi::S390 | Abi::S390x) {
            args.swap(0, 1);
        }
        args
    }

    /// Whether nothing is known of its arguments.
    pub fn is_bare(&self) -> bool {
        self.args.iter().all(Option::is_none)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.written.is_empty() { Ok(()) } else { write!(f, "({})", self.written.join(", ")) }
    }
}

fn unknown(name: &str) -> Error {
    let mut names: Vec<&str> = Abi::all().flat_map(numbers::names).collect();
    names.sort_unstable();
    names.dedup();
    let error = Error::usage(format!("{name:?} is no system call"));
    match nearest(name, names.into_iter()) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("a library's function may make several calls: strace shows which"),
    }
}

/// A number as C writes it, also a negative one, as 64 bits.
fn number(text: &str) -> Option<u64> {
    if let Some(positive) = text.strip_prefix('-') {
        return number(positive).map(u64::wrapping_neg);
    }
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = if let Some(digits) = lower.strip_prefix("0x") {
        (digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (digits, 8)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (&lower[1..], 8)
    } else {
        (lower.as_str(), 10)
    };
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Arguments {
        Call::parse(text).unwrap().args
    }

    #[test]
    fn arguments_are_names_and_numbers() {
        assert_eq!(args("ptrace"), [None; 6]);
        assert_eq!(args("ptrace()"), [None; 6]);
        assert_eq!(args("socket(AF_ALG)")[0], Some(38));
        assert_eq!(args("socket( 38 , *, 0)")[..3], [Some(38), None, Some(0)]);
        assert_eq!(
            args("socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_AUDIT)")[..3],
            [Some(16), Some(0x8_0003), Some(9)]
        );
        assert_eq!(args("clone(CLONE_NEWUSER|SIGCHLD)")[0], Some(0x1000_0011));
        assert_eq!(args("personality(0xffffffff)")[0], Some(0xffff_ffff));
        assert_eq!(args("personality(-1)")[0], Some(u64::MAX));
        assert_eq!(args("personality(010)")[0], Some(8));
        assert_eq!(args("lseek(,,2)")[..3], [None, None, Some(2)]);
    }

    #[test]
    fn flags_of_clone_stand_second_on_s390x() {
        let call = Call::parse("clone(CLONE_NEWUSER)").unwrap();
        assert_eq!(call.arguments(Abi::X86_64)[0], Some(0x1000_0000));
        assert_eq!(call.arguments(Abi::S390x)[..2], [None, Some(0x1000_0000)]);
    }

    #[test]
    fn slips_are_named() {
        let refused = |text: &str| {
            let error = Call::parse(text).unwrap_err();
            format!("{error}: {}", error.hints().join("; "))
        };
        assert_eq!(refused("ptrcae"), "\"ptrcae\" is no system call: did you mean ptrace?");
        assert!(refused("socket(AF_ALGG)").ends_with("did you mean AF_ALG?"));
        assert!(refused("read(x)").contains("argument 1 of read"));
        assert!(refused("socket(38").contains("without a bracket"));
        assert!(refused("read(1,2,3,4,5,6,7)").contains("not 7"));
        assert!(refused("socket(09)").contains("no value"));
        assert!(refused("socket(0x)").contains("no value"));
    }
}
