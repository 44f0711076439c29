//! The facts about a pod that the checks read, as the API server sees them after its defaults.
//!
//! Admission never sees what somebody wrote: the server decodes it, sets defaults, drops fields
//! behind disabled feature gates, and on creating a Pod syncs old annotations with the fields
//! that replaced them. Sources: `pkg/apis/core/v1/defaults.go`, `pkg/api/pod/util.go` and
//! `pkg/registry/core/pod/strategy.go` of Kubernetes, 1.24 to 1.37, feature gates at their
//! defaults.

use std::borrow::Cow;

use posture::model::container::{ContainerKind, containers};
use posture::model::node::Value;
use posture::model::path::FieldPath;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::{Carrier, PodTemplate};

use crate::container::{Container, Port, SecurityContext};
use crate::skew;
use crate::volume::Volume;

/// The oldest release that is told apart: servers before 1.24 are judged as 1.24.
pub const OLDEST_SERVER: Minor = Minor(24);

/// The release whose rules stand in for a server's: what is older than the oldest or newer than
/// the newest known one is judged as that.
pub fn known_server(server: Minor) -> Minor {
    server.clamp(OLDEST_SERVER, NEWEST)
}

/// The first release that gives templates no default host ports (`SetDefaults_Pod` took over
/// from `SetDefaults_PodSpec`).
const NO_TEMPLATE_HOST_PORTS: Minor = Minor(28);
/// The first release that keeps `procMount`: the gate `ProcMountType` is off before, and
/// `dropDisabledProcMountField` sets `Default`.
const PROC_MOUNT_KEPT: Minor = Minor(33);
/// The first release whose API has `appArmorProfile`; before, it is dropped as an unknown field.
const APP_ARMOR_FIELDS: Minor = Minor(30);

/// How far the API server has come with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Decoded, without defaults.
    Written,
    /// Read back from storage: defaults are set, nothing else happens.
    Stored,
    /// In a template that is being created or updated.
    Template,
    /// Being created as a Pod.
    Created,
}

/// Where an annotation's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationSource {
    /// It is written in the metadata.
    Metadata,
    /// The API server copied it from the field of the pod.
    PodField,
    /// The API server copied it from the field of the container at this position of
    /// [`Pod::containers`].
    ContainerField(usize),
}

/// An annotation that sets a seccomp or AppArmor profile.
#[derive(Clone, Debug)]
pub struct Annotation<'a> {
    /// The whole key.
    pub key: Cow<'a, str>,
    /// Its text; empty for null.
    pub text: &'a str,
    /// What stands in the document: the annotation's value, or the type in the field.
    pub value: Option<Value<'a>>,
    /// Where it comes from.
    pub source: AnnotationSource,
}

/// What the checks read of a pod.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    pub(crate) server: Minor,
    pub(crate) windows: bool,
    pub(crate) host_network: Option<Value<'a>>,
    pub(crate) host_pid: Option<Value<'a>>,
    pub(crate) host_ipc: Option<Value<'a>>,
    host_users: Option<bool>,
    runtime_class: Option<&'a str>,
    pub(crate) security: SecurityContext<'a>,
    pub(crate) annotations: Vec<Annotation<'a>>,
    pub(crate) containers: Vec<Container<'a>>,
    volumes: Vec<Volume<'a>>,
    default_host_ports: bool,
    pub(crate) altered: bool,
}

impl<'a> Pod<'a> {
    /// The object itself as admission sees it while it is being created or updated: for a
    /// workload its template, for a Pod the same as [`Pod::created_from`].
    pub fn of_template(template: &PodTemplate<'a>, server: Minor) -> Self {
        let stage = if template.carrier == Carrier::Pod { Stage::Created } else { Stage::Template };
        Self::build(template, server, stage)
    }

    /// The Pod as admission sees it while a controller (or, for a Pod, anybody) creates it from
    /// the template.
    pub fn created_from(template: &PodTemplate<'a>, server: Minor) -> Self {
        Self::build(template, server, Stage::Created)
    }

    /// An object that was read from a cluster, as the server sees it when it judges the existing
    /// pods of a namespace: whatever happens on creation has happened.
    pub fn stored(template: &PodTemplate<'a>, server: Minor) -> Self {
        Self::build(template, server, Stage::Stored)
    }

    /// What is written, without any default: what the Go library says when it is handed a file.
    pub fn as_written(template: &PodTemplate<'a>, server: Minor) -> Self {
        Self::build(template, server, Stage::Written)
    }

