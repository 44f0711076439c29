//! A seccomp profile as a document: the three dialects of the format, read into one model.
//!
//! The model keeps what is written, also what a runtime ignores or refuses: who reads the document
//! decides what becomes of it (`evaluate`). Sources: `specs-go/config.go` of
//! github.com/opencontainers/runtime-spec, `seccomp.go` of github.com/moby/profiles, `types.go` of
//! github.com/containers/common/pkg/seccomp.

mod dialect;
mod kernel;
mod read;

pub use dialect::Dialect;
pub use kernel::Kernel;
pub use read::Wrong;

use posture::model::path::FieldPath;

/// A seccomp profile, as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// What happens to a call that no rule is about. Without one, and without rules, the profile
    /// means that seccomp is off.
    pub default_action: Option<Action>,
    /// `defaultErrnoRet`: the error of the default action.
    pub default_errno_ret: Option<u32>,
    /// `defaultErrno` of containers-common: a name or a number in text, stronger than
    /// `defaultErrnoRet`.
    pub default_errno: Option<String>,
    /// `architectures`, as they are written: `SCMP_ARCH_X86_64`.
    pub architectures: Vec<String>,
    /// `archMap` of moby and containers-common.
    pub arch_map: Vec<ArchMap>,
    /// `flags`; `None` where the field is absent, which means something else than `[]` to runc.
    pub flags: Option<Vec<String>>,
    /// `listenerPath`: the socket of the agent that answers `SCMP_ACT_NOTIFY`.
    pub listener_path: Option<String>,
    /// `listenerMetadata`: what that agent is told.
    pub listener_metadata: Option<String>,
    /// `syscalls`, in the order of the document.
    pub syscalls: Vec<Rule>,
    /// Fields that belong to none of the dialects.
    pub unknown: Vec<FieldPath>,
}

/// One entry of `archMap`: what is added on a machine of that architecture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchMap {
    /// `architecture`: `SCMP_ARCH_X86_64`.
    pub architecture: String,
    /// `subArchitectures`.
    pub sub_architectures: Vec<String>,
}

/// One entry of `syscalls`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// `names`.
    pub names: Vec<String>,
    /// `name`: the one name that old documents of moby have instead.
    pub name: Option<String>,
    /// What happens to a call that the rule is about.
    pub action: Option<Action>,
    /// `errnoRet`: the error of the action.
    pub errno_ret: Option<u32>,
    /// `errno` of containers-common: a name or a number in text, stronger than `errnoRet`.
    pub errno: Option<String>,
    /// Conditions on arguments: all must hold, but see `evaluate`.
    pub args: Vec<Arg>,
    /// `comment`.
    pub comment: Option<String>,
    /// The rule counts only where all of this holds.
    pub includes: Gate,
    /// The rule does not count where any of this holds.
    pub excludes: Gate,
}

/// `includes` or `excludes` of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Capabilities as they are written: `CAP_SYS_ADMIN`.
    pub caps: Vec<String>,
    /// Architectures in Go's spelling: `amd64`; sub-architectures in libseccomp's: `x32`.
    pub arches: Vec<String>,
    /// `minKernel` of moby: kernels from this one on.
    pub min_kernel: Option<Kernel>,
}

impl Gate {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.caps.is_empty() && self.arches.is_empty() && self.min_kernel.is_none()
    }
}

/// A condition on one argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Which argument, from 0; a call has six, and a document may say more.
    pub index: u64,
    /// What the argument is compared with; for [`Op::MaskedEq`] the mask.
    pub value: u64,
    /// For [`Op::MaskedEq`] what the masked argument is compared with.
    pub value_two: u64,
    /// How they are compared.
    pub op: Op,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `SCMP_ACT_ALLOW`
    Allow,
    /// `SCMP_ACT_LOG`: allowed, and a line in the audit log.
    Log,
    /// `SCMP_ACT_NOTIFY`: an agent in user space answers.
    Notify,
    /// `SCMP_ACT_TRACE`: a tracer answers; without one the call fails with ENOSYS.
    Trace,
    /// `SCMP_ACT_ERRNO`: the call fails.
    Errno,
    /// `SCMP_ACT_TRAP`: the process gets SIGSYS.
    Trap,
    /// `SCMP_ACT_KILL_THREAD`, and `SCMP_ACT_KILL`, its old name.
    KillThread,
    /// `SCMP_ACT_KILL_PROCESS`
    KillProcess,
    /// Another word, which no runtime knows.
    Other(String),
}

impl Action {
    /// The actions that there are, with their names; the name to write comes first.
    const NAMES: [(&'static str, Self); 9] = [
        ("SCMP_ACT_ALLOW", Self::Allow),
        ("SCMP_ACT_LOG", Self::Log),
        ("SCMP_ACT_NOTIFY", Self::Notify),
        ("SCMP_ACT_TRACE", Self::Trace),
        ("SCMP_ACT_ERRNO", Self::Errno),
        ("SCMP_ACT_TRAP", Self::Trap),
        ("SCMP_ACT_KILL_THREAD", Self::KillThread),
        ("SCMP_ACT_KILL_PROCESS", Self::KillProcess),
        ("SCMP_ACT_KILL", Self::KillThread),
    ];

    /// The action that a document names.
    pub fn named(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(_, action)| action)
    }

    /// How a document names it.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => {
                Self::NAMES.iter().find(|(_, action)| action == known).map_or("", |(name, _)| name)
            }
        }
    }
}

/// How an argument is compared, as unsigned numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// `SCMP_CMP_NE`
    Ne,
    /// `SCMP_CMP_LT`
    Lt,
    /// `SCMP_CMP_LE`
    Le,
    /// `SCMP_CMP_EQ`
    Eq,
    /// `SCMP_CMP_GE`
    Ge,
    /// `SCMP_CMP_GT`
    Gt,
    /// `SCMP_CMP_MASKED_EQ`: `argument & value == valueTwo`.
    MaskedEq,
    /// Another word, which no runtime knows.
    Other(String),
}

impl Op {
    const NAMES: [(&'static str, Self); 7] = [
        ("SCMP_CMP_NE", Self::Ne),
        ("SCMP_CMP_LT", Self::Lt),
        ("SCMP_CMP_LE", Self::Le),
        ("SCMP_CMP_EQ", Self::Eq),
        ("SCMP_CMP_GE", Self::Ge),
        ("SCMP_CMP_GT", Self::Gt),
        ("SCMP_CMP_MASKED_EQ", Self::MaskedEq),
    ];

    /// The comparison that a document names.
    pub fn named(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(_, op)| op)
    }

    /// How a document names it.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => Self::NAMES.iter().find(|(_, op)| op == known).map_or("", |(name, _)| name),
        }
    }
}
