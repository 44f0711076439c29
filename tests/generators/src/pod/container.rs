//! Containers of the three kinds: ports, probes, lifecycle handlers.

use serde_json::{Map, Value, json};

use super::{Draw, Mood, odd};

pub(super) const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

impl Draw {
    /// A list of containers for `field`, whose names are added to `names`.
    pub(super) fn containers(
        &mut self,
        field: &str,
        count: usize,
        prefix: &str,
        names: &mut Vec<String>,
    ) -> Value {
        let mut list = Vec::new();
        for index in 0..count {
            if self.oddly(1) {
                list.push(Value::Null);
                continue;
            }
            let mut name = format!("{prefix}{index}");
            if self.oddly(8) {
                self.pick(&odd::NAMES).clone_into(&mut name);
            }
            let container = self.container(&name, field);
            names.push(name);
            list.push(container);
        }
        Value::Array(list)
    }

    fn container(&mut self, name: &str, field: &str) -> Value {
        let mut container = Map::new();
        if !self.oddly(2) {
            container.insert("name".into(), json!(name));
        }
        container.insert("image".into(), json!("example.com/app:1"));
        if let Some(context) = self.container_security_context() {
            container.insert("securityContext".into(), context);
        }
        match field {
            "initContainers" if self.percent(25) => {
                container.insert("restartPolicy".into(), json!("Always"));
            }
            "ephemeralContainers" if self.percent(25) => {
                container.insert("targetContainerName".into(), json!("c0"));
            }
            _ => {}
        }
        // API validation refuses ports and handlers on ephemeral containers; PSA would judge them.
        if field != "ephemeralContainers" || self.odd {
            self.ports(&mut container);
            self.probes(&mut container);
            self.lifecycle(&mut container);
        }
        Value::Object(container)
    }

    fn ports(&mut self, container: &mut Map<String, Value>) {
        if !self.percent(35) {
            return;
        }
        if self.oddly(4) {
            container.insert("ports".into(), Value::Null);
            return;
        }
        let ports: Vec<Value> = (0..=self.random.below(3)).map(|_| self.port()).collect();
        container.insert("ports".into(), json!(ports));
    }

    fn port(&mut self) -> Value {
        if self.oddly(1) {
            return Value::Null;
        }
        let number = *self.pick(&[&80, &443, &8080, &9, &10, &1024]);
        let mut port = Map::new();
        port.insert("containerPort".into(), json!(number));
        if self.oddly(4) {
            let odd: [&Value; 3] = [&Value::Null, &json!(0), &json!(-1)];
            port.insert("containerPort".into(), self.pick(&odd).clone());
        }
        if self.percent(20) {
            port.insert("protocol".into(), json!(self.pick(&["TCP", "UDP"])));
        }
        let host = match self.mood() {
            Mood::Wild => Some(json!(number)),
            _ if self.percent(10) => Some(json!(0)),
            _ => None,
        };
        if let Some(host) = host {
            port.insert("hostPort".into(), host);
            if self.oddly(20) {
                let odd: [&Value; 4] =
                    [&Value::Null, &json!(-1), &json!(2_147_483_647), &json!(-2_147_483_648)];
                port.insert("hostPort".into(), self.pick(&odd).clone());
            }
        }
        Value::Object(port)
    }

    fn probes(&mut self, container: &mut Map<String, Value>) {
        for probe in PROBES {
            if !self.percent(15) {
                continue;
            }
            let mut value = self.handler(&["httpGet", "tcpSocket", "exec", "grpc"]);
            value["periodSeconds"] = json!(5);
            if self.oddly(3) {
                value = Value::Null;
            }
            container.insert(probe.into(), value);
        }
    }

    fn lifecycle(&mut self, container: &mut Map<String, Value>) {
        if !self.percent(20) {
            return;
        }
        let mut lifecycle = Map::new();
        for hook in ["postStart", "preStop"] {
            if self.percent(60) {
                let mut value = self.handler(&["httpGet", "tcpSocket", "exec", "sleep"]);
                if self.oddly(3) {
                    value = Value::Null;
                }
                lifecycle.insert(hook.into(), value);
            }
        }
        container.insert("lifecycle".into(), Value::Object(lifecycle));
    }

    /// A handler of one of the kinds; oddly of two, or of none.
    fn handler(&mut self, kinds: &[&str]) -> Value {
        let mut handler = Map::new();
        let count = if self.oddly(6) { self.random.below(3) } else { 1 };
        for _ in 0..count {
            let kind = self.pick(kinds);
            let value = self.handler_of(kind);
            handler.insert(kind.into(), value);
        }
        Value::Object(handler)
    }

    fn handler_of(&mut self, kind: &str) -> Value {
        let mut value = match kind {
            "exec" => return json!({ "command": ["true"] }),
            "grpc" => return json!({ "port": 9000 }),
            "sleep" => return json!({ "seconds": 1 }),
            "httpGet" => json!({ "port": "http", "path": "/healthz" }),
            _ => json!({ "port": 80 }),
        };
        if kind == "httpGet" && self.percent(50) {
            value["port"] = json!(8080);
        }
        let host = match self.mood() {
            Mood::Wild => {
                let hosts = ["10.0.0.1", "localhost", "127.0.0.1", "example.com", "::1"];
                Some(json!(self.pick_or_odd(&hosts, &odd::TEXTS)))
            }
            _ if self.percent(10) => Some(json!("")),
            _ if self.oddly(5) => Some(Value::Null),
            _ => None,
        };
        if let Some(host) = host {
            value["host"] = host;
        }
        if self.oddly(3) { Value::Null } else { value }
    }
}