    fn build(template: &PodTemplate<'a>, server: Minor, stage: Stage) -> Self {
        let server = known_server(server);
        let is_pod = stage == Stage::Created || template.carrier == Carrier::Pod;
        let mut pod = Self {
            server,
            windows: false,
            host_network: None,
            host_pid: None,
            host_ipc: None,
            host_users: None,
            runtime_class: None,
            security: SecurityContext::default(),
            annotations: Vec::new(),
            containers: Vec::new(),
            volumes: Vec::new(),
            default_host_ports: stage != Stage::Written
                && (is_pod || server < NO_TEMPLATE_HOST_PORTS),
            altered: false,
        };
        if let Some(metadata) = template.value.field("metadata") {
            pod.annotations = skew::annotations(metadata);
        }
        if let Some(spec) = template.value.field("spec") {
            pod.read_spec(spec, stage);
        }
        if stage == Stage::Created
            && let Some(claims) = template.claims
        {
            pod.replace_by_claims(claims);
        }
        if server < APP_ARMOR_FIELDS {
            pod.for_each_security(|security| security.app_armor = None);
        }
        if server < PROC_MOUNT_KEPT && matches!(stage, Stage::Template | Stage::Created) {
            pod.for_each_security(|security| security.proc_mount = None);
        }
        if stage == Stage::Created {
            skew::sync(&mut pod);
            pod.altered |= server >= NO_TEMPLATE_HOST_PORTS && pod.any_default_host_port();
        }
        pod
    }

    fn read_spec(&mut self, spec: Value<'a>, stage: Stage) {
        let mut volumes = None;
        for (key, value) in spec.entries() {
            if value.is_null() {
                continue;
            }
            match key.as_str() {
                Some("hostNetwork") => self.host_network = is_true(value),
                Some("hostPID") => self.host_pid = is_true(value),
                Some("hostIPC") => self.host_ipc = is_true(value),
                Some("hostUsers") => self.host_users = value.as_bool(),
                Some("os") => {
                    self.windows =
                        value.field("name").and_then(|name| name.as_str()) == Some("windows");
                }
                Some("runtimeClassName") => self.runtime_class = value.as_str(),
                Some("securityContext") => self.security = SecurityContext::read(value),
                Some("volumes") => volumes = Some(value),
                _ => {}
            }
        }
        let volumes = volumes.into_iter().flat_map(|volumes| volumes.items());
        let defaulted = stage != Stage::Written;
        self.volumes = volumes
            .enumerate()
            .map(|(index, volume)| Volume::read(index, volume, self.server, defaulted))
            .collect();
        self.containers = containers(spec)
            .map(|container| Container::read(container.kind, container.index, container.value))
            .collect();
    }

    /// A StatefulSet's controller mounts its claims under the names of their templates; volumes
    /// of the same names give way (`updateStorage` in `pkg/controller/statefulset`).
    fn replace_by_claims(&mut self, claims: Value<'a>) {
        let named = |volume: &Volume<'a>| {
            claims.items().any(|claim| {
                let name = claim.field("metadata").and_then(|metadata| metadata.field("name"));
                name.and_then(|name| name.as_str()).unwrap_or_default() == volume.name
            })
        };
        let before = self.volumes.len();
        self.volumes.retain(|volume| !named(volume));
        self.altered |= self.volumes.len() < before;
    }

    fn for_each_security(&mut self, mut change: impl FnMut(&mut SecurityContext<'a>)) {
        change(&mut self.security);
        for container in &mut self.containers {
            change(&mut container.security);
        }
    }

    /// Whether the API server has changed something on creation that the template does not show:
    /// otherwise the Pod and its template are judged alike.
    pub fn differs_from_template(&self) -> bool {
        self.altered
    }

    /// The release that the facts are seen by.
    pub fn server(&self) -> Minor {
        self.server
    }

    /// Whether `spec.os.name` is `windows`.
    pub fn is_windows(&self) -> bool {
        self.windows
    }

    /// Whether the pod asks for a user namespace of its own: `spec.hostUsers` is exactly false.
    pub fn has_user_namespace(&self) -> bool {
        self.host_users == Some(false)
    }

    /// `spec.runtimeClassName`, if there is one and it is not empty.
    pub fn runtime_class(&self) -> Option<&'a str> {
        self.runtime_class.filter(|name| !name.is_empty())
    }

    /// The pod's own security context; everything in it is `None` if it is absent.
    pub fn security(&self) -> &SecurityContext<'a> {
        &self.security
    }

    /// The containers, in the order in which the checks visit them: init, normal, ephemeral.
    pub fn containers(&self) -> &[Container<'a>] {
        &self.containers
    }

    /// The volumes.
    pub fn volumes(&self) -> &[Volume<'a>] {
        &self.volumes
    }

    /// The annotations that set seccomp or AppArmor profiles.
    pub fn annotations(&self) -> &[Annotation<'a>] {
        &self.annotations
    }

    /// The way from the pod to something in its security context.
    pub fn security_path(dotted: &'static str) -> FieldPath {
        FieldPath::of("spec.securityContext").fields(dotted)
    }

    /// The way from the pod to the annotation at this position of [`Pod::annotations`].
    pub fn annotation_path(&self, index: usize) -> FieldPath {
        let key = self.annotations.get(index).map(|annotation| annotation.key.clone().into_owned());
        FieldPath::of("metadata.annotations").field(key.unwrap_or_default())
    }

    /// The host port that a port ends up with, and whether it is one that the API server set: a
    /// pod on the host's network gets its container ports as host ports.
    pub fn host_port(&self, container: &Container<'a>, port: &Port<'a>) -> (i64, bool) {
        let number =
            |value: Option<Value<'a>>| value.and_then(|value| value.as_i64()).unwrap_or_default();
        match number(port.host) {
            0 if self.default_host_ports
                && self.host_network.is_some()
                && container.kind != ContainerKind::Ephemeral =>
            {
                (number(port.container), true)
            }
            written => (written, false),
        }
    }

    fn any_default_host_port(&self) -> bool {
        self.host_network.is_some()
            && self.containers.iter().any(|container| {
                container
                    .ports()
                    .any(|port| matches!(self.host_port(container, &port), (1.., true)))
            })
    }
}

