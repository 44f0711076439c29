//! Annotations that once were fields: AppArmor and seccomp.

use serde_json::{Map, Value, json};

use super::{Draw, Mood, odd};

pub(super) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
pub(super) const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(super) const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

impl Draw {
    /// The pod's annotations, where it has any.
    pub(super) fn annotations(&mut self, containers: &[String]) -> Option<Value> {
        if self.oddly(2) {
            return Some(Value::Null);
        }
        let mut annotations = Map::new();
        for _ in 0..self.count(25) {
            let key = format!("{APP_ARMOR}{}", self.target(containers));
            let value = self.app_armor_annotation();
            annotations.insert(key, value);
        }
        if self.percent(15) {
            let value = self.seccomp_annotation();
            annotations.insert(SECCOMP_POD.into(), value);
        }
        for _ in 0..self.count(20) {
            let key = format!("{SECCOMP_CONTAINER}{}", self.target(containers));
            let value = self.seccomp_annotation();
            annotations.insert(key, value);
        }
        if self.percent(10) {
            annotations.insert("example.com/note".into(), json!("unconfined"));
        }
        if self.oddly(3) {
            // Near misses of the keys.
            let key = self.pick(&[
                "container.apparmor.security.beta.kubernetes.io",
                "Container.apparmor.security.beta.kubernetes.io/c0",
                "seccomp.security.alpha.kubernetes.io/pods",
            ]);
            annotations.insert(key.into(), json!("unconfined"));
        }
        (!annotations.is_empty()).then_some(Value::Object(annotations))
    }

    /// How many annotations of one sort: none in most pods, up to three in `percent` of them.
    fn count(&mut self, percent: usize) -> usize {
        if self.percent(percent) { 1 + self.random.below(3) } else { 0 }
    }

    /// A container's name, mostly of one that exists.
    fn target(&mut self, containers: &[String]) -> String {
        if containers.is_empty() || self.percent(15) {
            return self.pick_or_odd(&["absent", "gone"], &odd::NAMES).to_owned();
        }
        containers[self.random.below(containers.len())].clone()
    }

    fn app_armor_annotation(&mut self) -> Value {
        if self.oddly(3) {
            return Value::Null;
        }
        let good = ["runtime/default", "localhost/profile"];
        let text = match self.mood() {
            Mood::Wild => {
                let bad = ["unconfined", "Unconfined", "docker/default"];
                if self.oddly(40) { self.pick(&odd::TEXTS) } else { self.pick(&bad) }
            }
            _ => self.pick_or_odd(&good, &["", "localhost/", "runtime/default"]),
        };
        json!(text)
    }

    fn seccomp_annotation(&mut self) -> Value {
        if self.oddly(3) {
            return Value::Null;
        }
        let good = ["runtime/default", "docker/default", "localhost/profile.json"];
        let text = match self.mood() {
            Mood::Wild => {
                let bad = ["unconfined", "Unconfined", "default"];
                if self.oddly(40) { self.pick(&odd::TEXTS) } else { self.pick(&bad) }
            }
            _ => self.pick_or_odd(&good, &["localhost/", "docker/default"]),
        };
        json!(text)
    }
}
