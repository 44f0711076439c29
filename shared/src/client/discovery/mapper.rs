//! From what people call a resource to the resource: kubectl's rules, on what the server serves.
//!
//! Source: `NewDiscoveryRESTMapper` and `shortcutExpander` of k8s.io/client-go/restmapper,
//! `DefaultRESTMapper` and `PriorityRESTMapper` of k8s.io/apimachinery/pkg/api/meta, `mappingFor`
//! of k8s.io/cli-runtime/pkg/resource.

use std::collections::BTreeMap;

use super::Discovery;
use super::served::{Group, Served};
use crate::client::resource::Resource;

/// The version that Go's libraries call their own types by.
const INTERNAL: &str = "__internal";

/// What one version of a group maps.
#[derive(Debug)]
pub(super) struct VersionMap {
    group: String,
    version: String,
    /// Plural and singular names to kinds.
    kinds: BTreeMap<String, String>,
    /// Kinds, in their own and in lower case, to resources.
    resources: BTreeMap<String, Mapped>,
}

#[derive(Debug)]
struct Mapped {
    plural: String,
    namespaced: bool,
}

/// A resource as it was written, in parts; what was not written is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written<'a> {
    group: &'a str,
    version: &'a str,
    resource: &'a str,
}

/// The maps of all versions, the one that wins first: the core `v1`, then group by group the
/// preferred version and the others in their order.
pub(super) fn build(groups: &[Group], lists: &BTreeMap<String, Vec<Served>>) -> Vec<VersionMap> {
    let mut maps = Vec::new();
    for group in groups {
        let preferred = &group.preferred.version;
        let first = group.versions.iter().filter(|version| version.version == *preferred);
        let others = group.versions.iter().filter(|version| version.version != *preferred);
        for version in first.chain(others) {
            if let Some(resources) = lists.get(&version.group_version) {
                maps.push(VersionMap::new(&group.name, &version.version, resources));
            }
        }
    }
    // The sort is stable.
    maps.sort_by_key(|map| !(map.group.is_empty() && map.version == "v1"));
    maps
}

impl VersionMap {
    fn new(group: &str, version: &str, resources: &[Served]) -> Self {
        let mut map = Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kinds: BTreeMap::new(),
            resources: BTreeMap::new(),
        };
        for served in resources.iter().filter(|served| !served.name.contains('/')) {
            let kind = &served.kind;
            let singular = if served.singular.is_empty() {
                kind.to_lowercase()
            } else {
                served.singular.clone()
            };
            map.add(&kind.to_lowercase(), &served.name, &singular, served.namespaced);
            map.add(kind, &served.name, &singular, served.namespaced);
            map.add_guessed(&format!("{kind}List"), served.namespaced);
        }
        map.add_guessed("List", false);
        map
    }

    fn add(&mut self, kind: &str, plural: &str, singular: &str, namespaced: bool) {
        self.kinds.insert(singular.to_owned(), kind.to_owned());
        self.kinds.insert(plural.to_owned(), kind.to_owned());
        let mapped = Mapped { plural: plural.to_owned(), namespaced };
        self.resources.insert(kind.to_owned(), mapped);
    }

    /// A kind of which discovery says nothing, under the plural that client-go guesses: no server
    /// has it, and the server's refusal says so.
    fn add_guessed(&mut self, kind: &str, namespaced: bool) {
        let singular = kind.to_lowercase();
        let plural = guess_plural(&singular);
        self.add(kind, &plural, &singular, namespaced);
    }

    /// The kind of a resource that is named in full or in part.
    fn kind_of(&self, written: Written<'_>) -> Option<&str> {
        let fits = match (written.group, written.version) {
            ("", "") => true,
            ("", version) => version == self.version,
            // `storageclass.storage` is one of storage.k8s.io.
            (group, "") => self.group.starts_with(group),
            (group, version) => group == self.group && version == self.version,
        };
        if !fits {
            return None;
        }
        self.kinds.get(&written.resource.to_lowercase()).map(String::as_str)
    }

    fn resource(&self, kind: &str) -> Option<Resource> {
        let mapped = self.resources.get(kind)?;
        Some(Resource::new(
            &self.group,
            &self.version,
            &mapped.plural,
            // Objects call themselves by the kind as it is written in discovery.
            self.kinds.get(&mapped.plural).map_or(kind, String::as_str),
            mapped.namespaced,
        ))
    }
}

