//! Names of values that arguments of system calls have: address families, flags of `clone` …
//!
//! Numbers are those of `include/uapi` of Linux, in the header that stands beside each table; they
//! are the same on every architecture that Kubernetes runs on.

/// Names with their numbers.
pub(super) type Names = &'static [(&'static str, u64)];

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// How sentences call it.
    pub label: &'static str,
    /// Its values.
    pub names: Names,
    /// Whether values are put together from bits.
    pub bits: bool,
}

const fn values(label: &'static str, names: Names) -> Kind {
    Kind { label, names, bits: false }
}

const fn bits(label: &'static str, names: Names) -> Kind {
    Kind { label, names, bits: true }
}

const FAMILY: Kind = values("the family", FAMILIES);
const TYPE: Kind = bits("the type", TYPES);

/// What an argument of a call is, where its values have names. Of the protocols of sockets those
/// of the family are meant, or of any one.
pub(super) fn kind(call: &str, arg: usize, family: Option<u64>) -> Option<Kind> {
    Some(match (call, arg) {
        ("socket" | "socketpair", 0) => FAMILY,
        ("socket" | "socketpair", 1) => TYPE,
        ("socket" | "socketpair", 2) if family == Some(AF_NETLINK) => {
            values("the protocol", NETLINK)
        }
        ("socket" | "socketpair", 2) if matches!(family, Some(AF_INET | AF_INET6)) => {
            values("the protocol", INTERNET)
        }
        ("socket" | "socketpair", 2) => values("the protocol", &[]),
        ("clone" | "unshare", 0) => bits("the flags", CLONE),
        ("setns", 1) => bits("the kind of namespace", CLONE),
        ("personality", 0) => bits("the persona", PERSONALITY),
        ("bpf", 0) => values("the command", BPF),
        ("ptrace", 0) => values("the request", PTRACE),
        ("keyctl", 0) => values("the operation", KEYCTL),
        ("prctl", 0) => values("the option", PRCTL),
        ("ioctl", 1) => values("the request", IOCTL),
        ("mount", 3) => bits("the flags", MOUNT),
        _ => return None,
    })
}

const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
/// `AF_NETLINK`
const AF_NETLINK: u64 = 16;
/// `AF_PACKET`
pub(super) const AF_PACKET: u64 = 17;

/// `linux/socket.h`; the first name of a number is the one to write.
const FAMILIES: Names = &[
    ("AF_UNSPEC", 0),
    ("AF_UNIX", 1),
    ("AF_LOCAL", 1),
    ("AF_INET", 2),
    ("AF_AX25", 3),
    ("AF_IPX", 4),
    ("AF_APPLETALK", 5),
    ("AF_NETROM", 6),
    ("AF_BRIDGE", 7),
    ("AF_ATMPVC", 8),
    ("AF_X25", 9),
    ("AF_INET6", 10),
    ("AF_ROSE", 11),
    ("AF_DECnet", 12),
    ("AF_NETBEUI", 13),
    ("AF_SECURITY", 14),
    ("AF_KEY", 15),
    ("AF_NETLINK", AF_NETLINK),
    ("AF_ROUTE", AF_NETLINK),
    ("AF_PACKET", AF_PACKET),
    ("AF_ASH", 18),
    ("AF_ECONET", 19),
    ("AF_ATMSVC", 20),
    ("AF_RDS", 21),
    ("AF_SNA", 22),
    ("AF_IRDA", 23),
    ("AF_PPPOX", 24),
    ("AF_WANPIPE", 25),
    ("AF_LLC", 26),
    ("AF_IB", 27),
    ("AF_MPLS", 28),
    ("AF_CAN", 29),
    ("AF_TIPC", 30),
    ("AF_BLUETOOTH", 31),
    ("AF_IUCV", 32),
    ("AF_RXRPC", 33),
    ("AF_ISDN", 34),
    ("AF_PHONET", 35),
    ("AF_IEEE802154", 36),
    ("AF_CAIF", 37),
    ("AF_ALG", 38),
    ("AF_NFC", 39),
    ("AF_VSOCK", 40),
    ("AF_KCM", 41),
    ("AF_QIPCRTR", 42),
    ("AF_SMC", 43),
    ("AF_XDP", 44),
    ("AF_MCTP", 45),
];

