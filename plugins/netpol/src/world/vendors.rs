//! Policies of other kinds than Kubernetes' own: whom they are about, as far as that can be read.

use posture::model::labels::LabelSelector;
use posture::model::node::Value;
use posture::model::object::Object;

use super::facts::Facts;
use super::read::{items, text};
use super::{Vendor, VendorSubject};
use crate::policy::{Namespaces, Pods};

/// A kind of policy that somebody else than Kubernetes has made.
#[derive(Debug)]
struct Form {
    group: &'static str,
    kind: &'static str,
    namespaced: bool,
    /// Whom an object is about, by its spec.
    subject: fn(&Object, Value<'_>) -> VendorSubject,
}

const fn own(
    group: &'static str,
    kind: &'static str,
    subject: fn(&Object, Value<'_>) -> VendorSubject,
) -> Form {
    Form { group, kind, namespaced: true, subject }
}

const fn wide(
    group: &'static str,
    kind: &'static str,
    subject: fn(&Object, Value<'_>) -> VendorSubject,
) -> Form {
    Form { group, kind, namespaced: false, subject }
}

/// Sources: the API types of github.com/cilium/cilium (`pkg/k8s/apis/cilium.io/v2`), of
/// projectcalico/api, of antrea.io/antrea (`pkg/apis/crd/v1beta1`), of istio.io/api (`security`), of
/// k8snetworkplumbingwg/multi-networkpolicy, of ovn-kubernetes (`go-controller/pkg/crd`), of
/// aws/amazon-network-policy-controller-k8s, of linkerd2 (`controller/gen/apis/server`), and of
/// openshift/api (`network/v1`).
const KINDS: [Form; 18] = [
    own("cilium.io", "CiliumNetworkPolicy", of_cilium),
    wide("cilium.io", "CiliumClusterwideNetworkPolicy", of_cilium),
    own("crd.projectcalico.org", "NetworkPolicy", of_calico),
    wide("crd.projectcalico.org", "GlobalNetworkPolicy", of_calico),
    own("projectcalico.org", "NetworkPolicy", of_calico),
    wide("projectcalico.org", "GlobalNetworkPolicy", of_calico),
    own("crd.antrea.io", "NetworkPolicy", of_antrea),
    wide("crd.antrea.io", "ClusterNetworkPolicy", of_antrea),
    own("security.istio.io", "AuthorizationPolicy", of_istio),
    own("k8s.cni.cncf.io", "MultiNetworkPolicy", by_pod_selector),
    own("k8s.ovn.org", "EgressFirewall", whole_namespace),
    own("k8s.ovn.org", "UserDefinedNetwork", whole_namespace),
    wide("k8s.ovn.org", "ClusterUserDefinedNetwork", by_namespace_selector),
    own("networking.k8s.aws", "ApplicationNetworkPolicy", by_pod_selector),
    wide("networking.k8s.aws", "ClusterNetworkPolicy", by_subject),
    own("networking.gke.io", "FQDNNetworkPolicy", by_pod_selector),
    own("policy.linkerd.io", "Server", by_pod_selector),
    own("network.openshift.io", "EgressNetworkPolicy", whole_namespace),
];

/// Group and kind of every policy of others that is known.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().map(|entry| (entry.group, entry.kind))
}

/// How the API server of Calico shows the policies of Kubernetes' own kinds among its own.
///
/// Source: `K8sNetworkPolicyNamePrefix` and those beside it in projectcalico/calico
/// (`libcalico-go/lib/backend/k8s/conversion`).
const SHOWN_AGAIN: [&str; 4] = ["knp.", "kanp.", "kbanp.", "kcnp."];

impl Facts {
    /// Takes notice of a policy of another kind; whether it is one.
    pub(super) fn note_vendor(&mut self, object: &Object) -> bool {
        let (group, kind) = (object.group(), object.kind());
        let Some(entry) = KINDS.iter().find(|entry| entry.group == group && entry.kind == kind)
        else {
            return false;
        };
        let is_calico = group.ends_with("projectcalico.org");
        if is_calico && SHOWN_AGAIN.iter().any(|prefix| object.name().starts_with(prefix)) {
            return true;
        }
        let namespace = object.namespace().unwrap_or(&self.namespace);
        let reference = object.reference(entry.namespaced.then_some(namespace));
        let value = object.value();
        let selects = (entry.subject)(object, value.field("spec").unwrap_or(value));
        let vendor = Vendor { object: reference.clone(), mark: object.mark(), selects };
        self.vendors.insert(reference, vendor);
        true
    }
}

/// Every pod of the object's namespace.
fn whole_namespace(_: &Object, _: Value<'_>) -> VendorSubject {
    VendorSubject::Pods(Pods { namespaces: Namespaces::Own, pods: LabelSelector::default() })
}

/// Every pod there is.
fn everybody() -> VendorSubject {
    let namespaces = Namespaces::Selected(LabelSelector::default());
    VendorSubject::Pods(Pods { namespaces, pods: LabelSelector::default() })
}

/// The pods of a selection; any pod where it could not be read.
fn pods(namespaces: Option<Namespaces>, pods: Option<LabelSelector>) -> VendorSubject {
    match (namespaces, pods) {
        (Some(namespaces), Some(pods)) => VendorSubject::Pods(Pods { namespaces, pods }),
        _ => VendorSubject::Any,
    }
}

/// A selector as Kubernetes' own kinds have it; everything where it is absent.
fn selector(holder: Value<'_>, key: &str) -> Option<LabelSelector> {
    holder
        .field(key)
        .map_or(Some(LabelSelector::default()), |value| LabelSelector::read(value).ok())
}

/// `spec.podSelector`, in the object's namespace.
fn by_pod_selector(_: &Object, spec: Value<'_>) -> VendorSubject {
    pods(Some(Namespaces::Own), selector(spec, "podSelector"))
}

/// `spec.namespaceSelector`
fn by_namespace_selector(_: &Object, spec: Value<'_>) -> VendorSubject {
    let namespaces = selector(spec, "namespaceSelector").map(Namespaces::Selected);
    pods(namespaces, Some(LabelSelector::default()))
}

/// `spec.subject`, as a `ClusterNetworkPolicy` has it.
fn by_subject(_: &Object, spec: Value<'_>) -> VendorSubject {
    let subject = spec.field("subject");
    if let Some(both) = subject.and_then(|subject| subject.field("pods")) {
        let namespaces = selector(both, "namespaceSelector").map(Namespaces::Selected);
        return pods(namespaces, selector(both, "podSelector"));
    }
    match subject.and_then(|subject| subject.field("namespaces")) {
        Some(namespaces) => {
            let namespaces = LabelSelector::read(namespaces).ok().map(Namespaces::Selected);
            pods(namespaces, Some(LabelSelector::default()))
        }
        None => VendorSubject::Any,
    }
}

/// `spec.endpointSelector`. Of several rules (`specs`), and of one about nodes, it is any pod.
fn of_cilium(object: &Object, spec: Value<'_>) -> VendorSubject {
    if object.value().field("specs").is_some() {
        return VendorSubject::Any;
    }
    let Some(selector) = spec.field("endpointSelector") else { return VendorSubject::Any };
    let namespaces = if object.kind() == "CiliumNetworkPolicy" {
        Namespaces::Own
    } else {
        Namespaces::Selected(LabelSelector::default())
    };
    pods(Some(namespaces), without_sources(selector))
}

/// A selector of Cilium, whose keys may say where the label is from: `k8s:app`, `any:app`. `None`
/// where one is not a label of the pod.
fn without_sources(selector: Value<'_>) -> Option<LabelSelector> {
    let own = |key: &str| {
        let plain = key.strip_prefix("k8s:").or_else(|| key.strip_prefix("any:")).unwrap_or(key);
        let is_pods = !plain.starts_with("io.kubernetes.pod.") && !plain.starts_with("io.cilium.");
        (is_pods && is_plain(plain)).then(|| plain.to_owned())
    };
    let mut all = Vec::new();
    for (key, value) in selector.field("matchLabels").into_iter().flat_map(|map| map.entries()) {
        let value = value.as_str().filter(|value| is_plain(value))?;
        all.push(format!("{}={value}", own(key.as_str()?)?));
    }
    for expression in items(selector, "matchExpressions") {
        let key = own(text(expression, "key")?)?;
        let values: Option<Vec<&str>> = items(expression, "values")
            .map(|value| value.as_str().filter(|value| is_plain(value)))
            .collect();
        let values = values?.join(",");
        all.push(match text(expression, "operator")? {
            "In" if !values.is_empty() => format!("{key} in ({values})"),
            "NotIn" if !values.is_empty() => format!("{key} notin ({values})"),
            "Exists" => key,
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    LabelSelector::parse(&all.join(",")).ok()
}

/// Whether a text has only what keys and values of labels are made of.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
}

/// `spec.selector`, an expression of Calico's own: read only where it means all.
fn of_calico(object: &Object, spec: Value<'_>) -> VendorSubject {
    let means_all = |key: &str| {
        let expression = text(spec, key).unwrap_or_default();
        matches!(expression.trim(), "" | "all()")
    };
    let others = ["selector", "serviceAccountSelector", "namespaceSelector"];
    if !others.into_iter().all(means_all) {
        return VendorSubject::Any;
    }
    if object.kind() == "NetworkPolicy" { whole_namespace(object, spec) } else { everybody() }
}

/// `spec.appliedTo`, where it is one selection of pods. It may stand in the rules as well.
fn of_antrea(object: &Object, spec: Value<'_>) -> VendorSubject {
    let mut applied = items(spec, "appliedTo");
    let (Some(one), None) = (applied.next(), applied.next()) else { return VendorSubject::Any };
    let known = ["podSelector", "namespaceSelector"];
    let mut keys = one.entries().map(|(key, _)| key.as_str().unwrap_or_default());
    if !keys.all(|key| known.contains(&key)) {
        return VendorSubject::Any;
    }
    let namespaces = if object.kind() == "NetworkPolicy" {
        Some(Namespaces::Own)
    } else {
        selector(one, "namespaceSelector").map(Namespaces::Selected)
    };
    pods(namespaces, selector(one, "podSelector"))
}

/// Where policies of Istio count for every namespace, if it was not set otherwise.
///
/// Source: `meshConfig.rootNamespace` of istio.io/api.
const ISTIO_ROOT: &str = "istio-system";

/// `spec.selector.matchLabels`. What is attached to a gateway or a Service could be about any pod.
fn of_istio(object: &Object, spec: Value<'_>) -> VendorSubject {
    if spec.field("targetRef").is_some() || spec.field("targetRefs").is_some() {
        return VendorSubject::Any;
    }
    let namespaces = if object.namespace() == Some(ISTIO_ROOT) {
        Namespaces::Selected(LabelSelector::default())
    } else {
        Namespaces::Own
    };
    pods(Some(namespaces), selector(spec, "selector"))
}
