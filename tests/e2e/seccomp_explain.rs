//! `kubectl seccomp explain` as a user runs it: what is known of the runtimes, the ways to ask, and
//! how it ends.
#![cfg(test)]

use posture_e2e::folder;
use posture_harness::binary::{Finished, Run};
use serde_json::{Value, json};

fn explain(arguments: &[&str]) -> Finished {
    let run = Run::new("kubectl-seccomp").env("COLUMNS", "100");
    run.args([&["explain"], arguments].concat()).finish()
}

/// The run as a snapshot shows it.
fn shown(run: &Finished) -> String {
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// What becomes of a call through the machine's own ABI: the word, and the error.
fn verdict(call: &str, runtime: &str, more: &[&str]) -> (String, Option<String>) {
    let run = explain(&[&[call, "--runtime", runtime, "-o", "json"], more].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let json = run.json();
    let native = &json["answers"][0]["readings"][0]["abis"][0];
    let text = |field: &str| native[field].as_str().map(str::to_owned);
    (text("verdict").expect("a verdict"), text("errno"))
}

fn refused(errno: &str) -> (String, Option<String>) {
    ("refused".to_owned(), Some(errno.to_owned()))
}

fn allowed() -> (String, Option<String>) {
    ("allowed".to_owned(), None)
}

#[test]
fn sockets_of_af_alg_are_refused_where_the_releases_say_so() {
    for (runtime, open) in [
        ("containerd@1.6.38", true),
        ("containerd@1.7.31", true),
        ("containerd@1.7.32", false),
        ("containerd@2.0.7", true),
        ("containerd@2.0.13", false),
        ("containerd@2.1.9", true),
        ("containerd@2.2.3", true),
        ("containerd@2.2.4", false),
        ("containerd@2.3.0", true),
        ("containerd@2.3.1", false),
        ("cri-o@1.36", true),
        ("docker@28.5.2", true),
        ("containers-common@0.68", true),
    ] {
        let expected = if open { allowed() } else { refused("EPERM") };
        for call in ["socket(AF_ALG)", "socket(0x26, *, 0)"] {
            assert_eq!(verdict(call, runtime, &[]), expected, "{call} with {runtime}");
        }
    }
}

#[test]
fn what_is_known_of_the_runtimes_is_said() {
    let namespaces = "clone(CLONE_NEWUSER|SIGCHLD)";
    for (call, runtime, more, expected) in [
        ("io_uring_setup", "containerd@1.7.35", &[][..], allowed()),
        ("io_uring_setup", "containerd@2.0.0", &[], refused("EPERM")),
        ("io_uring_setup", "docker@24.0.9", &[], allowed()),
        ("io_uring_setup", "docker@25.0.0", &[], refused("EPERM")),
        ("io_uring_setup", "cri-o@1.33", &[], refused("ENOSYS")),
        ("socket(AF_VSOCK)", "containerd@1.6.38", &[], allowed()),
        ("socket(AF_VSOCK)", "containerd@1.7.0", &[], refused("EPERM")),
        ("socket(AF_VSOCK)", "cri-o@1.35", &[], allowed()),
        ("socket(AF_VSOCK)", "cri-o@1.36", &[], refused("EPERM")),
        ("socket(AF_VSOCK)", "cri-o@1.36", &["--cap", "AUDIT_WRITE"], refused("EPERM")),
        ("socket(AF_NETLINK, *, NETLINK_AUDIT)", "cri-o@1.33", &[], refused("EINVAL")),
        (namespaces, "containerd@2.2.9", &[], refused("EPERM")),
        (namespaces, "containerd@2.2.9", &["--cap", "SYS_ADMIN"], allowed()),
        (namespaces, "containerd@2.2.9", &["--arch", "s390x"], refused("EPERM")),
        (namespaces, "cri-o@1.33", &[], refused("EPERM")),
        (namespaces, "containers-common@0.64", &[], allowed()),
        ("clone(SIGCHLD)", "containerd@2.2.9", &[], allowed()),
        ("clone3", "containerd@2.2.9", &[], refused("ENOSYS")),
        ("bpf", "containerd@1.6.8", &["--cap", "BPF"], refused("EPERM")),
        ("bpf", "containerd@1.6.9", &["--cap", "BPF"], allowed()),
        ("bpf", "containerd@1.6.9", &["--cap", "cap_sys_admin"], allowed()),
        ("chroot", "containerd@2.2.9", &[], allowed()),
        ("chroot", "containerd@2.2.9", &["--drop-cap", "ALL"], refused("EPERM")),
        ("chroot", "cri-o@1.33", &[], refused("EPERM")),
        ("mount", "cri-o@1.33", &[], allowed()),
        ("ptrace", "containerd@1.6.6", &[], refused("EPERM")),
        ("ptrace", "containerd@1.6.7", &[], allowed()),
        ("ptrace", "containerd@1.6.7", &["--kernel", "4.4.0-1022-aws"], refused("EPERM")),
        ("personality(0xffffffff)", "containerd@2.2.9", &[], allowed()),
        ("personality(ADDR_NO_RANDOMIZE)", "containerd@2.2.9", &[], refused("EPERM")),
        ("open", "containerd@2.2.9", &["--arch", "arm64"], ("absent".to_owned(), None)),
    ] {
        assert_eq!(verdict(call, runtime, more), expected, "{call} with {runtime} {more:?}");
    }
}

#[test]
fn the_answers_for_people() {
    for (name, arguments) in [
        ("af_alg", &["socket(AF_ALG)"][..]),
        ("one", &["socket(AF_ALG)", "--runtime", "containerd@1.7.27"]),
        ("depends", &["socket", "--runtime", "cri-o@1.33"]),
        ("uncertain", &["socket(AF_ALG)", "--runtime", "containerd@2.0.9"]),
        ("bpf", &["bpf", "--runtime", "containerd@2.2.9", "--arch", "arm64", "--kernel", "6.8"]),
        ("profile", &["RuntimeDefault", "--runtime", "containerd@2.2.9", "--cap", "SYS_TIME"]),
        ("profile_crio", &["RuntimeDefault", "--runtime", "cri-o@1.33"]),
        ("profiles", &["RuntimeDefault"]),
    ] {
        let run = explain(arguments);
        assert!(!run.stdout.contains('\u{1b}'), "no colours in a pipe");
        insta::assert_snapshot!(name, shown(&run));
    }
}

#[test]
fn the_answer_for_programs() {
    let arguments = ["socket(AF_ALG)", "--runtime", "containerd@1.7.27", "-o"];
    let run = |format| explain(&[&arguments[..], &[format]].concat());
    let yaml: Value = serde_yaml::from_str(&run("yaml").stdout).expect("YAML");
    assert_eq!(run("json").json(), yaml);
    insta::assert_snapshot!("json", shown(&run("json")));
    let whole = explain(&["RuntimeDefault", "--runtime", "docker@28.5", "-o", "json"]).json();
    assert_eq!(whole["kind"], "Explanation");
    let blocked = whole["readings"][0]["blocked"].as_array().expect("groups");
    assert!(blocked.iter().any(|group| group["group"] == "io_uring"), "{blocked:?}");
}

#[test]
fn it_ends_with_4_where_the_release_is_not_known_for_certain() {
    let ends = |arguments: &[&str]| explain(arguments).code;
    assert_eq!(ends(&["socket(AF_ALG)", "--runtime", "containerd@2.0.9"]), 4);
    // Both releases beside it say the same of this call.
    assert_eq!(ends(&["ptrace", "--runtime", "containerd@2.0.9"]), 0);
    assert_eq!(ends(&["ptrace", "--runtime", "containerd@2.9.0"]), 4);
    assert_eq!(ends(&["RuntimeDefault", "--runtime", "containerd@2.0.9"]), 4);
}

#[test]
fn mistakes_are_named() {
    for (arguments, said) in [
        (&["ptrcae"][..], "did you mean ptrace?"),
        (&["socket(AF_ALGO)"], "did you mean AF_ALG?"),
        (&["socket(38"], "without a bracket"),
        (&["Operation not permitted"], "socket(AF_ALG"),
        (&["-"], "socket(AF_ALG"),
        (&["ptrace", "--runtime", "containerd"], "containerd@1.7.27"),
        (&["ptrace", "--runtime", "contanerd@1.7"], "did you mean containerd?"),
        (&["ptrace", "--runtime", "containerd@new"], "no version of containerd"),
        (&["ptrace", "--arch", "vax"], "no architecture known here"),
        (&["ptrace", "--kernel", "new"], "no version of Linux"),
        (&["ptrace", "--cap", "SYS_ADMN"], "did you mean CAP_SYS_ADMIN?"),
        (&["ptrace", "--reader", "docker"], "--profile"),
    ] {
        let run = explain(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(said), "{run:?}");
    }
}

/// The shape of moby's own file.
const MOBY: &str = r#"{
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
  "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
  "syscalls": [
    {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]},
     "comment": "for those who may"},
    {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}}
  ]
}"#;

