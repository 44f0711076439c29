//! What Istio's injector makes of a pod, as far as Pod Security looks at it.
//!
//! Source: the `sidecar` template with the values of its chart, and `pkg/kube/inject`, of
//! github.com/istio/istio as of 1.30. Where Istio asks the nodes whether they run native sidecars
//! (its default from 1.27 on: all of 1.33 or newer), the server's release answers for them.

use posture::model::version::Minor;
use serde_json::{Map, Value as Json, json};

use super::spec::{change_items, is_on_host_network, items, metadata, name, parse_bool, secure};
use super::{Effect, Scene, Unknown};

/// Namespaces that the injector ignores, and its own, which `istioctl` labels so.
const IGNORED: [&str; 5] =
    ["kube-system", "kube-public", "kube-node-lease", "local-path-storage", "istio-system"];
/// The label of namespaces: any value but `enabled` keeps every webhook away.
const NAMESPACE_LABEL: &str = "istio-injection";
/// The label, or else annotation, of pods.
const INJECT: &str = "sidecar.istio.io/inject";
/// What the injector notes on a pod that it has changed.
const STATUS: &str = "sidecar.istio.io/status";
const TEMPLATES: &str = "inject.istio.io/templates";
const MODE: &str = "sidecar.istio.io/interceptionMode";
const NATIVE: &str = "sidecar.istio.io/nativeSidecar";
const BIND: &str = "sidecar.istio.io/capNetBindService";
const REWRITE: &str = "sidecar.istio.io/rewriteAppHTTPProbers";
const USER_VOLUME: &str = "sidecar.istio.io/userVolume";
const BOOTSTRAP: &str = "sidecar.istio.io/bootstrapOverride";
const PROXY_CONFIG: &str = "proxy.istio.io/config";

/// Settings of `proxy.istio.io/config` that change what is injected.
const FAR_REACHING: [&str; 3] =
    ["interceptionMode", "IPTABLES_TRACE_LOGGING", "holdApplicationUntilProxyStarts"];

/// The first release whose nodes are taken to run native sidecars.
const NATIVE_SINCE: Minor = Minor(33);

const PROXY: &str = "istio-proxy";
const INIT: &str = "istio-init";
const VALIDATION: &str = "istio-validation";
/// The image of all that is injected.
const IMAGE: &str = "docker.io/istio/proxyv2";
/// The user and group of the proxy.
const PROXY_ID: i64 = 1337;

/// Why the injector leaves a pod alone, if it does (`injectRequired`, and the selectors of its
/// webhooks).
fn untouched(pod: &Json, scene: &Scene<'_>) -> Option<String> {
    let label = metadata(pod, "labels", INJECT);
    let wanted = label.or_else(|| metadata(pod, "annotations", INJECT));
    let of_namespace = scene.known.and_then(|namespace| namespace.labels.get(NAMESPACE_LABEL));
    if let Some(value) = of_namespace.filter(|value| *value != "enabled") {
        Some(format!("namespace {} is labelled {NAMESPACE_LABEL}={value}", scene.namespace))
    } else if is_on_host_network(pod) {
        Some("hostNetwork is true".to_owned())
    } else if IGNORED.contains(&scene.namespace) && of_namespace.is_none() {
        Some(format!("it leaves namespace {} alone", scene.namespace))
    } else if wanted == Some("false") {
        let what = if label.is_some() { "label" } else { "annotation" };
        Some(format!("the {what} {INJECT} is \"false\""))
    } else if metadata(pod, "annotations", STATUS).is_some() && written(pod, PROXY).is_some() {
        Some("the sidecar is there already".to_owned())
    } else {
        None
    }
}

/// The container of a name that the pod has already: what it says goes before what is injected.
fn written<'a>(pod: &'a Json, wanted: &str) -> Option<&'a Json> {
    let lists = ["containers", "initContainers"].into_iter();
    lists.flat_map(|list| items(pod, list)).find(|container| name(container) == wanted)
}

