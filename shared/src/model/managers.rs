//! Who manages an object: whoever writes it again and would undo what is changed on it, and the
//! knob to turn in its place.

use super::node::Value;
use super::object::Object;
use super::owners::controller_of;

/// What kind of manager it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagerKind {
    /// The controller of a custom resource: an operator.
    Operator,
    /// Operator Lifecycle Manager.
    Olm,
    /// A Kustomization of Flux.
    FluxKustomization,
    /// A `HelmRelease` of Flux.
    FluxHelmRelease,
    /// An Application of Argo CD.
    ArgoCd,
    /// A bundle of Rancher Fleet.
    Fleet,
    /// A manifest that k3s or RKE2 keeps applied.
    K3sAddon,
    /// A release of Helm.
    Helm,
    /// The addon manager of a control plane.
    AddonManager,
}

/// Who manages an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// What kind it is.
    pub kind: ManagerKind,
    /// Its name: `Helm release web`. Names come from the object: whoever shows them escapes them.
    pub name: String,
    /// What to change in place of the object: an imperative half-sentence.
    pub knob: String,
    /// Whether it writes the object again, now or with its next change.
    pub overwrites: bool,
}

impl Manager {
    /// `managed by the Helm release web`
    pub fn sentence(&self) -> String {
        format!("managed by {}", self.name)
    }
}

/// Who manages an object; of several the one whose word is last. `None` if nothing on it says so.
///
/// An owner counts before labels and annotations: controllers hand those of their own objects
/// down. A controller of Kubernetes' own kinds is no manager: it is the object to change.
pub fn manager_of(object: &Object) -> Option<Manager> {
    operator(object)
        .or_else(|| olm(object))
        .or_else(|| flux(object))
        .or_else(|| argo_cd(object))
        .or_else(|| rancher(object))
        .or_else(|| helm(object))
        .or_else(|| addon_manager(object))
}

/// A controller of a kind that is not Kubernetes' own.
fn operator(object: &Object) -> Option<Manager> {
    let controller = controller_of(object.value()).filter(|owner| !owner.is_built_in())?;
    let reference = controller.reference(object.namespace());
    if controller.kind == CLUSTER_SERVICE_VERSION {
        return Some(of_olm(&controller.name));
    }
    let kind = &controller.kind;
    Some(Manager {
        kind: ManagerKind::Operator,
        name: format!("the controller of {reference}"),
        knob: format!(
            "set it in {reference}, as far as {kind} has a field for it: its controller writes this object"
        ),
        overwrites: true,
    })
}

const CLUSTER_SERVICE_VERSION: &str = "ClusterServiceVersion";

/// Labels of what OLM installs (`ownerutil` of operator-framework/operator-lifecycle-manager); the
/// owner reference is there too, and names no controller.
fn olm(object: &Object) -> Option<Manager> {
    if object.label("olm.owner.kind") == Some(CLUSTER_SERVICE_VERSION) {
        return object.label("olm.owner").map(of_olm);
    }
    let references = object.value().get("metadata")?.get("ownerReferences")?;
    let name = references.items().find_map(|reference| {
        let is_it = reference.get("kind")?.as_str() == Some(CLUSTER_SERVICE_VERSION);
        reference.get("name")?.as_str().filter(|_| is_it)
    })?;
    Some(of_olm(name))
}

fn of_olm(version: &str) -> Manager {
    Manager {
        kind: ManagerKind::Olm,
        name: format!("OLM, by the {CLUSTER_SERVICE_VERSION} {version}"),
        knob: format!(
            "ask who makes the operator for it: OLM writes this object from the {CLUSTER_SERVICE_VERSION} {version}"
        ),
        overwrites: true,
    }
}