#[test]
fn a_file_is_read_as_its_reader_reads_it() {
    let folder = folder::with(&[("moby.json", MOBY), ("broken.json", "{\"syscalls\": 1}")]);
    let ask = |arguments: &[&str]| {
        let run = Run::new("kubectl-seccomp").in_folder(folder.path()).env("COLUMNS", "100");
        run.args([&["explain"], arguments].concat()).finish()
    };
    let word = |reader: &str| {
        let run = ask(&["mount", "--profile", "moby.json", "--reader", reader, "-o", "json"]);
        run.json()["answers"][0]["readings"][0]["abis"][0]["verdict"].clone()
    };
    assert_eq!(word("docker"), json!("refused"));
    assert_eq!(word("cri-o"), json!("refused"));
    assert_eq!(word("containerd"), json!("allowed"), "includes is no field of the runtime-spec");
    insta::assert_snapshot!("file", shown(&ask(&["mount", "--profile", "moby.json"])));
    let broken = ask(&["mount", "--profile", "broken.json"]);
    assert_eq!(broken.code, 3, "{broken:?}");
    assert!(broken.stderr.contains("broken.json is no seccomp profile: syscalls"), "{broken:?}");
    assert_eq!(ask(&["mount", "--profile", "none.json"]).code, 3);
}
