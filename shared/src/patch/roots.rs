//! From selected objects of a cluster to the objects whose templates they come from: a Pod to its
//! `ReplicaSet` to its Deployment, a Job to its `CronJob`.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::list::List;
use crate::client::rbac::Access;
use crate::client::resource::Resource;
use crate::input::cluster::Cluster;
use crate::input::{gather, live};
use crate::model::gap::Gap;
use crate::model::object::{Object, ObjectRef};
use crate::model::owners::{Controller, controller_of};

/// How many owners stand above one another; no cluster of Kubernetes' own kinds has more than two.
const MAX_CLIMB: usize = 8;

/// The kinds that control others of Kubernetes' own, with their plural names.
const OWNERS: [(&str, &str, &str); 7] = [
    ("", "ReplicationController", "replicationcontrollers"),
    ("apps", "DaemonSet", "daemonsets"),
    ("apps", "Deployment", "deployments"),
    ("apps", "ReplicaSet", "replicasets"),
    ("apps", "StatefulSet", "statefulsets"),
    ("batch", "CronJob", "cronjobs"),
    ("batch", "Job", "jobs"),
];

/// An object that no other of Kubernetes' own controls. A controller of another kind may stand
/// above it: that is a manager of it (`model::managers`).
#[derive(Clone, Debug)]
pub struct Root {
    /// The object.
    pub object: Object,
    /// What was selected and led here; empty where the object itself was.
    pub from: Vec<ObjectRef>,
}

impl Root {
    /// `pod/web-1 → deployment.apps/web`, for what was selected and led here.
    pub fn ways(&self) -> Vec<String> {
        let root = self.object.reference(None);
        self.from.iter().map(|from| format!("{from} → {root}")).collect()
    }
}

/// What comes of climbing.
#[derive(Debug, Default)]
pub struct Climbed {
    /// The roots, each once, in the order in which they were first reached.
    pub roots: Vec<Root>,
    /// Owners that could not be read.
    pub gaps: Vec<Gap>,
}

/// Climbs from selected objects to their roots. Owners that are not among the selected objects are
/// read, each once; one that cannot be read is a gap, and what it owns is not among the roots.
pub fn climb(connection: &Connection, selected: Vec<Object>) -> Climbed {
    let cluster = Cluster::Live { connection, recorder: None };
    climb_with(selected, |lists| gather::singles(cluster, lists))
}

/// Whether an object is owned by another of Kubernetes' own kinds, and so no root.
pub fn is_owned(object: &Object) -> bool {
    controller_of(object.value()).is_some_and(|controller| resource_of(&controller).is_some())
}

/// What the server must allow so that owners of these objects can be read: one of Kubernetes' own
/// kinds, and those that may stand above it.
pub fn accesses(resource: &Resource, namespace: Option<&str>) -> Vec<Access> {
    let kinds: &[&str] = match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Pod") => &[
            "ReplicationController",
            "DaemonSet",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
            "CronJob",
            "Job",
        ],
        ("apps", "ReplicaSet") => &["Deployment"],
        ("batch", "Job") => &["CronJob"],
        _ => &[],
    };
    let owners = OWNERS.iter().filter(|(_, kind, _)| kinds.contains(kind));
    let access = |(group, _, plural): &(&str, &str, &str)| Access {
        verb: "get".to_owned(),
        group: (*group).to_owned(),
        resource: (*plural).to_owned(),
        namespace: namespace.map(str::to_owned),
        name: None,
    };
    owners.map(access).collect()
}

/// The resource of a kind of Kubernetes' own that may stand above others.
pub fn resource(api_version: &str, kind: &str) -> Option<Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let known = OWNERS.iter().find(|(of, name, _)| *of == group && *name == kind)?;
    Some(Resource::new(group, version, known.2, kind, true))
}

fn resource_of(controller: &Controller) -> Option<Resource> {
    resource(&controller.api_version, &controller.kind)
}

/// Where an object stands in the climb.
enum Step {
    /// Nothing of Kubernetes' own is above it.
    Root(usize),
    /// What is above it is not known yet.
    Above(Controller, Option<String>),
    /// What is above it cannot be read.
    Lost,
}

/// What is known of the objects so far.
#[derive(Default)]
struct Known {
    objects: Vec<Object>,
    by_uid: HashMap<String, usize>,
    lost: HashSet<String>,
}

