//! The data of one runtime: the profile of each release, as differences from the one before.
//!
//! ```text
//! # comment
//! = 1.7.0 1.7.2          the releases that what follows leads to, from the release before
//! ! text                 what must be said with an answer for these releases
//! + ALLOW: accept bind   names that a rule has got; a line that is indented goes on
//! - ALLOW: socket        names that a rule has lost; one without names is gone
//! + arch SCMP_ARCH_X86_64: SCMP_ARCH_X86      an entry of archMap
//! + default ERRNO 1:     the default action
//! ```
//!
//! A release that ends in `.x` stands for a whole line; one with an `@` in it is no release of the
//! runtime, but what comes after the newest is read from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule;
use super::version::Version;
use crate::profile::{ArchMap, Profile};

/// What a profile is made of: each rule, entry of `archMap`, and the default action, with the
/// names that belong to it.
pub type Parts = BTreeMap<String, BTreeSet<String>>;

const ARCH: &str = "arch ";
const DEFAULT: &str = "default ";

/// What one release of a runtime does.
#[derive(Clone, Debug)]
pub struct Release {
    /// The release as the data names it: `1.7.27`, `1.31.x`.
    pub name: String,
    /// Which one it is; `None` for what comes after the newest.
    pub version: Option<Version>,
    /// It stands for its whole line.
    pub whole_line: bool,
    /// Its profile. Releases that have the same share it.
    pub profile: Arc<Profile>,
    /// What must be said with it.
    pub note: Option<Arc<str>>,
}

/// Reads the data. Fails with the number of the line that is none.
pub fn read(text: &str) -> Result<Vec<Release>, usize> {
    let mut releases: Vec<Release> = Vec::new();
    let mut parts = Parts::new();
    let mut block = Block::default();
    for (index, line) in text.lines().enumerate() {
        let wrong = || index + 1;
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if let Some(names) = line.strip_prefix("= ") {
            block.finish(&parts, &mut releases).ok_or_else(wrong)?;
            block.names = names.split(' ').map(str::to_owned).collect();
        } else if let Some(note) = line.strip_prefix("! ") {
            block.note = Some(note.into());
        } else if line.starts_with(' ') {
            let (added, part) = block.open.clone().ok_or_else(wrong)?;
            change(&mut parts, added, &part, line);
        } else {
            let added = match line.get(..2) {
                Some("+ ") => true,
                Some("- ") => false,
                _ => return Err(wrong()),
            };
            let (part, names) = line[2..].split_once(':').ok_or_else(wrong)?;
            change(&mut parts, added, part, names);
            block.open = Some((added, part.to_owned()));
            block.changed = true;
        }
    }
    block.finish(&parts, &mut releases).ok_or(text.lines().count())?;
    Ok(releases)
}

/// The releases that are being read.
#[derive(Default)]
struct Block {
    names: Vec<String>,
    note: Option<Arc<str>>,
    /// The part that an indented line goes on with.
    open: Option<(bool, String)>,
    changed: bool,
}

impl Block {
    /// Adds the releases of the block, and starts anew.
    fn finish(&mut self, parts: &Parts, releases: &mut Vec<Release>) -> Option<()> {
        let block = std::mem::take(self);
        if block.names.is_empty() {
            return (!block.changed).then_some(());
        }
        let before = releases.last().filter(|_| !block.changed);
        let profile = match before {
            Some(before) => before.profile.clone(),
            None => Arc::new(profile(parts)?),
        };
        for name in block.names {
            let line = name.strip_suffix(".x");
            let whole_line = line.is_some();
            let version =
                if name.contains('@') { None } else { Some(Version::read(line.unwrap_or(&name))?) };
            let (profile, note) = (profile.clone(), block.note.clone());
            releases.push(Release { name, version, whole_line, profile, note });
        }
        Some(())
    }
}

fn change(parts: &mut Parts, added: bool, part: &str, names: &str) {
    let known = parts.entry(part.to_owned()).or_default();
    for name in names.split_whitespace() {
        if added {
            known.insert(name.to_owned());
        } else {
            known.remove(name);
        }
    }
    if !added && known.is_empty() {
        parts.remove(part);
    }
}

