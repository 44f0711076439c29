//! What the process finds around it: variables, home directory, terminal. A value, so that the
//! rules can be tried without touching the process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Where Kubernetes mounts the service account into pods.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The surroundings of the process.
#[derive(Clone)]
pub struct Environment {
    /// All environment variables.
    pub vars: BTreeMap<OsString, OsString>,
    /// The home directory as client-go's `homedir` finds it.
    pub home: Option<PathBuf>,
    /// Whether standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// The directory with `token`, `ca.crt` and `namespace` of a pod's service account.
    pub service_account: PathBuf,
}

impl fmt::Debug for Environment {
    /// Without the variables, which hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Environment {
    /// What this process sees.
    pub fn of_process() -> Self {
        let vars: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        Self {
            home: home(&vars),
            vars,
            stdin_is_terminal: std::io::stdin().is_terminal(),
            service_account: SERVICE_ACCOUNT.into(),
        }
    }

    /// A variable that is set and not empty, as Go programs ask for one.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.vars.get(OsStr::new(name)).map(OsString::as_os_str);
        value.filter(|value| !value.is_empty())
    }

    /// The same as text; what is no UTF-8 counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// A file in `~/.kube`; without a home directory below the current one, as client-go has it.
    pub fn kube(&self, name: &str) -> PathBuf {
        self.home.as_deref().unwrap_or(Path::new("")).join(".kube").join(name)
    }
}

#[cfg(not(windows))]
fn home(vars: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    vars.get(OsStr::new("HOME")).filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// The first of three candidates that has a kubeconfig, else that exists, else that is set.
#[cfg(windows)]
fn home(vars: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    let get = |name: &str| vars.get(OsStr::new(name)).filter(|value| !value.is_empty()).cloned();
    let home = get("HOME").map(PathBuf::from);
    let profile = get("USERPROFILE").map(PathBuf::from);
    let drive = get("HOMEDRIVE").zip(get("HOMEPATH")).map(|(mut drive, path)| {
        drive.push(path);
        PathBuf::from(drive)
    });
    let with_config = [&home, &drive, &profile].into_iter().flatten();
    let candidates = [&home, &profile, &drive];
    with_config
        .clone()
        .find(|path| path.join(".kube").join("config").exists())
        .or_else(|| candidates.into_iter().flatten().find(|path| path.is_dir()))
        .or_else(|| candidates.into_iter().flatten().next())
        .cloned()
}

/// Why a file cannot be read, in the system's words as Go writes them.
pub(super) fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect::<String>()
    })
}
