//! Which capability the kernel itself asks for, whatever a filter says.
//!
//! Only what is certain: calls that the kernel refuses without it, always or in the case named.
//! Sources: capabilities(7), and the function of Linux that asks, beside each entry.

use super::verdict::Arguments;

/// What the kernel asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The capability.
    pub cap: &'static str,
    /// In which case; `None` for every call that does anything.
    pub when: Option<&'static str>,
    /// The function that asks.
    pub source: &'static str,
    /// Which arguments it depends on, where they can tell.
    test: Test,
}

/// What arguments tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    /// Nothing.
    None,
    /// One of these bits of an argument must be set, and none of the others.
    Bits { arg: u8, any: u64, none: u64 },
    /// The argument must be this value.
    Is { arg: u8, value: u64 },
    /// Packet sockets, and raw ones of the Internet families.
    RawSocket,
}

impl Need {
    /// Whether it is asked for with these arguments, or may be, where they are not known.
    pub fn concerns(&self, args: &Arguments) -> bool {
        match self.test {
            Test::None => true,
            Test::Bits { arg, any, none } => {
                args[usize::from(arg)].is_none_or(|value| value & any != 0 && value & none == 0)
            }
            Test::Is { arg, value } => args[usize::from(arg)].is_none_or(|known| known == value),
            Test::RawSocket => {
                let [family, kind, ..] = *args;
                let raw = kind.is_none_or(|kind| kind & SOCK_TYPE_MASK == SOCK_RAW);
                match family {
                    Some(AF_PACKET) | None => true,
                    Some(AF_INET | AF_INET6) => raw,
                    Some(_) => false,
                }
            }
        }
    }

    const fn test(mut self, test: Test) -> Self {
        self.test = test;
        self
    }
}

