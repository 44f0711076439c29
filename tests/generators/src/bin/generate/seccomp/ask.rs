//! What the program answers for one container on one machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubectl_seccomp::profile::Profile;
use posture_harness::judge::LineJudge;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::Result;

/// The Linux architectures that Go builds for.
pub(super) const ARCHES: [&str; 13] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x",
];

/// Every capability of Linux.
pub(super) const CAPS: [&str; 41] = [
    "CAP_AUDIT_CONTROL",
    "CAP_AUDIT_READ",
    "CAP_AUDIT_WRITE",
    "CAP_BLOCK_SUSPEND",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_KILL",
    "CAP_LEASE",
    "CAP_LINUX_IMMUTABLE",
    "CAP_MAC_ADMIN",
    "CAP_MAC_OVERRIDE",
    "CAP_MKNOD",
    "CAP_NET_ADMIN",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_RAW",
    "CAP_PERFMON",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYSLOG",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_CHROOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_NICE",
    "CAP_SYS_PACCT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_WAKE_ALARM",
];

/// A version of Linux.
pub(super) type Kernel = (u32, u32);

/// A machine and the capabilities of a container on it.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) arch: &'static str,
    pub(super) kernel: Kernel,
    pub(super) caps: Vec<&'static str>,
}

/// What libseccomp, and the `arches` of rules, call an architecture of Go's.
pub(super) fn native(arch: &'static str) -> &'static str {
    match arch {
        "386" => "x86",
        "mips64le" => "mipsel64",
        "mipsle" => "mipsel",
        same => same,
    }
}

/// One release that the program answers for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Source {
    /// `containerd@1.7.27`.
    pub(super) name: String,
    /// Alike where two releases have the same code.
    pub(super) code: String,
}

/// The program, and what it has answered.
pub(super) struct Oracle {
    judge: LineJudge,
    gates: BTreeMap<String, Vec<Kernel>>,
    profiles: BTreeMap<u64, Arc<Profile>>,
}

#[derive(Deserialize)]
struct Sources {
    sources: Vec<Source>,
}

/// The number of a profile, and the kernels that were asked about.
#[derive(Deserialize)]
struct Resolved {
    resolved: u64,
    gates: Vec<Kernel>,
}

impl Oracle {
    pub(super) fn start(judge: LineJudge) -> Self {
        Self { judge, gates: BTreeMap::new(), profiles: BTreeMap::new() }
    }

    /// The releases, the oldest of each runtime first.
    pub(super) fn sources(&mut self) -> Vec<Source> {
        let answer: Sources = self.judge.ask(&json!({}));
        answer.sources
    }

    fn profile(&mut self, request: &Json) -> Result<Profile> {
        let answer: Json = self.judge.ask(request);
        let profile = answer.get("profile").ok_or_else(|| format!("{request}: {answer}"))?;
        Profile::from_json(profile).map_err(|error| format!("{request}: {error}"))
    }

    /// The profiles of containers.
    pub(super) fn resolved(&mut self, source: &str, of: &[Container]) -> Result<Vec<Arc<Profile>>> {
        let requests: Vec<Json> = of
            .iter()
            .map(|Container { arch, kernel, caps }| {
                json!({"source": source, "arch": arch, "kernel": kernel, "caps": caps})
            })
            .collect();
        let answers: Vec<Resolved> = self.judge.ask_all(&requests);
        let mut profiles = Vec::new();
        for Resolved { resolved, gates } in answers {
            let known = self.gates.entry(source.to_owned()).or_default();
            known.extend(gates);
            known.sort_unstable();
            known.dedup();
            let profile = match self.profiles.get(&resolved) {
                Some(profile) => profile.clone(),
                None => Arc::new(self.profile(&json!({"number": resolved}))?),
            };
            self.profiles.insert(resolved, profile.clone());
            profiles.push(profile);
        }
        Ok(profiles)
    }

    /// Lets go of the profiles, which other code does not give.
    pub(super) fn forget(&mut self) {
        self.profiles.clear();
    }

    /// The kernels that a release asks about, on any machine.
    pub(super) fn gates(&mut self, source: &str) -> Result<Vec<Kernel>> {
        let everywhere: Vec<Container> = ARCHES
            .into_iter()
            .map(|arch| Container { arch, kernel: (1, 0), caps: CAPS.to_vec() })
            .collect();
        self.resolved(source, &everywhere)?;
        Ok(self.gates.get(source).cloned().unwrap_or_default())
    }

    /// A kernel older than every gate, and each gate.
    pub(super) fn kernels(&mut self, source: &str) -> Result<Vec<Kernel>> {
        let mut kernels = vec![(1, 0)];
        kernels.extend(self.gates(source)?);
        Ok(kernels)
    }
}
