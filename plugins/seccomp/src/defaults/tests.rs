//! The data as it stands, and how it is looked up.

use super::*;
use crate::profile::Rule;

fn release(runtime: Runtime, name: &str) -> &'static Release {
    runtime.releases().iter().find(|release| release.name == name).unwrap()
}

/// The rules of a release that name a system call, as lines of the data.
fn rules(runtime: Runtime, release_name: &str, call: &str) -> Vec<String> {
    let names = |rule: &&Rule| rule.names.iter().any(|name| name == call);
    let profile = &release(runtime, release_name).profile;
    profile.syscalls.iter().filter(names).map(|rule| rule::line(rule).unwrap()).collect()
}

/// Whether a release lets a container without capabilities open sockets of a family.
fn opens(runtime: Runtime, release_name: &str, family: u64) -> bool {
    let profile = &release(runtime, release_name).profile;
    let sockets = profile.syscalls.iter().filter(|rule| {
        rule.names.iter().any(|name| name == "socket")
            && rule.includes.caps.is_empty()
            && rule.action == Some(crate::profile::Action::Allow)
    });
    sockets.into_iter().any(|rule| {
        rule.args.iter().filter(|arg| arg.index == 0).all(|arg| match arg.op {
            crate::profile::Op::Ne => family != arg.value,
            crate::profile::Op::Lt => family < arg.value,
            crate::profile::Op::Le => family <= arg.value,
            crate::profile::Op::Eq => family == arg.value,
            crate::profile::Op::Ge => family >= arg.value,
            crate::profile::Op::Gt => family > arg.value,
            _ => false,
        })
    })
}

const AF_INET: u64 = 2;
const AF_ALG: u64 = 38;
const AF_VSOCK: u64 = 40;

#[test]
fn every_line_of_the_data_is_read() {
    for (runtime, text) in [
        (Runtime::Containerd, include_str!("containerd.txt")),
        (Runtime::CriO, include_str!("cri-o.txt")),
        (Runtime::Docker, include_str!("docker.txt")),
        (Runtime::ContainersCommon, include_str!("containers-common.txt")),
    ] {
        let releases = table::read(text).unwrap_or_else(|line| panic!("{runtime}: line {line}"));
        assert_eq!(releases.len(), runtime.releases().len());
        let versions: Vec<Version> =
            releases.iter().filter_map(|release| release.version).collect();
        assert!(versions.is_sorted(), "{runtime}");
        for release in &releases {
            let profile = &release.profile;
            assert!(profile.default_action.is_some(), "{runtime} {}", release.name);
            assert!(profile.syscalls.len() > 10, "{runtime} {}", release.name);
            let parts = table::parts(profile).unwrap();
            assert_eq!(table::profile(&parts).as_ref(), Some(profile.as_ref()));
        }
    }
}

#[test]
fn containerd_changes_where_its_history_says() {
    use Runtime::Containerd;
    let same = |older: &str, newer: &str| {
        release(Containerd, older).profile == release(Containerd, newer).profile
    };
    // Each release that changed its line, with the one before it that could be read.
    for (older, newer) in [
        ("1.6.6", "1.6.7"),
        ("1.6.8", "1.6.9"),
        ("1.6.15", "1.6.16"),
        ("1.6.21", "1.6.22"),
        ("1.6.27", "1.6.28"),
        ("1.7.2", "1.7.3"),
        ("1.7.12", "1.7.13"),
        ("1.7.31", "1.7.32"),
        ("2.0.7", "2.0.13"),
        ("2.1.9", "2.2.0"),
        ("2.2.3", "2.2.4"),
        ("2.3.0", "2.3.1"),
    ] {
        assert!(!same(older, newer), "{older} and {newer}");
    }
    for (older, newer) in [
        ("1.6.0", "1.6.6"),
        ("1.6.28", "1.6.38"),
        ("1.7.0", "1.7.2"),
        ("1.7.13", "1.7.31"),
        ("1.7.32", "1.7.35"),
        ("2.0.0", "2.0.7"),
        ("2.1.0", "2.1.9"),
        ("2.2.4", "2.2.9"),
    ] {
        assert!(same(older, newer), "{older} and {newer}");
    }
}

