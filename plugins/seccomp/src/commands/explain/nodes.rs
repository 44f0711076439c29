//! The nodes of a cluster as places: those that do not differ are one.

use std::collections::BTreeMap;

use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::{gather, inventory};
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;

use crate::defaults::Runtime;
use crate::effective::Node;
use crate::evaluate::Machine;
use crate::explain::{Changes, Place, Surroundings};
use crate::profile::Kernel;

/// What nodes must have alike to be one place.
type Kind = (Runtime, String, Kernel, Machine);

/// The kinds of Linux nodes, and the nodes of which something is not known.
pub fn places(nodes: &[Node], caps: &Changes) -> Result<(Vec<Place>, Vec<Gap>)> {
    let mut kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    let mut gaps = Vec::new();
    for node in nodes.iter().filter(|node| !node.is_windows()) {
        match kind(node) {
            Ok(kind) => kinds.entry(kind).or_default().push(node.name.clone()),
            Err(why) => gaps.push(Gap {
                what: "node".to_owned(),
                place: None,
                object: Some(format!("node/{}", node.name)),
                why,
                hint: "say --runtime, --arch and --kernel to ask about one like it".to_owned(),
            }),
        }
    }
    let place = |((runtime, version, kernel, machine), nodes): (Kind, Vec<String>)| {
        let around = Surroundings { machine, kernel, caps: caps.clone() };
        Ok(Place { nodes, ..Place::of_release(runtime, &version, &around)? })
    };
    Ok((kinds.into_iter().map(place).collect::<Result<_>>()?, gaps))
}

/// What is read of a cluster.
pub(in super::super) fn node_lists() -> Vec<List> {
    vec![List::of(Resource::nodes(), None)]
}

/// The nodes of a cluster. Fails where they cannot be read.
pub fn nodes_of(cluster: Cluster<'_>) -> Result<Vec<Node>> {
    let gathered = gather::objects(cluster, &node_lists());
    if let Some(failure) = gather::all_failed(&gathered) {
        return Err(cluster.could_not_run(failure));
    }
    let objects = gathered.iter().flat_map(|(objects, _)| objects);
    Ok(objects.map(Node::of).collect())
}

/// The Nodes among manifests.
pub fn nodes_in(files: &FileArgs, kustomize: Option<&str>) -> Result<Vec<Node>> {
    let inventory = inventory::read(files, kustomize)?;
    let is_node = |object: &&Object| object.kind() == "Node" && object.group().is_empty();
    Ok(inventory.objects.iter().filter(is_node).map(Node::of).collect())
}

/// What a node is; or what of that is not known: a clause.
pub(super) fn kind(node: &Node) -> std::result::Result<Kind, String> {
    let unknown = |what: &str, text: &str| match text {
        "" => format!("it does not say its {what}"),
        text => format!("nothing is known of its {what} {text:?}"),
    };
    let (runtime, version) =
        node.runtime.known.clone().ok_or_else(|| unknown("runtime", &node.runtime.text))?;
    let kernel = node.kernel.known.ok_or_else(|| unknown("kernel", &node.kernel.text))?;
    let machine = node.arch.known.ok_or_else(|| unknown("architecture", &node.arch.text))?;
    Ok((runtime, version, kernel, machine))
}
