//! Random changes of random workloads, of the kinds that are made to mend something and of some
//! that nobody would make.

use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::{KINDS, wrap};
use serde_json::{Map, Value as Json, json};

/// Values with what a format could lose: words that YAML takes for others, quotes, line breaks.
const WORDS: [&str; 9] = [
    "x",
    "yes",
    "0x10",
    "a: b # c",
    "it's \"quoted\"",
    "two\nlines\n",
    " ",
    "ü 日本",
    "<&>\u{2028}",
];

/// An endless supply of changes: an object before and after.
pub(super) struct Edited {
    random: Random,
    pods: Pods,
    number: usize,
}

impl Edited {
    pub(super) fn new(seed: u64) -> Self {
        let pods = Pods::new(seed, Values::Valid);
        Self { random: Random::new(seed ^ 1), pods, number: 0 }
    }

    fn word(&mut self) -> String {
        self.random.pick(&WORDS).to_owned()
    }

    /// Changes a pod's spec at some places.
    fn edit(&mut self, spec: &mut Json) {
        for _ in 0..=self.random.below(4) {
            match self.random.below(10) {
                0 => {
                    let profile = json!({"type": "RuntimeDefault"});
                    set(&mut spec["securityContext"], "seccompProfile", profile);
                }
                1 => set(spec, "hostPID", json!(self.random.percent(50))),
                2 => remove(spec, "hostNetwork"),
                3 => remove(spec, "securityContext"),
                4 => self.volumes(spec),
                5 => self.containers(spec),
                _ => self.container(spec),
            }
        }
    }

    fn container(&mut self, spec: &mut Json) {
        let list = self.random.pick(&["containers", "initContainers"]);
        let count = spec[list].as_array().map_or(0, Vec::len);
        if count == 0 {
            return;
        }
        let at = self.random.below(count);
        let word = self.word();
        let container = &mut spec[list][at];
        match self.random.below(12) {
            0 => set(&mut container["securityContext"], "privileged", json!(false)),
            1 => {
                let capabilities = json!({"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]});
                set(&mut container["securityContext"], "capabilities", capabilities);
            }
            2 => remove(container, "securityContext"),
            3 => remove(&mut container["securityContext"], "capabilities"),
            4 => set(container, "env", json!([{"name": "A", "value": word}, {"name": "B"}])),
            5 => edit_list(
                &mut self.random,
                container,
                "env",
                || json!({"name": "NEW", "value": word}),
            ),
            6 => {
                let ports = json!([
                    {"containerPort": 53, "protocol": "UDP", "name": "dns"},
                    {"containerPort": 80, "hostPort": 80},
                ]);
                set(container, "ports", ports);
            }
            7 => edit_list(
                &mut self.random,
                container,
                "ports",
                || json!({"containerPort": 8080, "protocol": "TCP"}),
            ),
            8 => edit_list(
                &mut self.random,
                container,
                "volumeMounts",
                || json!({"name": "new", "mountPath": "/new"}),
            ),
            9 => set(container, "args", json!([word, "--flag"])),
            10 => remove(container, "resources"),
            _ => {
                for port in container["ports"].as_array_mut().into_iter().flatten() {
                    remove(port, "hostPort");
                }
            }
        }
    }

    fn volumes(&mut self, spec: &mut Json) {
        match self.random.below(3) {
            0 => edit_list(
                &mut self.random,
                spec,
                "volumes",
                || json!({"name": "new", "emptyDir": {}}),
            ),
            1 => edit_list(&mut self.random, spec, "tolerations", || json!({"operator": "Exists"})),
            _ => {
                for volume in spec["volumes"].as_array_mut().into_iter().flatten() {
                    let name = volume["name"].clone();
                    *volume = json!({"name": name, "emptyDir": {"medium": "Memory"}});
                }
            }
        }
    }

    fn containers(&mut self, spec: &mut Json) {
        let Some(list) = spec["containers"].as_array_mut() else { return };
        match self.random.below(4) {
            0 => list.reverse(),
            1 if list.len() > 1 => drop(list.pop()),
            2 => list.insert(0, json!({"name": "first", "image": "x"})),
            _ => list.push(json!({"name": "last", "image": "x", "stdin": true})),
        }
    }
}

impl Iterator for Edited {
    type Item = (Json, Json);

    /// The next object and what becomes of it: something else, and still an object of its kind.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let pod = self.pods.next()?;
            let kind = self.random.pick(&KINDS);
            let mut before = wrap(kind, &pod);
            self.number += 1;
            before["metadata"] = json!({"name": format!("o{}.x", self.number)});
            if self.random.percent(50) {
                before["metadata"]["namespace"] = "shop".into();
            }
            if self.random.percent(30) {
                let word = self.word();
                before["metadata"]["annotations"] = json!({"a/b": word, "c": "d"});
            }
            let mut after = before.clone();
            if self.random.percent(30) {
                let word = self.word();
                set(&mut after["metadata"]["annotations"], "a/b", word.into());
            }
            let spec = match kind {
                "Pod" => after.pointer_mut("/spec"),
                "PodTemplate" => after.pointer_mut("/template/spec"),
                "CronJob" => after.pointer_mut("/spec/jobTemplate/spec/template/spec"),
                _ => after.pointer_mut("/spec/template/spec"),
            };
            self.edit(spec.expect("it has a pod"));
            // kubectl's `test` of a list with null in it ends in a panic of its own.
            if before != after && !has_null_element(&before) {
                return Some((before, after));
            }
        }
    }
}

fn has_null_element(value: &Json) -> bool {
    match value {
        Json::Object(fields) => fields.values().any(has_null_element),
        Json::Array(items) => items.iter().any(|item| item.is_null() || has_null_element(item)),
        _ => false,
    }
}

fn set(value: &mut Json, key: &str, to: Json) {
    if value.is_null() {
        *value = Json::Object(Map::new());
    }
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), to);
    }
}

fn remove(value: &mut Json, key: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(key);
    }
}

/// Takes an element out of a list, or puts one in, somewhere.
fn edit_list(random: &mut Random, value: &mut Json, key: &str, new: impl Fn() -> Json) {
    let Some(fields) = value.as_object_mut() else { return };
    let list = fields.entry(key).or_insert_with(|| json!([]));
    let Some(items) = list.as_array_mut() else { return };
    if !items.is_empty() && random.percent(50) {
        items.remove(random.below(items.len()));
    } else if !items.contains(&new()) {
        let at = if random.percent(50) { items.len() } else { random.below(items.len() + 1) };
        items.insert(at, new());
    }
}

/// A value without fields that are null: to Kubernetes they are not there.
pub(super) fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            there.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}
