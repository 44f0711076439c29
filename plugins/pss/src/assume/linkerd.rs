//! What Linkerd's proxy injector makes of a pod, as far as Pod Security looks at it.
//!
//! Source: `charts/partials`, `charts/patch` with the values of the chart linkerd-control-plane,
//! and `pkg/inject`, of github.com/linkerd/linkerd2 as of the edge releases of 2025.

use serde_json::{Value as Json, json};

use super::spec::{change_items, is_on_host_network, items, metadata, name, parse_bool};
use super::{Effect, Scene, Unknown};

/// Namespaces that the injector's webhook leaves out, and Linkerd's own, which is labelled so.
const IGNORED: [&str; 3] = ["kube-system", "cert-manager", "linkerd"];
/// The label of namespaces that keeps the webhook away.
const WEBHOOKS: &str = "config.linkerd.io/admission-webhooks";
/// Labels of pods that keep it away, whatever they say.
const OWN_PODS: [&str; 2] = ["linkerd.io/control-plane-component", "linkerd.io/cni-resource"];
/// The annotation of pods and namespaces.
const INJECT: &str = "linkerd.io/inject";
const DEBUG: &str = "config.linkerd.io/enable-debug-sidecar";
const AWAIT: &str = "config.linkerd.io/proxy-await";
const UID: &str = "config.linkerd.io/proxy-uid";
const CLOSE_WAIT: &str = "config.linkerd.io/close-wait-timeout";
const NATIVE: [&str; 2] = [
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
    "config.beta.linkerd.io/proxy-enable-native-sidecar",
];

/// The images and names by which a pod has a sidecar already, of whatever mesh.
const SIDECARS: [(&str, [&str; 2], [&str; 2]); 2] = [
    (
        "containers",
        ["cr.l5d.io/linkerd/proxy:", "gcr.io/istio-release/proxyv2:"],
        ["linkerd-proxy", "istio-proxy"],
    ),
    (
        "initContainers",
        ["cr.l5d.io/linkerd/proxy-init:", "gcr.io/istio-release/proxy_init:"],
        ["linkerd-init", "istio-init"],
    ),
];

const IMAGE: &str = "cr.l5d.io/linkerd/proxy";
const PROXY_UID: i64 = 2102;
const INIT_ID: i64 = 65534;

/// What the pod's annotation says, and else the namespace's.
fn setting<'a>(pod: &'a Json, scene: &Scene<'a>, key: &str) -> Option<&'a str> {
    metadata(pod, "annotations", key)
        .or_else(|| scene.known?.annotations.get(key).map(String::as_str))
}

/// Why the injector leaves a pod alone, if it does (`Injectable`, and its webhook's selectors).
fn untouched(pod: &Json, scene: &Scene<'_>) -> Option<String> {
    let namespace = scene.namespace;
    let valid = |value: &str| matches!(value, "" | "enabled" | "disabled" | "ingress");
    let is_on = |value: &str| matches!(value, "enabled" | "ingress");
    let own = metadata(pod, "annotations", INJECT).unwrap_or_default();
    let known = scene.known;
    let of_namespace = known.and_then(|known| known.annotations.get(INJECT)).map(String::as_str);
    if known.and_then(|known| known.labels.get(WEBHOOKS)).is_some_and(|value| value == "disabled") {
        Some(format!("namespace {namespace} is labelled {WEBHOOKS}=disabled"))
    } else if IGNORED.contains(&namespace) {
        Some(format!("it leaves namespace {namespace} alone"))
    } else if let Some(label) =
        OWN_PODS.iter().find(|label| metadata(pod, "labels", label).is_some())
    {
        Some(format!("the pod is labelled {label}"))
    } else if is_on_host_network(pod) {
        Some("hostNetwork is true".to_owned())
    } else if has_sidecar(pod) {
        Some("a sidecar is there already".to_owned())
    } else if let Some(value) = of_namespace.filter(|value| !valid(value)) {
        Some(format!("namespace {namespace} has an invalid annotation {INJECT}: {value:?}"))
    } else if !valid(own) {
        Some(format!("the annotation {INJECT} is invalid: {own:?}"))
    } else if own == "disabled" {
        Some(format!("the annotation {INJECT} is \"disabled\""))
    } else if of_namespace == Some("disabled") && !is_on(own) {
        Some(format!("namespace {namespace} has the annotation {INJECT}: disabled"))
    } else {
        None
    }
}

/// `HasExistingSidecars`
fn has_sidecar(pod: &Json) -> bool {
    SIDECARS.iter().any(|(list, images, names)| {
        items(pod, list).iter().any(|container| {
            let image = container.get("image").and_then(Json::as_str).unwrap_or_default();
            let is_known = images.iter().any(|known| image.starts_with(known));
            is_known || names.contains(&name(container))
        })
    })
}

