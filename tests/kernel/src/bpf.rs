//! Filters in classic BPF: the instructions that libseccomp and we write, carried out.
//!
//! Source: `linux/bpf_common.h`, `linux/filter.h` and Documentation/userspace-api/seccomp_filter.

use serde::{Deserialize, Serialize};

/// One instruction: `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip where a comparison holds.
    pub jt: u8,
    /// How many to skip where it does not.
    pub jf: u8,
    /// A number.
    pub k: u32,
}

/// Loads a word of the call's data.
pub const LOAD: u16 = 0x20;
/// Jumps.
pub const JUMP: u16 = 0x05;
/// Jumps where equal.
pub const EQUAL: u16 = 0x15;
/// Jumps where greater, unsigned.
pub const GREATER: u16 = 0x25;
/// Jumps where greater or equal, unsigned.
pub const AT_LEAST: u16 = 0x35;
/// Jumps where a bit is set.
pub const BITS: u16 = 0x45;
/// Keeps some bits.
pub const AND: u16 = 0x54;
/// Returns.
pub const RETURN: u16 = 0x06;

/// An instruction that does not jump.
pub const fn plain(code: u16, k: u32) -> Instruction {
    Instruction { code, jt: 0, jf: 0, k }
}

/// What a filter is shown of a call: `struct seccomp_data`, without the instruction pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// The number.
    pub number: u32,
    /// `AUDIT_ARCH_…`
    pub arch: u32,
    /// The arguments.
    pub args: [u64; 6],
}

impl Data {
    /// The word at an offset, on a machine of little endian.
    fn word(&self, offset: u32) -> Option<u32> {
        match offset {
            0 => Some(self.number),
            4 => Some(self.arch),
            8 | 12 => Some(0),
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.args[((offset - 16) / 8) as usize];
                let shift = (offset % 8) * 8;
                Some((argument >> shift & 0xffff_ffff) as u32)
            }
            _ => None,
        }
    }
}

/// What a filter does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What it returns.
    pub value: u32,
    /// Whether it has looked at the call's number.
    pub saw_number: bool,
}

/// What a filter does with a call.
///
/// # Errors
/// An instruction that is none of those above, or a program that does not end.
pub fn run(filter: &[Instruction], data: &Data) -> Result<Ran, String> {
    let mut saw_number = false;
    let mut accumulator = 0;
    let mut position = 0;
    loop {
        let instruction = filter.get(position).ok_or("the filter does not return")?;
        position += 1;
        let k = instruction.k;
        let mut jump = |holds: bool| {
            position += usize::from(if holds { instruction.jt } else { instruction.jf });
        };
        match instruction.code {
            LOAD => {
                accumulator = data.word(k).ok_or_else(|| format!("no word at {k}"))?;
                saw_number |= k == 0;
            }
            JUMP => position += k as usize,
            EQUAL => jump(accumulator == k),
            GREATER => jump(accumulator > k),
            AT_LEAST => jump(accumulator >= k),
            BITS => jump(accumulator & k != 0),
            AND => accumulator &= k,
            RETURN => return Ok(Ran { value: k, saw_number }),
            other => return Err(format!("no instruction {other:#x}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_arguments_are_low_then_high() {
        let data = Data { number: 7, arch: 9, args: [0, 0x1_0000_0002, 0, 0, 0, 3] };
        let load = |offset| {
            run(
                &[
                    plain(LOAD, offset),
                    Instruction { jt: 1, ..plain(EQUAL, 2) },
                    plain(RETURN, 0),
                    plain(RETURN, 1),
                ],
                &data,
            )
        };
        assert_eq!(load(24), Ok(Ran { value: 1, saw_number: false }));
        assert_eq!(load(28), Ok(Ran { value: 0, saw_number: false }));
        assert_eq!(load(0), Ok(Ran { value: 0, saw_number: true }));
        assert!(load(23).is_err() && load(64).is_err());
        assert_eq!((data.word(0), data.word(4), data.word(56)), (Some(7), Some(9), Some(3)));
    }

    #[test]
    fn a_filter_that_does_not_return_is_an_error() {
        let data = Data { number: 0, arch: 0, args: [0; 6] };
        assert!(run(&[plain(JUMP, 5)], &data).is_err());
        assert!(run(&[plain(0x99, 0)], &data).is_err());
    }
}