pub(super) fn inject(pod: &mut Json, scene: &Scene<'_>, cni: bool) -> Result<Effect, Unknown> {
    if let Some(why) = untouched(pod, scene) {
        return Ok(Effect::Untouched(why));
    }
    let unknown =
        |why: String| Unknown { why, hint: "say what is injected as a patch: --assume-patch FILE" };
    let annotation = |key: &str| metadata(pod, "annotations", key);
    if let Some(templates) = annotation(TEMPLATES).filter(|templates| *templates != "sidecar") {
        return Err(unknown(format!("what Istio's templates {templates:?} add is not known")));
    }
    if let Some(config) = annotation(PROXY_CONFIG)
        && let Some(setting) = FAR_REACHING.iter().find(|setting| config.contains(**setting))
    {
        return Err(unknown(format!("{setting} in the annotation {PROXY_CONFIG} is not followed")));
    }
    let mode = annotation(MODE).unwrap_or("REDIRECT");
    if !matches!(mode, "REDIRECT" | "TPROXY" | "NONE") {
        return Err(unknown(format!("Istio refuses the annotation {MODE}: {mode:?}")));
    }
    let tproxy = mode == "TPROXY";
    let rewrite = annotation(REWRITE).and_then(parse_bool).unwrap_or(true);
    // Anything but "false" switches them on, as the template has it.
    let native =
        annotation(NATIVE).map_or(scene.server >= NATIVE_SINCE, |native| native != "false");
    let volumes = volumes(pod).ok_or_else(|| {
        unknown(format!("Istio refuses the annotation {USER_VOLUME}: no JSON of volumes"))
    })?;
    let mut proxy = proxy(tproxy, annotation(BIND) == Some("true"));
    let mut first = (mode != "NONE").then(|| if cni { validation() } else { init() });
    if let Some(first) = &mut first
        && let Some(own) = written(pod, name(first)).cloned()
    {
        overlay(first, &own);
    }
    if let Some(own) = written(pod, PROXY).cloned() {
        overlay(&mut proxy, &own);
        follow_user(&mut proxy, first.as_mut(), &own, tproxy);
    }
    if native && let Some(proxy) = proxy.as_object_mut() {
        proxy.insert("restartPolicy".to_owned(), "Always".into());
    }
    place(pod, proxy, first, native);
    change_items(pod, "volumes", |all| {
        all.retain(|known| !volumes.iter().any(|volume| name(volume) == name(known)));
        all.extend(volumes);
    });
    if rewrite {
        rewrite_probes(pod);
    }
    Ok(Effect::Injected)
}

/// The container that redirects the pod's traffic to the proxy.
fn init() -> Json {
    json!({ "name": INIT, "image": IMAGE, "securityContext": {
        "allowPrivilegeEscalation": false,
        "privileged": false,
        "capabilities": { "add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"] },
        "readOnlyRootFilesystem": false,
        "runAsGroup": 0,
        "runAsNonRoot": false,
        "runAsUser": 0,
    } })
}

/// The container that looks whether the CNI plugin has redirected it.
fn validation() -> Json {
    json!({ "name": VALIDATION, "image": IMAGE, "securityContext": {
        "allowPrivilegeEscalation": false,
        "privileged": false,
        "capabilities": { "drop": ["ALL"] },
        "readOnlyRootFilesystem": true,
        "runAsGroup": PROXY_ID,
        "runAsNonRoot": true,
        "runAsUser": PROXY_ID,
    } })
}

/// The sidecar. As root only where it must, for a transparent proxy or for ports below 1024.
fn proxy(tproxy: bool, bind: bool) -> Json {
    let mut add = Vec::new();
    add.extend(tproxy.then_some("NET_ADMIN"));
    add.extend(bind.then_some("NET_BIND_SERVICE"));
    let root = !add.is_empty();
    let mut capabilities = json!({ "drop": ["ALL"] });
    if root {
        capabilities["add"] = json!(add);
    }
    json!({
        "name": PROXY,
        "image": IMAGE,
        "ports": [{ "name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP" }],
        "readinessProbe": { "httpGet": { "path": "/healthz/ready", "port": 15021 } },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "privileged": false,
            "capabilities": capabilities,
            "readOnlyRootFilesystem": true,
            "runAsGroup": PROXY_ID,
            "runAsNonRoot": !root,
            "runAsUser": if root { 0 } else { PROXY_ID },
        },
    })
}

