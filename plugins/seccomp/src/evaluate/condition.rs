//! Conditions on arguments as a compiled filter has them: unsigned, as wide as the ABI.

use std::fmt;

use super::abi::Abi;
use super::faults::{Fault, injected};
use crate::profile::{Arg, Op};

/// How an argument is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compare {
    /// `≠`
    Ne,
    /// `<`
    Lt,
    /// `≤`
    Le,
    /// `=`
    Eq,
    /// `≥`
    Ge,
    /// `>`
    Gt,
    /// `argument & mask = datum`
    Masked,
}

/// A condition on one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// Which argument, from 0 to 5.
    pub arg: u8,
    /// How it is compared.
    pub compare: Compare,
    /// The bits of the argument that count.
    pub mask: u64,
    /// What they are compared with.
    pub datum: u64,
}

impl Condition {
    /// The condition of a document on an ABI; `None` where no runtime could read it.
    pub(super) fn of(arg: &Arg, abi: Abi) -> Option<Self> {
        let index = u8::try_from(arg.index).ok().filter(|index| *index < 6)?;
        let compare = match &arg.op {
            Op::Ne => Compare::Ne,
            Op::Lt => Compare::Lt,
            Op::Le => Compare::Le,
            Op::Eq => Compare::Eq,
            Op::Ge => Compare::Ge,
            Op::Gt => Compare::Gt,
            Op::MaskedEq => Compare::Masked,
            Op::Other(_) => return None,
        };
        let mut width = abi.width_mask();
        if injected(Fault::NarrowComparison) {
            width = u64::from(u32::MAX);
        }
        let (mask, datum) = match compare {
            Compare::Masked if injected(Fault::MaskAndValueSwapped) => (arg.value_two, arg.value),
            Compare::Masked => (arg.value, arg.value_two),
            _ => (u64::MAX, arg.value),
        };
        let mask = mask & width;
        Some(Self { arg: index, compare, mask, datum: datum & mask })
    }

    /// A condition that a value is exactly this one.
    pub(super) fn equals(arg: u8, datum: u64, abi: Abi) -> Self {
        Self { arg, compare: Compare::Eq, mask: abi.width_mask(), datum }
    }

    /// Whether every value fulfils it: no bit counts.
    pub(super) fn is_empty(&self) -> bool {
        self.mask == 0
    }

    /// Whether a value fulfils it.
    pub fn holds(&self, value: u64) -> bool {
        let value = value & self.mask;
        if injected(Fault::SignedComparison) {
            let (value, datum) = (value.cast_signed(), self.datum.cast_signed());
            return compare(self.compare, &value, &datum);
        }
        compare(self.compare, &value, &self.datum)
    }
}

fn compare<T: Ord>(how: Compare, value: &T, datum: &T) -> bool {
    match how {
        Compare::Ne => value != datum,
        Compare::Lt => value < datum,
        Compare::Le => value <= datum,
        Compare::Eq | Compare::Masked => value == datum,
        Compare::Ge => value >= datum,
        Compare::Gt => value > datum,
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arg, datum, .. } = self;
        let sign = match self.compare {
            Compare::Masked => {
                return write!(f, "arg{arg} & {:#x} = {datum:#x}", self.mask);
            }
            Compare::Ne => "≠",
            Compare::Lt => "<",
            Compare::Le => "≤",
            Compare::Eq => "=",
            Compare::Ge => "≥",
            Compare::Gt => ">",
        };
        write!(f, "arg{arg} {sign} {}", Number(*datum))
    }
}

/// A value of an argument as people write it: large ones in hexadecimal.
pub(super) struct Number(pub u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0x1_0000 { write!(f, "{}", self.0) } else { write!(f, "{:#x}", self.0) }
    }
}

/// Values of the six arguments that fulfil all conditions, if there are any; an argument that no
/// condition is about is 0.
pub fn witness(conditions: &[Condition]) -> Option<[u64; 6]> {
    let mut args = [0; 6];
    for (index, value) in (0..).zip(&mut args) {
        let about = conditions.iter().filter(|condition| condition.arg == index);
        *value = smallest(&about.copied().collect::<Vec<_>>())?;
    }
    Some(args)
}