/// The value, if it is true.
fn is_true(value: Value<'_>) -> Option<Value<'_>> {
    (value.as_bool() == Some(true)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{created, template, templated, tree};

    #[test]
    fn a_volume_without_a_source_is_an_empty_dir() {
        let pod =
            r#"{"spec":{"volumes":[{"name":"v"},{"name":"w","typo":{}},{"name":"x","nfs":null}]}}"#;
        assert_eq!(created(pod, "restricted", 37).detail(), "");
        let tree = tree(pod);
        let written = Pod::as_written(&template(&tree, Carrier::Pod), NEWEST);
        assert!(written.volumes().iter().all(|volume| volume.restricted.is_some()));
    }

    #[test]
    fn host_network_makes_container_ports_host_ports() {
        let pod = r#"{"spec":{"hostNetwork":true,
            "initContainers":[{"name":"i","ports":[{"containerPort":1}]}],
            "containers":[{"name":"a","ports":[{"containerPort":2},{"containerPort":3,"hostPort":4},{}]}],
            "ephemeralContainers":[{"name":"e","ports":[{"containerPort":5}]}]}}"#;
        let both = r#"host namespaces (hostNetwork=true), hostPort (containers "i", "a" use hostPorts 1, 2, 4)"#;
        let written =
            r#"host namespaces (hostNetwork=true), hostPort (container "a" uses hostPort 4)"#;
        assert_eq!(created(pod, "baseline", 37).detail(), both);
        assert_eq!(templated(pod, "baseline", 28).detail(), written);
        assert_eq!(templated(pod, "baseline", 27).detail(), both);
        let outcome = created(pod, "baseline", 37);
        let derived: Vec<bool> =
            outcome.violations().map(|(_, violation)| violation.derived.is_some()).collect();
        assert_eq!(derived, [false, true, true, false]);
    }

    #[test]
    fn an_app_armor_annotation_becomes_a_field() {
        let pod = |fields: &str| {
            format!(
                r#"{{"metadata":{{"annotations":{{"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}}}},
                "spec":{{{fields}"containers":[{{"name":"a"}}]}}}}"#
            )
        };
        let annotation = r#""container.apparmor.security.beta.kubernetes.io/a="unconfined"""#;
        let only = format!(
            "forbidden AppArmor profile (annotation must not set AppArmor profile type to {annotation})"
        );
        let both = format!(
            r#"forbidden AppArmor profiles (container "a" and annotation must not set AppArmor profile type to "Unconfined", {annotation})"#
        );
        assert_eq!(created(&pod(""), "baseline", 37).detail(), both);
        assert_eq!(templated(&pod(""), "baseline", 37).detail(), only);
        assert_eq!(created(&pod(r#""os":{"name":"windows"},"#), "baseline", 37).detail(), only);
        // The pod says the same already.
        let same = r#""securityContext":{"appArmorProfile":{"type":"Unconfined"}},"#;
        assert!(
            created(&pod(same), "baseline", 37).detail().contains("(pod and annotation must not")
        );
        // It does not say quite the same.
        let other = r#""securityContext":{"appArmorProfile":{"type":"Unconfined","localhostProfile":"p"}},"#;
        assert!(
            created(&pod(other), "baseline", 37)
                .detail()
                .contains(r#"(pod and container "a" and annotation"#)
        );
    }

    #[test]
    fn an_app_armor_field_was_copied_to_annotations_up_to_1_33() {
        let pod = r#"{"spec":{"securityContext":{"appArmorProfile":{"type":"Unconfined"}},"containers":[{"name":"a"}]}}"#;
        let detail = r#"forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"")"#;
        assert_eq!(created(pod, "baseline", 33).detail(), detail);
        let detail = r#"forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")"#;
        assert_eq!(created(pod, "baseline", 34).detail(), detail);
        assert_eq!(templated(pod, "baseline", 33).detail(), detail);
        assert_eq!(created(pod, "baseline", 29).detail(), "");
    }

    #[test]
    fn seccomp_annotations_were_copied_to_fields_up_to_1_26() {
        let pod = |value: &str| {
            format!(
                r#"{{"metadata":{{"annotations":{{"seccomp.security.alpha.kubernetes.io/pod":"{value}"}}}},
                "spec":{{"containers":[{{"name":"a"}}]}}}}"#
            )
        };
        for value in ["runtime/default", "docker/default", "localhost/x"] {
            assert!(
                !created(&pod(value), "restricted", 26).reason().contains("seccomp"),
                "{value}"
            );
            assert!(
                templated(&pod(value), "restricted", 26).reason().contains("seccomp"),
                "{value}"
            );
            assert!(created(&pod(value), "restricted", 27).reason().contains("seccomp"), "{value}");
        }
        assert!(created(&pod("unconfined"), "baseline", 26).detail().contains("pod must not set"));
        let field = r#"{"spec":{"containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"Unconfined"}}}]}}"#;
        assert!(created(field, "baseline:1.18", 24).detail().contains("forbidden annotation"));
        assert!(created(field, "baseline:1.18", 25).allowed());
    }

    #[test]
    fn proc_mount_was_dropped_before_1_33() {
        let pod =
            r#"{"spec":{"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}}"#;
        assert!(created(pod, "baseline", 32).allowed());
        assert!(!created(pod, "baseline", 33).allowed());
        let tree = tree(pod);
        let stored = Pod::stored(&template(&tree, Carrier::Pod), Minor(32));
        assert!(stored.containers()[0].security.proc_mount.is_some());
    }

    #[test]
    fn null_and_wrong_types_are_absent() {
        let null = r#"{"metadata":null,"spec":{"hostNetwork":null,"volumes":[null],"containers":[null,{"name":null,"securityContext":null,"ports":[null]}],"initContainers":null,"securityContext":{"sysctls":null}}}"#;
        assert_eq!(created(null, "baseline", 37).detail(), "");
        assert!(created(null, "restricted", 37).detail().contains(r#"containers "", "" must set"#));
        let wrong = r#"{"metadata":[],"spec":{"hostNetwork":"true","hostUsers":"no","os":"windows","volumes":{"a":{}},"containers":[5,{"name":7,"securityContext":{"privileged":"true","procMount":5,"capabilities":{"add":"ALL"},"seccompProfile":"x","seLinuxOptions":"x","runAsUser":"0"},"ports":{"hostPort":5},"lifecycle":[],"livenessProbe":{"httpGet":{"host":5}}}],"securityContext":"x"}}"#;
        assert_eq!(created(wrong, "baseline", 37).detail(), "");
        for text in ["null", "[]", "{}", r#"{"spec":null}"#, r#"{"spec":[]}"#, "5"] {
            assert!(created(text, "restricted", 37).allowed(), "{text}");
        }
    }

    #[test]
    fn creation_changes_little() {
        let differs = |text: &str, server: u16| {
            let tree = tree(text);
            Pod::created_from(&template(&tree, Carrier::Workload), Minor(server))
                .differs_from_template()
        };
        let network =
            r#"{"spec":{"hostNetwork":true,"containers":[{"ports":[{"containerPort":1}]}]}}"#;
        assert!(differs(network, 37) && !differs(network, 27));
        assert!(!differs(
            r#"{"spec":{"hostNetwork":true,"containers":[{"ports":[{"hostPort":1}]}]}}"#,
            37
        ));
        assert!(!differs(r#"{"spec":{"containers":[{"ports":[{"containerPort":1}]}]}}"#, 37));
    }
}