/// `linux/net.h`
const TYPES: Names = &[
    ("SOCK_STREAM", 1),
    ("SOCK_DGRAM", 2),
    ("SOCK_RAW", 3),
    ("SOCK_RDM", 4),
    ("SOCK_SEQPACKET", 5),
    ("SOCK_DCCP", 6),
    ("SOCK_PACKET", 10),
    ("SOCK_NONBLOCK", 0x800),
    ("SOCK_CLOEXEC", 0x8_0000),
];

/// `linux/netlink.h`
const NETLINK: Names = &[
    ("NETLINK_ROUTE", 0),
    ("NETLINK_USERSOCK", 2),
    ("NETLINK_FIREWALL", 3),
    ("NETLINK_SOCK_DIAG", 4),
    ("NETLINK_INET_DIAG", 4),
    ("NETLINK_NFLOG", 5),
    ("NETLINK_XFRM", 6),
    ("NETLINK_SELINUX", 7),
    ("NETLINK_ISCSI", 8),
    ("NETLINK_AUDIT", 9),
    ("NETLINK_FIB_LOOKUP", 10),
    ("NETLINK_CONNECTOR", 11),
    ("NETLINK_NETFILTER", 12),
    ("NETLINK_DNRTMSG", 14),
    ("NETLINK_KOBJECT_UEVENT", 15),
    ("NETLINK_GENERIC", 16),
    ("NETLINK_SCSITRANSPORT", 18),
    ("NETLINK_ECRYPTFS", 19),
    ("NETLINK_RDMA", 20),
    ("NETLINK_CRYPTO", 21),
    ("NETLINK_SMC", 22),
];

/// `linux/in.h`
const INTERNET: Names = &[
    ("IPPROTO_IP", 0),
    ("IPPROTO_ICMP", 1),
    ("IPPROTO_IGMP", 2),
    ("IPPROTO_TCP", 6),
    ("IPPROTO_UDP", 17),
    ("IPPROTO_DCCP", 33),
    ("IPPROTO_GRE", 47),
    ("IPPROTO_ESP", 50),
    ("IPPROTO_AH", 51),
    ("IPPROTO_ICMPV6", 58),
    ("IPPROTO_SCTP", 132),
    ("IPPROTO_UDPLITE", 136),
    ("IPPROTO_RAW", 255),
    ("IPPROTO_MPTCP", 262),
];

/// `linux/sched.h`, and the signal in the low byte that nearly every `clone` has.
const CLONE: Names = &[
    ("SIGCHLD", 17),
    ("CLONE_NEWTIME", 0x80),
    ("CLONE_VM", 0x100),
    ("CLONE_FS", 0x200),
    ("CLONE_FILES", 0x400),
    ("CLONE_SIGHAND", 0x800),
    ("CLONE_PIDFD", 0x1000),
    ("CLONE_PTRACE", 0x2000),
    ("CLONE_VFORK", 0x4000),
    ("CLONE_PARENT", 0x8000),
    ("CLONE_THREAD", 0x1_0000),
    ("CLONE_NEWNS", 0x2_0000),
    ("CLONE_SYSVSEM", 0x4_0000),
    ("CLONE_SETTLS", 0x8_0000),
    ("CLONE_PARENT_SETTID", 0x10_0000),
    ("CLONE_CHILD_CLEARTID", 0x20_0000),
    ("CLONE_DETACHED", 0x40_0000),
    ("CLONE_UNTRACED", 0x80_0000),
    ("CLONE_CHILD_SETTID", 0x100_0000),
    ("CLONE_NEWCGROUP", 0x200_0000),
    ("CLONE_NEWUTS", 0x400_0000),
    ("CLONE_NEWIPC", 0x800_0000),
    ("CLONE_NEWUSER", 0x1000_0000),
    ("CLONE_NEWPID", 0x2000_0000),
    ("CLONE_NEWNET", 0x4000_0000),
    ("CLONE_IO", 0x8000_0000),
];