/// The smallest value that fulfils all conditions of one argument.
fn smallest(conditions: &[Condition]) -> Option<u64> {
    let (mut mask, mut datum) = (0, 0);
    let (mut low, mut high) = (0, u64::MAX);
    let mut avoided = Vec::new();
    for condition in conditions {
        let value = condition.datum;
        match condition.compare {
            Compare::Masked | Compare::Eq => {
                if (datum ^ value) & mask & condition.mask != 0 {
                    return None;
                }
                mask |= condition.mask;
                datum |= value;
            }
            Compare::Ge => low = low.max(value),
            Compare::Gt => low = low.max(value.checked_add(1)?),
            Compare::Le => high = high.min(value),
            Compare::Lt => high = high.min(value.checked_sub(1)?),
            Compare::Ne => avoided.push(value),
        }
    }
    // Each value to avoid costs one step at most.
    for _ in 0..=avoided.len() {
        let found = at_least(low, mask, datum)?;
        if found > high {
            return None;
        }
        if !avoided.contains(&found) {
            // A condition narrower than 64 bits has not been told from a wide one so far.
            return conditions.iter().all(|condition| condition.holds(found)).then_some(found);
        }
        low = found.checked_add(1)?;
    }
    None
}

/// The smallest value not below `low` whose bits in `mask` are those of `datum`.
fn at_least(low: u64, mask: u64, datum: u64) -> Option<u64> {
    if low & mask == datum {
        return Some(low);
    }
    // It agrees with `low` above some bit, has a one there where `low` has a zero, and is as small
    // as can be below.
    (0..64).find_map(|bit: u32| {
        let one = 1_u64 << bit;
        let above = !(one | (one - 1));
        let fits = low & one == 0
            && (low ^ datum) & mask & above == 0
            && (mask & one == 0 || datum & one != 0);
        fits.then_some((low & above) | one | (datum & (one - 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(compare: Compare, mask: u64, datum: u64) -> Condition {
        Condition { arg: 0, compare, mask, datum: datum & mask }
    }

    #[test]
    fn witnesses_are_exact_for_small_values() {
        // All pairs and triples of conditions on five bits, against trying every value.
        let compares = [
            Compare::Ne,
            Compare::Lt,
            Compare::Le,
            Compare::Eq,
            Compare::Ge,
            Compare::Gt,
            Compare::Masked,
        ];
        let mut all = Vec::new();
        for compare in compares {
            for (mask, datum) in [(31, 0), (31, 7), (31, 21), (6, 4), (17, 16), (9, 1)] {
                if compare == Compare::Masked || mask == 31 {
                    let mask = if compare == Compare::Masked { mask } else { u64::MAX };
                    all.push(condition(compare, mask, datum));
                }
            }
        }
        for first in &all {
            for second in &all {
                for third in &all {
                    let conditions = [*first, *second, *third];
                    let tried =
                        (0..64).find(|value| conditions.iter().all(|one| one.holds(*value)));
                    assert_eq!(smallest(&conditions), tried, "{conditions:?}");
                }
            }
        }
    }

    #[test]
    fn widths_and_masks() {
        let arg = Arg { index: 0, value: 0x1_0000_0005, value_two: 0, op: Op::Eq };
        let narrow = Condition::of(&arg, Abi::X86).unwrap();
        assert!(narrow.holds(5) && narrow.holds(0xffff_0000_0000_0005));
        let wide = Condition::of(&arg, Abi::X86_64).unwrap();
        assert!(!wide.holds(5) && wide.holds(0x1_0000_0005));
        let masked = Arg { index: 1, value: 0xf0, value_two: 0x1f, op: Op::MaskedEq };
        let masked = Condition::of(&masked, Abi::Aarch64).unwrap();
        assert!(masked.holds(0x17) && !masked.holds(0x2f));
        assert_eq!(masked.to_string(), "arg1 & 0xf0 = 0x10");
        assert!(Condition::of(&Arg { index: 6, ..arg }, Abi::X86).is_none());
    }
}