/// The profile that is made of parts. `None` where one of them is no part.
///
/// Rules come in the order of their lines, so that those that allow come before those that do
/// not: what generates the data proves that this order and the runtime's own say the same.
pub fn profile(parts: &Parts) -> Option<Profile> {
    let mut profile = Profile::default();
    for (part, names) in parts {
        let names = names.iter().cloned().collect();
        if let Some(architecture) = part.strip_prefix(ARCH) {
            profile
                .arch_map
                .push(ArchMap { architecture: architecture.to_owned(), sub_architectures: names });
        } else if let Some(line) = part.strip_prefix(DEFAULT) {
            rule::read_default(line, &mut profile)?;
        } else {
            let mut rule = rule::read(part)?;
            rule.names = names;
            profile.syscalls.push(rule);
        }
    }
    Some(profile)
}

/// What a profile is made of: [`profile`] turned around. `None` where it has what the data cannot
/// say.
pub fn parts(profile: &Profile) -> Option<Parts> {
    let mut parts = Parts::new();
    parts.insert(format!("{DEFAULT}{}", rule::default(profile)?), BTreeSet::new());
    for entry in &profile.arch_map {
        let subs = entry.sub_architectures.iter().cloned();
        parts.entry(format!("{ARCH}{}", entry.architecture)).or_default().extend(subs);
    }
    for rule in &profile.syscalls {
        let names = rule.name.iter().chain(&rule.names).cloned();
        parts.entry(rule::line(rule)?).or_default().extend(names);
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = "\
# made up
= 1.0.0 1.0.1
+ ALLOW:
    accept bind
    socket
+ arch SCMP_ARCH_X86_64: SCMP_ARCH_X86
+ default ERRNO:
= 1.0.2
! said with it
- ALLOW: socket
+ ALLOW arg0=1: socket
= 2.0.x
= somewhere@3
- arch SCMP_ARCH_X86_64: SCMP_ARCH_X86
- ALLOW arg0=1: socket
- default ERRNO:
+ default LOG:
";

    #[test]
    fn releases_are_the_ones_before_with_their_changes() {
        let releases = read(DATA).unwrap();
        let names: Vec<&str> = releases.iter().map(|release| release.name.as_str()).collect();
        assert_eq!(names, ["1.0.0", "1.0.1", "1.0.2", "2.0.x", "somewhere@3"]);
        assert!(Arc::ptr_eq(&releases[0].profile, &releases[1].profile));
        assert!(Arc::ptr_eq(&releases[2].profile, &releases[3].profile));
        assert_eq!(releases[0].profile.syscalls[0].names, ["accept", "bind", "socket"]);
        assert_eq!(releases[2].profile.syscalls[0].names, ["accept", "bind"]);
        assert_eq!(releases[2].profile.syscalls[1].names, ["socket"]);
        assert_eq!(releases[2].note.as_deref(), Some("said with it"));
        assert!(releases[3].whole_line && releases[3].note.is_none());
        let last = &releases[4];
        assert!(last.version.is_none() && last.profile.arch_map.is_empty());
        assert_eq!(
            parts(&last.profile).unwrap().keys().collect::<Vec<_>>(),
            ["ALLOW", "default LOG"]
        );
    }

    #[test]
    fn what_is_no_data_is_refused_with_its_line() {
        for (text, line) in [
            ("+ ALLOW: a\n", 1),
            ("= 1.0.0\nALLOW: a\n", 2),
            ("= 1.0.0\n+ ALLOW\n", 2),
            ("= 1.0.0\n    a\n", 2),
            ("= 1.0.0\n+ NEVER: a\n= 1.0.1\n", 3),
            ("= one\n+ ALLOW: a\n= 1.0.1\n", 3),
        ] {
            assert_eq!(read(text).map(|_| ()), Err(line), "{text}");
        }
    }
}
