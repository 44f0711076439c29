//! The node's namespaces, ports and powers, and calls to other hosts.

use std::borrow::Cow;
use std::net::IpAddr;

use posture::model::edit::Edit;
use posture::model::path::{FieldPath, Segment};
use serde_json::json;

use super::answers::Wanted;
use super::table;
use super::{Proposal, Scene};
use crate::container::{Container, SecurityContext};
use crate::violation::{Fault, Violation};

impl<'a> Scene<'_, 'a> {
    /// The directory of the node for which a pod is taken to work on the node; `None` if it has
    /// none, or only such as any program may like to see.
    fn agent(&self) -> Option<&'a str> {
        let paths = self.pod.volumes().iter().filter_map(|volume| {
            volume
                .host_path
                .map(|value| value.field("path").and_then(|path| path.as_str()).unwrap_or_default())
        });
        let mut paths = paths.filter(|path| !super::volumes::is_harmless(path));
        paths.next()
    }

    /// Whether a container passes its mounts on, which needs `privileged`.
    fn propagates(&self, container: &Container<'_>) -> bool {
        let mounts = self.at(&container.path().field("volumeMounts"));
        mounts.is_some_and(|mounts| {
            mounts.items().any(|mount| {
                let mode = mount.field("mountPropagation");
                mode.and_then(|mode| mode.as_str()) == Some("Bidirectional")
            })
        })
    }

    /// Why a privileged container stays so.
    pub(super) fn beyond_repair(&self, container: &Container<'_>) -> Option<Proposal> {
        let propagation = || self.propagates(container).then(|| Proposal::by(&table::PROPAGATION));
        self.of_agent().or_else(propagation)
    }

    /// A proposal for what belongs to an agent for the node.
    fn of_agent(&self) -> Option<Proposal> {
        let path = self.agent()?;
        let mut proposal = Proposal::by(&table::AGENT);
        if !self.brief {
            proposal.fix.evidence =
                Cow::Owned(format!("it mounts {path} of the node, as agents for the node do"));
        }
        Some(proposal)
    }
}

/// Whether a container is privileged.
pub(super) fn is_privileged(container: &Container<'_>) -> bool {
    container.security.privileged.is_some_and(|value| value.as_bool() == Some(true))
}

/// `hostNetwork`, `hostPID`, `hostIPC`.
pub(super) fn namespaces(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    if let Some(proposal) = scene.of_agent() {
        return proposal;
    }
    let field = match violation.path.segments().last() {
        Some(Segment::Field(field)) => field.as_ref(),
        _ => "",
    };
    let (what, title, question, hint) = match field {
        "hostNetwork" => (
            "hostNetwork",
            "remove hostNetwork",
            "give the pod a network of its own?",
            "to offer a port, use a Service; addresses, DNS and network policies change with hostNetwork",
        ),
        "hostPID" => (
            "hostPID",
            "remove hostPID",
            "give the pod processes of its own?",
            "to see the processes of the pod's other containers, use shareProcessNamespace: true",
        ),
        _ => (
            "hostIPC",
            "remove hostIPC",
            "give the pod shared memory of its own?",
            "containers of one pod share memory anyway",
        ),
    };
    let edits = || {
        // The server wants the node's network for every HostProcess container.
        let needed = what == "hostNetwork"
            && has_host_process(scene)
            && !scene.answers.removes("hostProcess");
        if needed { Vec::new() } else { vec![Edit::remove(violation.path.clone())] }
    };
    scene
        .removal(&table::HOST_NAMESPACE, what, question, edits)
        .titled(scene, || Cow::Borrowed(title))
        .hint(scene, || Some(Cow::Borrowed(hint)))
}

fn has_host_process(scene: &Scene<'_, '_>) -> bool {
    let is_set = |security: &SecurityContext<'_>| {
        security.host_process().is_some_and(|value| value.as_bool() == Some(true))
    };
    is_set(scene.pod.security())
        || scene.pod.containers().iter().any(|container| is_set(&container.security))
}