impl Known {
    /// Adds an object; returns its position, also where it was known.
    fn add(&mut self, object: Object) -> usize {
        let uid = object.metadata("uid").unwrap_or_default().to_owned();
        if let Some(known) = self.by_uid.get(&uid) {
            return *known;
        }
        let position = self.objects.len();
        self.objects.push(object);
        if !uid.is_empty() {
            self.by_uid.insert(uid, position);
        }
        position
    }

    /// As far up from an object as is known.
    fn climb(&self, from: usize) -> Step {
        let mut at = from;
        for _ in 0..MAX_CLIMB {
            let object = &self.objects[at];
            let Some(controller) = controller_of(object.value()) else { return Step::Root(at) };
            if resource_of(&controller).is_none() {
                return Step::Root(at);
            }
            if self.lost.contains(&controller.uid) {
                return Step::Lost;
            }
            match self.by_uid.get(&controller.uid) {
                Some(above) => at = *above,
                None => return Step::Above(controller, object.namespace().map(str::to_owned)),
            }
        }
        Step::Root(at)
    }
}

/// Climbs with something that reads objects by name, one a list.
fn climb_with(
    selected: Vec<Object>,
    mut read: impl FnMut(&[List]) -> Vec<Result<Option<Object>, Failure>>,
) -> Climbed {
    let mut known = Known::default();
    let mut gaps = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    for object in selected {
        let position = known.add(object);
        if !starts.contains(&position) {
            starts.push(position);
        }
    }
    for _ in 0..MAX_CLIMB {
        let mut wanted: BTreeMap<String, (Controller, List)> = BTreeMap::new();
        for start in &starts {
            if let Step::Above(controller, namespace) = known.climb(*start)
                && let Some(resource) = resource_of(&controller)
            {
                let name = Some(controller.name.clone());
                let list = List { name, ..List::of(resource, namespace.as_deref()) };
                wanted.insert(controller.uid.clone(), (controller, list));
            }
        }
        if wanted.is_empty() {
            break;
        }
        let (controllers, lists): (Vec<Controller>, Vec<List>) = wanted.into_values().unzip();
        let answers = read(&lists);
        for ((controller, list), answer) in controllers.into_iter().zip(&lists).zip(answers) {
            match answer {
                Ok(Some(object)) if object.metadata("uid") == Some(controller.uid.as_str()) => {
                    known.add(object);
                }
                answer => {
                    gaps.push(gap(&controller, list, answer));
                    known.lost.insert(controller.uid);
                }
            }
        }
    }
    let mut roots: Vec<(usize, Vec<ObjectRef>)> = Vec::new();
    for start in starts {
        let Step::Root(root) = known.climb(start) else { continue };
        let from = (start != root).then(|| {
            let object = &known.objects[start];
            object.reference(object.namespace())
        });
        match roots.iter_mut().find(|(known, _)| *known == root) {
            Some((_, ways)) => ways.extend(from),
            None => roots.push((root, from.into_iter().collect())),
        }
    }
    let root = |(position, from): (usize, Vec<ObjectRef>)| Root {
        object: known.objects[position].clone(),
        from,
    };
    Climbed { roots: roots.into_iter().map(root).collect(), gaps }
}

