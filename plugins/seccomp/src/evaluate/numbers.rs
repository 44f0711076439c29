//! Names and numbers of system calls on each ABI.

use std::sync::OnceLock;

use super::abi::{Abi, X32_BIT};

/// The calls of one ABI.
#[derive(Debug, Default)]
struct Table {
    /// By name.
    names: Vec<(&'static str, u32)>,
    /// By number.
    numbers: Vec<(u32, &'static str)>,
}

const TABLES: usize = 32;
static LOADED: [OnceLock<Table>; TABLES] = [const { OnceLock::new() }; TABLES];

fn table(abi: Abi) -> &'static Table {
    LOADED[abi as usize].get_or_init(|| {
        let mut names = load(abi);
        names.sort_unstable();
        let mut numbers: Vec<_> = names.iter().map(|(name, number)| (*number, *name)).collect();
        numbers.sort_unstable();
        Table { names, numbers }
    })
}

/// Whether the calls of an ABI are known here.
pub fn is_known(abi: Abi) -> bool {
    !table(abi).names.is_empty()
}

/// The number of a call on an ABI, if it exists there.
pub fn number(abi: Abi, name: &str) -> Option<u32> {
    let names = &table(abi).names;
    let position = names.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(names[position].1)
}

/// The name of the call with a number on an ABI.
pub fn name(abi: Abi, number: u32) -> Option<&'static str> {
    let numbers = &table(abi).numbers;
    let position = numbers.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    Some(numbers[position].1)
}

/// The calls of an ABI, in the order of their names.
pub fn names(abi: Abi) -> impl Iterator<Item = &'static str> {
    table(abi).names.iter().map(|(name, _)| *name)
}

/// Whether any ABI has the call.
pub fn exists(name: &str) -> bool {
    Abi::all().any(|abi| number(abi, name).is_some())
}

macro_rules! from_crate {
    ($module:ident) => {
        syscalls::$module::Sysno::iter()
            .chain([syscalls::$module::Sysno::last()])
            .filter_map(|call| {
                let name = call.name();
                // One name is a keyword of Rust.
                Some((name.strip_prefix("r#").unwrap_or(name), u32::try_from(call.id()).ok()?))
            })
            .collect()
    };
}

fn load(abi: Abi) -> Vec<(&'static str, u32)> {
    let mut calls: Vec<(&'static str, u32)> = match abi {
        Abi::X86 => from_crate!(x86),
        Abi::X86_64 => from_crate!(x86_64),
        Abi::X32 => return x32(load(Abi::X86_64)),
        Abi::Arm => from_crate!(arm),
        Abi::Aarch64 => from_crate!(aarch64),
        Abi::Loongarch64 => from_crate!(loongarch64),
        Abi::Mips | Abi::Mipsel => from_crate!(mips),
        Abi::Mips64 | Abi::Mipsel64 => from_crate!(mips64),
        Abi::Ppc => from_crate!(powerpc),
        Abi::Ppc64 | Abi::Ppc64le => from_crate!(powerpc64),
        Abi::Riscv64 => from_crate!(riscv64),
        Abi::S390x => from_crate!(s390x),
        Abi::M68k
        | Abi::Mips64n32
        | Abi::Mipsel64n32
        | Abi::Parisc
        | Abi::Parisc64
        | Abi::S390
        | Abi::Sh
        | Abi::Sheb => Vec::new(),
    };
    match abi {
        Abi::Arm => calls.extend(ARM_PRIVATE),
        Abi::Aarch64 => calls = generic(calls, &[]),
        Abi::Loongarch64 => calls = generic(calls, &LOONGARCH64_MISSING),
        _ => {}
    }
    calls.sort_unstable();
    calls.dedup();
    calls
}

