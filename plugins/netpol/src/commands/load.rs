//! From files, a cluster or a snapshot to the world that the engine judges: always all of it,
//! because the other end of a connection may be in any namespace.

use posture::client::failure::{Failure, FailureKind};
use posture::client::list::List;
use posture::client::rbac::Access;
use posture::finding::report::Target;
use posture::input::cluster::Cluster;
use posture::input::gather::{all_failed, gather};
use posture::input::inventory::{self, Inventory};
use posture::input::live;
use posture::input::scope::Scope;
use posture::model::error::Result;
use posture::model::version::{Minor, NEWEST};
use posture::render::cluster::{finish, introduce};
use posture::render::progress::Progress;

use super::wanted::Wanted;
use crate::enforcer::{Detected, Scene, Signs};
use crate::world::{Facts, World};

/// The namespace of what names none, where none is given either.
pub const DEFAULT_NAMESPACE: &str = "default";

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct Loading<'a> {
    /// How the command is called: `kubectl netpol can`.
    pub command: &'a str,
    /// Where objects come from. What is selected of them is of no concern here.
    pub scope: Scope<'a>,
    /// `-n`
    pub namespace: Option<String>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// All of it, with what could not be read.
    pub world: World,
    /// Who enforces policies.
    pub detected: Detected,
    /// For the report.
    pub target: Target,
    /// The namespace of words that name none.
    pub namespace: String,
}

/// What objects say, while they come.
#[derive(Debug, Default)]
struct Part {
    facts: Option<Facts>,
    signs: Signs,
}

impl Loading<'_> {
    /// Reads everything. Fails where nothing could be read at all.
    pub fn read(&self) -> Result<Loaded> {
        match &self.scope {
            Scope::Files { files, kustomize, cluster, .. } => {
                let _progress = Progress::start("reading manifests");
                let mut names = files.names.clone();
                names.extend(kustomize.map(str::to_owned));
                let mut inventory = inventory::read(files, *kustomize)?;
                inventory.note_if_empty(&names);
                match cluster {
                    Some(cluster) => self.beside(*cluster, inventory, names),
                    None => Ok(self.of_inventory(inventory, names)),
                }
            }
            Scope::Live { cluster, .. } => {
                let _progress = Progress::start("reading the cluster");
                introduce(*cluster);
                let read = self.cluster(*cluster)?;
                let loaded = read.loaded(self.namespace_of(*cluster), cluster.files());
                finish(*cluster, &loaded.world.gaps, self.command)?;
                Ok(loaded)
            }
        }
    }

    /// What manifests say alone; `files` are their names.
    pub fn of_inventory(&self, inventory: Inventory, files: Vec<String>) -> Loaded {
        let namespace = self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        let facts = Facts::new(namespace);
        let server = self.server.unwrap_or(NEWEST);
        let read =
            Read { facts, signs: Signs::default(), scene: Scene::Manifests, server, context: None };
        read.with(inventory).loaded(namespace.to_owned(), files)
    }

    /// A cluster as it would be with manifests applied to it.
    fn beside(
        &self,
        cluster: Cluster<'_>,
        inventory: Inventory,
        files: Vec<String>,
    ) -> Result<Loaded> {
        let read = self.cluster(cluster)?;
        let loaded = read.with(inventory).loaded(self.namespace_of(cluster), files);
        finish(cluster, &loaded.world.gaps, self.command)?;
        Ok(loaded)
    }

    /// The flags that read the same again, with a space before each.
    pub fn again(&self) -> String {
        let mut flags = String::new();
        if let Scope::Files { files, kustomize, cluster, .. } = &self.scope {
            flags.extend(files.names.iter().map(|name| format!(" -f {name}")));
            flags.extend(kustomize.map(|folder| format!(" -k {folder}")));
            flags.push_str(if cluster.is_some() { " --with-cluster" } else { "" });
        }
        flags.extend(self.namespace.iter().map(|name| format!(" -n {name}")));
        flags
    }

    /// What the server must allow.
    pub fn accesses(&self) -> Vec<Access> {
        let cluster = match &self.scope {
            Scope::Live { cluster, .. } | Scope::Files { cluster: Some(cluster), .. } => *cluster,
            Scope::Files { cluster: None, .. } => return Vec::new(),
        };
        match cluster {
            Cluster::Live { .. } => {
                Wanted::of(cluster).lists.iter().flat_map(List::accesses).collect()
            }
            Cluster::Recorded { .. } => Vec::new(),
        }
    }

    /// The namespace of words that name none.
    fn namespace_of(&self, cluster: Cluster<'_>) -> String {
        let own = match cluster {
            Cluster::Live { connection, .. } => connection.target().namespace.as_str(),
            Cluster::Recorded { namespace, .. } => namespace,
        };
        let own = if own.is_empty() { DEFAULT_NAMESPACE } else { own };
        self.namespace.as_deref().unwrap_or(own).to_owned()
    }

    /// Everything of a cluster; of what may not be listed everywhere, what is in the namespace that
    /// goes without saying.
    fn cluster(&self, cluster: Cluster<'_>) -> Result<Read> {
        let mut gaps = Vec::new();
        let server = cluster.release(self.server, &mut gaps)?;
        let namespace = self.namespace_of(cluster);
        let wanted = Wanted::of(cluster);
        gaps.extend(wanted.gaps);
        let mut read = Read {
            facts: Facts::new(&namespace),
            signs: Signs::default(),
            scene: Scene::Cluster,
            server,
            context: cluster.context().map(str::to_owned),
        };
        for group in &wanted.groups {
            read.signs.note_group(group);
        }
        let parts = gather_parts(cluster, &wanted.lists, &namespace);
        let mut narrow: Vec<List> = Vec::new();
        let everything_failed = all_failed(&parts).cloned();
        for ((part, failure), list) in parts.into_iter().zip(&wanted.lists) {
            read.add(part);
            let Some(failure) = failure else { continue };
            if is_absent(&failure) {
                continue;
            }
            if list.resource.kind == "DaemonSet" {
                let why = format!("the DaemonSets could not be listed: {}", failure.message);
                read.scene = Scene::Partly(why);
            }
            if failure.kind == FailureKind::Forbidden && list.resource.namespaced {
                let own = (list.namespace.is_none()).then(|| namespace.clone());
                narrow.extend(own.map(|own| List { namespace: Some(own), ..list.clone() }));
            }
            gaps.push(live::gap(list, &failure));
        }
        let mut narrowed = 0;
        for ((part, failure), list) in
            gather_parts(cluster, &narrow, &namespace).into_iter().zip(&narrow)
        {
            read.add(part);
            match failure {
                Some(failure) => gaps.push(live::gap(list, &failure)),
                None => narrowed += 1,
            }
        }
        if let Some(failure) = everything_failed.filter(|_| narrowed == 0) {
            return Err(cluster.could_not_run(&failure));
        }
        for gap in gaps {
            read.facts.note_gap(gap);
        }
        Ok(read)
    }
}

