//! What becomes of a call.

use std::fmt;

use crate::profile::Action;

/// What the kernel does with a call that a filter has judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// It is carried out.
    Allow,
    /// It is carried out, and noted in the audit log.
    Log,
    /// A tracer decides, which is told this number; without one the call fails with ENOSYS.
    Trace(u16),
    /// An agent in user space decides.
    Notify,
    /// It fails with this error; 0 means that it claims to have worked.
    Errno(u16),
    /// The process gets SIGSYS.
    Trap,
    /// The thread is killed.
    KillThread,
    /// The process is killed.
    KillProcess,
}

/// `EPERM`
pub(super) const EPERM: u16 = 1;
/// `ENOSYS`
pub(super) const ENOSYS: u16 = 38;

/// The largest error that libseccomp takes.
pub(super) const LARGEST_ERRNO: u16 = 4094;

impl Decision {
    /// What an action means with its error, as runc and crun read it: only 16 bits count.
    /// `None` for an action that nobody knows, and for an error that libseccomp refuses.
    pub(super) fn of(action: &Action, errno: Option<u32>) -> Option<Self> {
        let code = (errno.unwrap_or(u32::from(EPERM)) & 0xffff) as u16;
        Some(match action {
            Action::Allow => Self::Allow,
            Action::Log => Self::Log,
            Action::Trace => Self::Trace(code),
            Action::Notify => Self::Notify,
            Action::Errno if code <= LARGEST_ERRNO => Self::Errno(code),
            Action::Trap => Self::Trap,
            Action::KillThread => Self::KillThread,
            Action::KillProcess => Self::KillProcess,
            Action::Errno | Action::Other(_) => return None,
        })
    }

    /// Whether the call reaches the kernel.
    pub fn passes(self) -> bool {
        matches!(self, Self::Allow | Self::Log)
    }

    /// What a filter returns: the upper half says what to do, the lower holds the number.
    ///
    /// Source: `SECCOMP_RET_…` in `linux/seccomp.h`.
    pub fn filter_value(self) -> u32 {
        match self {
            Self::KillProcess => 0x8000_0000,
            Self::KillThread => 0x0000_0000,
            Self::Trap => 0x0003_0000,
            Self::Errno(code) => 0x0005_0000 | u32::from(code),
            Self::Notify => 0x7fc0_0000,
            Self::Trace(code) => 0x7ff0_0000 | u32::from(code),
            Self::Log => 0x7ffc_0000,
            Self::Allow => 0x7fff_0000,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("allowed"),
            Self::Log => f.write_str("allowed and logged"),
            Self::Trace(_) => f.write_str("left to a tracer; ENOSYS without one"),
            Self::Notify => f.write_str("left to an agent on the node"),
            Self::Errno(0) => f.write_str("not carried out, though it claims success"),
            Self::Errno(code) => match errno_name(*code) {
                Some(name) => write!(f, "refused with {name}"),
                None => write!(f, "refused with error {code}"),
            },
            Self::Trap => f.write_str("answered with SIGSYS"),
            Self::KillThread => f.write_str("the end of the thread"),
            Self::KillProcess => f.write_str("the end of the process"),
        }
    }
}

/// The name of an error on all architectures that Kubernetes runs on but MIPS.
///
/// Source: `asm-generic/errno-base.h` and `asm-generic/errno.h` of Linux.
pub fn errno_name(code: u16) -> Option<&'static str> {
    ERRNOS.get(usize::from(code)).copied().filter(|name| !name.is_empty())
}

/// The number of an error: by name, or written as a number.
pub fn errno_number(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let named = |name: &str| ERRNOS.iter().position(|known| *known == name);
    let position = match text {
        "EWOULDBLOCK" => named("EAGAIN"),
        "EDEADLOCK" => named("EDEADLK"),
        "ENOTSUP" => named("EOPNOTSUPP"),
        "" => None,
        name => named(name),
    };
    position.and_then(|position| u32::try_from(position).ok())
}

