//! The pod as mutating webhooks are sent it: made by its controller, decoded, with the API
//! server's defaults, and with what admission plugins before the webhooks have added.
//!
//! Sources: `GetPodFromTemplate` in `pkg/controller`, `updateStorage` in
//! `pkg/controller/statefulset`, `pkg/apis/core/v1/defaults.go` and the `ServiceAccount` plugin of
//! Kubernetes. What a patch may build on is there; what it never meets is not: fields that
//! do not exist are left as they are, since they are reported anyway.

use std::collections::BTreeSet;

use posture::model::workload::{Carrier, PodTemplate};
use serde_json::{Map, Value as Json, json};

use super::spec::{change_items, is_on_host_network, items, name};

/// Where the `ServiceAccount` plugin mounts the token.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What it calls the volume, but for the end, which the server makes up.
const TOKEN_VOLUME: &str = "kube-api-access-xxxxx";

/// Flags of a pod that are not sent where they are false.
const FLAGS: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

/// The pod of a template. `stored` says that it is a Pod of a cluster, which has its defaults.
pub(super) fn pod(template: &PodTemplate<'_>, namespace: &str, stored: bool) -> Json {
    let Json::Object(mut pod) = template.value.to_json() else {
        return json!({ "metadata": {}, "spec": {} });
    };
    let mut metadata = object(pod.remove("metadata"));
    let mut spec = object(pod.remove("spec"));
    if template.carrier != Carrier::Pod {
        metadata.retain(|key, _| matches!(key.as_str(), "labels" | "annotations" | "finalizers"));
        pod.clear();
    }
    metadata.insert("namespace".to_owned(), namespace.into());
    if let Some(claims) = template.claims {
        mount_claims(&mut spec, &claims.to_json());
    }
    for map in ["labels", "annotations"] {
        // A null in a map of strings is an empty string.
        let texts = metadata.get_mut(map).and_then(Json::as_object_mut);
        for text in texts.into_iter().flat_map(Map::values_mut).filter(|text| text.is_null()) {
            *text = "".into();
        }
    }
    prune(&mut metadata);
    prune(&mut spec);
    for map in ["labels", "annotations"] {
        if metadata.get(map).and_then(Json::as_object).is_some_and(Map::is_empty) {
            metadata.remove(map);
        }
    }
    for flag in FLAGS {
        if spec.get(flag) == Some(&Json::Bool(false)) {
            spec.remove(flag);
        }
    }
    pod.insert("apiVersion".to_owned(), "v1".into());
    pod.insert("kind".to_owned(), "Pod".into());
    pod.insert("metadata".to_owned(), metadata.into());
    pod.insert("spec".to_owned(), spec.into());
    let mut pod = Json::Object(pod);
    set_defaults(&mut pod);
    if !stored {
        mount_token(&mut pod);
    }
    pod
}

fn object(value: Option<Json>) -> Map<String, Json> {
    match value {
        Some(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Takes out what does not survive decoding: nulls and empty lists.
fn prune(fields: &mut Map<String, Json>) {
    fields.retain(|_, value| {
        !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
    });
    for value in fields.values_mut() {
        prune_value(value);
    }
}

fn prune_value(value: &mut Json) {
    match value {
        Json::Object(fields) => prune(fields),
        Json::Array(items) => items.iter_mut().for_each(prune_value),
        _ => {}
    }
}

/// A StatefulSet's pods mount its claims; volumes of the same names give way.
fn mount_claims(spec: &mut Map<String, Json>, claims: &Json) {
    let claims = claims.as_array().map_or(&[][..], Vec::as_slice);
    let names: Vec<&str> =
        claims.iter().filter_map(|claim| claim.get("metadata")?.get("name")?.as_str()).collect();
    let mut volumes: Vec<Json> = names
        .iter()
        .map(|name| json!({ "name": name, "persistentVolumeClaim": { "claimName": name } }))
        .collect();
    if let Some(Json::Array(written)) = spec.remove("volumes") {
        volumes.extend(written.into_iter().filter(|volume| !names.contains(&name(volume))));
    }
    spec.insert("volumes".to_owned(), volumes.into());
}

/// Sets a field that is missing.
fn default(fields: &mut Map<String, Json>, key: &str, value: impl Into<Json>) {
    fields.entry(key).or_insert_with(|| value.into());
}

/// `SetDefaults_PodSpec`, `SetDefaults_Container`, `SetDefaults_Volume` and their like.
fn set_defaults(pod: &mut Json) {
    if let Some(spec) = pod.get_mut("spec").and_then(Json::as_object_mut) {
        default(spec, "restartPolicy", "Always");
        default(spec, "dnsPolicy", "ClusterFirst");
        default(spec, "schedulerName", "default-scheduler");
        default(spec, "terminationGracePeriodSeconds", 30);
        default(spec, "securityContext", Map::new());
        default(spec, "enableServiceLinks", true);
        default(spec, "serviceAccountName", "default");
        add_of_plugins(spec);
    }
    for list in ["initContainers", "containers"] {
        change_items(pod, list, |containers| {
            containers.iter_mut().filter_map(Json::as_object_mut).for_each(default_container);
        });
    }
    change_items(pod, "volumes", |volumes| {
        for volume in volumes.iter_mut().filter_map(Json::as_object_mut) {
            if volume.keys().all(|key| key == "name") {
                default(volume, "emptyDir", Map::new());
            }
        }
    });
}

/// What the plugins `Priority` and `DefaultTolerationSeconds` add, if nobody has a class of their
/// own.
fn add_of_plugins(spec: &mut Map<String, Json>) {
    if !spec.contains_key("priorityClassName") {
        default(spec, "priority", 0);
        default(spec, "preemptionPolicy", "PreemptLowerPriority");
    }
    let mut tolerations = match spec.remove("tolerations") {
        Some(Json::Array(tolerations)) => tolerations,
        _ => Vec::new(),
    };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerates = |toleration: &Json| {
            let says =
                |field: &str| toleration.get(field).and_then(Json::as_str).unwrap_or_default();
            matches!(says("key"), "") || says("key") == key
        };
        let for_execution = |toleration: &Json| {
            let effect = toleration.get("effect").and_then(Json::as_str).unwrap_or_default();
            matches!(effect, "" | "NoExecute")
        };
        if !tolerations.iter().any(|own| tolerates(own) && for_execution(own)) {
            tolerations.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            }));
        }
    }
    spec.insert("tolerations".to_owned(), tolerations.into());
}

