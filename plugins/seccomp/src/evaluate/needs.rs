//! Which capability the kernel itself asks for, whatever a filter says.
//!
//! Only what is certain: calls that the kernel refuses without it, always or in the case named.
//! Sources: capabilities(7), and the function of Linux that asks, beside each entry.

/// What the kernel asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The capability.
    pub cap: &'static str,
    /// In which case; `None` for every call that does anything.
    pub when: Option<&'static str>,
    /// The function that asks.
    pub source: &'static str,
}

const fn always(cap: &'static str, source: &'static str) -> Need {
    Need { cap, when: None, source }
}

const fn when(cap: &'static str, when: &'static str, source: &'static str) -> Need {
    Need { cap, when: Some(when), source }
}

const MOUNT: Need = always("CAP_SYS_ADMIN", "may_mount, fs/namespace.c");
const MODULE: Need = always("CAP_SYS_MODULE", "kernel/module/main.c");
const TIME: Need = always("CAP_SYS_TIME", "cap_settime, security/commoncap.c");
const NAMESPACES: Need = when(
    "CAP_SYS_ADMIN",
    "for namespaces other than user",
    "unshare_nsproxy_namespaces and \
         copy_namespaces, kernel/nsproxy.c",
);

const NEEDS: [(&[&str], Need); 19] = [
    (&["acct"], always("CAP_SYS_PACCT", "kernel/acct.c")),
    (&["chroot"], always("CAP_SYS_CHROOT", "fs/open.c")),
    (&["clock_settime", "clock_settime64", "settimeofday", "stime"], TIME),
    (
        &["clock_adjtime", "clock_adjtime64", "adjtimex"],
        when("CAP_SYS_TIME", "to change the clock", "kernel/time/timekeeping.c"),
    ),
    (&["init_module", "finit_module", "delete_module"], MODULE),
    (&["kexec_load", "kexec_file_load"], always("CAP_SYS_BOOT", "kernel/kexec.c")),
    (&["reboot"], always("CAP_SYS_BOOT", "kernel/reboot.c")),
    (
        &[
            "mount",
            "umount",
            "umount2",
            "move_mount",
            "fsopen",
            "fspick",
            "fsmount",
            "mount_setattr",
            "pivot_root",
        ],
        MOUNT,
    ),
    (&["open_tree"], when("CAP_SYS_ADMIN", "with OPEN_TREE_CLONE", "may_mount, fs/namespace.c")),
    (&["unshare", "clone", "clone3"], NAMESPACES),
    (&["setns"], always("CAP_SYS_ADMIN", "…_install of each namespace")),
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
            "for AF_PACKET and raw sockets",
            "packet_create, net/packet/af_packet.c; inet_create, net/ipv4/af_inet.c",
        ),
    ),
    (
        &["ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"],
        when(
            "CAP_SYS_PTRACE",
            "for processes of other users",
            "__ptrace_may_access, \
              kernel/ptrace.c",
        ),
    ),
];

/// What the kernel asks for before it carries out a call, if that is known here.
pub fn need(name: &str) -> Option<&'static Need> {
    NEEDS.iter().find(|(names, _)| names.contains(&name)).map(|(_, need)| need)
}

#[cfg(test)]
mod tests {
    use super::super::numbers;
    use super::*;

    #[test]
    fn each_entry_is_about_calls_that_exist_and_stands_once() {
        let mut names: Vec<&str> =
            NEEDS.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        for name in &names {
            assert!(numbers::exists(name), "{name}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(need("mount").map(|need| need.cap), Some("CAP_SYS_ADMIN"));
        assert_eq!(need("read"), None);
    }
}
