//! Of a cluster only what manifests hold: each of their objects is looked up.

use std::collections::{BTreeMap, BTreeSet};

use posture::client::list::List;
use posture::client::resource::Resource;
use posture::finding::report::Report;
use posture::input::cluster::Cluster;
use posture::input::workloads::workloads;
use posture::model::gap::Gap;
use posture::model::object::{Object, ObjectRef};

use super::verdict::PssDetail;

/// As many objects of one kind and namespace are asked for by name; where there are more, all are
/// listed.
const BY_NAME: usize = 8;

/// API group, kind, namespace and name.
type Key = (String, String, Option<String>, String);

/// The objects that are meant.
#[derive(Debug, Default)]
pub(super) struct Meant {
    keys: BTreeSet<Key>,
    objects: Vec<ObjectRef>,
}

impl Meant {
    /// The objects of a report, but for those whose names the server makes up.
    pub(super) fn of(report: &Report<PssDetail>) -> Self {
        let mut meant = Self::default();
        for object in &report.objects {
            let object = &object.object;
            let key = (
                object.group().to_owned(),
                object.kind.clone(),
                object.namespace.clone(),
                object.name.clone(),
            );
            if !object.name.is_empty() && !object.name.ends_with('*') && meant.keys.insert(key) {
                meant.objects.push(object.clone());
            }
        }
        meant
    }

    /// Whether an object of the cluster is one of them.
    pub(super) fn has(&self, object: &Object) -> bool {
        let namespace = object.namespace().map(str::to_owned);
        let (group, kind) = (object.group().to_owned(), object.kind().to_owned());
        self.keys.contains(&(group, kind, namespace, object.name().to_owned()))
    }

    /// What to read of a cluster. Kinds that it does not serve have no objects there.
    pub(super) fn lists(&self, cluster: Cluster<'_>, gaps: &mut Vec<Gap>) -> Vec<List> {
        let mut known = workloads();
        known.push(Resource::namespaces());
        let mut discovery = None;
        let mut wanted: BTreeMap<(Resource, Option<&str>), Vec<&str>> = BTreeMap::new();
        for object in &self.objects {
            let built_in = known
                .iter()
                .find(|resource| resource.group == object.group() && resource.kind == object.kind);
            let resource = built_in.cloned().or_else(|| {
                let discovery = discovery.get_or_insert_with(|| {
                    cluster.discovery().map_err(|error| gaps.push(unknown_types(&error))).ok()
                });
                discovery.as_ref()?.of_kind(&object.api_version, &object.kind)
            });
            let Some(resource) = resource else { continue };
            let namespace = object.namespace.as_deref().filter(|_| resource.namespaced);
            wanted.entry((resource, namespace)).or_default().push(&object.name);
        }
        let mut lists = Vec::new();
        for ((resource, namespace), names) in wanted {
            let all = List::of(resource, namespace);
            if names.len() > BY_NAME {
                lists.push(all);
                continue;
            }
            let named = |name: &&str| List { name: Some((*name).to_owned()), ..all.clone() };
            lists.extend(names.iter().map(named));
        }
        lists
    }
}

fn unknown_types(error: &posture::model::error::Error) -> Gap {
    Gap {
        what: "list".to_owned(),
        place: None,
        object: None,
        why: format!("which types the server has is not known: {error}"),
        hint: String::new(),
    }
}
