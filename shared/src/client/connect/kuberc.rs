//! Which credential plugins may run: `credentialPluginPolicy` and `credentialPluginAllowlist` of
//! kubectl's kuberc file. Plugins written in Go for kubectl do not read them; this one does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{Environment, io_reason};
use super::fields::{Fields, Outcome};
use super::lookup;
use super::options::ConnectOptions;
use crate::model::error::{Error, Result};
use crate::model::node::Value;
use crate::model::source::Source;

/// What the kuberc file says about credential plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// All may run.
    AllowAll,
    /// None may.
    DenyAll,
    /// Only these commands may.
    Allowlist(Vec<String>),
    /// The file cannot be read, so none may: why.
    Unknown(String),
}

/// Reads the policy. A file that was named must be there and readable; the one in the home
/// directory need not be there, and while it cannot be read, plugins do not run.
pub(super) fn policy(options: &ConnectOptions, env: &Environment) -> Result<Policy> {
    if env.text("KUBECTL_KUBERC").is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return Ok(Policy::AllowAll);
    }
    let Some((file, explicit)) = file(options, env)? else { return Ok(Policy::AllowAll) };
    let wrong = |why: String| {
        Error::usage(format!("kuberc: {why}"))
            .hint("mend the file, or leave it out with KUBERC=off")
    };
    match std::fs::read(&file) {
        Ok(bytes) => match parse(&file, &bytes, options) {
            Ok(policy) => Ok(policy),
            Err(Wrong::Policy(why)) => Err(wrong(why)),
            Err(Wrong::File(why)) if explicit => Err(wrong(why)),
            Err(Wrong::File(why)) => Ok(Policy::Unknown(why)),
        },
        Err(error) if !explicit && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Policy::AllowAll)
        }
        Err(error) => {
            let why = format!("open {}: {}", file.display(), io_reason(&error));
            if explicit { Err(wrong(why)) } else { Ok(Policy::Unknown(why)) }
        }
    }
}

/// The file, and whether somebody named it; `None` if it is switched off.
fn file(options: &ConnectOptions, env: &Environment) -> Result<Option<(PathBuf, bool)>> {
    let flag = options.kuberc.as_ref();
    let variable = env.get("KUBERC");
    if flag.is_some_and(|flag| flag.as_os_str().is_empty()) {
        return Err(Error::usage("kuberc file is not found").hint("--kuberc names a file"));
    }
    if variable.is_some_and(|value| value == "off") {
        return match flag {
            Some(_) => Err(Error::usage(
                "disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive",
            )
            .hint("leave out one of them")),
            None => Ok(None),
        };
    }
    let default = env.kube("kuberc");
    Ok(Some(match (flag.filter(|flag| **flag != default), variable) {
        (Some(flag), _) => (flag.clone(), true),
        (None, Some(variable)) => (variable.into(), true),
        (None, None) => (default, flag.is_some()),
    }))
}

/// What is wrong with a kuberc file.
enum Wrong {
    /// It has no preferences that can be read.
    File(String),
    /// It has, but their policy makes no sense.
    Policy(String),
}

/// The policy of the first document with preferences.
fn parse(
    file: &Path,
    bytes: &[u8],
    options: &ConnectOptions,
) -> std::result::Result<Policy, Wrong> {
    let text = String::from_utf8_lossy(bytes);
    let name = file.display().to_string();
    let mut found = false;
    for document in documents(&text) {
        let source = Arc::new(Source::new(name.as_str(), document.into_bytes()));
        let tree = (options.read)(&source);
        found |= !matches!(tree, Ok(None));
        if let Ok(Some(tree)) = tree
            && let Ok(Some(stated)) = preferences(tree.root())
        {
            return stated.check().map_err(|why| Wrong::Policy(format!("{name}: {why}")));
        }
    }
    if found {
        return Err(Wrong::File(format!("no valid preferences found in {name}")));
    }
    Ok(Policy::AllowAll)
}

/// The documents of a stream, each behind as many empty lines as stand before it.
fn documents(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("---") {
            all.push("\n".repeat(index + 1));
        } else if let Some(last) = all.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    all
}

/// What preferences state, unchecked.
struct Stated {
    policy: String,
    allowlist: Option<Vec<String>>,
}