const ERRNOS: [&str; 134] = [
    "",
    "EPERM",
    "ENOENT",
    "ESRCH",
    "EINTR",
    "EIO",
    "ENXIO",
    "E2BIG",
    "ENOEXEC",
    "EBADF",
    "ECHILD",
    "EAGAIN",
    "ENOMEM",
    "EACCES",
    "EFAULT",
    "ENOTBLK",
    "EBUSY",
    "EEXIST",
    "EXDEV",
    "ENODEV",
    "ENOTDIR",
    "EISDIR",
    "EINVAL",
    "ENFILE",
    "EMFILE",
    "ENOTTY",
    "ETXTBSY",
    "EFBIG",
    "ENOSPC",
    "ESPIPE",
    "EROFS",
    "EMLINK",
    "EPIPE",
    "EDOM",
    "ERANGE",
    "EDEADLK",
    "ENAMETOOLONG",
    "ENOLCK",
    "ENOSYS",
    "ENOTEMPTY",
    "ELOOP",
    "",
    "ENOMSG",
    "EIDRM",
    "ECHRNG",
    "EL2NSYNC",
    "EL3HLT",
    "EL3RST",
    "ELNRNG",
    "EUNATCH",
    "ENOCSI",
    "EL2HLT",
    "EBADE",
    "EBADR",
    "EXFULL",
    "ENOANO",
    "EBADRQC",
    "EBADSLT",
    "",
    "EBFONT",
    "ENOSTR",
    "ENODATA",
    "ETIME",
    "ENOSR",
    "ENONET",
    "ENOPKG",
    "EREMOTE",
    "ENOLINK",
    "EADV",
    "ESRMNT",
    "ECOMM",
    "EPROTO",
    "EMULTIHOP",
    "EDOTDOT",
    "EBADMSG",
    "EOVERFLOW",
    "ENOTUNIQ",
    "EBADFD",
    "EREMCHG",
    "ELIBACC",
    "ELIBBAD",
    "ELIBSCN",
    "ELIBMAX",
    "ELIBEXEC",
    "EILSEQ",
    "ERESTART",
    "ESTRPIPE",
    "EUSERS",
    "ENOTSOCK",
    "EDESTADDRREQ",
    "EMSGSIZE",
    "EPROTOTYPE",
    "ENOPROTOOPT",
    "EPROTONOSUPPORT",
    "ESOCKTNOSUPPORT",
    "EOPNOTSUPP",
    "EPFNOSUPPORT",
    "EAFNOSUPPORT",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "ENETDOWN",
    "ENETUNREACH",
    "ENETRESET",
    "ECONNABORTED",
    "ECONNRESET",
    "ENOBUFS",
    "EISCONN",
    "ENOTCONN",
    "ESHUTDOWN",
    "ETOOMANYREFS",
    "ETIMEDOUT",
    "ECONNREFUSED",
    "EHOSTDOWN",
    "EHOSTUNREACH",
    "EALREADY",
    "EINPROGRESS",
    "ESTALE",
    "EUCLEAN",
    "ENOTNAM",
    "ENAVAIL",
    "EISNAM",
    "EREMOTEIO",
    "EDQUOT",
    "ENOMEDIUM",
    "EMEDIUMTYPE",
    "ECANCELED",
    "ENOKEY",
    "EKEYEXPIRED",
    "EKEYREVOKED",
    "EKEYREJECTED",
    "EOWNERDEAD",
    "ENOTRECOVERABLE",
    "ERFKILL",
    "EHWPOISON",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_numbers() {
        for (name, number) in [
            ("EPERM", 1),
            ("EINVAL", 22),
            ("ENOSYS", 38),
            ("ENOMSG", 42),
            ("EBFONT", 59),
            ("EOPNOTSUPP", 95),
            ("ETIMEDOUT", 110),
            ("EHWPOISON", 133),
        ] {
            assert_eq!(errno_number(name), Some(number));
            assert_eq!(errno_name(u16::try_from(number).unwrap()), Some(name));
        }
        assert_eq!(errno_number("38"), Some(38));
        assert_eq!(errno_number(""), None);
        assert_eq!(errno_number("ENONE"), None);
    }

    #[test]
    fn errors_have_limits() {
        assert_eq!(Decision::of(&Action::Errno, None), Some(Decision::Errno(EPERM)));
        assert_eq!(Decision::of(&Action::Errno, Some(4094)), Some(Decision::Errno(4094)));
        assert_eq!(Decision::of(&Action::Errno, Some(4095)), None);
        assert_eq!(Decision::of(&Action::Errno, Some(0x1_0002)), Some(Decision::Errno(2)));
        assert_eq!(Decision::of(&Action::Other("SCMP_ACT_X".to_owned()), None), None);
    }
}
