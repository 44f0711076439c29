//! What the server serves: from kubectl's cache where that is fresh, else from the server.

mod aggregated;
mod ask;
mod cache;
mod mapper;
mod offline;
mod served;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::cache::Cache;
use self::mapper::VersionMap;
use self::served::Group;
use super::connection::Connection;
use crate::model::error::Result;
use crate::model::gap::Gap;

pub use self::served::Served;

/// The resources of a server, in the order in which it prefers them.
#[derive(Debug)]
pub struct Discovery {
    groups: Vec<Group>,
    /// By group and version: `apps/v1`.
    lists: BTreeMap<String, Vec<Served>>,
    maps: Vec<VersionMap>,
    gaps: Vec<Gap>,
    fresh: bool,
}

/// Groups and resources as they are written down.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Document {
    groups: Vec<Group>,
    /// By group and version: `apps/v1`.
    resources: BTreeMap<String, Vec<Served>>,
}

impl Discovery {
    /// What kubectl's cache has of the server, where that is complete and not older than six
    /// hours; else what the server answers, which then goes into the cache. Fails where the
    /// server cannot be asked at all.
    pub fn load(connection: &Connection) -> Result<Self> {
        let cached = cache_of(connection).and_then(|cache| cache.read());
        match cached {
            Some(cached) => {
                // Why the server knew no version of a group is not in the cache.
                let empty = cached.groups.iter().filter(|group| group.versions.is_empty());
                let why = "the server could not discover this group when it was last asked";
                let gaps = empty.map(|group| ask::gap(&group.name, why.to_owned())).collect();
                Ok(Self::new(cached.groups, cached.lists, gaps, false))
            }
            None => Self::ask(connection),
        }
    }

    /// What the server answers now, whatever the cache has; it then goes into the cache. Fails
    /// where the server cannot be asked at all.
    pub fn ask(connection: &Connection) -> Result<Self> {
        let asked = ask::ask(connection)?;
        if let Some(cache) = cache_of(connection) {
            cache.write(&asked.groups, &asked.lists);
        }
        Ok(Self::new(asked.groups, asked.lists, asked.gaps, true))
    }

    fn new(
        groups: Vec<Group>,
        lists: BTreeMap<String, Vec<Served>>,
        gaps: Vec<Gap>,
        fresh: bool,
    ) -> Self {
        let maps = mapper::build(&groups, &lists);
        Self { groups, lists, maps, gaps, fresh }
    }

    /// Everything that is known, to be written down.
    pub fn to_document(&self) -> Document {
        Document { groups: self.groups.clone(), resources: self.lists.clone() }
    }

    /// What was written down. Which groups could not be discovered is not in it.
    pub fn of_document(document: &Document) -> Self {
        Self::new(document.groups.clone(), document.resources.clone(), Vec::new(), false)
    }

    /// Whether the server itself has just said it. Where it is not so, a resource that is not
    /// found may be there all the same: [`Self::ask`] knows.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The groups that could not be discovered, as when the server of an aggregated API is down.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Everything that is served, with its group and version: group by group in the server's
    /// order, and in each the versions in the order of the server's preference. Subresources
    /// (`pods/log`) are among it.
    pub fn served(&self) -> impl Iterator<Item = (&str, &str, &Served)> {
        self.groups.iter().flat_map(|group| &group.versions).flat_map(|version| {
            let group = version.group_version.rsplit_once('/').map_or("", |(group, _)| group);
            let resources = self.lists.get(&version.group_version).into_iter().flatten();
            resources.map(move |served| (group, version.version.as_str(), served))
        })
    }
}

fn cache_of(connection: &Connection) -> Option<Cache> {
    let target = connection.target();
    Cache::new(target.cache_dir.as_deref()?, &target.server)
}
