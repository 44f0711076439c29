//! Security contexts of pods and containers.

use serde_json::{Map, Value, json};

use super::{Draw, Mood};

/// What baseline lets a container add.
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Sysctls that one policy version or another allows.
const KNOWN_SYSCTLS: [&str; 14] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_notsent_lowat",
];

impl Draw {
    /// The pod's own security context.
    pub(super) fn pod_security_context(&mut self) -> Value {
        let mut context = Map::new();
        self.required(&mut context, self.covers_non_root, self.covers_seccomp);
        self.both_contexts(&mut context);
        if self.percent(25) {
            let value = self.sysctls();
            context.insert("sysctls".into(), value);
        }
        if self.percent(20) {
            context.insert("fsGroup".into(), json!(1000));
        }
        Value::Object(context)
    }

    /// A container's security context; most aims need one.
    pub(super) fn container_security_context(&mut self) -> Option<Value> {
        let mood = self.mood();
        if mood != Mood::Strict && self.percent(20) {
            return self.oddly(20).then(|| self.pick(&[&Value::Null, &json!({})]).clone());
        }
        let mut context = Map::new();
        let non_root = !self.covers_non_root || self.percent(20);
        let seccomp = !self.covers_seccomp || self.percent(20);
        self.required(&mut context, non_root, seccomp);
        self.both_contexts(&mut context);
        self.privilege(&mut context);
        self.capabilities(&mut context);
        if self.percent(20) {
            context.insert("readOnlyRootFilesystem".into(), json!(true));
        }
        if self.oddly(2) {
            context.insert("Privileged".into(), json!(true));
        }
        Some(Value::Object(context))
    }

    /// What pods and containers both may set.
    fn both_contexts(&mut self, context: &mut Map<String, Value>) {
        if self.percent(25) {
            let value = self.run_as_user();
            context.insert("runAsUser".into(), value);
        }
        if self.percent(20) {
            let value = self.se_linux_options();
            context.insert("seLinuxOptions".into(), value);
        }
        if self.percent(20) {
            let value = self.app_armor_profile();
            context.insert("appArmorProfile".into(), value);
        }
        if self.percent(12) {
            let value = self.windows_options();
            context.insert("windowsOptions".into(), value);
        }
    }

    /// What restricted wants on the pod or on each of its containers; without that aim it may
    /// be missing on both.
    fn required(&mut self, context: &mut Map<String, Value>, non_root: bool, seccomp: bool) {
        if non_root && (self.mood() == Mood::Strict || self.percent(60)) {
            let value = self.run_as_non_root();
            context.insert("runAsNonRoot".into(), value);
        }
        if seccomp && (self.mood() == Mood::Strict || self.percent(60)) {
            let value = self.seccomp_profile();
            context.insert("seccompProfile".into(), value);
        }
    }

    fn run_as_non_root(&mut self) -> Value {
        match self.mood() {
            Mood::Strict => json!(true),
            Mood::Base | Mood::Wild => self.boolean(50),
        }
    }

    fn run_as_user(&mut self) -> Value {
        match self.mood() {
            Mood::Strict => json!(1000),
            Mood::Base if self.percent(70) => json!(65534),
            Mood::Base | Mood::Wild if self.oddly(40) => {
                self.pick(&[&Value::Null, &json!(-1), &json!(i64::MAX), &json!(i64::MIN)]).clone()
            }
            Mood::Base | Mood::Wild => json!(0),
        }
    }

