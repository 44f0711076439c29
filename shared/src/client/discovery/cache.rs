//! kubectl's cache of discovery on disk: what it has written we read, and the other way round.
//!
//! Source: `computeDiscoverCacheDir` of k8s.io/cli-runtime/pkg/genericclioptions and
//! k8s.io/client-go/discovery/cached/disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::served::{Group, GroupList, ResourceList, Served};

/// How long a file holds.
const LIFETIME: Duration = Duration::from_hours(6);

/// How often another name is tried for a temporary file.
const TRIES: u32 = 16;

const GROUPS: &str = "servergroups.json";
const RESOURCES: &str = "serverresources.json";
const GROUPS_KIND: &str = "APIGroupList";
const RESOURCES_KIND: &str = "APIResourceList";

/// The folder of one server.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// What the cache holds, complete.
pub(super) struct Cached {
    pub(super) groups: Vec<Group>,
    pub(super) lists: BTreeMap<String, Vec<Served>>,
}

impl Cache {
    /// The folder for a server below kubectl's `--cache-dir`. `None` for an address from which no
    /// folder below it can be made.
    pub(super) fn new(cache_dir: &Path, server: &str) -> Option<Self> {
        let host = server.replacen("https://", "", 1).replacen("http://", "", 1);
        let host: String = host
            .chars()
            .map(|character| match character {
                '(' | ')' | '/' | '.' | '_' => character,
                _ if character.is_ascii_alphanumeric() => character,
                _ => '_',
            })
            .collect();
        let mut folder = cache_dir.join("discovery");
        for part in Path::new(host.trim_start_matches('/')).components() {
            match part {
                Component::Normal(part) => folder.push(part),
                Component::CurDir => {}
                _ => return None,
            }
        }
        Some(Self { folder })
    }

    /// Everything that the cache holds of the server; `None` if anything is missing or too old.
    pub(super) fn read(&self) -> Option<Cached> {
        let list: GroupList = read(&self.folder.join(GROUPS))?;
        if list.kind != GROUPS_KIND || list.api_version != "v1" {
            return None;
        }
        let mut lists = BTreeMap::new();
        for version in list.groups.iter().flat_map(|group| &group.versions) {
            let list: ResourceList = read(&self.resources(&version.group_version)?)?;
            if list.kind != RESOURCES_KIND || list.api_version != "v1" {
                return None;
            }
            lists.insert(version.group_version.clone(), list.resources);
        }
        Some(Cached { groups: list.groups, lists })
    }

    /// Writes what the server has answered. Whatever cannot be written is asked for again the next
    /// time. As kubectl, nothing empty is written.
    pub(super) fn write(&self, groups: &[Group], lists: &BTreeMap<String, Vec<Served>>) {
        for (group_version, resources) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            let Some(path) = self.resources(group_version) else { continue };
            let list = ResourceList {
                kind: RESOURCES_KIND.to_owned(),
                api_version: "v1".to_owned(),
                group_version: group_version.clone(),
                resources: resources.clone(),
            };
            if write(&path, &list).is_err() {
                return;
            }
        }
        if !groups.is_empty() {
            let list = GroupList {
                kind: GROUPS_KIND.to_owned(),
                api_version: "v1".to_owned(),
                groups: groups.to_vec(),
            };
            // A cache that cannot be written is none.
            drop(write(&self.folder.join(GROUPS), &list));
        }
    }

    /// The file of a version of a group. Names come from the server: none may lead elsewhere.
    fn resources(&self, group_version: &str) -> Option<PathBuf> {
        let mut path = self.folder.clone();
        for part in group_version.split('/') {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            if part.is_empty() || part.starts_with('.') || !part.bytes().all(plain) {
                return None;
            }
            path.push(part);
        }
        path.push(RESOURCES);
        Some(path)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let file = fs::File::open(path).ok()?;
    let written = file.metadata().ok()?.modified().ok()?;
    if SystemTime::now() > written.checked_add(LIFETIME)? {
        return None;
    }
    serde_json::from_reader(io::BufReader::new(file)).ok()
}

fn write(path: &Path, content: &impl Serialize) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_folder(folder)?;
    let mut bytes = serde_json::to_vec(content)?;
    bytes.push(b'\n');
    let (mut file, temporary) = create_beside(path)?;
    let written = file
        .write_all(&bytes)
        .and_then(|()| open_to_group(&file))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}

/// A new file with a name of its own in the same folder.
fn create_beside(path: &Path) -> io::Result<(fs::File, PathBuf)> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let process = std::process::id();
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for attempt in 0..TRIES {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{process}-{attempt}"));
        let temporary = PathBuf::from(name);
        match options.open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(folder)
}

/// As kubectl leaves it: the owner and the group may read and write it.
#[cfg(unix)]
fn open_to_group(file: &fs::File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o660))
}

#[cfg(not(unix))]
fn open_to_group(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(server: &str) -> Option<PathBuf> {
        Cache::new(Path::new("/c"), server).map(|cache| cache.folder)
    }

    #[test]
    fn folders_are_kubectls() {
        for (server, expected) in [
            ("https://127.0.0.1:6443", "/c/discovery/127.0.0.1_6443"),
            ("https://127.0.0.1:6443/", "/c/discovery/127.0.0.1_6443"),
            ("http://h", "/c/discovery/h"),
            ("https://[::1]:6443", "/c/discovery/___1__6443"),
            ("https://h:1/k8s/clusters/c-m_1", "/c/discovery/h_1/k8s/clusters/c_m_1"),
            ("https://ü.example", "/c/discovery/_.example"),
        ] {
            assert_eq!(folder(server).as_deref(), Some(Path::new(expected)), "{server}");
        }
    }

    #[test]
    fn nothing_leads_out_of_the_cache() {
        assert_eq!(folder("https://h/../../x"), None);
        let cache = Cache::new(Path::new("/c"), "https://h").unwrap();
        for name in ["../v1", "a//v1", "/v1", "a/.v1", "a\0/v1", ""] {
            assert_eq!(cache.resources(name), None, "{name:?}");
        }
        let core = Path::new("/c/discovery/h/v1/serverresources.json");
        assert_eq!(cache.resources("v1").as_deref(), Some(core));
    }
}
