//! Random pods over every field that a check of Pod Security reads, and some that none reads.
//!
//! A pod has a temper: a quarter aim at restricted, some at baseline, the rest at nothing. Each field is drawn in a mood that mostly follows the temper, so that many pods
//! break one rule only.

mod annotations;
mod container;
mod odd;
mod security;
mod valid;
mod volumes;

use serde_json::{Map, Value, json};

use crate::random::Random;

/// What a whole pod aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Temper {
    Restricted,
    Baseline,
    Wild,
}

/// What one field is drawn for: to pass restricted, to pass baseline, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Strict,
    Base,
    Wild,
}

/// Which values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// What people write: nearly all of it passes API validation.
    Plausible,
    /// Also what nobody should write but the decoder takes: empty strings, nulls, duplicates,
    /// unknown types and names, fields in the wrong case.
    Odd,
    /// Both of these by turns, repaired until API validation has nothing against them.
    Valid,
}

/// An endless supply of pods.
#[derive(Clone, Debug)]
pub struct Pods {
    draw: Draw,
}

impl Pods {
    /// The pods that `seed` determines.
    pub fn new(seed: u64, values: Values) -> Self {
        let draw = Draw {
            random: Random::new(seed),
            values,
            odd: values == Values::Odd,
            temper: Temper::Wild,
            covers_non_root: false,
            covers_seccomp: false,
        };
        Self { draw }
    }

    /// New ephemeral containers for a pod as the server has stored it, which validation lets
    /// pass; their names begin with `prefix`.
    pub fn ephemeral(&mut self, pod: &Value, prefix: &str) -> Vec<Value> {
        let odd = self.draw.percent(60);
        self.draw.start();
        self.draw.ephemeral(pod, prefix, odd)
    }
}

impl Iterator for Pods {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.draw.values != Values::Valid {
            return Some(self.draw.pod());
        }
        self.draw.odd = self.draw.percent(60);
        let pod = self.draw.pod();
        Some(self.draw.repaired(pod))
    }
}

/// The state of drawing one pod after the other.
#[derive(Clone, Debug)]
struct Draw {
    random: Random,
    values: Values,
    odd: bool,
    temper: Temper,
    /// Whether the pod sets `runAsNonRoot` for its containers.
    covers_non_root: bool,
    /// Whether the pod sets a seccomp profile for its containers.
    covers_seccomp: bool,
}

impl Draw {
    fn percent(&mut self, percent: usize) -> bool {
        self.random.percent(percent)
    }

    /// True in `percent` of 100 cases, where odd values are wanted.
    fn oddly(&mut self, percent: usize) -> bool {
        self.odd && self.random.percent(percent)
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        self.random.pick(items)
    }

