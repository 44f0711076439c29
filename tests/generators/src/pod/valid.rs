//! Repairs what API validation refuses, and nothing else: what Pod Security objects to stays.
//!
//! Source: `pkg/apis/core/validation/validation.go` of Kubernetes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::container::PROBES;
use super::{Draw, annotations, volumes};

const PROBE_HANDLERS: [&str; 4] = ["exec", "grpc", "httpGet", "tcpSocket"];
const HOOK_HANDLERS: [&str; 4] = ["exec", "httpGet", "sleep", "tcpSocket"];
const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];

/// What a pod for Windows may not set (`validateWindows`).
const NOT_FOR_WINDOWS: [&str; 10] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "fsGroup",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
];

type Fields = Map<String, Value>;

/// The mapping at a key; what else stands there, or nothing, becomes an empty one.
#[expect(clippy::expect_used, reason = "the line before makes it a mapping")]
fn mapping<'v>(fields: &'v mut Fields, key: &str) -> &'v mut Fields {
    let value = fields.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it is one now")
}

/// The mapping at a key, if there is one.
fn existing<'v>(fields: &'v mut Fields, key: &str) -> Option<&'v mut Fields> {
    fields.get_mut(key).and_then(Value::as_object_mut)
}

fn is(fields: &Fields, key: &str, value: bool) -> bool {
    fields.get(key) == Some(&json!(value))
}

fn text<'v>(fields: &'v Fields, key: &str) -> &'v str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The mappings of a list; nulls are taken out of it.
fn items<'v>(fields: &'v mut Fields, key: &str) -> Vec<&'v mut Fields> {
    let Some(list) = fields.get_mut(key).and_then(Value::as_array_mut) else {
        return Vec::new();
    };
    list.retain(Value::is_object);
    list.iter_mut().filter_map(Value::as_object_mut).collect()
}

/// Every security context: the pod's, then the containers'.
fn contexts(spec: &mut Fields) -> Vec<&mut Fields> {
    let mut found = Vec::new();
    for (key, value) in spec {
        match (key.as_str(), value) {
            ("securityContext", Value::Object(context)) => found.push(context),
            ("containers" | "initContainers" | "ephemeralContainers", Value::Array(list)) => {
                let containers = list.iter_mut().filter_map(Value::as_object_mut);
                found.extend(
                    containers.filter_map(|container| existing(container, "securityContext")),
                );
            }
            _ => {}
        }
    }
    found
}

/// A DNS label, or part of a qualified name.
fn is_label(name: &str) -> bool {
    let inner = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    !name.is_empty()
        && name.chars().all(|character| inner(character) || character == '-')
        && name.starts_with(inner)
        && name.ends_with(inner)
}

/// Gives an entry a name that is valid and not yet taken.
fn name(fields: &mut Fields, taken: &mut BTreeSet<String>, otherwise: &str) {
    let own = text(fields, "name").to_owned();
    let name = if is_label(&own) && !taken.contains(&own) { own } else { otherwise.to_owned() };
    taken.insert(name.clone());
    fields.insert("name".into(), json!(name));
}

impl Draw {
    /// The pod, so that validation lets it pass.
    pub(super) fn repaired(&mut self, mut pod: Value) -> Value {
        let Some(fields) = pod.as_object_mut() else {
            return pod;
        };
        let metadata = mapping(fields, "metadata");
        metadata.insert("name".into(), json!("generated"));
        metadata.insert("namespace".into(), json!("default"));
        let spec = mapping(fields, "spec");
        // They come later, by way of their subresource.
        spec.remove("ephemeralContainers");
        let mut taken = BTreeSet::new();
        if items(spec, "containers").is_empty() {
            spec.insert("containers".into(), json!([{ "name": "c0" }]));
        }
        self.repair_host(spec);
        self.repair_containers(spec, &mut taken);
        for context in contexts(spec) {
            self.repair_context(context);
        }
        self.repair_host_process(spec);
        self.repair_proc_mounts(spec);
        repair_sysctls(spec);
        repair_os(spec);
        self.repair_volumes(spec);
        let names: Vec<String> = taken.into_iter().collect();
        self.repair_annotations(fields, &names);
        pod
    }

