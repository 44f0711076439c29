//! Paths and commands as Go's `filepath.Clean` and `exec.LookPath` see them.

use std::path::{Path, PathBuf};

use super::environment::{Environment, io_reason};

/// The shortest path that means the same, by its text alone.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Whether a command is a bare name, to be looked for.
pub(super) fn is_bare(command: &str) -> bool {
    !command.contains(['/', std::path::MAIN_SEPARATOR])
}

/// Finds the program of a command: in `PATH` if it is a bare name. Fails with the reason.
pub(super) fn look_path(command: &str, env: &Environment) -> Result<PathBuf, String> {
    if !is_bare(command) {
        return executable(Path::new(command), env);
    }
    for folder in env.get("PATH").map(std::env::split_paths).into_iter().flatten() {
        let Ok(found) = executable(&folder.join(command), env) else { continue };
        if found.is_absolute() {
            return Ok(found);
        }
        return Err("cannot run executable found relative to current directory".to_owned());
    }
    Err("executable file not found in $PATH".to_owned())
}

#[cfg(unix)]
fn executable(path: &Path, _: &Environment) -> Result<PathBuf, String> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = std::fs::metadata(path).map_err(|error| io_reason(&error))?;
    if metadata.is_dir() {
        return Err("is a directory".to_owned());
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err("permission denied".to_owned());
    }
    Ok(path.to_owned())
}

#[cfg(not(unix))]
fn executable(path: &Path, env: &Environment) -> Result<PathBuf, String> {
    let endings = env.text("PATHEXT").unwrap_or(".com;.exe;.bat;.cmd");
    let with_ending = endings.split(';').map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    let named = path.extension().map(|_| path.to_owned());
    let found = named.into_iter().chain(with_ending).find(|path| path.is_file());
    let missing = || io_reason(&std::io::ErrorKind::NotFound.into());
    found.ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_by_their_text() {
        for (path, cleaned) in [
            ("", "."),
            ("abc", "abc"),
            ("./abc//def/", "abc/def"),
            ("/../abc", "/abc"),
            ("a/../..", ".."),
            ("../../a", "../../a"),
            ("/a/b/../c/.", "/a/c"),
            ("/", "/"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }
}