const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_KEY: u64 = 15;
const AF_PACKET: u64 = 17;
const SOCK_RAW: u64 = 3;
const SOCK_TYPE_MASK: u64 = 0xf;
const CLONE_NEWUSER: u64 = 0x1000_0000;
/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWPID`, `NEWNET`.
const NAMESPACE_FLAGS: u64 = 0x6e02_0000;
const CLONE_NEWTIME: u64 = 0x80;
const OPEN_TREE_CLONE: u64 = 1;
const MPOL_MF_MOVE_ALL: u64 = 4;

const fn always(cap: &'static str, source: &'static str) -> Need {
    Need { cap, when: None, source, test: Test::None }
}

const fn when(cap: &'static str, when: &'static str, source: &'static str) -> Need {
    Need { cap, when: Some(when), source, test: Test::None }
}

const NAMESPACES: Need = when(
    "CAP_SYS_ADMIN",
    "for namespaces other than user, unless a user namespace is made with them",
    "unshare_nsproxy_namespaces and copy_namespaces, kernel/nsproxy.c",
);
const OTHERS: Need = when(
    "CAP_SYS_PTRACE",
    "for processes of other users, and for those with capabilities that the caller lacks",
    "__ptrace_may_access, kernel/ptrace.c",
);

const NEEDS: [(&[&str], Need); 49] = [
    (&["acct"], always("CAP_SYS_PACCT", "kernel/acct.c")),
    (&["chroot"], always("CAP_SYS_CHROOT", "fs/open.c")),
    (
        &["clock_settime", "clock_settime64", "settimeofday", "stime"],
        always("CAP_SYS_TIME", "cap_settime, security/commoncap.c"),
    ),
    (
        &["clock_adjtime", "clock_adjtime64", "adjtimex"],
        when(
            "CAP_SYS_TIME",
            "to change the clock",
            "timekeeping_validate_timex, kernel/time/timekeeping.c",
        ),
    ),
    (
        &["init_module", "finit_module", "delete_module"],
        always("CAP_SYS_MODULE", "kernel/module/main.c"),
    ),
    (
        &["kexec_load", "kexec_file_load"],
        always("CAP_SYS_BOOT", "kexec_load_permitted, kernel/kexec_core.c"),
    ),
    (&["reboot"], always("CAP_SYS_BOOT", "kernel/reboot.c")),
    (
        &["mount", "umount", "umount2", "move_mount", "mount_setattr", "pivot_root"],
        always("CAP_SYS_ADMIN", "may_mount, fs/namespace.c"),
    ),
    (&["fsopen", "fspick", "fsmount"], always("CAP_SYS_ADMIN", "may_mount, fs/namespace.c")),
    (
        &["fsconfig"],
        when("CAP_SYS_ADMIN", "to create the file system", "mount_capable, fs/super.c"),
    ),
    (
        &["open_tree", "open_tree_attr"],
        when("CAP_SYS_ADMIN", "with OPEN_TREE_CLONE", "may_mount, fs/namespace.c")
            .test(Test::Bits { arg: 2, any: OPEN_TREE_CLONE, none: 0 }),
    ),
    (
        &["unshare"],
        NAMESPACES.test(Test::Bits {
            arg: 0,
            any: NAMESPACE_FLAGS | CLONE_NEWTIME,
            none: CLONE_NEWUSER,
        }),
    ),
    // The low byte of clone's flags is a signal.
    (&["clone"], NAMESPACES.test(Test::Bits { arg: 0, any: NAMESPACE_FLAGS, none: CLONE_NEWUSER })),
    (&["clone3"], NAMESPACES),
    (&["setns"], always("CAP_SYS_ADMIN", "…_install of each namespace, validate_nsset")),
    (
        &["setns"],
        // A kind of 0 means any.
        when("CAP_SYS_CHROOT", "for mount namespaces", "mntns_install, fs/namespace.c"),
    ),
    (&["sethostname", "setdomainname"], always("CAP_SYS_ADMIN", "kernel/sys.c")),
    (&["swapon", "swapoff"], always("CAP_SYS_ADMIN", "mm/swapfile.c")),
    (&["vhangup"], always("CAP_SYS_TTY_CONFIG", "fs/open.c")),
    (&["ioperm"], when("CAP_SYS_RAWIO", "to turn access on", "arch/x86/kernel/ioport.c")),
    (&["iopl"], when("CAP_SYS_RAWIO", "to raise the level", "arch/x86/kernel/ioport.c")),
    (&["mknod", "mknodat"], when("CAP_MKNOD", "for device files", "vfs_mknod, fs/namei.c")),
    (
        &["socket"],
        when(
            "CAP_NET_RAW",
            "for AF_PACKET, and raw sockets of AF_INET and AF_INET6",
            "packet_create, net/packet/af_packet.c; inet_create, net/ipv4/af_inet.c",
        )
        .test(Test::RawSocket),
    ),
    (
        &["socket"],
        when("CAP_NET_ADMIN", "for AF_KEY", "pfkey_create, net/key/af_key.c")
            .test(Test::Is { arg: 0, value: AF_KEY }),
    ),
    (
        &["bind"],
        when(
            "CAP_NET_BIND_SERVICE",
            "for ports below net.ipv4.ip_unprivileged_port_start",
            "__inet_bind, net/ipv4/af_inet.c",
        ),
    ),
    (&["ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"], OTHERS),
    (&["process_madvise"], OTHERS),
    (
        &["process_madvise"],
        when("CAP_SYS_NICE", "for another process", "process_madvise, mm/madvise.c"),
    ),
    (
        &["open_by_handle_at"],
        when(
            "CAP_DAC_READ_SEARCH",
            "but for some files of one's own user namespace since Linux 6.11",
            "may_decode_fh, fs/fhandle.c",
        ),
    ),
    (
        &["quotactl", "quotactl_fd"],
        when(
            "CAP_SYS_ADMIN",
            "but to read one's own quota, or what there is",
            "check_quotactl_permission, fs/quota/quota.c",
        ),
    ),
    (
        &["bpf"],
        when(
            "CAP_BPF",
            "where kernel.unprivileged_bpf_disabled is set, as most distributions do, and else \
             for most kinds of programs and maps (or CAP_SYS_ADMIN)",
            "bpf_capable, kernel/bpf/syscall.c",
        ),
    ),
    (
        &["perf_event_open"],
        when(
            "CAP_PERFMON",
            "to watch more than kernel.perf_event_paranoid leaves to everybody (or CAP_SYS_ADMIN)",
            "kernel/events/core.c",
        ),
    ),
    (
        &["syslog"],
        when(
            "CAP_SYSLOG",
            "but for reading where kernel.dmesg_restrict is 0",
            "check_syslog_permissions, kernel/printk/printk.c",
        ),
    ),
    (
        &["fanotify_init"],
        when(
            "CAP_SYS_ADMIN",
            "but for the limited kind that Linux 5.13 brought",
            "fs/notify/fanotify/fanotify_user.c",
        ),
    ),
    (
        &["lookup_dcookie"],
        when("CAP_SYS_ADMIN", "before Linux 6.7, which has no such call any more", "fs/dcookies.c"),
    ),
    (
        &["userfaultfd"],
        when(
            "CAP_SYS_PTRACE",
            "where vm.unprivileged_userfaultfd is 0, unless with UFFD_USER_MODE_ONLY",
            "userfaultfd_syscall_allowed, fs/userfaultfd.c",
        ),
    ),
    (
        &["io_uring_setup"],
        when(
            "CAP_SYS_ADMIN",
            "where kernel.io_uring_disabled is 1 and the caller is not of kernel.io_uring_group",
            "io_uring_allowed, io_uring/io_uring.c",
        ),
    ),
    (
        &["mbind", "move_pages"],
        when("CAP_SYS_NICE", "with MPOL_MF_MOVE_ALL", "mm/mempolicy.c, mm/migrate.c")
            .test(Test::Bits { arg: 5, any: MPOL_MF_MOVE_ALL, none: 0 }),
    ),
    (
        &["migrate_pages"],
        when("CAP_SYS_NICE", "to nodes that the process may not use", "mm/mempolicy.c"),
    ),
    (
        &["nice", "setpriority"],
        when("CAP_SYS_NICE", "to raise a priority above RLIMIT_NICE", "can_nice, kernel/sched"),
    ),
    (
        &["sched_setscheduler", "sched_setparam", "sched_setattr"],
        when(
            "CAP_SYS_NICE",
            "for real-time policies above RLIMIT_RTPRIO, and processes of other users",
            "user_check_sched_setscheduler, kernel/sched",
        ),
    ),
    (
        &["seccomp"],
        when(
            "CAP_SYS_ADMIN",
            "to load a filter without no_new_privs",
            "seccomp_prepare_filter, kernel/seccomp.c",
        )
        .test(Test::Is { arg: 0, value: 1 }),
    ),
    (
        &["setuid", "setreuid", "setresuid", "setfsuid"],
        when("CAP_SETUID", "to become another user", "kernel/sys.c"),
    ),
    (
        &["setgid", "setregid", "setresgid", "setfsgid"],
        when("CAP_SETGID", "to get another group", "kernel/sys.c"),
    ),
    (&["setgroups"], always("CAP_SETGID", "may_setgroups, kernel/groups.c")),
    (
        &["chown", "fchown", "lchown", "fchownat"],
        when("CAP_CHOWN", "to give a file to somebody else", "chown_ok, fs/attr.c"),
    ),
    (
        &["kill", "tkill", "tgkill"],
        when("CAP_KILL", "for processes of other users", "check_kill_permission, kernel/signal.c"),
    ),
    (
        &["mlock", "mlock2", "mlockall"],
        when("CAP_IPC_LOCK", "above RLIMIT_MEMLOCK", "can_do_mlock, mm/mlock.c"),
    ),
    (
        &["setrlimit", "prlimit64"],
        when("CAP_SYS_RESOURCE", "to raise a hard limit", "do_prlimit, kernel/sys.c"),
    ),
];

/// What the kernel asks for before it carries out a call, as far as that is known here.
pub fn needs(name: &str) -> impl Iterator<Item = &'static Need> {
    NEEDS.iter().filter(move |(names, _)| names.contains(&name)).map(|(_, need)| need)
}

#[cfg(test)]
mod tests {
    use super::super::numbers;
    use super::*;

    fn caps(name: &str, args: &[u64]) -> Vec<&'static str> {
        let mut known = [None; 6];
        for (known, arg) in known.iter_mut().zip(args) {
            *known = Some(*arg);
        }
        needs(name).filter(|need| need.concerns(&known)).map(|need| need.cap).collect()
    }

    #[test]
    fn each_entry_is_about_calls_that_exist() {
        for name in NEEDS.iter().flat_map(|(names, _)| names.iter()) {
            assert!(numbers::exists(name), "{name}");
        }
        assert_eq!(caps("mount", &[]), ["CAP_SYS_ADMIN"]);
        assert_eq!(caps("read", &[]), [""; 0]);
    }

    #[test]
    fn arguments_tell_what_is_asked_for() {
        assert_eq!(caps("socket", &[]), ["CAP_NET_RAW", "CAP_NET_ADMIN"]);
        assert_eq!(caps("socket", &[38]), [""; 0]);
        assert_eq!(caps("socket", &[17]), ["CAP_NET_RAW"]);
        assert_eq!(caps("socket", &[2, 0x8_0003]), ["CAP_NET_RAW"]);
        assert_eq!(caps("socket", &[10, 1]), [""; 0]);
        assert_eq!(caps("socket", &[15, 3]), ["CAP_NET_ADMIN"]);
        assert_eq!(caps("clone", &[CLONE_NEWUSER]), [""; 0]);
        assert_eq!(caps("clone", &[0x11]), [""; 0]);
        assert_eq!(caps("unshare", &[0x2_0000]), ["CAP_SYS_ADMIN"]);
        assert_eq!(caps("unshare", &[0x1002_0000]), [""; 0]);
        assert_eq!(caps("setns", &[3, 0x2_0000]), ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]);
    }
}