/// `linux/personality.h`
const PERSONALITY: Names = &[
    ("PER_LINUX", 0),
    ("PER_BSD", 6),
    ("PER_LINUX32", 8),
    ("PER_RISCOS", 0xc),
    ("PER_OSF4", 0xf),
    ("PER_HPUX", 0x10),
    ("UNAME26", 0x2_0000),
    ("ADDR_NO_RANDOMIZE", 0x4_0000),
    ("FDPIC_FUNCPTRS", 0x8_0000),
    ("MMAP_PAGE_ZERO", 0x10_0000),
    ("ADDR_COMPAT_LAYOUT", 0x20_0000),
    ("READ_IMPLIES_EXEC", 0x40_0000),
    ("ADDR_LIMIT_32BIT", 0x80_0000),
    ("SHORT_INODE", 0x100_0000),
    ("WHOLE_SECONDS", 0x200_0000),
    ("STICKY_TIMEOUTS", 0x400_0000),
    ("ADDR_LIMIT_3GB", 0x800_0000),
];

/// `linux/bpf.h`
const BPF: Names = &[
    ("BPF_MAP_CREATE", 0),
    ("BPF_MAP_LOOKUP_ELEM", 1),
    ("BPF_MAP_UPDATE_ELEM", 2),
    ("BPF_MAP_DELETE_ELEM", 3),
    ("BPF_MAP_GET_NEXT_KEY", 4),
    ("BPF_PROG_LOAD", 5),
    ("BPF_OBJ_PIN", 6),
    ("BPF_OBJ_GET", 7),
    ("BPF_PROG_ATTACH", 8),
    ("BPF_PROG_DETACH", 9),
    ("BPF_PROG_TEST_RUN", 10),
    ("BPF_RAW_TRACEPOINT_OPEN", 17),
    ("BPF_BTF_LOAD", 18),
    ("BPF_LINK_CREATE", 28),
];

/// `linux/ptrace.h`
const PTRACE: Names = &[
    ("PTRACE_TRACEME", 0),
    ("PTRACE_PEEKTEXT", 1),
    ("PTRACE_PEEKDATA", 2),
    ("PTRACE_POKETEXT", 4),
    ("PTRACE_POKEDATA", 5),
    ("PTRACE_CONT", 7),
    ("PTRACE_KILL", 8),
    ("PTRACE_SINGLESTEP", 9),
    ("PTRACE_ATTACH", 16),
    ("PTRACE_DETACH", 17),
    ("PTRACE_SYSCALL", 24),
    ("PTRACE_SETOPTIONS", 0x4200),
    ("PTRACE_GETREGSET", 0x4204),
    ("PTRACE_SETREGSET", 0x4205),
    ("PTRACE_SEIZE", 0x4206),
    ("PTRACE_INTERRUPT", 0x4207),
    ("PTRACE_SECCOMP_GET_FILTER", 0x420c),
];

/// `linux/keyctl.h`
const KEYCTL: Names = &[
    ("KEYCTL_GET_KEYRING_ID", 0),
    ("KEYCTL_JOIN_SESSION_KEYRING", 1),
    ("KEYCTL_UPDATE", 2),
    ("KEYCTL_REVOKE", 3),
    ("KEYCTL_CHOWN", 4),
    ("KEYCTL_SETPERM", 5),
    ("KEYCTL_DESCRIBE", 6),
    ("KEYCTL_CLEAR", 7),
    ("KEYCTL_LINK", 8),
    ("KEYCTL_UNLINK", 9),
    ("KEYCTL_SEARCH", 10),
    ("KEYCTL_READ", 11),
];

/// `linux/prctl.h`
const PRCTL: Names = &[
    ("PR_SET_PDEATHSIG", 1),
    ("PR_GET_DUMPABLE", 3),
    ("PR_SET_DUMPABLE", 4),
    ("PR_SET_KEEPCAPS", 8),
    ("PR_SET_NAME", 15),
    ("PR_GET_NAME", 16),
    ("PR_GET_SECCOMP", 21),
    ("PR_SET_SECCOMP", 22),
    ("PR_CAPBSET_READ", 23),
    ("PR_CAPBSET_DROP", 24),
    ("PR_SET_MM", 35),
    ("PR_SET_CHILD_SUBREAPER", 36),
    ("PR_SET_NO_NEW_PRIVS", 38),
    ("PR_GET_NO_NEW_PRIVS", 39),
    ("PR_CAP_AMBIENT", 47),
    ("PR_SET_PTRACER", 0x5961_6d61),
];