    /// Types of AppArmor and seccomp profiles share their names.
    fn profile_type(&mut self) -> Option<&'static str> {
        match self.mood() {
            Mood::Strict | Mood::Base => Some(self.pick(&["RuntimeDefault", "Localhost"])),
            Mood::Wild if self.oddly(10) => None,
            Mood::Wild => {
                let odd = ["", "runtimeDefault", "runtime/default", "Unknown", "say \"no\"", " "];
                Some(self.pick_or_odd(&["Unconfined"], &odd))
            }
        }
    }

    fn profile(&mut self) -> Value {
        let mut profile = Map::new();
        if let Some(kind) = self.profile_type() {
            profile.insert("type".into(), json!(kind));
            if kind == "Localhost" {
                profile.insert("localhostProfile".into(), json!("profiles/web.json"));
            }
        } else if self.oddly(30) {
            profile.insert("type".into(), Value::Null);
        }
        Value::Object(profile)
    }

    fn seccomp_profile(&mut self) -> Value {
        if self.mood() == Mood::Wild && self.oddly(20) { Value::Null } else { self.profile() }
    }

    fn app_armor_profile(&mut self) -> Value {
        if self.oddly(4) { Value::Null } else { self.profile() }
    }

    fn se_linux_options(&mut self) -> Value {
        if self.oddly(5) {
            return self.pick(&[&Value::Null, &json!({})]).clone();
        }
        let mut options = Map::new();
        options.insert("level".into(), json!("s0:c1,c2"));
        let mood = self.mood();
        let kind = match mood {
            Mood::Strict | Mood::Base => {
                // The last one passes only where the policy version is new enough.
                let kinds =
                    ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
                let known = if self.percent(85) { 3 } else { 4 };
                self.pick(&kinds[..known])
            }
            Mood::Wild => {
                self.pick_or_odd(&["spc_t", "super_t", "unconfined_t"], &["", "Container_t", "\""])
            }
        };
        if self.percent(70) {
            options.insert("type".into(), json!(kind));
        }
        for field in ["user", "role"] {
            if mood == Mood::Wild && self.percent(40) {
                options.insert(field.into(), json!(self.pick(&["sysadm_u", "system_r"])));
            } else if self.oddly(10) {
                options.insert(field.into(), self.pick(&[&json!(""), &Value::Null]).clone());
            }
        }
        Value::Object(options)
    }

    fn windows_options(&mut self) -> Value {
        if self.oddly(8) {
            return self.pick(&[&Value::Null, &json!({})]).clone();
        }
        let host_process = match self.mood() {
            Mood::Wild => self.boolean(80),
            Mood::Strict | Mood::Base => json!(false),
        };
        json!({ "hostProcess": host_process, "runAsUserName": "ContainerUser" })
    }

    fn sysctls(&mut self) -> Value {
        if self.oddly(5) {
            return self.pick(&[&Value::Null, &json!([])]).clone();
        }
        let count = 1 + self.random.below(4);
        Value::Array((0..count).map(|_| self.sysctl()).collect())
    }

    fn sysctl(&mut self) -> Value {
        if self.oddly(2) {
            return self.pick(&[&Value::Null, &json!({}), &json!({ "name": null })]).clone();
        }
        let name = match self.mood() {
            Mood::Strict | Mood::Base if self.percent(75) => self.pick(&KNOWN_SYSCTLS[..5]),
            Mood::Strict | Mood::Base => self.pick(&KNOWN_SYSCTLS),
            Mood::Wild => {
                let odd = ["", "net/ipv4/tcp_rmem", "Kernel.shm_rmid_forced", "a, b", "ünï"];
                self.pick_or_odd(&["kernel.msgmax", "net.core.somaxconn", "vm.swappiness"], &odd)
            }
        };
        json!({ "name": name, "value": "1" })
    }

    fn privilege(&mut self, context: &mut Map<String, Value>) {
        let escalation = match self.mood() {
            Mood::Strict => Some(json!(false)),
            Mood::Base | Mood::Wild if self.percent(50) => Some(self.boolean(60)),
            Mood::Base | Mood::Wild => None,
        };
        if let Some(value) = escalation {
            context.insert("allowPrivilegeEscalation".into(), value);
        }
        let privileged = match self.mood() {
            Mood::Wild => Some(self.boolean(80)),
            _ if self.percent(20) => Some(json!(false)),
            _ => None,
        };
        if let Some(value) = privileged {
            context.insert("privileged".into(), value);
        }
        let mount = match self.mood() {
            Mood::Wild if self.oddly(10) => Some(Value::Null),
            Mood::Wild => {
                Some(json!(self.pick_or_odd(&["Unmasked"], &["", "default", "Other", "\""])))
            }
            _ if self.percent(20) => Some(json!("Default")),
            _ => None,
        };
        if let Some(value) = mount {
            context.insert("procMount".into(), value);
        }
    }

    fn capabilities(&mut self, context: &mut Map<String, Value>) {
        let mut capabilities = Map::new();
        let mood = self.mood();
        if mood == Mood::Strict {
            let mut drop = vec![json!("ALL")];
            if self.percent(15) {
                drop.push(json!("NET_RAW"));
            }
            if self.percent(10) {
                drop.insert(0, json!("CHOWN"));
            }
            capabilities.insert("drop".into(), json!(drop));
            if self.percent(20) {
                capabilities.insert("add".into(), json!(["NET_BIND_SERVICE"]));
            }
        } else {
            if self.percent(15) {
                return;
            }
            if self.percent(50) {
                let value = self.dropped();
                capabilities.insert("drop".into(), value);
            }
            if self.percent(60) {
                let value = self.added(mood);
                capabilities.insert("add".into(), value);
            }
        }
        let value = if self.oddly(1) { Value::Null } else { Value::Object(capabilities) };
        context.insert("capabilities".into(), value);
    }

    fn dropped(&mut self) -> Value {
        if self.oddly(6) {
            return self.pick(&[&Value::Null, &json!([]), &json!([null]), &json!([""])]).clone();
        }
        let mut names = vec![json!(self.pick_or_odd(&["ALL", "NET_RAW", "KILL"], &["all", "All"]))];
        if self.percent(20) {
            names.push(json!("ALL"));
        }
        json!(names)
    }

    fn added(&mut self, mood: Mood) -> Value {
        if self.oddly(6) {
            return self.pick(&[&Value::Null, &json!([]), &json!([null]), &json!([""])]).clone();
        }
        let count = 1 + self.random.below(3);
        let names = (0..count).map(|_| {
            if mood == Mood::Wild && self.percent(60) {
                let odd = ["", "CAP_CHOWN", "chown", "Net_Bind_Service", "say \"no\"", " "];
                json!(self.pick_or_odd(&["NET_ADMIN", "SYS_ADMIN", "NET_RAW", "ALL"], &odd))
            } else {
                json!(self.pick(&DEFAULT_CAPABILITIES))
            }
        });
        Value::Array(names.collect())
    }
}
