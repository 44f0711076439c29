//! Volumes: nothing here can be patched, but much can be said about what to take instead.

use std::borrow::Cow;

use super::table;
use super::{Proposal, Scene};
use crate::violation::{Fault, Subject, Violation};
use crate::volume::Volume;

/// What to take instead of a path of the node: the first one that the path begins with.
const PATHS: [(&str, &str); 21] = [
    ("/etc/localtime", "set the variable TZ, and have the time zones in the image"),
    ("/etc/timezone", "set the variable TZ, and have the time zones in the image"),
    ("/usr/share/zoneinfo", "set the variable TZ, and have the time zones in the image"),
    ("/dev/shm", "take an emptyDir with medium: Memory"),
    ("/etc/ssl", CERTIFICATES),
    ("/etc/pki", CERTIFICATES),
    ("/usr/share/ca-certificates", CERTIFICATES),
    ("/usr/local/share/ca-certificates", CERTIFICATES),
    ("/etc/ca-certificates", CERTIFICATES),
    (
        "/var/log",
        "write logs to standard output; whatever collects them belongs in a namespace at the level privileged",
    ),
    ("/var/run/docker.sock", SOCKET),
    ("/run/docker.sock", SOCKET),
    ("/run/containerd", SOCKET),
    ("/var/run/containerd", SOCKET),
    ("/run/crio", SOCKET),
    (
        "/dev",
        "let a device plugin hand the device out, or move the pod to a namespace at the level privileged",
    ),
    ("/proc", AGENT),
    ("/sys", AGENT),
    (
        "/var/lib/kubelet",
        "a CSI driver or a device plugin belongs in a namespace at the level privileged",
    ),
    ("/tmp", "take an emptyDir, if no other pod reads it"),
    (
        "/",
        "take a persistentVolumeClaim for data that must stay, an emptyDir for scratch space, a configMap or secret for configuration",
    ),
];

const CERTIFICATES: &str = "take a configMap or a projected volume with clusterTrustBundle, or have the certificates in the image";
const SOCKET: &str = "whoever has the runtime's socket has the node: build images without it, or move the pod to a namespace at the level privileged";
const AGENT: &str = "an agent that reads the node belongs in a namespace at the level privileged";

/// Paths that any program may like to see: mounting them makes no agent of a pod.
const HARMLESS: [&str; 10] = [
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/dev/shm",
    "/etc/ssl",
    "/etc/pki",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/ca-certificates",
    "/tmp",
];

/// What to take instead of a type of volume.
const TYPES: [(&str, &str); 4] = [
    ("gitRepo", "let an init container clone into an emptyDir"),
    ("flexVolume", "take a CSI driver and a persistentVolumeClaim"),
    ("flocker", "Kubernetes no longer has such volumes: take a persistentVolumeClaim"),
    ("unknown", "the server does not know the type, or is too old to allow it"),
];

/// Whether a path lies at or below another.
fn is_below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a directory of the node says nothing about what the pod is for.
pub(super) fn is_harmless(path: &str) -> bool {
    HARMLESS.iter().any(|harmless| is_below(path, harmless))
}

/// `hostPathVolumes` and `restrictedVolumes`.
pub(super) fn fix(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let kind = match &violation.fault {
        Fault::Forbidden(kind) => kind.as_str(),
        _ => "",
    };
    if kind == "hostPath" {
        return Proposal::by(&table::HOST_PATH).hint(scene, || Some(of_path(scene, violation)));
    }
    Proposal::by(&table::VOLUME).hint(scene, || {
        let known = TYPES.iter().find(|(known, _)| *known == kind);
        Some(known.map_or_else(
            || {
                Cow::Owned(format!(
                    "make a PersistentVolume with the same {kind} and reclaim policy Retain, a claim for it, and use persistentVolumeClaim"
                ))
            },
            |(_, text)| Cow::Borrowed(*text),
        ))
    })
}

fn of_path(scene: &Scene<'_, '_>, violation: &Violation) -> Cow<'static, str> {
    let is_it = |volume: &&Volume<'_>| matches!(&violation.subject, Subject::Volume { index, .. } if volume.index == *index);
    let volume = scene.pod.volumes().iter().find(is_it);
    let path = volume.and_then(|volume| volume.host_path?.field("path")?.as_str());
    let path = path.unwrap_or_default();
    let known = PATHS.iter().find(|(known, _)| is_below(path, known));
    let text = known.map_or(PATHS[PATHS.len() - 1].1, |(_, text)| text);
    Cow::Owned(format!("instead of {path}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_part_by_part() {
        assert!(is_harmless("/etc/ssl/certs") && is_harmless("/tmp") && !is_harmless("/etc/sslx"));
        assert!(!is_harmless("/") && !is_harmless("/var/lib/x") && !is_harmless(""));
        assert!(is_below("/dev/kvm", "/dev") && is_below("/dev", "/dev") && is_below("/x", "/"));
    }
}