pub(super) fn inject(pod: &mut Json, scene: &Scene<'_>, cni: bool) -> Result<Effect, Unknown> {
    if let Some(why) = untouched(pod, scene) {
        return Ok(Effect::Untouched(why));
    }
    if setting(pod, scene, CLOSE_WAIT).is_some_and(|value| !value.is_empty()) && !cni {
        return Err(Unknown {
            why: format!(
                "the annotation {CLOSE_WAIT} needs Linkerd to be installed with proxyInit.runAsRoot"
            ),
            hint: "say what is injected as a patch: --assume-patch FILE",
        });
    }
    let native = NATIVE.iter().rev().find_map(|key| setting(pod, scene, key).and_then(parse_bool));
    let native = native.unwrap_or(false);
    let first = setting(pod, scene, AWAIT) != Some("disabled");
    // Only the pod's own annotation is asked here.
    let debug = metadata(pod, "annotations", DEBUG).and_then(parse_bool).unwrap_or(false);
    let uid = setting(pod, scene, UID).and_then(|value| value.parse().ok()).unwrap_or(PROXY_UID);
    // The sidecar gets the capabilities of the first container.
    let main = items(pod, "containers").first();
    let like = main.and_then(|main| main.get("securityContext")?.get("capabilities")).cloned();
    let proxy = proxy(uid, like.as_ref(), native);
    let start = if cni { validator() } else { init(like.as_ref()) };
    change_items(pod, "initContainers", |containers| {
        if native {
            drop(containers.splice(0..0, [start, proxy.clone()]));
        } else {
            containers.push(start);
        }
    });
    change_items(pod, "containers", |containers| {
        if debug {
            containers.push(json!({ "name": "linkerd-debug", "image": "cr.l5d.io/linkerd/debug" }));
        }
        if !native {
            let at = if first { 0 } else { containers.len() };
            containers.insert(at, proxy);
        }
    });
    change_items(pod, "volumes", |volumes| {
        if !cni {
            volumes.push(json!({ "name": "linkerd-proxy-init-xtables-lock", "emptyDir": {} }));
        }
        volumes.push(
            json!({ "name": "linkerd-identity-end-entity", "emptyDir": { "medium": "Memory" } }),
        );
        volumes.push(json!({ "name": "linkerd-identity-token", "projected": { "sources": [
            { "serviceAccountToken": { "path": "linkerd-identity-token", "audience": "identity.l5d.io" } },
        ] } }));
    });
    Ok(Effect::Injected)
}

/// The names in a list of capabilities.
fn listed(capabilities: Option<&Json>, list: &str) -> Vec<Json> {
    let found = capabilities.and_then(|capabilities| capabilities.get(list)?.as_array());
    found.cloned().unwrap_or_default()
}

/// The sidecar.
fn proxy(uid: i64, like: Option<&Json>, native: bool) -> Json {
    let mut security = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "runAsUser": uid,
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    if like.is_some() {
        let mut capabilities = json!({});
        for list in ["add", "drop"] {
            let names = listed(like, list);
            if !names.is_empty() {
                capabilities[list] = names.into();
            }
        }
        security["capabilities"] = capabilities;
    }
    let mut proxy = json!({
        "name": "linkerd-proxy",
        "image": IMAGE,
        "ports": [
            { "name": "linkerd-proxy", "containerPort": 4143 },
            { "name": "linkerd-admin", "containerPort": 4191 },
        ],
        "livenessProbe": { "httpGet": { "path": "/live", "port": 4191 } },
        "readinessProbe": { "httpGet": { "path": "/ready", "port": 4191 } },
        "securityContext": security,
    });
    if native {
        proxy["restartPolicy"] = "Always".into();
    }
    proxy
}

/// The container that redirects the pod's traffic to the sidecar.
fn init(like: Option<&Json>) -> Json {
    let mut add = vec![json!("NET_ADMIN"), json!("NET_RAW")];
    add.extend(listed(like, "add"));
    let mut capabilities = json!({ "add": add });
    let dropped = listed(like, "drop");
    if !dropped.is_empty() {
        capabilities["drop"] = dropped.into();
    }
    json!({ "name": "linkerd-init", "image": "cr.l5d.io/linkerd/proxy-init", "securityContext": {
        "allowPrivilegeEscalation": false,
        "capabilities": capabilities,
        "privileged": false,
        "readOnlyRootFilesystem": true,
        "runAsGroup": INIT_ID,
        "runAsNonRoot": true,
        "runAsUser": INIT_ID,
        "seccompProfile": { "type": "RuntimeDefault" },
    } })
}

/// The container that looks whether the CNI plugin has redirected it.
fn validator() -> Json {
    json!({ "name": "linkerd-network-validator", "image": IMAGE, "securityContext": {
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "readOnlyRootFilesystem": true,
        "runAsGroup": INIT_ID,
        "runAsNonRoot": true,
        "runAsUser": INIT_ID,
        "seccompProfile": { "type": "RuntimeDefault" },
    } })
}
