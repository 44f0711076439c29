//! Architectures: the machine that a node is, and the ways into its kernel (ABIs).
//!
//! A filter tells ABIs apart. An `x86_64` kernel has three: its own, that of 32-bit programs
//! (`x86`), and `x32`, whose numbers have bit 30 set.

use std::fmt;
use std::str::FromStr;

use crate::profile::Dialect;

/// A way into the kernel, as libseccomp tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Abi {
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    X86_64,
    /// 64-bit x86 with 32-bit pointers.
    X32,
    /// 32-bit Arm (EABI).
    Arm,
    /// 64-bit Arm.
    Aarch64,
    /// 64-bit `LoongArch`.
    Loongarch64,
    /// Motorola 68000.
    M68k,
    /// 32-bit MIPS (o32).
    Mips,
    /// 64-bit MIPS (n64).
    Mips64,
    /// 64-bit MIPS with 32-bit pointers (n32).
    Mips64n32,
    /// 32-bit MIPS, little endian.
    Mipsel,
    /// 64-bit MIPS, little endian.
    Mipsel64,
    /// 64-bit MIPS with 32-bit pointers, little endian.
    Mipsel64n32,
    /// 32-bit PA-RISC.
    Parisc,
    /// 64-bit PA-RISC.
    Parisc64,
    /// 32-bit POWER.
    Ppc,
    /// 64-bit POWER.
    Ppc64,
    /// 64-bit POWER, little endian.
    Ppc64le,
    /// 64-bit RISC-V.
    Riscv64,
    /// 31-bit S/390.
    S390,
    /// 64-bit S/390.
    S390x,
    /// `SuperH`, little endian.
    Sh,
    /// `SuperH`, big endian.
    Sheb,
}

/// What libseccomp and the kernel know of an ABI.
struct Facts {
    abi: Abi,
    /// How a profile names it.
    scmp: &'static str,
    /// How people name it.
    name: &'static str,
    /// Whether libseccomp compares all 64 bits of an argument.
    wide: bool,
    little_endian: bool,
    /// `AUDIT_ARCH_…`, which the kernel puts into `seccomp_data.arch`.
    audit: u32,
    /// Whether sockets and System V IPC also go through `socketcall` and `ipc`.
    multiplexes: bool,
}

const fn facts(
    abi: Abi,
    scmp: &'static str,
    name: &'static str,
    (wide, little_endian, multiplexes): (bool, bool, bool),
    audit: u32,
) -> Facts {
    Facts { abi, scmp, name, wide, little_endian, audit, multiplexes }
}

const T: bool = true;
const F: bool = false;

