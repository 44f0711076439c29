//! Which kubeconfig files are read, and how they become one: client-go's loading rules.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{Environment, io_reason};
use super::kubeconfig::{self, Kubeconfig};
use super::options::ConnectOptions;
use crate::model::error::{Error, Result};
use crate::model::source::Source;

/// What the kubeconfig files say together.
pub(super) struct Loaded {
    pub(super) config: Kubeconfig,
    /// The files that were looked for.
    pub(super) files: Vec<PathBuf>,
    /// Those of them that exist.
    pub(super) read: Vec<PathBuf>,
}

/// Reads `--kubeconfig`, else the files of `KUBECONFIG`, else `~/.kube/config`. Only
/// `--kubeconfig` must exist. Of an entry that several files have, the first one counts.
pub(super) fn load(options: &ConnectOptions, env: &Environment) -> Result<Loaded> {
    let files = files(options, env)?;
    let mut loaded = Loaded { config: Kubeconfig::default(), files, read: Vec::new() };
    let mut broken = Vec::new();
    for file in &loaded.files {
        match std::fs::read(file) {
            Ok(bytes) => match parse(file, bytes, options) {
                Ok(next) => {
                    merge(&mut loaded.config, next);
                    loaded.read.push(file.clone());
                }
                Err(why) => broken.push(why),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                broken.push(format!("read {}: {}", file.display(), io_reason(&error)));
            }
        }
    }
    if broken.is_empty() {
        return Ok(loaded);
    }
    Err(Error::usage(format!("error loading config file: {}", broken.join("; ")))
        .hint("mend the kubeconfig, or name another with --kubeconfig"))
}

fn files(options: &ConnectOptions, env: &Environment) -> Result<Vec<PathBuf>> {
    if let Some(file) = options.kubeconfig.as_ref().filter(|file| !file.as_os_str().is_empty()) {
        if let Err(error) = std::fs::metadata(file)
            && error.kind() == ErrorKind::NotFound
        {
            let message = format!("kubeconfig {}: no such file or directory", file.display());
            return Err(Error::usage(message).hint("--kubeconfig names a file that exists"));
        }
        return Ok(vec![file.clone()]);
    }
    let Some(list) = env.get("KUBECONFIG") else {
        let (file, old) = (env.kube("config"), env.kube(".kubeconfig"));
        // client-go copies the file of its first releases to the new place.
        return Ok(vec![if !file.exists() && old.is_file() { old } else { file }]);
    };
    let mut seen = BTreeSet::new();
    Ok(std::env::split_paths(list)
        .filter(|file| !file.as_os_str().is_empty() && seen.insert(file.clone()))
        .collect())
}

fn parse(
    file: &Path,
    bytes: Vec<u8>,
    options: &ConnectOptions,
) -> std::result::Result<Kubeconfig, String> {
    let name = file.display().to_string();
    let folder = std::path::absolute(file).map_err(|error| format!("{name}: {error}"))?;
    let folder = folder.parent().unwrap_or(&folder);
    let source = Arc::new(Source::new(name.as_str(), bytes));
    kubeconfig::read(&source, folder, options.read).map_err(|why| {
        // Places name the file already.
        if why.starts_with(&name) { why } else { format!("{name}: {why}") }
    })
}

/// Adds what is not there yet.
fn merge(config: &mut Kubeconfig, next: Kubeconfig) {
    if config.current_context.is_empty() {
        config.current_context = next.current_context;
    }
    for (name, context) in next.contexts {
        config.contexts.entry(name).or_insert(context);
    }
    for (name, cluster) in next.clusters {
        config.clusters.entry(name).or_insert(cluster);
    }
    for (name, user) in next.users {
        config.users.entry(name).or_insert(user);
    }
}
