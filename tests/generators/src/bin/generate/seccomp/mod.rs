//! The default profiles of runtimes: read from the Go modules of their releases, written as
//! differences from one release to the next.

mod agree;
mod ask;
mod crio;
mod derive;
mod effective;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use kubectl_seccomp::defaults::table::{self, Parts};
use posture_harness::judge::LineJudge;

use crate::{Result, in_repository};
use ask::{Oracle, Source};

/// The Go program that reads the modules.
const ORACLE: &str = "tests/oracles/seccomp-defaults";

/// Where the data lies.
const DATA: &str = "plugins/seccomp/src/defaults";

/// One release, and what its profile is made of.
struct Release {
    name: String,
    parts: Parts,
}

/// Reads every release and writes the data of every runtime.
pub(crate) fn write() -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut oracle = Oracle::start(LineJudge::at(&build(folder.path())?));
    let mut read = Vec::new();
    let mut codes: BTreeMap<String, Parts> = BTreeMap::new();
    for Source { name: source, code } in oracle.sources() {
        let (runtime, version) = source.split_once('@').ok_or("a source has a version")?;
        if !codes.contains_key(&code) {
            let profile = derive::profile(&mut oracle, &source)?;
            agree::check(&mut oracle, &source, &profile)?;
            let parts = table::parts(&profile);
            oracle.forget();
            codes
                .insert(code.clone(), parts.ok_or_else(|| format!("{source}: what rule is that"))?);
        }
        let parts = codes.get(&code).cloned().unwrap_or_default();
        read.push((runtime.to_owned(), Release { name: version.to_owned(), parts }));
    }
    let of = |wanted: &str| -> Vec<Release> {
        let chosen = read.iter().filter(|(runtime, _)| runtime == wanted);
        chosen
            .map(|(_, Release { name, parts })| Release {
                name: name.clone(),
                parts: parts.clone(),
            })
            .collect()
    };
    let common = of("containers-common");
    let mut docker = of("docker");
    // Docker 29 takes its profile from this module; which release takes which version is not
    // known here, so the newest is what comes after the last that is.
    docker.extend(of("moby-profiles").pop().map(|newest| Release {
        name: format!("moby/profiles@{}", newest.name),
        parts: newest.parts,
    }));
    let files = [
        ("containerd", text::write("containerd", &of("containerd"), &[])?),
        ("docker", text::write("docker", &docker, &[])?),
        ("cri-o", text::write("cri-o", &crio::releases(&common)?, &crio::NOTES)?),
        ("containers-common", text::write("containers-common", &common, &[])?),
    ];
    for (name, text) in files {
        let path = in_repository(&format!("{DATA}/{name}.txt"));
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Builds the program that answers for the profiles, in a folder that is thrown away.
fn build(folder: &Path) -> Result<std::path::PathBuf> {
    let go = |in_folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("go");
        command.args(arguments).current_dir(in_folder).env("GOFLAGS", "").env("GOWORK", "off");
        let status = command.env("CGO_ENABLED", "0").status();
        let status = status.map_err(|error| format!("go: {error}; install Go from go.dev/dl"))?;
        status.success().then_some(()).ok_or_else(|| format!("go {} failed", arguments.join(" ")))
    };
    let sources = folder.to_str().ok_or("the temporary folder has an odd name")?;
    go(&in_repository(ORACLE), &["run", ".", sources])?;
    go(folder, &["build", "-tags", "seccomp", "-o", "answer", "."])?;
    Ok(folder.join("answer"))
}

/// The names that a list of parts has in common with nothing else: for messages.
fn names<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}