fn default_container(container: &mut Map<String, Json>) {
    let image = container.get("image").and_then(Json::as_str).unwrap_or_default();
    // A tag stands behind the last slash; a digest names no tag.
    let last = image.rsplit('/').next().unwrap_or_default();
    let latest = !last.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    default(container, "imagePullPolicy", if latest { "Always" } else { "IfNotPresent" });
    default(container, "resources", Map::new());
    default(container, "terminationMessagePath", "/dev/termination-log");
    default(container, "terminationMessagePolicy", "File");
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe).and_then(Json::as_object_mut) else { continue };
        default(probe, "timeoutSeconds", 1);
        default(probe, "periodSeconds", 10);
        default(probe, "successThreshold", 1);
        default(probe, "failureThreshold", 3);
        default_scheme(probe);
    }
    let hooks = container.get_mut("lifecycle").and_then(Json::as_object_mut);
    for hook in hooks.into_iter().flat_map(Map::values_mut).filter_map(Json::as_object_mut) {
        default_scheme(hook);
    }
    let ports = container.get_mut("ports").and_then(Json::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Json::as_object_mut) {
        default(port, "protocol", "TCP");
    }
}

fn default_scheme(handler: &mut Map<String, Json>) {
    if let Some(action) = handler.get_mut("httpGet").and_then(Json::as_object_mut) {
        default(action, "scheme", "HTTP");
    }
}

/// What the `ServiceAccount` plugin adds, which is called before webhooks are.
fn mount_token(pod: &mut Json) {
    let spec = pod.get("spec");
    if spec.and_then(|spec| spec.get("automountServiceAccountToken")) == Some(&Json::Bool(false)) {
        return;
    }
    let mount = json!({ "name": TOKEN_VOLUME, "mountPath": TOKEN_PATH, "readOnly": true });
    let is_mounted = |container: &Json| {
        let mounts = container.get("volumeMounts").and_then(Json::as_array);
        mounts.is_some_and(|mounts| mounts.iter().any(|mount| mount["mountPath"] == TOKEN_PATH))
    };
    let mut needed = false;
    for list in ["initContainers", "containers"] {
        change_items(pod, list, |containers| {
            for container in containers.iter_mut().filter(|container| !is_mounted(container)) {
                let Some(container) = container.as_object_mut() else { continue };
                let mounts =
                    container.entry("volumeMounts").or_insert_with(|| Json::Array(Vec::new()));
                if let Some(mounts) = mounts.as_array_mut() {
                    mounts.push(mount.clone());
                    needed = true;
                }
            }
        });
    }
    if needed {
        let token = json!({ "name": TOKEN_VOLUME, "projected": { "defaultMode": 420, "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            { "downwardAPI": { "items": [
                { "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } },
            ] } },
        ] } });
        change_items(pod, "volumes", |volumes| volumes.push(token));
    }
}

/// Gives the ports of a pod on the host's network the host ports that the API server gives them
/// (`SetDefaults_HostNetworkPorts`): they stay even if a patch takes the pod off that network.
/// Returns whose they are: the container and its port.
pub(super) fn default_host_ports(pod: &mut Json) -> BTreeSet<(String, i64)> {
    let mut given = BTreeSet::new();
    if !is_on_host_network(pod) {
        return given;
    }
    each_port(pod, |container, port| {
        let number = port.get("containerPort").and_then(Json::as_i64).unwrap_or_default();
        let host = port.get("hostPort").and_then(Json::as_i64).unwrap_or_default();
        if host == 0 && number != 0 {
            port.insert("hostPort".to_owned(), number.into());
            given.insert((container.to_owned(), number));
        }
    });
    given
}

/// Takes those host ports away again where the pod is on the host's network still: the server
/// sets them anew, and they stand in nobody's manifest.
pub(super) fn forget_host_ports(pod: &mut Json, given: &BTreeSet<(String, i64)>) {
    if given.is_empty() || !is_on_host_network(pod) {
        return;
    }
    each_port(pod, |container, port| {
        let number = port.get("containerPort").and_then(Json::as_i64).unwrap_or_default();
        let is_given = given.contains(&(container.to_owned(), number));
        if is_given && port.get("hostPort").and_then(Json::as_i64) == Some(number) {
            port.remove("hostPort");
        }
    });
}

fn each_port(pod: &mut Json, mut change: impl FnMut(&str, &mut Map<String, Json>)) {
    for list in ["initContainers", "containers"] {
        let names: Vec<String> =
            items(pod, list).iter().map(|item| name(item).to_owned()).collect();
        change_items(pod, list, |containers| {
            for (container, name) in containers.iter_mut().zip(&names) {
                let ports = container.get_mut("ports").and_then(Json::as_array_mut);
                for port in ports.into_iter().flatten().filter_map(Json::as_object_mut) {
                    change(name, port);
                }
            }
        });
    }
}