/// The plural of a singular, as Kubernetes guesses it.
///
/// Source: `UnsafeGuessKindToResource` of k8s.io/apimachinery/pkg/api/meta.
pub(super) fn guess_plural(singular: &str) -> String {
    match singular.strip_suffix('y') {
        _ if singular.ends_with("endpoints") => singular.to_owned(),
        _ if singular.ends_with('s') => format!("{singular}es"),
        Some(stem) => format!("{stem}ies"),
        None => format!("{singular}s"),
    }
}

impl<'a> Written<'a> {
    /// `TYPE.VERSION.GROUP`, if there are two dots or more.
    fn in_full(argument: &'a str) -> Option<Self> {
        let (resource, rest) = argument.split_once('.')?;
        let (version, group) = rest.split_once('.')?;
        Some(Self { group, version, resource })
    }

    /// `TYPE.GROUP`
    fn with_group(argument: &'a str) -> Self {
        let (resource, group) = argument.split_once('.').unwrap_or((argument, ""));
        Self { group, version: "", resource }
    }
}

impl Discovery {
    /// The resource that `TYPE`, `TYPE.GROUP` or `TYPE.VERSION.GROUP` means: its plural, singular
    /// or short name, or its kind in any case. `None` if there is none; then the server may know
    /// better, where [`Self::is_fresh`] does not hold. Where a short name could mean others too,
    /// kubectl's warnings are added.
    pub fn find(&self, argument: &str, warnings: &mut Vec<String>) -> Option<Resource> {
        let full = Written::in_full(argument);
        let partly = Written::with_group(argument);
        let by_name = full
            .and_then(|full| self.by_name(full, warnings))
            .or_else(|| self.by_name(partly, warnings));
        by_name
            .or_else(|| full.and_then(|full| self.by_kind(full)))
            .or_else(|| self.by_kind(partly))
    }

    /// The resource of a kind: of `apps/v1` and `Deployment`.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<Resource> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.by_kind(Written { group, version, resource: kind })
    }

    fn by_name(&self, written: Written<'_>, warnings: &mut Vec<String>) -> Option<Resource> {
        let written = self.expand_short_name(written, warnings);
        let written = Written {
            version: if written.version == INTERNAL { "" } else { written.version },
            ..written
        };
        if written.resource.is_empty() {
            return None;
        }
        self.maps.iter().find_map(|map| map.resource(map.kind_of(written)?))
    }

    fn by_kind(&self, written: Written<'_>) -> Option<Resource> {
        let any_version = written.version.is_empty() || written.version == INTERNAL;
        self.maps
            .iter()
            .filter(|map| map.group == written.group)
            .filter(|map| any_version || map.version == written.version)
            .find_map(|map| map.resource(written.resource))
    }

    /// The full name behind a short one. A full name is never taken for a short one.
    fn expand_short_name<'a>(
        &'a self,
        written: Written<'a>,
        warnings: &mut Vec<String>,
    ) -> Written<'a> {
        let in_group = |group: &str| written.group.is_empty() || written.group == group;
        let full = self.served().any(|(group, _, served)| {
            in_group(group)
                && (served.name == written.resource || served.singular == written.resource)
        });
        if full {
            return written;
        }
        let short = || {
            self.served().filter(|(_, _, served)| {
                served.short_names.iter().any(|short| short == written.resource)
            })
        };
        let mut exact = short().filter(|(group, _, _)| in_group(group));
        if let Some((group, _, first)) = exact.next() {
            for (other, _, served) in exact {
                if other == group && served.name == first.name {
                    continue;
                }
                let long = Resource::new(other, "", &served.name, "", false).qualified();
                let name = written.resource;
                let warning = format!(
                    "short name \"{name}\" could also match lower priority resource {long}"
                );
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
            return Written { group, version: "", resource: &first.name };
        }
        if written.group.is_empty() {
            return written;
        }
        match short().find(|(group, _, _)| group.starts_with(written.group)) {
            Some((group, _, served)) => Written { group, resource: &served.name, ..written },
            None => written,
        }
    }

    /// What a category (`all`) stands for, as arguments of [`Self::find`]; `None` if it is none.
    pub fn category(&self, name: &str) -> Option<Vec<String>> {
        let mut members: Vec<String> = Vec::new();
        for (group, _, served) in self.served() {
            if served.categories.iter().any(|category| category == name) {
                let member = Resource::new(group, "", &served.name, "", false).qualified();
                if !members.contains(&member) {
                    members.push(member);
                }
            }
        }
        (!members.is_empty()).then_some(members)
    }
}