/// Sources: `linux/audit.h`, `linux/elf-em.h`; sizes, endianness and multiplexing as `arch-*.c` of
/// libseccomp has them.
const ABIS: [Facts; 23] = [
    facts(Abi::X86, "SCMP_ARCH_X86", "x86", (F, T, T), 0x4000_0003),
    facts(Abi::X86_64, "SCMP_ARCH_X86_64", "x86_64", (T, T, F), 0xc000_003e),
    facts(Abi::X32, "SCMP_ARCH_X32", "x32", (F, T, F), 0xc000_003e),
    facts(Abi::Arm, "SCMP_ARCH_ARM", "arm", (F, T, F), 0x4000_0028),
    facts(Abi::Aarch64, "SCMP_ARCH_AARCH64", "aarch64", (T, T, F), 0xc000_00b7),
    facts(Abi::Loongarch64, "SCMP_ARCH_LOONGARCH64", "loongarch64", (T, T, F), 0xc000_0102),
    facts(Abi::M68k, "SCMP_ARCH_M68K", "m68k", (F, F, T), 0x0000_0004),
    facts(Abi::Mips, "SCMP_ARCH_MIPS", "mips", (F, F, T), 0x0000_0008),
    facts(Abi::Mips64, "SCMP_ARCH_MIPS64", "mips64", (T, F, F), 0x8000_0008),
    facts(Abi::Mips64n32, "SCMP_ARCH_MIPS64N32", "mips64n32", (F, F, F), 0xa000_0008),
    facts(Abi::Mipsel, "SCMP_ARCH_MIPSEL", "mipsel", (F, T, T), 0x4000_0008),
    facts(Abi::Mipsel64, "SCMP_ARCH_MIPSEL64", "mipsel64", (T, T, F), 0xc000_0008),
    facts(Abi::Mipsel64n32, "SCMP_ARCH_MIPSEL64N32", "mipsel64n32", (F, T, F), 0xe000_0008),
    facts(Abi::Parisc, "SCMP_ARCH_PARISC", "parisc", (F, F, F), 0x0000_000f),
    facts(Abi::Parisc64, "SCMP_ARCH_PARISC64", "parisc64", (T, F, F), 0x8000_000f),
    facts(Abi::Ppc, "SCMP_ARCH_PPC", "ppc", (F, F, T), 0x0000_0014),
    facts(Abi::Ppc64, "SCMP_ARCH_PPC64", "ppc64", (T, F, T), 0x8000_0015),
    facts(Abi::Ppc64le, "SCMP_ARCH_PPC64LE", "ppc64le", (T, T, T), 0xc000_0015),
    facts(Abi::Riscv64, "SCMP_ARCH_RISCV64", "riscv64", (T, T, F), 0xc000_00f3),
    facts(Abi::S390, "SCMP_ARCH_S390", "s390", (F, F, T), 0x0000_0016),
    facts(Abi::S390x, "SCMP_ARCH_S390X", "s390x", (T, F, T), 0x8000_0016),
    facts(Abi::Sh, "SCMP_ARCH_SH", "sh", (F, T, T), 0x4000_002a),
    facts(Abi::Sheb, "SCMP_ARCH_SHEB", "sheb", (F, F, T), 0x0000_002a),
];

/// What an x32 number has that others have not.
pub const X32_BIT: u32 = 0x4000_0000;

impl Abi {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ABIS.iter().map(|facts| facts.abi)
    }

    /// The ABI that a profile names `SCMP_ARCH_…`; `None` where the specification has none.
    pub fn named(scmp: &str) -> Option<Self> {
        ABIS.iter().find(|facts| facts.scmp == scmp).map(|facts| facts.abi)
    }

    fn facts(self) -> &'static Facts {
        // The table is in the order of the variants, which a test checks.
        &ABIS[self as usize]
    }

    /// How a profile names it: `SCMP_ARCH_X86_64`.
    pub fn scmp(self) -> &'static str {
        self.facts().scmp
    }

    /// `AUDIT_ARCH_…`, which the kernel shows a filter; x32 has that of `x86_64`.
    pub fn audit_arch(self) -> u32 {
        self.facts().audit
    }

    /// The bits of an argument that libseccomp compares.
    pub fn width_mask(self) -> u64 {
        if self.facts().wide { u64::MAX } else { u64::from(u32::MAX) }
    }

    /// Whether the ABI has the byte order of the other: a filter cannot hold both orders.
    pub fn same_endian(self, other: Self) -> bool {
        self.facts().little_endian == other.facts().little_endian
    }

    /// Whether sockets and System V IPC also go through `socketcall` and `ipc`.
    pub fn multiplexes(self) -> bool {
        self.facts().multiplexes
    }
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().name)
    }
}

/// What a node is: `status.nodeInfo.architecture`, which is Go's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Machine(usize);

