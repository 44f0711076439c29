//! Labels, and selectors over them.

use serde_json::{Map, Value, json};

use super::{Family, Writer};

/// Keys of the labels of pods and of namespaces.
pub(super) const KEYS: [&str; 3] = ["app", "tier", "zone"];

/// Values of labels.
const VALUES: [&str; 3] = ["a", "b", ""];

/// The label that the API server sets on a namespace.
pub(super) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

impl Writer {
    /// Labels, some of the keys with some value.
    pub(super) fn labels(&mut self) -> Map<String, Value> {
        let mut labels = Map::new();
        for key in KEYS {
            if self.random.percent(70) {
                labels.insert(key.to_owned(), self.random.pick(&VALUES).into());
            }
        }
        labels
    }

    /// A selector of pods.
    pub(super) fn pod_selector(&mut self) -> Value {
        self.selector(None)
    }

    /// A selector of namespaces.
    pub(super) fn namespace_selector(&mut self) -> Value {
        let name = self.random.percent(25).then(|| self.namespace());
        if name.is_some() {
            self.has("namespace by its name");
        }
        self.selector(name)
    }

    /// A selector of labels, or of a namespace by its name.
    fn selector(&mut self, name: Option<String>) -> Value {
        let mut selector = Map::new();
        if let Some(name) = name {
            if self.random.percent(70) {
                selector.insert("matchLabels".to_owned(), json!({ NAMESPACE_NAME: name }));
            } else {
                let not = self.random.percent(50) && self.cluster.family != Family::Plain;
                let operator = if not { "NotIn" } else { "In" };
                let one =
                    json!([{ "key": NAMESPACE_NAME, "operator": operator, "values": [name] }]);
                selector.insert("matchExpressions".to_owned(), one);
            }
            return selector.into();
        }
        let form = self.random.below(10);
        if form < 2 {
            self.has("empty selector");
            return selector.into();
        }
        if form < 7 {
            let pairs = self.some(1, 2, |writer| (writer.key(), writer.value()));
            if pairs.iter().any(|(_, value)| value.is_empty()) {
                self.has("label with an empty value");
            }
            let pairs: Map<String, Value> =
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
            selector.insert("matchLabels".to_owned(), pairs.into());
        }
        if form >= 6 {
            let requirements = self.some(1, 2, Self::requirement);
            selector.insert("matchExpressions".to_owned(), requirements.into());
        }
        selector.into()
    }

    fn requirement(&mut self) -> Value {
        let key = self.key();
        let operators = [
            ("In", "operator In"),
            ("Exists", "operator Exists"),
            ("DoesNotExist", "operator DoesNotExist"),
            ("NotIn", "operator NotIn"),
        ];
        let known = operators.len() - usize::from(self.cluster.family == Family::Plain);
        let (operator, feature) = operators[self.random.below(known)];
        self.has(feature);
        if operator.ends_with("In") {
            let values = self.some(1, 2, Self::value);
            json!({ "key": key, "operator": operator, "values": values })
        } else {
            json!({ "key": key, "operator": operator })
        }
    }

    /// A key that labels have; now and then one that nothing has.
    fn key(&mut self) -> &'static str {
        if self.random.percent(5) { "nobody" } else { self.random.pick(&KEYS) }
    }

    /// A value that labels have; now and then one that nothing has.
    fn value(&mut self) -> &'static str {
        if self.cluster.family == Family::Plain {
            return self.random.pick(&VALUES[..2]);
        }
        if self.random.percent(5) { "none" } else { self.random.pick(&VALUES) }
    }
}
