//! Which lists of a cluster tell what traffic depends on.

use posture::client::discovery::Discovery;
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::workloads::workloads;
use posture::model::gap::Gap;

use crate::world::vendor_kinds;

/// What every server has, beside workloads, Namespaces and nodes.
const ALWAYS: [(&str, &str, &str, &str); 3] = [
    ("", "v1", "services", "Service"),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    ("networking.k8s.io", "v1", "ingresses", "Ingress"),
];

/// What some servers have, by group and kind.
const SOMETIMES: [(&str, &str); 9] = [
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("gateway.networking.k8s.io", "TCPRoute"),
    ("gateway.networking.k8s.io", "TLSRoute"),
    ("gateway.networking.k8s.io", "UDPRoute"),
    ("route.openshift.io", "Route"),
];

/// Slices that the controller makes of the selector of a Service tell nothing that the pods do not.
///
/// Source: `LabelManagedBy` of k8s.io/api/discovery/v1 and `controllerName` of Kubernetes'
/// `pkg/controller/endpointslice`.
const OTHER_SLICES: &str =
    "endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io";

/// The group whose policies Calico's own API server shows again.
const CALICO: (&str, &str) = ("crd.projectcalico.org", "projectcalico.org");

/// What to read of a cluster.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The lists, of all namespaces.
    pub(super) lists: Vec<List>,
    /// The groups that the server has.
    pub(super) groups: Vec<String>,
    /// What could not be found out.
    pub(super) gaps: Vec<Gap>,
}

impl Wanted {
    /// All that a cluster has.
    pub(super) fn of(cluster: Cluster<'_>) -> Self {
        let mut wanted = Self::default();
        let resources = workloads().into_iter().filter(|resource| resource.kind != "PodTemplate");
        wanted.lists.extend(resources.map(|resource| List::of(resource, None)));
        let namespaces = List::of(Resource::namespaces(), None);
        wanted.lists.push(List { metadata_only: true, ..namespaces });
        wanted.lists.push(List::of(Resource::nodes(), None));
        for (group, version, plural, kind) in ALWAYS {
            wanted.lists.push(List::of(Resource::new(group, version, plural, kind, true), None));
        }
        let slices =
            Resource::new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true);
        let label_selector = Some(OTHER_SLICES.to_owned());
        wanted.lists.push(List { label_selector, ..List::of(slices, None) });
        match cluster.discovery() {
            Ok(discovery) => wanted.add_served(&discovery),
            Err(error) => wanted.gaps.push(Gap {
                what: "list".to_owned(),
                place: None,
                object: Some("policies of other kinds, and routes".to_owned()),
                why: error.to_string(),
                hint: String::new(),
            }),
        }
        wanted
    }

    /// What the server says that it has.
    fn add_served(&mut self, discovery: &Discovery) {
        // What else the server could not tell of itself is of no concern.
        let matters = |gap: &&Gap| {
            let mut kinds = SOMETIMES.into_iter().chain(vendor_kinds());
            gap.object.as_ref().is_none_or(|of| kinds.any(|(group, _)| of.contains(group)))
        };
        self.gaps.extend(discovery.gaps().iter().filter(matters).cloned());
        let mut groups: Vec<String> =
            discovery.served().map(|(group, _, _)| group.to_owned()).collect();
        groups.sort_unstable();
        groups.dedup();
        for (group, kind) in SOMETIMES.into_iter().chain(vendor_kinds()) {
            let again = group == CALICO.1 && groups.iter().any(|own| own == CALICO.0);
            // Of versions the one that the server prefers.
            let resource = discovery.of_kind(&format!("{group}/"), kind).filter(|_| !again);
            self.lists.extend(resource.map(|resource| List::of(resource, None)));
        }
        if groups.iter().any(|group| group == "cilium.io") {
            let maps = Resource::new("", "v1", "configmaps", "ConfigMap", true);
            let name = Some("cilium-config".to_owned());
            self.lists.push(List { name, ..List::of(maps, Some("kube-system")) });
        }
        self.groups = groups;
    }
}