    /// One of `plausible`, or now and then of `odd`.
    fn pick_or_odd<'a>(&mut self, plausible: &[&'a str], odd: &[&'a str]) -> &'a str {
        if self.oddly(30) { self.random.pick(odd) } else { self.random.pick(plausible) }
    }

    /// The mood for one field.
    fn mood(&mut self) -> Mood {
        let roll = self.random.below(1000);
        match self.temper {
            Temper::Restricted if roll < 985 => Mood::Strict,
            Temper::Restricted if roll < 990 => Mood::Base,
            Temper::Baseline if roll < 985 => Mood::Base,
            Temper::Wild if roll < 400 => Mood::Strict,
            Temper::Wild if roll < 750 => Mood::Base,
            _ => Mood::Wild,
        }
    }

    /// `true`, `false` or, oddly, `null`.
    fn boolean(&mut self, percent_true: usize) -> Value {
        if self.oddly(10) { Value::Null } else { json!(self.percent(percent_true)) }
    }

    /// Decides what the next pod is to be.
    fn start(&mut self) {
        self.temper = match self.random.below(100) {
            0..25 => Temper::Restricted,
            25..37 => Temper::Baseline,
            _ => Temper::Wild,
        };
        self.covers_non_root = self.percent(70);
        self.covers_seccomp = self.percent(70);
    }

    fn pod(&mut self) -> Value {
        self.start();
        let mut spec = Map::new();
        self.os(&mut spec);
        self.host_fields(&mut spec);
        if self.covers_non_root || self.covers_seccomp || self.percent(60) {
            let context = self.pod_security_context();
            spec.insert("securityContext".into(), context);
        } else if self.oddly(10) {
            spec.insert("securityContext".into(), Value::Null);
        }
        let names = self.all_containers(&mut spec);
        self.volumes(&mut spec);
        self.unread_fields(&mut spec);
        let mut metadata = Map::new();
        metadata.insert("name".into(), json!("generated"));
        metadata.insert("namespace".into(), json!("default"));
        if let Some(annotations) = self.annotations(&names) {
            metadata.insert("annotations".into(), annotations);
        }
        let mut pod =
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec });
        if self.oddly(1) {
            let part = self.pick(&["metadata", "spec"]);
            if self.percent(50) {
                pod[part] = Value::Null;
            } else if let Some(fields) = pod.as_object_mut() {
                fields.remove(part);
            }
        }
        pod
    }

    /// All three kinds of containers; returns their names.
    fn all_containers(&mut self, spec: &mut Map<String, Value>) -> Vec<String> {
        let mut names = Vec::new();
        let containers = 1 + self.random.below(3);
        let initial = if self.percent(40) { 1 + self.random.below(2) } else { 0 };
        let ephemeral = if self.percent(20) { 1 + self.random.below(2) } else { 0 };
        let fields = [
            ("containers", containers, "c"),
            ("initContainers", initial, "i"),
            ("ephemeralContainers", ephemeral, "e"),
        ];
        for (field, count, prefix) in fields {
            if count > 0 {
                let list = self.containers(field, count, prefix, &mut names);
                spec.insert(field.into(), list);
            } else if self.oddly(3) {
                let nothing = if self.percent(50) { Value::Null } else { json!([]) };
                spec.insert(field.into(), nothing);
            }
        }
        if self.oddly(1) {
            spec.remove("containers");
        }
        names
    }

    fn os(&mut self, spec: &mut Map<String, Value>) {
        if !self.percent(15) {
            return;
        }
        let os = if self.oddly(15) {
            self.pick(&[&json!({}), &Value::Null]).clone()
        } else {
            json!({ "name": self.pick_or_odd(&["windows", "linux"], &["Windows", "", "windows "]) })
        };
        spec.insert("os".into(), os);
    }

    fn host_fields(&mut self, spec: &mut Map<String, Value>) {
        if self.percent(30) {
            let value = self.boolean(30);
            spec.insert("hostUsers".into(), value);
        }
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            let value = match self.mood() {
                Mood::Wild if self.percent(80) => self.boolean(80),
                _ if self.percent(10) => json!(false),
                _ => continue,
            };
            spec.insert(field.into(), value);
        }
    }

    /// Fields that no check reads, so that one that did would be noticed.
    fn unread_fields(&mut self, spec: &mut Map<String, Value>) {
        let fields = [
            ("runtimeClassName", json!("gvisor")),
            ("nodeSelector", json!({ "kubernetes.io/os": "windows" })),
            ("shareProcessNamespace", json!(true)),
            ("automountServiceAccountToken", json!(false)),
            ("restartPolicy", json!("Never")),
            ("dnsPolicy", json!("ClusterFirstWithHostNet")),
            ("hostAliases", json!([{ "ip": "127.0.0.1", "hostnames": ["h"] }])),
            ("tolerations", json!([{ "operator": "Exists" }])),
        ];
        for (field, value) in fields {
            if self.percent(5) {
                spec.insert(field.into(), value);
            }
        }
        // The API server matches names by case: these are unknown fields to it.
        let unknown = [
            ("HostNetwork", json!(true)),
            ("hostpid", json!(true)),
            ("privileged", json!(true)),
            ("securitycontext", json!({ "runAsUser": 0 })),
        ];
        for (field, value) in unknown {
            if self.oddly(2) {
                spec.insert(field.into(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_pods() {
        let twice = [(), ()].map(|()| Pods::new(7, Values::Odd).take(100).collect::<Vec<_>>());
        assert_eq!(twice[0], twice[1]);
        assert_ne!(twice[0], Pods::new(8, Values::Odd).take(100).collect::<Vec<_>>());
    }

    /// Every field that a check reads is drawn, set, and left out.
    #[test]
    fn every_field_is_drawn() {
        let fields = [
            "hostNetwork",
            "hostPID",
            "hostIPC",
            "hostUsers",
            "hostPort",
            "hostPath",
            "hostProcess",
            "privileged",
            "procMount",
            "seLinuxOptions",
            "seccompProfile",
            "appArmorProfile",
            "sysctls",
            "windowsOptions",
            "allowPrivilegeEscalation",
            "capabilities",
            "runAsNonRoot",
            "runAsUser",
            "ephemeralContainers",
            "initContainers",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "postStart",
            "preStop",
            "container.apparmor.security.beta.kubernetes.io",
            "seccomp.security.alpha.kubernetes.io/pod",
            "container.seccomp.security.alpha",
        ];
        for values in [Values::Odd, Values::Valid] {
            let pods: Vec<String> =
                Pods::new(1, values).take(2_000).map(|pod| pod.to_string()).collect();
            for field in fields {
                // The server takes these by another way.
                if values == Values::Valid && field == "ephemeralContainers" {
                    continue;
                }
                let with = pods.iter().filter(|pod| pod.contains(&format!("\"{field}"))).count();
                assert!((50..1_980).contains(&with), "{field}: {with} of {}", pods.len());
            }
        }
    }

    /// What the server checks first: names, and one kind for each volume.
    #[test]
    fn valid_pods_have_names_and_whole_volumes() {
        let mut pods = Pods::new(3, Values::Valid);
        for _ in 0..2_000 {
            let pod = pods.next().expect("there is always another one");
            let spec = &pod["spec"];
            let mut names = std::collections::BTreeSet::new();
            let mut all = Vec::new();
            all.extend(spec["containers"].as_array().expect("a list"));
            assert!(!all.is_empty(), "{pod}");
            all.extend(spec["initContainers"].as_array().into_iter().flatten());
            let added = pods.ephemeral(&pod, "new");
            all.extend(&added);
            for container in all {
                let name = container["name"].as_str().expect("a name");
                assert!(!name.is_empty() && names.insert(name.to_owned()), "{name:?} in {pod}");
            }
            for volume in spec["volumes"].as_array().into_iter().flatten() {
                let fields = volume.as_object().expect("a volume").keys();
                assert!(fields.filter(|key| volumes::is_source(key)).count() <= 1, "{volume}");
            }
        }
    }
}