/// The volumes of the sidecar; `None` if the pod asks for some that cannot be read.
fn volumes(pod: &Json) -> Option<Vec<Json>> {
    let annotation = |key: &str| metadata(pod, "annotations", key);
    let mut volumes = vec![
        json!({ "name": "workload-socket", "emptyDir": {} }),
        json!({ "name": "credential-socket", "emptyDir": {} }),
        json!({ "name": "workload-certs", "emptyDir": {} }),
    ];
    volumes.extend(
        annotation(BOOTSTRAP).map(
            |name| json!({ "name": "custom-bootstrap-volume", "configMap": { "name": name } }),
        ),
    );
    volumes.extend([
        json!({ "name": "istio-envoy", "emptyDir": { "medium": "Memory" } }),
        json!({ "name": "istio-data", "emptyDir": {} }),
        json!({ "name": "istio-podinfo", "downwardAPI": { "items": [
            { "path": "labels", "fieldRef": { "fieldPath": "metadata.labels" } },
        ] } }),
        json!({ "name": "istio-token", "projected": { "sources": [
            { "serviceAccountToken": { "path": "istio-token", "audience": "istio-ca" } },
        ] } }),
        json!({ "name": "istiod-ca-cert", "configMap": { "name": "istio-ca-root-cert" } }),
        json!({ "name": "istio-ca-crl", "configMap": { "name": "istio-ca-crl", "optional": true } }),
    ]);
    let Some(text) = annotation(USER_VOLUME) else { return Some(volumes) };
    let asked: Map<String, Json> = serde_json::from_str(text).ok()?;
    for (name, source) in asked {
        let mut volume = source.as_object()?.clone();
        volume.insert("name".to_owned(), name.into());
        volumes.push(volume.into());
    }
    Some(volumes)
}

/// Lays what the manifest says of a container over what is injected.
fn overlay(injected: &mut Json, own: &Json) {
    match (injected, own) {
        (Json::Object(injected), Json::Object(own)) => {
            for (key, value) in own {
                overlay(injected.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        (injected, own) => *injected = own.clone(),
    }
}

/// The other containers follow the user that the manifest gives its own proxy
/// (`adjustInitContainerUser`).
fn follow_user(proxy: &mut Json, first: Option<&mut Json>, own: &Json, tproxy: bool) {
    let Some(first) = first else { return };
    let asked = |key: &str| own.get("securityContext").and_then(|security| security.get(key));
    for key in ["runAsUser", "runAsGroup"] {
        let Some(value) = asked(key) else { continue };
        if tproxy && key == "runAsUser" {
            secure(proxy, key, 0.into());
        } else if !tproxy && name(first) == VALIDATION {
            secure(first, key, value.clone());
        }
    }
}

/// Puts the containers where they belong (`reorderPod`).
fn place(pod: &mut Json, proxy: Json, first: Option<Json>, native: bool) {
    let is_ours = |container: &Json| {
        name(container) == PROXY
            || first.as_ref().is_some_and(|first| name(first) == name(container))
    };
    change_items(pod, "containers", |containers| {
        containers.retain(|container| name(container) != PROXY);
    });
    change_items(pod, "initContainers", |containers| containers.retain(|own| !is_ours(own)));
    if native {
        change_items(pod, "initContainers", |containers| {
            drop(containers.splice(0..0, first.into_iter().chain([proxy])));
        });
        return;
    }
    change_items(pod, "initContainers", |containers| match first {
        Some(first) if name(&first) == VALIDATION => containers.insert(0, first),
        first => containers.extend(first),
    });
    change_items(pod, "containers", |containers| containers.push(proxy));
}

/// Probes and hooks of the other containers are answered by the sidecar, which asks the
/// container itself: those over TCP and gRPC become HTTP, without the host that they named
/// (`patchRewriteProbe`).
fn rewrite_probes(pod: &mut Json) {
    for list in ["initContainers", "containers"] {
        change_items(pod, list, |containers| {
            for container in containers.iter_mut().filter(|container| name(container) != PROXY) {
                for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
                    rewrite_handler(container.get_mut(probe), &["tcpSocket", "grpc"]);
                }
                let mut hooks = container.get_mut("lifecycle");
                for hook in ["preStop", "postStart"] {
                    let handler = hooks.as_mut().and_then(|hooks| hooks.get_mut(hook));
                    rewrite_handler(handler, &["tcpSocket"]);
                }
            }
        });
    }
}

fn rewrite_handler(handler: Option<&mut Json>, kinds: &[&str]) {
    let Some(handler) = handler.and_then(Json::as_object_mut) else { return };
    if handler.contains_key("httpGet") {
        return;
    }
    if let Some(kind) = kinds.iter().find(|kind| handler.contains_key(**kind)) {
        handler.remove(*kind);
        handler.insert("httpGet".to_owned(), json!({ "port": 15020 }));
    }
}