/// Labels that kustomize-controller and helm-controller put on all that they apply; the first obeys
/// two annotations on the object (its documentation, "Controlling the apply behavior of resources").
fn flux(object: &Object) -> Option<Manager> {
    let labelled = |group: &str| {
        let name = object.label(&format!("{group}.toolkit.fluxcd.io/name"))?;
        let namespace = object.label(&format!("{group}.toolkit.fluxcd.io/namespace"));
        Some(in_namespace(name, namespace))
    };
    if let Some(release) = labelled("helm") {
        return Some(Manager {
            kind: ManagerKind::FluxHelmRelease,
            name: format!("Flux, by the HelmRelease {release}"),
            knob: format!(
                "set it in spec.values of the HelmRelease {release}, or where the chart has no value for it in spec.postRenderers, in the repository that Flux reads"
            ),
            overwrites: true,
        });
    }
    let kustomization = labelled("kustomize")?;
    let says = |key: &str, values: &[&str]| {
        let value = annotation(object, key).unwrap_or_default();
        values.iter().any(|known| value.eq_ignore_ascii_case(known))
    };
    let is_left = says("kustomize.toolkit.fluxcd.io/reconcile", &["disabled"])
        || says("kustomize.toolkit.fluxcd.io/ssa", &["Ignore", "IfNotPresent"]);
    Some(Manager {
        kind: ManagerKind::FluxKustomization,
        name: format!("Flux, by the Kustomization {kustomization}"),
        knob: format!(
            "change the manifest in the repository that Flux' Kustomization {kustomization} applies"
        ),
        overwrites: !is_left,
    })
}

/// The annotation that Argo CD tracks objects by, `APP:GROUP/KIND:NAMESPACE/NAME`. The label that it
/// used to track by is put on objects by Helm charts too: it counts where Argo CD has also written
/// fields of the object, or where it is the one that only Argo CD has.
///
/// Source: `util/argo/resource_tracking.go` of argoproj/argo-cd.
fn argo_cd(object: &Object) -> Option<Manager> {
    let of = |application: &str| Manager {
        kind: ManagerKind::ArgoCd,
        name: format!("Argo CD, by the Application {application}"),
        knob: format!(
            "change the source of Argo CD's Application {application}: its manifests in git, or the values of its chart"
        ),
        overwrites: true,
    };
    if let Some(tracked) = annotation(object, "argocd.argoproj.io/tracking-id") {
        let mut parts = tracked.splitn(3, ':');
        let (application, kind, name) = (parts.next()?, parts.next(), parts.next());
        let own_kind = format!("{}/{}", object.group(), object.kind());
        let own_name = name.and_then(|name| name.rsplit('/').next());
        // Controllers hand annotations down; then the identity is that of another.
        let is_own = kind == Some(own_kind.as_str()) && own_name == Some(object.name());
        return is_own.then(|| of(application));
    }
    if let Some(application) = object.label("argocd.argoproj.io/instance") {
        return Some(of(application));
    }
    let application = object.label("app.kubernetes.io/instance")?;
    field_managers(object).any(|name| name.starts_with("argocd-")).then(|| of(application))
}

/// What Rancher's appliers write on their objects (`LabelID`, `LabelGVK` … of
/// `rancher/wrangler/pkg/apply`): k3s its addons with their owner, Fleet its bundles without one, as
/// releases of Helm.
fn rancher(object: &Object) -> Option<Manager> {
    let of_set = |key: &str| annotation(object, &format!("objectset.rio.cattle.io/{key}"));
    if let Some(owner) = of_set("owner-gvk").filter(|owner| !owner.is_empty()) {
        let name = of_set("owner-name").unwrap_or_default();
        if owner.starts_with("k3s.cattle.io/") {
            return Some(Manager {
                kind: ManagerKind::K3sAddon,
                name: format!("k3s, by the Addon {name}"),
                knob: format!(
                    "change the manifest of the Addon {name} in server/manifests of every server node (/var/lib/rancher/k3s or /var/lib/rancher/rke2)"
                ),
                overwrites: true,
            });
        }
        let name = in_namespace(name, of_set("owner-namespace"));
        return Some(Manager {
            kind: ManagerKind::Operator,
            name: format!("the controller of {owner} {name}"),
            knob: format!("set it in {name} ({owner}): its controller writes this object"),
            overwrites: true,
        });
    }
    let set = of_set("id").filter(|id| !id.is_empty())?;
    let release = annotation(object, HELM_RELEASE)?;
    Some(Manager {
        kind: ManagerKind::Fleet,
        name: format!("Rancher Fleet, by the bundle of {set}"),
        knob: format!(
            "change the repository of Fleet's bundle {release}: its manifests, or the values in its fleet.yaml"
        ),
        overwrites: true,
    })
}