#[test]
fn containerd_closes_what_its_releases_close() {
    use Runtime::Containerd;
    let line = |name| rules(Containerd, name, "ptrace");
    assert_eq!(line("1.6.6"), ["ALLOW with CAP_SYS_PTRACE"]);
    assert_eq!(line("1.6.7"), ["ALLOW since 4.8", "ALLOW with CAP_SYS_PTRACE"]);
    assert!(!rules(Containerd, "1.6.8", "bpf").contains(&"ALLOW with CAP_BPF".to_owned()));
    assert!(rules(Containerd, "1.6.9", "bpf").contains(&"ALLOW with CAP_BPF".to_owned()));
    for (name, alg, vsock) in [
        ("1.6.38", true, true),
        ("1.7.0", true, false),
        ("1.7.31", true, false),
        ("1.7.32", false, false),
        ("2.0.7", true, false),
        ("2.0.13", false, false),
        ("2.1.9", true, false),
        ("2.2.3", true, false),
        ("2.2.4", false, false),
        ("2.3.0", true, false),
        ("2.3.1", false, false),
        ("2.4.2", false, false),
    ] {
        assert!(opens(Containerd, name, AF_INET), "{name}");
        assert_eq!(opens(Containerd, name, AF_ALG), alg, "AF_ALG in {name}");
        assert_eq!(opens(Containerd, name, AF_VSOCK), vsock, "AF_VSOCK in {name}");
    }
    for (name, allowed) in [("1.7.35", true), ("2.0.0", false), ("2.4.2", false)] {
        assert_eq!(!rules(Containerd, name, "io_uring_setup").is_empty(), allowed, "{name}");
    }
    for (name, allowed) in [("1.7.12", false), ("1.7.13", true)] {
        assert_eq!(!rules(Containerd, name, "cachestat").is_empty(), allowed, "{name}");
    }
    for (name, allowed) in [("2.1.9", false), ("2.2.0", true)] {
        assert_eq!(!rules(Containerd, name, "mseal").is_empty(), allowed, "{name}");
    }
}

#[test]
fn clone_has_its_flags_elsewhere_on_s390x() {
    let lines = rules(Runtime::Containerd, "2.4.2", "clone");
    assert_eq!(
        lines,
        [
            "ALLOW on s390x without CAP_SYS_ADMIN arg1&0x7e020000=0",
            "ALLOW with CAP_SYS_ADMIN",
            "ALLOW without CAP_SYS_ADMIN not-on s390x arg0&0x7e020000=0",
        ]
    );
    assert_eq!(
        rules(Runtime::Containerd, "2.4.2", "clone3"),
        ["ALLOW with CAP_SYS_ADMIN", "ERRNO 38 without CAP_SYS_ADMIN"]
    );
}

#[test]
fn docker_closes_what_its_releases_close() {
    use Runtime::Docker;
    for (name, vsock) in [("20.10.27", true), ("23.0.0", false), ("28.5.2", false)] {
        assert_eq!(opens(Docker, name, AF_VSOCK), vsock, "{name}");
    }
    for (name, alg) in [("28.5.2", true), ("moby/profiles@0.2.3", false)] {
        assert_eq!(opens(Docker, name, AF_ALG), alg, "{name}");
    }
    for (name, allowed) in [("24.0.9", true), ("25.0.0", false), ("28.5.2", false)] {
        assert_eq!(!rules(Docker, name, "io_uring_setup").is_empty(), allowed, "{name}");
    }
}

