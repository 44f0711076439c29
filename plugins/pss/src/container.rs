//! A container, or the pod around it, as the checks read it: every mapping is gone through once,
//! and what no check asks for is not looked at.
//!
//! Source: `Container`, `SecurityContext` and `PodSecurityContext` of k8s.io/api/core/v1.

use posture::model::container::ContainerKind;
use posture::model::node::{Type, Value};
use posture::model::path::FieldPath;

use crate::violation::{ContainerRef, Subject};

/// Where a seccomp or AppArmor profile is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileSource {
    /// In the field of the security context.
    Field,
    /// In an annotation that the API server copied to the field; the index is that of the
    /// annotation in [`crate::pod::Pod::annotations`].
    Annotation(usize),
}

/// `seccompProfile` or `appArmorProfile`.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// `type`; empty if it is absent.
    pub kind: &'a str,
    /// `localhostProfile`, if it is there.
    pub localhost: Option<&'a str>,
    /// The profile, or the annotation's value.
    pub value: Value<'a>,
    /// Where it is written.
    pub source: ProfileSource,
}

impl<'a> Profile<'a> {
    /// The profile that a field holds, if it holds one.
    fn of_field(value: Value<'a>) -> Option<Self> {
        let text = |key| value.field(key).and_then(|value| value.as_str());
        (value.value_type() == Type::Object).then(|| Self {
            kind: text("type").unwrap_or_default(),
            localhost: text("localhostProfile"),
            value,
            source: ProfileSource::Field,
        })
    }

    /// The value that stands for the type: the field `type` if there is one.
    pub fn kind_value(&self) -> Option<Value<'a>> {
        match self.source {
            ProfileSource::Field => self.value.field("type"),
            ProfileSource::Annotation(_) => Some(self.value),
        }
    }
}

/// The fields of a pod's or a container's `securityContext` that any check reads. An absent or
/// null field is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityContext<'a> {
    /// `allowPrivilegeEscalation` (containers only)
    pub allow_privilege_escalation: Option<Value<'a>>,
    /// `appArmorProfile`
    pub app_armor: Option<Profile<'a>>,
    /// `capabilities` (containers only)
    pub capabilities: Option<Value<'a>>,
    /// `privileged` (containers only)
    pub privileged: Option<Value<'a>>,
    /// `procMount` (containers only)
    pub proc_mount: Option<Value<'a>>,
    /// `runAsNonRoot`
    pub run_as_non_root: Option<Value<'a>>,
    /// `runAsUser`
    pub run_as_user: Option<Value<'a>>,
    /// `seLinuxOptions`
    pub se_linux: Option<Value<'a>>,
    /// `seccompProfile`
    pub seccomp: Option<Profile<'a>>,
    /// `sysctls` (pods only)
    pub sysctls: Option<Value<'a>>,
    /// `windowsOptions`
    pub windows: Option<Value<'a>>,
}

impl<'a> SecurityContext<'a> {
    /// Reads a security context.
    pub(crate) fn read(value: Value<'a>) -> Self {
        let mut found = Self::default();
        for (key, value) in value.entries() {
            if value.is_null() {
                continue;
            }
            let field = match key.as_str() {
                Some("allowPrivilegeEscalation") => &mut found.allow_privilege_escalation,
                Some("capabilities") => &mut found.capabilities,
                Some("privileged") => &mut found.privileged,
                Some("procMount") => &mut found.proc_mount,
                Some("runAsNonRoot") => &mut found.run_as_non_root,
                Some("runAsUser") => &mut found.run_as_user,
                Some("seLinuxOptions") => &mut found.se_linux,
                Some("sysctls") => &mut found.sysctls,
                Some("windowsOptions") => &mut found.windows,
                Some("appArmorProfile") => {
                    found.app_armor = Profile::of_field(value);
                    continue;
                }
                Some("seccompProfile") => {
                    found.seccomp = Profile::of_field(value);
                    continue;
                }
                _ => continue,
            };
            *field = Some(value);
        }
        found
    }

    /// `windowsOptions.hostProcess`, if it is there.
    pub fn host_process(&self) -> Option<Value<'a>> {
        self.windows?.field("hostProcess")
    }

    /// The elements of `capabilities.add` or `capabilities.drop`. A null element is an empty
    /// name, as for Go.
    pub fn capabilities(&self, list: &str) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let list = self.capabilities.and_then(|capabilities| capabilities.field(list));
        list.into_iter()
            .flat_map(|list| list.items())
            .map(|item| (item.as_str().unwrap_or_default(), item))
    }
}