/// An owner that could not be read, or is another by now.
fn gap(controller: &Controller, list: &List, answer: Result<Option<Object>, Failure>) -> Gap {
    let owner = controller.reference(None).to_string();
    match answer {
        Err(failure) => {
            Gap { what: "owner".to_owned(), object: Some(owner), ..live::gap(list, &failure) }
        }
        Ok(_) => Gap {
            what: "owner".to_owned(),
            place: None,
            object: Some(owner),
            why: "it owns what was selected, and is gone".to_owned(),
            hint: "what it owned is deleted soon; ask again".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::client::failure::FailureKind;
    use crate::input::yaml::json as reader;
    use crate::model::path::FieldPath;
    use crate::model::source::Source;

    fn object(
        api_version: &str,
        kind: &str,
        name: &str,
        owner: Option<(&str, &str, &str)>,
    ) -> Object {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}")}});
        if let Some((api_version, kind, name)) = owner {
            object["metadata"]["ownerReferences"] = json!([{"apiVersion": api_version,
                "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true}]);
        }
        of(&object)
    }

    fn of(object: &Json) -> Object {
        let source = Arc::new(Source::new("x.json", object.to_string().into_bytes()));
        let (tree, _) = reader::read(&source, 0).unwrap();
        let root = tree.root().id();
        Object::new(Arc::new(tree), root, FieldPath::root(), None)
    }

    /// Climbs in a cluster of these objects; beside the outcome what was read, in the order.
    fn climbed(
        selected: Vec<Object>,
        cluster: &[Object],
    ) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut reads = Vec::new();
        let climbed = climb_with(selected, |lists| {
            let answer = |list: &List| {
                let name = list.name.clone().unwrap();
                reads.push(name.clone());
                assert_eq!(list.namespace.as_deref(), Some("shop"));
                match cluster.iter().find(|object| object.name() == name) {
                    Some(object) if object.kind() == list.resource.kind => Ok(Some(object.clone())),
                    _ => Err(Failure {
                        kind: FailureKind::Forbidden,
                        message: "no".to_owned(),
                        status: None,
                    }),
                }
            };
            lists.iter().map(answer).collect()
        });
        let show = |root: &Root| match root.ways().as_slice() {
            [] => root.object.reference(None).to_string(),
            ways => ways.join(", "),
        };
        let gaps = climbed.gaps.iter().map(|gap| gap.object.clone().unwrap());
        (climbed.roots.iter().map(show).collect(), gaps.collect(), reads)
    }

    #[test]
    fn every_owner_is_read_once_and_every_root_comes_once() {
        let deployment = object("apps/v1", "Deployment", "web", None);
        let set = object("apps/v1", "ReplicaSet", "rs", Some(("apps/v1", "Deployment", "web")));
        let pod = |name: &str| object("v1", "Pod", name, Some(("apps/v1", "ReplicaSet", "rs")));
        let cluster = [deployment.clone(), set.clone()];
        let (roots, gaps, reads) = climbed(vec![pod("a"), pod("b")], &cluster);
        assert_eq!(roots, ["pod/a → deployment.apps/web, pod/b → deployment.apps/web"]);
        assert_eq!((gaps.len(), reads), (0, vec!["rs".to_owned(), "web".to_owned()]));
        // What was selected is not read again.
        let (roots, _, reads) = climbed(vec![pod("a"), set, deployment], &[]);
        let both = "pod/a → deployment.apps/web, replicaset.apps/rs → deployment.apps/web";
        assert_eq!(roots, [both]);
        assert!(reads.is_empty());
    }

    #[test]
    fn other_kinds_are_not_climbed() {
        let of_rollout =
            object("apps/v1", "ReplicaSet", "rs", Some(("argoproj.io/v1alpha1", "Rollout", "r")));
        let pod = object("v1", "Pod", "a", Some(("apps/v1", "ReplicaSet", "rs")));
        let (roots, gaps, _) = climbed(vec![pod], &[of_rollout]);
        assert_eq!((roots, gaps.len()), (vec!["pod/a → replicaset.apps/rs".to_owned()], 0));
        let mirror = object("v1", "Pod", "m", Some(("v1", "Node", "n")));
        assert!(!is_owned(&mirror));
        assert_eq!(climbed(vec![mirror], &[]).0, ["pod/m"]);
        let job = object("batch/v1", "Job", "j", Some(("batch/v1", "CronJob", "c")));
        assert!(is_owned(&job));
        let cron = object("batch/v1", "CronJob", "c", None);
        assert_eq!(climbed(vec![job], &[cron]).0, ["job.batch/j → cronjob.batch/c"]);
    }

    #[test]
    fn an_owner_that_cannot_be_read_is_a_gap() {
        let pod = |name: &str| object("v1", "Pod", name, Some(("apps/v1", "ReplicaSet", "rs")));
        let (roots, gaps, reads) = climbed(vec![pod("a"), pod("b")], &[]);
        assert_eq!((roots.len(), gaps, reads.len()), (0, vec!["replicaset.apps/rs".to_owned()], 1));
        // Another of the same name is not the owner.
        let mut other = object("apps/v1", "ReplicaSet", "rs", None).value().to_json();
        other["metadata"]["uid"] = "another".into();
        let (roots, gaps, _) = climbed(vec![pod("a")], &[of(&other)]);
        assert_eq!((roots.len(), gaps.len()), (0, 1));
    }

    #[test]
    fn rights_follow_the_kinds() {
        let names = |resource: &Resource| -> Vec<String> {
            accesses(resource, Some("shop")).into_iter().map(|access| access.resource).collect()
        };
        let of = |group: &str, kind: &str| Resource::new(group, "v1", "x", kind, true);
        assert_eq!(names(&of("apps", "ReplicaSet")), ["deployments"]);
        assert_eq!(names(&of("", "Pod")).len(), OWNERS.len());
        assert!(names(&of("apps", "Deployment")).is_empty());
    }
}