#[test]
fn cri_o_is_containers_common_with_its_changes() {
    use Runtime::{ContainersCommon, CriO};
    assert_eq!(rules(ContainersCommon, "0.60.4", "clone"), ["ALLOW"]);
    assert_eq!(rules(ContainersCommon, "0.60.4", "setns"), ["ALLOW"]);
    assert_eq!(rules(CriO, "1.29.0", "clone"), ["ALLOW"]);
    for name in ["1.29.0", "1.31.x", "1.36.x"] {
        assert_eq!(rules(CriO, name, "unshare"), ["ALLOW with CAP_SYS_ADMIN"], "{name}");
        assert_eq!(rules(CriO, name, "mount"), ["ALLOW"], "{name}");
    }
    assert_eq!(
        rules(CriO, "1.33.x", "clone3"),
        ["ALLOW with CAP_SYS_ADMIN", "ERRNO 38 without CAP_SYS_ADMIN"]
    );
    let clone = rules(CriO, "1.33.x", "clone");
    assert!(clone.contains(&"ALLOW not-on s390x arg0&0x7e020000=0".to_owned()), "{clone:?}");
    assert!(opens(CriO, "1.35.x", AF_VSOCK));
    assert!(
        !rules(CriO, "1.36.x", "socket")
            .contains(&"ALLOW without CAP_AUDIT_WRITE arg0!=16".to_owned())
            || rules(CriO, "1.36.x", "socket").contains(&"ERRNO 1 arg0=40".to_owned())
    );
}

fn certainty(runtime: Runtime, version: &str) -> Certainty {
    find(runtime, version).unwrap().certainty
}

#[test]
fn a_release_between_two_equal_ones_is_equal() {
    use Runtime::{Containerd, Docker};
    assert_eq!(certainty(Containerd, "1.7.27"), Certainty::Read);
    assert_eq!(certainty(Containerd, "v1.7.27-k3s1"), Certainty::Read);
    assert_eq!(
        certainty(Containerd, "1.7.20"),
        Certainty::Same { older: "1.7.18".into(), newer: "1.7.21".into() }
    );
    assert_eq!(
        certainty(Docker, "27.4.0"),
        Certainty::Same { older: "27.3.1".into(), newer: "27.4.1".into() }
    );
    assert_eq!(certainty(Runtime::CriO, "1.31.4"), Certainty::Line("1.31.x".into()));
}

#[test]
fn a_release_between_two_different_ones_is_uncertain() {
    use Runtime::{Containerd, CriO, Docker};
    let found = find(Containerd, "2.0.9").unwrap();
    let names = ("2.0.7".to_owned(), "2.0.13".to_owned());
    assert_eq!(found.certainty, Certainty::Between { older: names.0, newer: names.1 });
    assert!(!found.certainty.is_certain());
    assert_eq!(found.profiles.len(), 2);
    assert_ne!(found.profiles[0].profile, found.profiles[1].profile);
    assert_eq!(
        certainty(Docker, "29.4.2"),
        Certainty::Between { older: "28.5.2".into(), newer: "moby/profiles@0.2.3".into() }
    );
    assert_eq!(
        certainty(CriO, "1.30.3"),
        Certainty::Between { older: "1.29.0".into(), newer: "1.31.x".into() }
    );
}

#[test]
fn what_lies_outside_is_said_to() {
    use Runtime::{Containerd, CriO};
    assert_eq!(certainty(Containerd, "1.6.39"), Certainty::After("1.6.38".into()));
    assert_eq!(certainty(Containerd, "2.5.0"), Certainty::After("2.4.2".into()));
    assert_eq!(certainty(Containerd, "1.1.0"), Certainty::Before("1.2.0".into()));
    let found = find(CriO, "1.29.5").unwrap();
    assert_eq!(found.certainty, Certainty::After("1.29.0".into()));
    assert!(found.profiles[0].note.as_ref().unwrap().contains("clone3"));
    assert!(find(Containerd, "latest").is_err());
    assert!("podman-2".parse::<Runtime>().is_err());
    assert_eq!("crio".parse::<Runtime>().unwrap(), CriO);
}