/// One container of a pod.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    /// Which list it stands in.
    pub kind: ContainerKind,
    /// Its position in that list.
    pub index: usize,
    /// Its name; empty if it has none, or is null.
    pub name: &'a str,
    /// `securityContext`; everything in it is `None` if it is absent.
    pub security: SecurityContext<'a>,
    ports: Option<Value<'a>>,
    probes: [Option<Value<'a>>; 3],
    lifecycle: Option<Value<'a>>,
}

/// The probes, in the order in which the check reads them.
const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
/// The hooks below `lifecycle`.
const HOOKS: [&str; 2] = ["postStart", "preStop"];
/// The handlers of a probe or hook that have a host.
const HANDLERS: [&str; 2] = ["httpGet", "tcpSocket"];

/// One of a container's ports.
#[derive(Clone, Copy, Debug)]
pub struct Port<'a> {
    /// The position in `ports`.
    pub index: usize,
    /// The port's name; empty if it has none.
    pub name: &'a str,
    /// `hostPort`, if it is there.
    pub host: Option<Value<'a>>,
    /// `containerPort`, if it is there.
    pub container: Option<Value<'a>>,
}

impl<'a> Container<'a> {
    /// Reads one element of a list of containers.
    pub(crate) fn read(kind: ContainerKind, index: usize, value: Value<'a>) -> Self {
        let mut found = Self {
            kind,
            index,
            name: "",
            security: SecurityContext::default(),
            ports: None,
            probes: [None; 3],
            lifecycle: None,
        };
        for (key, value) in value.entries() {
            if value.is_null() {
                continue;
            }
            match key.as_str() {
                Some("name") => found.name = value.as_str().unwrap_or_default(),
                Some("securityContext") => found.security = SecurityContext::read(value),
                Some("ports") => found.ports = Some(value),
                Some("livenessProbe") => found.probes[0] = Some(value),
                Some("readinessProbe") => found.probes[1] = Some(value),
                Some("startupProbe") => found.probes[2] = Some(value),
                Some("lifecycle") => found.lifecycle = Some(value),
                _ => {}
            }
        }
        found
    }

    /// The way from the pod to the container: `spec.containers[web]`.
    pub fn path(&self) -> FieldPath {
        FieldPath::of("spec").field(self.kind.field()).named(self.index, self.name)
    }

    /// The way from the pod to something in the container's security context.
    pub fn security_path(&self, dotted: &'static str) -> FieldPath {
        self.path().fields("securityContext").fields(dotted)
    }

    /// The container as the subject of a violation.
    pub fn subject(&self) -> Subject {
        Subject::Container(ContainerRef {
            kind: self.kind,
            index: self.index,
            name: self.name.to_owned(),
        })
    }

    /// The container's ports.
    pub fn ports(&self) -> impl Iterator<Item = Port<'a>> + use<'a> {
        let items = self.ports.into_iter().flat_map(|ports| ports.items());
        items.enumerate().map(|(index, port)| Port {
            index,
            name: port.field("name").and_then(|name| name.as_str()).unwrap_or_default(),
            host: port.field("hostPort"),
            container: port.field("containerPort"),
        })
    }

    /// Every host that a probe or lifecycle hook names, with the fields that lead to it from the
    /// container.
    pub fn hosts(&self) -> Vec<([&'static str; 4], &'a str, Value<'a>)> {
        let mut hosts = Vec::new();
        let mut look = |above: &'static str, name: &'static str, handler: Option<Value<'a>>| {
            let Some(handler) = handler else { return };
            for action in HANDLERS {
                let host = handler.field(action).and_then(|action| action.field("host"));
                if let Some((host, text)) = host.and_then(|host| Some((host, host.as_str()?)))
                    && !text.is_empty()
                {
                    hosts.push(([above, name, action, "host"], text, host));
                }
            }
        };
        for (name, probe) in PROBES.into_iter().zip(self.probes) {
            look("", name, probe);
        }
        if let Some(lifecycle) = self.lifecycle {
            for name in HOOKS {
                look("lifecycle", name, lifecycle.field(name));
            }
        }
        hosts
    }
}