const HELM_RELEASE: &str = "meta.helm.sh/release-name";

/// What Helm writes on all objects of its releases (`setMetadataVisitor` of
/// `helm/helm/pkg/action/validate.go`). The label alone is on what a chart has rendered for somebody
/// else too.
fn helm(object: &Object) -> Option<Manager> {
    let release = annotation(object, HELM_RELEASE)?;
    let namespace = annotation(object, "meta.helm.sh/release-namespace");
    let chart = object.label("helm.sh/chart").map(|chart| format!(" {chart}")).unwrap_or_default();
    let scope = namespace.map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
    Some(Manager {
        kind: ManagerKind::Helm,
        name: format!("the Helm release {release}"),
        knob: format!(
            "set it in the values of the chart{chart}: helm upgrade {release} CHART{scope} --reuse-values --set …"
        ),
        overwrites: true,
    })
}

/// The label that the addon manager selects by: in its mode `EnsureExists` it leaves changes alone.
///
/// Source: `cluster/addons/addon-manager/README.md` of Kubernetes.
fn addon_manager(object: &Object) -> Option<Manager> {
    let mode = object.label("addonmanager.kubernetes.io/mode")?;
    Some(Manager {
        kind: ManagerKind::AddonManager,
        name: "the addon manager".to_owned(),
        knob: "change the addon's manifest on the control plane (/etc/kubernetes/addons), or the setting of whoever runs the control plane".to_owned(),
        overwrites: mode != "EnsureExists",
    })
}

/// An annotation, if it is there and is a string.
fn annotation<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.value().get("metadata")?.get("annotations")?.get(key)?.as_str()
}

/// Who has written fields of the object, but for its status.
fn field_managers(object: &Object) -> impl Iterator<Item = &str> {
    let metadata = object.value().get("metadata");
    let fields = metadata.and_then(|metadata| metadata.get("managedFields"));
    let entries = fields.into_iter().flat_map(|fields| fields.items());
    let of_status = |entry: &Value<'_>| {
        entry.get("subresource").and_then(|name| name.as_str()).is_some_and(|name| !name.is_empty())
    };
    entries
        .filter(move |entry| !of_status(entry))
        .filter_map(|entry| entry.get("manager").and_then(|manager| manager.as_str()))
}