/// `hostPort`.
pub(super) fn port(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    if violation.derived.is_some() {
        if let Some(proposal) = scene.of_agent() {
            return proposal;
        }
        return Proposal::by(&table::HOST_PORT_NETWORK).want(scene, || {
            Wanted::confirm("remove=hostNetwork", "give the pod a network of its own?")
        });
    }
    let question = "give the node's port up, so that clients come through a Service?";
    let hint =
        "reach the pod through a Service; one with internalTrafficPolicy: Local stays on the node";
    scene
        .removal(&table::HOST_PORT, "hostPort", question, || {
            vec![Edit::remove(violation.path.clone())]
        })
        .hint(scene, || Some(Cow::Borrowed(hint)))
}

/// `privileged`.
pub(super) fn privileged(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let container = scene.container(violation);
    if let Some(proposal) = container.and_then(|container| scene.beyond_repair(container)) {
        return proposal;
    }
    let hint = "one capability, a sysctl, a device plugin or a CSI driver often does";
    scene
        .removal(&table::PRIVILEGED, "privileged", "run the container without privileged?", || {
            vec![Edit::remove(violation.path.clone())]
        })
        .hint(scene, || Some(Cow::Borrowed(hint)))
}

/// `windowsOptions.hostProcess`.
pub(super) fn process(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    if let Some(proposal) = scene.of_agent() {
        return proposal;
    }
    let question = "run it as an ordinary Windows container?";
    scene.removal(&table::HOST_PROCESS, "hostProcess", question, || {
        vec![Edit::remove(violation.path.clone())]
    })
}

/// `host` of probes and lifecycle hooks.
pub(super) fn probe(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let Fault::Forbidden(host) = &violation.fault else {
        return Proposal::by(&table::UNREADABLE);
    };
    let path = &violation.path;
    let remove = || Edit::remove(path.clone());
    if scene.facts.addresses.contains(host) {
        return scene.patch(&table::PROBE_OWN, || vec![remove()]);
    }
    let action = path.clone().parent();
    if is_name(host) && is_plain_http(scene, &action) {
        return scene.patch(&table::PROBE_NAME, || {
            let headers = action.clone().field("httpHeaders");
            let mut edits = vec![remove()];
            if !has_host_header(scene, &headers) {
                edits.push(Edit::append(headers, json!({ "name": "Host", "value": host })));
            }
            edits
        });
    }
    let hint = if is_name(host) {
        "an exec probe can call the name from inside the container"
    } else {
        "if the program listens on loopback only, let it listen on the pod's address, or use an exec probe"
    };
    let question = "call the pod's own address instead?";
    scene
        .removal(&table::PROBE_HOST, "host", question, || vec![remove()])
        .hint(scene, || Some(Cow::Borrowed(hint)))
}

/// Whether a host is a DNS name, neither of the own host nor of something in the cluster.
fn is_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_digits = !host.contains(|letter: char| letter.is_ascii_alphabetic());
    let ends = [".localhost", ".localdomain", ".svc", ".cluster.local"];
    let is_local = matches!(host.as_str(), "localhost" | "localhost.localdomain")
        || is_digits
        || !host.contains('.')
        || ends.iter().any(|end| host.ends_with(end));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_label = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    !is_local && bare.parse::<IpAddr>().is_err() && host.chars().all(is_label)
}

/// Whether an action is an HTTP request without TLS: with it, the name is part of the handshake.
fn is_plain_http(scene: &Scene<'_, '_>, action: &FieldPath) -> bool {
    let is_http =
        matches!(action.segments().last(), Some(Segment::Field(name)) if name == "httpGet");
    let scheme = scene.at(&action.clone().field("scheme"));
    is_http && scheme.is_none_or(|scheme| scheme.as_str() == Some("HTTP"))
}

fn has_host_header(scene: &Scene<'_, '_>, headers: &FieldPath) -> bool {
    scene.at(headers).is_some_and(|headers| {
        headers.items().any(|header| {
            let name = header.field("name").and_then(|name| name.as_str());
            name.is_some_and(|name| name.eq_ignore_ascii_case("host"))
        })
    })
}