/// Lists, each read into a part of its own: what came of one that starts again is void.
fn gather_parts(
    cluster: Cluster<'_>,
    lists: &[List],
    namespace: &str,
) -> Vec<(Part, Option<Failure>)> {
    gather(cluster, lists, |_, objects, part: &mut Part| {
        let facts = part.facts.get_or_insert_with(|| Facts::new(namespace));
        for object in &objects {
            facts.note(object);
            part.signs.note(object);
        }
    })
}

/// Whether a list has failed because there is nothing: an object that is not there, and a kind that
/// went away after it was discovered.
fn is_absent(failure: &Failure) -> bool {
    failure.kind == FailureKind::NotFound
}

/// What was read, before it is put together.
struct Read {
    facts: Facts,
    signs: Signs,
    scene: Scene,
    server: Minor,
    context: Option<String>,
}

impl Read {
    fn add(&mut self, part: Part) {
        if let Some(facts) = part.facts {
            self.facts.merge(facts);
        }
        self.signs.merge(part.signs);
    }

    /// With manifests on top.
    fn with(mut self, inventory: Inventory) -> Self {
        self.facts.expect_new(self.server);
        for object in &inventory.objects {
            self.facts.note(object);
            self.signs.note(object);
        }
        for gap in inventory.gaps {
            self.facts.note_gap(gap);
        }
        self
    }

    fn loaded(self, namespace: String, files: Vec<String>) -> Loaded {
        let server = Some(self.server.to_string());
        Loaded {
            world: self.facts.into_world(),
            detected: self.signs.detect(&self.scene),
            target: Target { context: self.context, server, files },
            namespace,
        }
    }
}