/// The calls of a 64-bit ABI with the generic numbers. The table of the crate is that of all ABIs
/// with these numbers: calls whose times have 64 bits are the 32-bit ones' alone, and what is called
/// `fstatat` in it is `newfstatat`.
///
/// Source: `include/uapi/asm-generic/unistd.h` of Linux (`__BITS_PER_LONG`, `__NR3264_fstatat`).
fn generic(calls: Vec<(&'static str, u32)>, missing: &[&str]) -> Vec<(&'static str, u32)> {
    let is_there = |(name, number): &(&str, u32)| {
        !(missing.contains(name) || name.ends_with("64") && TIME64.contains(number))
    };
    let named = |(name, number)| (if name == "fstatat" { "newfstatat" } else { name }, number);
    calls.into_iter().filter(is_there).map(named).collect()
}

/// The numbers of the calls whose times have 64 bits where others do not.
const TIME64: std::ops::RangeInclusive<u32> = 403..=423;

/// What `LoongArch` was too late for (`__ARCH_WANT_RENAMEAT`, `__ARCH_WANT_SET_GET_RLIMIT`).
const LOONGARCH64_MISSING: [&str; 3] = ["getrlimit", "renameat", "setrlimit"];

/// What 32-bit Arm has beside the table.
///
/// Source: `arch/arm/include/uapi/asm/unistd.h` of Linux.
const ARM_PRIVATE: [(&str, u32); 6] = [
    ("breakpoint", 0xf_0001),
    ("cacheflush", 0xf_0002),
    ("usr26", 0xf_0003),
    ("usr32", 0xf_0004),
    ("set_tls", 0xf_0005),
    ("get_tls", 0xf_0006),
];

/// The calls of x32: those of `x86_64`, but for a few that it does not have and those whose
/// arguments look different there, from 512 on.
///
/// Source: `arch/x86/entry/syscalls/syscall_64.tbl` of Linux.
fn x32(native: Vec<(&'static str, u32)>) -> Vec<(&'static str, u32)> {
    let shared = native
        .into_iter()
        .filter(|(name, _)| !X32_MISSING.contains(name) && X32_OWN.iter().all(|own| own != name));
    let own = X32_OWN.into_iter().zip(512..);
    shared.chain(own).map(|(name, number)| (name, number | X32_BIT)).collect()
}

const X32_MISSING: [&str; 11] = [
    "_sysctl",
    "create_module",
    "epoll_ctl_old",
    "epoll_wait_old",
    "get_kernel_syms",
    "get_thread_area",
    "nfsservctl",
    "query_module",
    "set_thread_area",
    "uselib",
    "vserver",
];

/// In the order of their numbers.
const X32_OWN: [&str; 36] = [
    "rt_sigaction",
    "rt_sigreturn",
    "ioctl",
    "readv",
    "writev",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "execve",
    "ptrace",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigqueueinfo",
    "sigaltstack",
    "timer_create",
    "mq_notify",
    "kexec_load",
    "waitid",
    "set_robust_list",
    "get_robust_list",
    "vmsplice",
    "move_pages",
    "preadv",
    "pwritev",
    "rt_tgsigqueueinfo",
    "recvmmsg",
    "sendmmsg",
    "process_vm_readv",
    "process_vm_writev",
    "setsockopt",
    "getsockopt",
    "io_setup",
    "io_submit",
    "execveat",
    "preadv2",
    "pwritev2",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_their_numbers() {
        for (abi, name_, number_) in [
            (Abi::X86_64, "ptrace", 101),
            (Abi::X86, "socketcall", 102),
            (Abi::X86, "break", 17),
            (Abi::X32, "ptrace", X32_BIT + 521),
            (Abi::X32, "read", X32_BIT),
            (Abi::X32, "pwritev2", X32_BIT + 547),
            (Abi::Aarch64, "openat", 56),
            (Abi::Arm, "set_tls", 983_045),
            (Abi::S390x, "ipc", 117),
            (Abi::Mipsel, "read", 4003),
        ] {
            assert_eq!(number(abi, name_), Some(number_), "{name_} on {abi}");
            assert_eq!(name(abi, number_), Some(name_), "{number_} on {abi}");
        }
        for (abi, name) in [
            (Abi::Aarch64, "open"),
            (Abi::Aarch64, "fstatat"),
            (Abi::Aarch64, "clock_gettime64"),
            (Abi::Loongarch64, "futex_time64"),
            (Abi::Loongarch64, "renameat"),
        ] {
            assert_eq!(number(abi, name), None, "{name} on {abi}");
        }
        for abi in [Abi::Aarch64, Abi::Loongarch64, Abi::Riscv64] {
            assert_eq!(number(abi, "newfstatat"), Some(79), "{abi}");
        }
        assert!(exists("open") && !exists("shut"));
        // The last one of a table is in it.
        assert_eq!(name(Abi::X86_64, 469), Some("file_setattr"));
        assert!(!is_known(Abi::S390) && is_known(Abi::S390x));
    }
}