/// `asm-generic/ioctls.h`, `linux/tty.h`
const IOCTL: Names = &[("TIOCSTI", 0x5412), ("TIOCGWINSZ", 0x5413), ("TIOCLINUX", 0x541c)];

/// `linux/mount.h`
const MOUNT: Names = &[
    ("MS_RDONLY", 1),
    ("MS_NOSUID", 2),
    ("MS_NODEV", 4),
    ("MS_NOEXEC", 8),
    ("MS_SYNCHRONOUS", 16),
    ("MS_REMOUNT", 32),
    ("MS_NOATIME", 1024),
    ("MS_BIND", 4096),
    ("MS_MOVE", 8192),
    ("MS_REC", 16384),
    ("MS_SILENT", 32768),
    ("MS_UNBINDABLE", 1 << 17),
    ("MS_PRIVATE", 1 << 18),
    ("MS_SLAVE", 1 << 19),
    ("MS_SHARED", 1 << 20),
    ("MS_RELATIME", 1 << 21),
    ("MS_STRICTATIME", 1 << 24),
    ("MS_LAZYTIME", 1 << 25),
];

impl Kind {
    /// The number of a name, in any case.
    pub(super) fn number(self, name: &str) -> Option<u64> {
        // What `socket` takes for a family is also written PF_.
        let other = name.get(..3).filter(|start| start.eq_ignore_ascii_case("PF_"));
        let name = other.map_or_else(|| name.to_owned(), |_| format!("AF_{}", &name[3..]));
        let is_it = |(known, _): &&(&str, u64)| known.eq_ignore_ascii_case(&name);
        self.names.iter().find(is_it).map(|(_, number)| *number)
    }

    /// A value in words: `AF_ALG (38)`, or its number where it has no name.
    pub(super) fn word(self, value: u64) -> String {
        if let Some((name, _)) = self.names.iter().find(|(_, number)| *number == value) {
            return format!("{name} ({})", Number(value));
        }
        match self.flags(value) {
            Some(flags) => format!("{} ({})", flags.join("|"), Number(value)),
            None => Number(value).to_string(),
        }
    }

    /// The names of the bits that are set, where all have one.
    pub(super) fn flags(self, mut value: u64) -> Option<Vec<&'static str>> {
        let mut found = Vec::new();
        let single = self.names.iter().filter(|(_, bit)| bit.is_power_of_two());
        for (name, bit) in single.filter(|_| self.bits) {
            if value & bit != 0 {
                found.push(*name);
                value &= !bit;
            }
        }
        (value == 0 && !found.is_empty()).then_some(found)
    }
}

/// A value as people write it: large ones in hexadecimal.
pub(super) struct Number(pub u64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 0x1_0000 { write!(f, "{}", self.0) } else { write!(f, "{:#x}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_names() {
        let family = kind("socket", 0, None).unwrap();
        assert_eq!(family.number("AF_ALG"), Some(38));
        assert_eq!(family.number("pf_vsock"), Some(40));
        assert_eq!(family.word(40), "AF_VSOCK (40)");
        assert_eq!(family.word(99), "99");
        let flags = kind("clone", 0, None).unwrap();
        assert_eq!(flags.flags(0x1002_0000), Some(vec!["CLONE_NEWNS", "CLONE_NEWUSER"]));
        assert_eq!(flags.flags(1), None);
        let persona = kind("personality", 0, None).unwrap();
        assert_eq!(persona.word(0x2_0008), "PER_LINUX32|UNAME26 (0x20008)");
        assert_eq!(persona.word(0xffff_ffff), "0xffffffff");
        assert!(kind("read", 0, None).is_none());
    }

    #[test]
    fn names_of_a_table_differ() {
        for names in [FAMILIES, TYPES, NETLINK, INTERNET, CLONE, PERSONALITY, BPF, PTRACE, MOUNT] {
            let mut known: Vec<_> = names.iter().map(|(name, _)| name.to_lowercase()).collect();
            known.sort_unstable();
            known.dedup();
            assert_eq!(known.len(), names.len());
        }
    }
}
