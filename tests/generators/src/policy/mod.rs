//! Network policies: every field that a reader has to understand, with values that the server takes
//! and, as often as is asked for, values that it does not.

mod cluster;
mod network;

use serde_json::{Map, Value, json};

use crate::random::Random;

pub use cluster::{CLUSTER_KINDS, cluster_policy};
pub use network::network_policy;

/// Makes values.
#[derive(Debug)]
struct Maker<'a> {
    random: &'a mut Random,
    /// How many values of a hundred are odd.
    odd: usize,
}

impl Maker<'_> {
    fn is_odd(&mut self) -> bool {
        self.random.percent(self.odd)
    }

    /// One of several values.
    fn pick(&mut self, values: &[Value]) -> Value {
        values[self.random.below(values.len())].clone()
    }

    /// So many values, at most.
    fn list(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> Value) -> Value {
        let count = self.random.below(most + 1);
        (0..count).map(|_| make(self)).collect()
    }

    /// Labels, of which one at most is odd: the server names the faults of several in no order.
    fn labels(&mut self) -> Value {
        let mut labels = Map::new();
        for key in ["app", "tier", "example.com/team"] {
            if self.random.percent(40) {
                labels.insert(key.to_owned(), self.pick(&[json!("web"), json!("db"), json!("")]));
            }
        }
        if self.is_odd() {
            let (key, value) = (self.key(true), self.value(true));
            labels.insert(key, value);
        }
        Value::Object(labels)
    }

    /// The key of a label.
    fn key(&mut self, odd: bool) -> String {
        let long = ["a".repeat(64), format!("{}/a", "b".repeat(254))];
        let keys = [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "-a",
            "a.",
            "A_b/c",
            "ex..com/a",
            "é",
            "a b",
            "a<b>&",
            long[0].as_str(),
            long[1].as_str(),
        ];
        if odd {
            return self.random.pick(&keys).to_owned();
        }
        self.random.pick(&["app", "tier", "example.com/team", "A.b_c-1"]).to_owned()
    }

    /// The value of a label.
    fn value(&mut self, odd: bool) -> Value {
        let long = "v".repeat(64);
        if odd {
            let values = ["-", "a b", "ü", "a/b", "x\u{7f}", "<a>", long.as_str()];
            return json!(self.random.pick(&values));
        }
        self.pick(&[json!("web"), json!("db"), json!(""), json!("A.b_c-1")])
    }

    /// A label selector.
    fn selector(&mut self) -> Value {
        let mut selector = Map::new();
        if self.random.percent(50) {
            selector.insert("matchLabels".to_owned(), self.labels());
        }
        if self.random.percent(40) {
            let expressions = self.list(3, Self::expression);
            selector.insert("matchExpressions".to_owned(), expressions);
        }
        Value::Object(selector)
    }

    fn expression(&mut self) -> Value {
        let is_odd = self.is_odd();
        let mut expression = Map::new();
        let has_odd_key = is_odd && self.random.percent(50);
        let key = self.key(has_odd_key);
        expression.insert("key".to_owned(), json!(key));
        let operator = if is_odd && self.random.percent(40) {
            self.pick(&[json!("in"), json!(""), json!("Gt"), json!("<&>"), json!(null)])
        } else {
            self.pick(&["In", "NotIn", "Exists", "DoesNotExist"].map(Value::from))
        };
        let needs_values = operator == "In" || operator == "NotIn";
        expression.insert("operator".to_owned(), operator);
        if needs_values != (is_odd && self.random.percent(40)) {
            let values: Vec<Value> =
                (0..=self.random.below(3)).map(|_| self.odd_value(is_odd)).collect();
            expression.insert("values".to_owned(), json!(values));
        }
        Value::Object(expression)
    }

    /// The value of a label, which may be odd.
    fn odd_value(&mut self, odd: bool) -> Value {
        let odd = odd && self.random.percent(40);
        self.value(odd)
    }

    /// The metadata of an object, without its namespace.
    fn metadata(&mut self, name: &str) -> Value {
        let long = "n".repeat(254);
        let mut metadata = json!({ "name": name });
        if self.random.below(400) < self.odd {
            let names = ["", "A", "a_b", "-a", "a..b", "a/b", "ü", long.as_str()];
            metadata["name"] = json!(self.random.pick(&names));
        }
        if self.random.percent(20) {
            metadata["labels"] = self.labels();
        }
        if self.random.percent(20) {
            let is_odd = self.is_odd();
            let key = self.key(is_odd);
            metadata["annotations"] = json!({ "Some/Key": "x" });
            metadata["annotations"][key] = json!("any text");
        }
        metadata
    }
}