/// `namespace/name`
fn in_namespace(name: &str, namespace: Option<&str>) -> String {
    match namespace.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::model::made;
    use crate::model::path::FieldPath;

    fn manager(metadata: Json) -> Option<Manager> {
        let mut metadata = metadata;
        metadata["name"] = "web".into();
        metadata["namespace"] = "shop".into();
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata});
        let tree = made::tree(&object);
        let root = tree.root().id();
        manager_of(&Object::new(Arc::new(tree), root, FieldPath::root(), None))
    }

    fn kind(metadata: Json) -> Option<(ManagerKind, bool)> {
        manager(metadata).map(|manager| (manager.kind, manager.overwrites))
    }

    fn owner(api_version: &str, kind: &str, controller: bool) -> Json {
        json!([{"apiVersion": api_version, "kind": kind, "name": "o", "uid": "1",
                "controller": controller}])
    }

    #[test]
    fn helm_is_known_by_its_annotations() {
        let annotations =
            json!({"meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "ns"});
        let labels = json!({"helm.sh/chart": "web-1.2", "app.kubernetes.io/managed-by": "Helm"});
        let found = manager(json!({"annotations": annotations, "labels": labels})).unwrap();
        assert_eq!(found.kind, ManagerKind::Helm);
        assert_eq!(found.sentence(), "managed by the Helm release r");
        assert!(found.knob.contains("chart web-1.2: helm upgrade r CHART -n ns"), "{}", found.knob);
        // `helm template | kubectl apply` leaves the labels alone behind.
        assert_eq!(kind(json!({"labels": labels})), None);
        assert_eq!(kind(json!({})), None);
    }

    #[test]
    fn whoever_drives_helm_comes_before_it() {
        let helm = json!({"meta.helm.sh/release-name": "r"});
        let flux =
            json!({"helm.toolkit.fluxcd.io/name": "r", "helm.toolkit.fluxcd.io/namespace": "f"});
        let found = manager(json!({"annotations": helm, "labels": flux})).unwrap();
        assert_eq!(found.kind, ManagerKind::FluxHelmRelease);
        assert!(found.knob.contains("HelmRelease f/r"), "{}", found.knob);
        let fleet =
            json!({"meta.helm.sh/release-name": "r", "objectset.rio.cattle.io/id": "default-r"});
        assert_eq!(kind(json!({"annotations": fleet})), Some((ManagerKind::Fleet, true)));
    }

    #[test]
    fn argo_cd_needs_evidence() {
        let tracked = |id: &str| json!({"annotations": {"argocd.argoproj.io/tracking-id": id}});
        let own = tracked("app:apps/Deployment:shop/web");
        assert_eq!(kind(own), Some((ManagerKind::ArgoCd, true)));
        // Handed down by a controller.
        assert_eq!(kind(tracked("app:example.com/Web:shop/web")), None);
        assert_eq!(kind(tracked("app:apps/Deployment:shop/other")), None);
        let label = json!({"app.kubernetes.io/instance": "app"});
        assert_eq!(kind(json!({"labels": label})), None);
        let by = |manager: &str, subresource: &str| {
            json!({"labels": label, "managedFields": [
                {"manager": "kubectl"}, {"manager": manager, "subresource": subresource}]})
        };
        assert_eq!(kind(by("argocd-controller", "")), Some((ManagerKind::ArgoCd, true)));
        assert_eq!(kind(by("argocd-controller", "status")), None);
        assert_eq!(kind(by("helm", "")), None);
    }

    #[test]
    fn flux_leaves_alone_what_it_is_told_to() {
        let of = |annotations: Json| {
            kind(json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "k",
                "kustomize.toolkit.fluxcd.io/namespace": "f"}, "annotations": annotations}))
        };
        let flux = |overwrites| Some((ManagerKind::FluxKustomization, overwrites));
        assert_eq!(of(json!({})), flux(true));
        assert_eq!(of(json!({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"})), flux(false));
        assert_eq!(of(json!({"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"})), flux(false));
        assert_eq!(of(json!({"kustomize.toolkit.fluxcd.io/ssa": "Merge"})), flux(true));
    }

    #[test]
    fn owners_count_before_what_they_hand_down() {
        let labels = json!({"kustomize.toolkit.fluxcd.io/name": "k"});
        let metadata = json!({"ownerReferences": owner("monitoring.coreos.com/v1", "Prometheus", true),
            "labels": labels});
        let found = manager(metadata).unwrap();
        assert_eq!(found.kind, ManagerKind::Operator);
        assert!(found.knob.contains("prometheus.monitoring.coreos.com/o"), "{}", found.knob);
        let refers = |api_version: &str, kind: &str, controller: bool| json!({"ownerReferences": owner(api_version, kind, controller)});
        assert_eq!(kind(refers("apps/v1", "Deployment", true)), None);
        assert_eq!(kind(refers("example.com/v1", "Web", false)), None);
        let csv = refers("operators.coreos.com/v1alpha1", "ClusterServiceVersion", false);
        assert_eq!(kind(csv), Some((ManagerKind::Olm, true)));
        let labels = json!({"olm.owner": "x.v1", "olm.owner.kind": "ClusterServiceVersion"});
        assert_eq!(kind(json!({"labels": labels})), Some((ManagerKind::Olm, true)));
    }

    #[test]
    fn addons_by_their_mode() {
        let of = |mode: &str| kind(json!({"labels": {"addonmanager.kubernetes.io/mode": mode}}));
        assert_eq!(of("Reconcile"), Some((ManagerKind::AddonManager, true)));
        assert_eq!(of("EnsureExists"), Some((ManagerKind::AddonManager, false)));
        let k3s = json!({"objectset.rio.cattle.io/id": "",
            "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
            "objectset.rio.cattle.io/owner-name": "coredns"});
        let found = manager(json!({"annotations": k3s})).unwrap();
        assert_eq!(found.kind, ManagerKind::K3sAddon);
        assert!(found.name.contains("coredns"));
    }
}