    /// New ephemeral containers that fit a pod which the server has stored.
    pub(super) fn ephemeral(&mut self, pod: &Value, prefix: &str, odd: bool) -> Vec<Value> {
        self.odd = odd;
        let mut spec = pod["spec"].as_object().cloned().unwrap_or_default();
        let mut taken = BTreeSet::new();
        let mut stays = 0;
        for key in ["containers", "initContainers", "ephemeralContainers"] {
            let own = items(&mut spec, key);
            stays = own.len();
            taken.extend(own.iter().map(|container| text(container, "name").to_owned()));
        }
        let count = 1 + self.random.below(2);
        let drawn = self.containers("ephemeralContainers", count, prefix, &mut Vec::new());
        let host_process = contexts(&mut spec).into_iter().any(|context| is_host_process(context));
        let mut list = match spec.remove("ephemeralContainers") {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        list.extend(drawn.as_array().into_iter().flatten().cloned());
        spec.insert("ephemeralContainers".into(), json!(list));
        let added = items(&mut spec, "ephemeralContainers");
        for (index, container) in added.into_iter().skip(stays).enumerate() {
            for key in PROBES.into_iter().chain(["lifecycle", "ports"]) {
                container.remove(key);
            }
            name(container, &mut taken, &format!("{prefix}{index}"));
            if !taken.contains(text(container, "targetContainerName")) {
                container.remove("targetContainerName");
            }
            if let Some(context) = existing(container, "securityContext") {
                self.repair_context(context);
            }
        }
        // The rest of the pod cannot change any more: what does not fit it gives way.
        let own_users = is(&spec, "hostUsers", false);
        let windows = pod["spec"]["os"]["name"] == "windows";
        let added = items(&mut spec, "ephemeralContainers");
        let added = added.into_iter().skip(stays).map(|container| {
            if host_process {
                let options = json!({ "hostProcess": true });
                mapping(container, "securityContext").insert("windowsOptions".into(), options);
            }
            if let Some(context) = existing(container, "securityContext") {
                if !host_process {
                    context.remove("windowsOptions");
                }
                if !own_users && text(context, "procMount") == "Unmasked" {
                    context.remove("procMount");
                }
                if windows {
                    context.retain(|key, _| !NOT_FOR_WINDOWS.contains(&key.as_str()));
                }
            }
            Value::Object(container.clone())
        });
        added.collect()
    }

    /// Host namespaces exclude a user namespace and some other fields.
    fn repair_host(&mut self, spec: &mut Fields) {
        let hosts = ["hostNetwork", "hostPID", "hostIPC"];
        if is(spec, "hostUsers", false) && hosts.iter().any(|host| is(spec, host, true)) {
            if self.percent(60) {
                spec.remove("hostUsers");
            } else {
                for host in hosts {
                    spec.remove(host);
                }
            }
        }
        if is(spec, "hostPID", true) {
            spec.remove("shareProcessNamespace");
        }
    }

    fn repair_containers(&mut self, spec: &mut Fields, taken: &mut BTreeSet<String>) {
        let host_network = is(spec, "hostNetwork", true);
        let mut host_ports = BTreeSet::new();
        for (key, prefix) in [("containers", "c"), ("initContainers", "i")] {
            for (index, container) in items(spec, key).into_iter().enumerate() {
                name(container, taken, &format!("{prefix}{index}x"));
                container.insert("image".into(), json!("example.com/app:1"));
                if key == "initContainers" {
                    // They run one after the other.
                    host_ports.clear();
                }
                repair_ports(container, host_network, &mut host_ports);
                if key == "initContainers" && text(container, "restartPolicy") != "Always" {
                    for field in PROBES.into_iter().chain(["lifecycle"]) {
                        container.remove(field);
                    }
                    continue;
                }
                for probe in PROBES {
                    if let Some(probe) = existing(container, probe) {
                        self.repair_handler(probe, &PROBE_HANDLERS);
                    }
                }
                if let Some(lifecycle) = existing(container, "lifecycle") {
                    for hook in ["postStart", "preStop"] {
                        if let Some(hook) = existing(lifecycle, hook) {
                            self.repair_handler(hook, &HOOK_HANDLERS);
                        }
                    }
                }
            }
        }
    }

    /// A handler is of exactly one kind.
    fn repair_handler(&mut self, handler: &mut Fields, kinds: &[&str]) {
        let found: Vec<&str> = kinds
            .iter()
            .copied()
            .filter(|kind| handler.get(*kind).is_some_and(Value::is_object))
            .collect();
        let kept = match found.len() {
            0 => {
                handler.insert("exec".into(), json!({ "command": ["true"] }));
                "exec"
            }
            count => found[self.random.below(count)],
        };
        handler.retain(|key, _| key == kept || !kinds.contains(&key.as_str()));
    }

    fn repair_context(&mut self, context: &mut Fields) {
        let user = context.get("runAsUser").and_then(Value::as_i64);
        if user.is_some_and(|user| i32::try_from(user).is_err() || user < 0) {
            context.remove("runAsUser");
        }
        for key in ["appArmorProfile", "seccompProfile"] {
            if let Some(profile) = existing(context, key)
                && !PROFILES.contains(&text(profile, "type"))
            {
                profile.insert("type".into(), json!("Unconfined"));
            }
        }
        let mount = text(context, "procMount");
        if context.contains_key("procMount") && !matches!(mount, "Default" | "Unmasked") {
            context.insert("procMount".into(), json!("Unmasked"));
        }
        if is(context, "privileged", true) && is(context, "allowPrivilegeEscalation", false) {
            let gone = self.pick(&["privileged", "allowPrivilegeEscalation"]);
            context.remove(gone);
        }
    }

    /// If one container is a Windows host process, all are, and the pod is on the host's network.
    fn repair_host_process(&mut self, spec: &mut Fields) {
        if !contexts(spec).into_iter().any(|context| is_host_process(context)) {
            return;
        }
        if spec.get("os").is_some_and(|os| os["name"] == "linux") || self.percent(40) {
            for context in contexts(spec) {
                if let Some(options) = existing(context, "windowsOptions") {
                    options.remove("hostProcess");
                }
            }
            return;
        }
        spec.insert("hostNetwork".into(), json!(true));
        spec.remove("hostUsers");
        let of_pod = self.percent(50);
        let options = mapping(mapping(spec, "securityContext"), "windowsOptions");
        options.remove("hostProcess");
        if of_pod {
            options.insert("hostProcess".into(), json!(true));
        }
        let mut host_ports = BTreeSet::new();
        for key in ["containers", "initContainers"] {
            for container in items(spec, key) {
                repair_ports(container, true, &mut host_ports);
                let options = mapping(mapping(container, "securityContext"), "windowsOptions");
                options.remove("hostProcess");
                if !of_pod || self.percent(30) {
                    options.insert("hostProcess".into(), json!(true));
                }
            }
        }
    }

    /// `Unmasked` needs a user namespace, which excludes the host's namespaces.
    fn repair_proc_mounts(&mut self, spec: &mut Fields) {
        let is_unmasked = |context: &Fields| text(context, "procMount") == "Unmasked";
        if is(spec, "hostUsers", false) || !contexts(spec).into_iter().any(|own| is_unmasked(own)) {
            return;
        }
        let hosts = ["hostNetwork", "hostPID", "hostIPC"];
        let shared = hosts.iter().any(|host| is(spec, host, true));
        if !shared && self.percent(80) {
            spec.insert("hostUsers".into(), json!(false));
            return;
        }
        for context in contexts(spec) {
            if is_unmasked(context) {
                context.remove("procMount");
            }
        }
    }

    fn repair_volumes(&mut self, spec: &mut Fields) {
        self.odd = false;
        let mut taken = BTreeSet::new();
        for (index, volume) in items(spec, "volumes").into_iter().enumerate() {
            name(volume, &mut taken, &format!("v{index}x"));
            let is_source = |key: &str| volumes::is_source(key);
            let sources: Vec<String> = volume
                .iter()
                .filter(|(key, value)| is_source(key) && value.is_object())
                .map(|(key, _)| key.clone())
                .collect();
            let kept = match sources.len() {
                0 => continue,
                count => sources[self.random.below(count)].clone(),
            };
            volume.retain(|key, _| *key == kept || !is_source(key));
            if volume.get(&kept) == Some(&json!({})) {
                let whole = self.source(&kept);
                volume.insert(kept, whole);
            }
        }
    }

    /// Annotations name containers that exist, and mostly say what the fields say.
    fn repair_annotations(&mut self, pod: &mut Fields, names: &[String]) {
        let spec = pod.get("spec").cloned().unwrap_or_default();
        let Some(annotations) = existing(mapping(pod, "metadata"), "annotations") else {
            return;
        };
        let windows = spec["os"]["name"] == "windows";
        for (key, value) in std::mem::take(annotations) {
            let mut value = value.as_str().unwrap_or_default().to_owned();
            let (prefix, target) = key.rsplit_once('/').unwrap_or(("", &key));
            let prefix = format!("{prefix}/");
            let mut target = target.to_owned();
            let app_armor = prefix == annotations::APP_ARMOR;
            let of_container = app_armor || prefix == annotations::SECCOMP_CONTAINER;
            if !of_container && key != annotations::SECCOMP_POD {
                annotations.insert(key, json!(value));
                continue;
            }
            if of_container && (!is_label(&target) || (app_armor && !names.contains(&target))) {
                names[self.random.below(names.len())].clone_into(&mut target);
            }
            let plain =
                ["runtime/default", "unconfined", if app_armor { "" } else { "docker/default" }];
            if !plain.contains(&value.as_str()) && !value.starts_with("localhost/") {
                "unconfined".clone_into(&mut value);
            }
            let profile = if app_armor { "appArmorProfile" } else { "seccompProfile" };
            let of_pod = &spec["securityContext"][profile];
            let own = ["containers", "initContainers"].iter().find_map(|list| {
                let mut list = spec[list].as_array()?.iter();
                let container = list.find(|container| container["name"] == target.as_str())?;
                Some(&container["securityContext"][profile])
            });
            let field = match own.filter(|own| own.is_object()) {
                Some(own) => own,
                None if app_armor || !of_container => of_pod,
                None => &Value::Null,
            };
            // Templates may say two things, pods may not.
            if !windows && field.is_object() && self.percent(90) {
                value = match field["type"].as_str() {
                    Some("Unconfined") => "unconfined".to_owned(),
                    Some("RuntimeDefault") => "runtime/default".to_owned(),
                    _ => format!(
                        "localhost/{}",
                        field["localhostProfile"].as_str().unwrap_or_default()
                    ),
                };
            }
            let key = if of_container { format!("{prefix}{target}") } else { key };
            annotations.insert(key, json!(value));
        }
    }
}

fn is_host_process(context: &Fields) -> bool {
    context.get("windowsOptions").is_some_and(|options| options["hostProcess"] == true)
}

/// Port numbers in their range; one on the host only once, and on its network no other than the
/// container's.
fn repair_ports(container: &mut Fields, host_network: bool, taken: &mut BTreeSet<String>) {
    let range = |value: Option<&Value>| {
        value.and_then(Value::as_i64).filter(|number| (1..=65_535).contains(number))
    };
    for port in items(container, "ports") {
        let own = range(port.get("containerPort")).unwrap_or(8080);
        port.insert("containerPort".into(), json!(own));
        let host = match range(port.get("hostPort")) {
            Some(_) if host_network => own,
            Some(host) => host,
            None => {
                if port.get("hostPort") != Some(&json!(0)) {
                    port.remove("hostPort");
                }
                if host_network { own } else { 0 }
            }
        };
        if host == 0 {
            continue;
        }
        let protocol = match text(port, "protocol") {
            "" => "TCP",
            protocol => protocol,
        };
        let mut free = host;
        while !taken.insert(format!("{free}/{protocol}")) {
            free += 1;
        }
        if free != host || port.contains_key("hostPort") {
            port.insert("hostPort".into(), json!(free));
        }
        if host_network {
            port.insert("containerPort".into(), json!(free));
        }
    }
}

/// Names once each and by the rules, and none that the host's namespaces exclude.
fn repair_sysctls(spec: &mut Fields) {
    let network = is(spec, "hostNetwork", true);
    let ipc = is(spec, "hostIPC", true);
    let Some(context) = existing(spec, "securityContext") else {
        return;
    };
    items(context, "sysctls");
    let Some(sysctls) = context.get_mut("sysctls").and_then(Value::as_array_mut) else {
        return;
    };
    let mut taken = BTreeSet::new();
    sysctls.retain(|sysctl| {
        let name = sysctl["name"].as_str().unwrap_or_default().replace('/', ".");
        let is_part = |character: char| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || "._-".contains(character)
        };
        !name.is_empty()
            && name.chars().all(is_part)
            && !(network && name.starts_with("net."))
            && !(ipc && (name.starts_with("kernel.shm") || name.starts_with("kernel.msg")))
            && taken.insert(name)
    });
}

/// A pod says nothing that its system does not have.
fn repair_os(spec: &mut Fields) {
    let system = spec.get("os").map_or("", |os| os["name"].as_str().unwrap_or_default()).to_owned();
    match system.as_str() {
        "linux" => {
            for context in contexts(spec) {
                context.remove("windowsOptions");
            }
        }
        "windows" => {
            for key in ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"] {
                spec.remove(key);
            }
            for context in contexts(spec) {
                context
                    .retain(|key, _| !NOT_FOR_WINDOWS.contains(&key.as_str()) && key != "sysctls");
            }
        }
        _ => drop(spec.remove("os")),
    }
}
