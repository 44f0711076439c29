//! Policies of other kinds than Kubernetes' own: they are not judged, and that is said.

use posture::model::gap::Gap;

use crate::engine::verdict::End;
use crate::policy::Namespaces;
use crate::world::{Labels, Pod, Vendor, VendorSubject, World};

/// How many are named before the rest is counted.
const NAMED: usize = 3;

/// The gap of the policies of other kinds that select one of some pods, if there are any.
pub(super) fn gap(world: &World, ends: &[End]) -> Option<Gap> {
    let pods = ends.iter().filter_map(|end| match end {
        End::Pod(pod) => Some(&world.pods[*pod as usize]),
        _ => None,
    });
    let pods: Vec<&Pod> = pods.collect();
    let selecting: Vec<&Vendor> = world
        .vendors
        .iter()
        .filter(|vendor| pods.iter().any(|pod| selects(world, vendor, pod)))
        .collect();
    let first = selecting.first()?;
    let names: Vec<String> = selecting
        .iter()
        .take(NAMED)
        .map(|vendor| {
            let namespace = vendor.object.namespace.as_ref();
            let namespace = namespace.map_or_else(String::new, |name| format!("{name}/"));
            format!("{} {namespace}{}", vendor.object.kind, vendor.object.name)
        })
        .collect();
    let more = match selecting.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(Gap {
        what: "policy".to_owned(),
        place: first.mark.clone(),
        object: Some(format!("{}{more}", names.join(", "))),
        why:
            "selects one of the ends, or may, and is not judged: it can deny what is allowed here, \
              and some kinds can allow what is denied"
                .to_owned(),
        hint: "say --accept-vendor-gap to leave these kinds out of account".to_owned(),
    })
}

/// Whether a policy selects a pod, as far as that can be read.
fn selects(world: &World, vendor: &Vendor, pod: &Pod) -> bool {
    let namespace = &world.namespaces[pod.namespace as usize];
    let is_own = |own: Option<&String>| own.is_none_or(|own| *own == namespace.name);
    match &vendor.selects {
        VendorSubject::Any => is_own(vendor.object.namespace.as_ref()),
        VendorSubject::Pods(pods) => {
            let there = match &pods.namespaces {
                Namespaces::Own => is_own(vendor.object.namespace.as_ref()),
                Namespaces::Selected(selector) => {
                    !namespace.seen || selector.matches(|key| value(world, &namespace.labels, key))
                }
            };
            there && pods.pods.matches(|key| value(world, &pod.labels, key))
        }
    }
}

fn value<'w>(world: &'w World, labels: &Labels, key: &str) -> Option<&'w str> {
    let key = world.texts.find(key)?;
    let (_, value) = labels.iter().find(|(own, _)| *own == key)?;
    Some(world.texts.get(*value))
}