/// Go's word, the ABIs that the kernel has (its own first), and what moby and containers-common
/// call the machine.
const MACHINES: [(&str, &[Abi], &str, &str); 13] = [
    ("amd64", &[Abi::X86_64, Abi::X86, Abi::X32], "amd64", "amd64"),
    ("arm64", &[Abi::Aarch64, Abi::Arm], "arm64", "arm64"),
    ("arm", &[Abi::Arm], "arm", "arm"),
    ("386", &[Abi::X86], "x86", "x86"),
    ("ppc64le", &[Abi::Ppc64le], "ppc64le", "ppc64le"),
    ("s390x", &[Abi::S390x, Abi::S390], "s390x", "s390x"),
    ("riscv64", &[Abi::Riscv64], "riscv64", "riscv64"),
    ("loong64", &[Abi::Loongarch64], "loongarch64", "loong64"),
    ("mips64le", &[Abi::Mipsel64, Abi::Mipsel, Abi::Mipsel64n32], "mipsel64", "mipsel64"),
    ("mips64", &[Abi::Mips64, Abi::Mips, Abi::Mips64n32], "mips64", "mips64"),
    ("mipsle", &[Abi::Mipsel], "mipsel", "mipsel"),
    ("mips", &[Abi::Mips], "", "mips"),
    ("ppc64", &[Abi::Ppc64, Abi::Ppc], "ppc64", "ppc64"),
];

/// Machines whose entry of `archMap` moby does not find, since it looks for another name than
/// the one that it gave them.
///
/// Source: `goToNative` and `nativeToSeccomp` in `seccomp_linux.go` of github.com/moby/profiles.
const LOST_IN_MOBY: [&str; 3] = ["loong64", "mipsle", "mips"];

/// The machines whose entry of `archMap` containers-common looks for.
///
/// Source: `nativeToSeccomp` in `seccomp_linux.go` of github.com/containers/common/pkg/seccomp.
const FOUND_IN_CONTAINERS_COMMON: [&str; 5] = ["amd64", "arm64", "mips64", "mips64le", "s390x"];

impl Machine {
    /// All that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..MACHINES.len()).map(Self)
    }

    /// Go's word for it: `amd64`.
    pub fn goarch(self) -> &'static str {
        MACHINES[self.0].0
    }

    /// The ABI of the kernel itself.
    pub fn native(self) -> Abi {
        MACHINES[self.0].1[0]
    }

    /// The ABIs that its kernel may have, its own first.
    pub fn abis(self) -> &'static [Abi] {
        MACHINES[self.0].1
    }

    /// What `arches` of a gate is compared with.
    pub(super) fn gate_name(self, reader: Dialect) -> &'static str {
        let (_, _, moby, common) = MACHINES[self.0];
        if reader == Dialect::ContainersCommon { common } else { moby }
    }

    /// Whether the reader finds the machine's entry of `archMap`.
    pub(super) fn finds_arch_map(self, reader: Dialect) -> bool {
        match reader {
            Dialect::Oci => false,
            Dialect::Moby => !LOST_IN_MOBY.contains(&self.goarch()),
            Dialect::ContainersCommon => FOUND_IN_CONTAINERS_COMMON.contains(&self.goarch()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.goarch())
    }
}

impl FromStr for Machine {
    type Err = String;

    /// Reads Go's word, and what `uname -m` calls the common ones.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = match text {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "i386" | "i686" | "x86" => "386",
            "loongarch64" => "loong64",
            other => other,
        };
        Self::all().find(|machine| machine.goarch() == word).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(Self::goarch).collect();
            format!("{text:?} is no architecture known here; known are {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (position, facts) in ABIS.iter().enumerate() {
            assert_eq!(facts.abi as usize, position);
            assert_eq!(Abi::named(facts.abi.scmp()), Some(facts.abi));
        }
        assert_eq!(Abi::named("SCMP_ARCH_ARM64"), None);
    }

    #[test]
    fn machines_are_read_in_the_words_of_nodes() {
        for machine in Machine::all() {
            assert_eq!(machine.goarch().parse(), Ok(machine));
        }
        assert_eq!("aarch64".parse::<Machine>().map(Machine::native), Ok(Abi::Aarch64));
        assert!("vax".parse::<Machine>().is_err());
    }
}