fn preferences(document: Value<'_>) -> Outcome<Option<Stated>> {
    let root = Fields::root(document)?;
    if root.string("kind")? != "Preference" {
        return Ok(None);
    }
    match root.string("apiVersion")?.as_str() {
        // The first version knows no policy, and kubectl passes over what it does not know.
        "kubectl.config.k8s.io/v1alpha1" => {
            Ok(Some(Stated { policy: String::new(), allowlist: None }))
        }
        "kubectl.config.k8s.io/v1beta1" => {
            let mut allowlist = Vec::new();
            for entry in root.objects("credentialPluginAllowlist")? {
                let (name, command) = (entry.string("name")?, entry.string("command")?);
                if !name.is_empty() && !command.is_empty() && name != command {
                    return Err(entry.wrong("name and command differ"));
                }
                allowlist.push(if command.is_empty() { name } else { command });
            }
            let stated = root.has("credentialPluginAllowlist");
            let policy = root.string("credentialPluginPolicy")?;
            Ok(Some(Stated { policy, allowlist: stated.then_some(allowlist) }))
        }
        _ => Ok(None),
    }
}

impl Stated {
    /// Refuses what client-go's `ValidatePluginPolicy` refuses.
    fn check(self) -> std::result::Result<Policy, String> {
        let Self { policy, allowlist } = self;
        match (policy.as_str(), allowlist) {
            ("" | "AllowAll", None) => Ok(Policy::AllowAll),
            ("DenyAll", None) => Ok(Policy::DenyAll),
            ("" | "AllowAll" | "DenyAll", Some(_)) => Err(format!(
                "misconfigured credential plugin allowlist: plugin policy is {policy:?} but \
                 allowlist is non-nil"
            )),
            ("Allowlist", None) => Err("credential plugin policy set to \"Allowlist\", but \
                 allowlist is unspecified"
                .to_owned()),
            ("Allowlist", Some(list)) if list.is_empty() => Err("credential plugin policy set to \
                 \"Allowlist\", but allowlist is empty; use \"DenyAll\" policy instead"
                .to_owned()),
            ("Allowlist", Some(list)) => {
                for (index, command) in list.iter().enumerate() {
                    if command.is_empty() {
                        return Err(format!(
                            "misconfigured credential plugin allowlist: empty allowlist entry #{}",
                            index + 1
                        ));
                    }
                    let cleaned = lookup::clean(command);
                    if cleaned != *command {
                        return Err(format!(
                            "non-normalized file path: {command:?} vs {cleaned:?}"
                        ));
                    }
                }
                Ok(Policy::Allowlist(list))
            }
            _ => Err(format!("unknown plugin policy: {policy:?}")),
        }
    }
}

impl Policy {
    /// Fails if a command may not run. `command` is the cleaned text of the kubeconfig, `found`
    /// the program that it stands for, or why there is none.
    pub(super) fn permit(
        &self,
        command: &str,
        found: &std::result::Result<PathBuf, String>,
        env: &Environment,
    ) -> std::result::Result<(), String> {
        let list = match self {
            Self::AllowAll => return Ok(()),
            Self::DenyAll => {
                return Err(format!("plugin {command:?} not allowed: policy set to \"DenyAll\""));
            }
            Self::Unknown(why) => {
                return Err(format!("plugin {command:?} not run: no policy known: kuberc: {why}"));
            }
            Self::Allowlist(list) => list,
        };
        let listed: BTreeSet<&str> = list.iter().map(String::as_str).collect();
        if listed.contains(command) {
            return Ok(());
        }
        let path = found.as_ref().map_err(|why| {
            format!(
                "plugin path {command:?} cannot be resolved for credential plugin allowlist \
                 check: {why}"
            )
        })?;
        let named = |entry: &&String| Path::new(entry.as_str()).file_name() == path.file_name();
        let resolves = |entry: &String| lookup::look_path(entry, env).ok().as_deref() == Some(path);
        if path.to_str().is_some_and(|path| listed.contains(path))
            || list.iter().filter(named).any(resolves)
        {
            return Ok(());
        }
        let path = path.display().to_string();
        Err(format!("plugin path {path:?} is not permitted by the credential plugin allowlist"))
    }
}
