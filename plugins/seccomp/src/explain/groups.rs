//! System calls by what they are good for, and why a profile refuses them.

/// Calls of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// What it is called.
    pub title: &'static str,
    /// What it protects to refuse them.
    pub why: &'static str,
    calls: &'static [&'static str],
}

const fn kind(title: &'static str, why: &'static str, calls: &'static [&'static str]) -> Kind {
    Kind { title, why, calls }
}

/// What a call belongs to that is of no other kind.
const OTHERS: Kind = kind("others", "calls of no other kind", &[]);

/// A name that ends in `*` stands for all that begin so.
const KINDS: [Kind; 26] = [
    kind(
        "kernel modules",
        "code that runs in the kernel: whoever loads some owns the node",
        &[
            "init_module",
            "finit_module",
            "delete_module",
            "create_module",
            "query_module",
            "get_kernel_syms",
        ],
    ),
    kind(
        "another kernel, restarts",
        "they end everything on the node, or put another kernel in its place",
        &["kexec_*", "reboot"],
    ),
    kind(
        "mounts",
        "file systems of the node, of disks and of crafted images, and ways out of the container's root",
        &[
            "mount",
            "umount",
            "umount2",
            "move_mount",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "open_tree*",
            "mount_setattr",
            "pivot_root",
            "listmount",
            "statmount",
            "chroot",
        ],
    ),
    kind(
        "namespaces",
        "a user namespace gives all capabilities within it, and with them far more of the kernel to attack",
        &["unshare", "setns", "clone", "clone3"],
    ),
    kind(
        "BPF and performance events",
        "programs in the kernel, and a look at all that runs on the node",
        &["bpf", "perf_event_open", "uprobe", "uretprobe", "lookup_dcookie"],
    ),
    kind(
        "other processes",
        "memory, files and secrets of other processes",
        &["ptrace", "process_vm_*", "kcmp", "pidfd_getfd", "process_madvise"],
    ),
    kind(
        "io_uring",
        "a way to do many things past the filter, and long a source of holes in the kernel",
        &["io_uring_*"],
    ),
    kind(
        "keyrings",
        "keys that are in no namespace: containers of a user share them",
        &["add_key", "keyctl", "request_key"],
    ),
    kind(
        "sockets",
        "families of addresses that few programs need, with code in the kernel that few test",
        &["socket", "socketpair", "socketcall"],
    ),
    kind(
        "page faults",
        "whoever answers page faults can hold the kernel still in the middle of its work: many attacks need that",
        &["userfaultfd"],
    ),
    kind(
        "clock",
        "the time of the node, which is the same for all",
        &["clock_settime*", "settimeofday", "stime", "clock_adjtime*", "adjtimex"],
    ),
    kind(
        "NUMA",
        "where memory lies: it can take the node's from others, and say where theirs is",
        &["get_mempolicy", "mbind", "set_mempolicy*", "migrate_pages", "move_pages"],
    ),
    kind(
        "file handles",
        "files by number, past every directory: the way out of the container that was called shocker",
        &["open_by_handle_at", "name_to_handle_at"],
    ),
    kind("watching file systems", "what others do with files of the node", &["fanotify_*"]),
    kind(
        "hardware",
        "ports of devices, past the kernel",
        &[
            "ioperm",
            "iopl",
            "pciconfig_*",
            "s390_pci_*",
            "s390_runtime_instr",
            "subpage_prot",
            "spu_*",
        ],
    ),
    kind(
        "old processor modes",
        "code of the kernel that next to nobody uses",
        &["vm86", "vm86old", "modify_ldt"],
    ),
    kind(
        "execution mode",
        "modes of old systems, some of which weaken the layout of memory",
        &["personality"],
    ),
    kind("swap", "memory of the node", &["swapon", "swapoff"]),
    kind("quotas", "limits of the node's file systems", &["quotactl*"]),
    kind("accounting", "a log of every process of the node", &["acct"]),
    kind(
        "kernel log",
        "messages of the kernel, with addresses and other containers in them",
        &["syslog"],
    ),
    kind(
        "names of the machine",
        "its name, for those who share it",
        &["sethostname", "setdomainname"],
    ),
    kind("terminals", "the terminal of somebody else", &["vhangup"]),
    kind("security modules", "the labels under which a process runs", &["lsm_*"]),
    kind(
        "newer calls",
        "they came to Linux in the last years, and the profile does not know them",
        &[
            "cachestat",
            "close_range",
            "epoll_pwait2",
            "faccessat2",
            "fchmodat2",
            "file_getattr",
            "file_setattr",
            "futex_requeue",
            "futex_wait",
            "futex_waitv",
            "futex_wake",
            "getxattrat",
            "landlock_*",
            "listxattrat",
            "map_shadow_stack",
            "memfd_secret",
            "mseal",
            "openat2",
            "pidfd_open",
            "process_mrelease",
            "removexattrat",
            "riscv_*",
            "setxattrat",
        ],
    ),
    kind(
        "left over from old systems",
        "hardly a program needs them, and most are no longer in Linux",
        &[
            "_sysctl",
            "afs_syscall",
            "bdflush",
            "break",
            "epoll_ctl_old",
            "epoll_wait_old",
            "ftime",
            "getpmsg",
            "gtty",
            "idle",
            "lock",
            "mpx",
            "nfsservctl",
            "prof",
            "profil",
            "putpmsg",
            "security",
            "stty",
            "sysfs",
            "tuxcall",
            "ulimit",
            "uselib",
            "ustat",
            "vserver",
        ],
    ),
];

/// The kind of a call, and its place among the kinds; calls of no kind come last.
pub(super) fn of(call: &str) -> (usize, &'static Kind) {
    let fits = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => call.starts_with(start),
        None => *pattern == call,
    };
    let found = KINDS.iter().enumerate().find(|(_, kind)| kind.calls.iter().any(fits));
    found.unwrap_or((KINDS.len(), &OTHERS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::numbers;

    #[test]
    fn calls_have_a_kind() {
        for (call, title) in [
            ("finit_module", "kernel modules"),
            ("io_uring_enter", "io_uring"),
            ("open_tree_attr", "mounts"),
            ("clock_settime64", "clock"),
            ("set_mempolicy_home_node", "NUMA"),
            ("pidfd_getfd", "other processes"),
            ("read", "others"),
        ] {
            assert_eq!(of(call).1.title, title, "{call}");
        }
    }

    #[test]
    fn each_name_is_that_of_a_call() {
        for kind in KINDS {
            for name in kind.calls.iter().filter(|name| !name.ends_with('*')) {
                assert!(numbers::exists(name), "{name}");
                assert_eq!(of(name).1.title, kind.title, "{name}");
            }
        }
    }
}
