//! The first contact: where no cluster can be reached, one line says why and one what to do.
//! Whatever `-v` asks for, no secret is in it.
#![cfg(test)]

use posture_e2e::connect::case::{A, Case, Server, config, fails, reaches, two, with_token};
use posture_e2e::connect::process::Ended;
use posture_e2e::connect::world::{Program, World};
use posture_harness::recorder::{Reply, Rule};

/// Stands for every secret.
const CANARY: &str = "canary-90210";

fn ours(case: &Case) -> Ended {
    World::new(case).run(Program::Ours, case).1
}

/// Cases that fail, each with the exit code.
fn failures() -> Vec<(i32, Case)> {
    let canary = || with_token(CANARY);
    let config_of = |cluster: &str| config(cluster, &format!("token: {CANARY}"), "");
    let refusal =
        |code| Rule { path: "/", times: usize::MAX, reply: Reply::Status(code, Vec::new()) };
    vec![
        (3, fails("", "no kubeconfig")),
        (2, fails("", "a kubeconfig that is not there").flags("--kubeconfig none")),
        (2, fails("", "a broken kubeconfig").config(format!("token: {CANARY}: ["))),
        (3, fails("", "the login is over").config(canary()).rule(Server::A, refusal(401))),
        (3, fails("", "everything is forbidden").config(canary()).rule(Server::A, refusal(403))),
        (2, fails("", "an unknown context").config(two()).flags("--context nowhere")),
        (3, fails("", "a name that is none").config(config_of("server: \"https://nobody.invalid:6443\""))),
        (3, fails("", "nobody listens").config(config_of("server: @DEAD@"))),
        (3, fails("", "a certificate that nobody trusts").config(config_of("server: @A@"))),
        (
            3,
            fails("", "a certificate of somebody else")
                .config(config_of(&format!("{A}, tls-server-name: nobody.test"))),
        ),
        (
            3,
            fails("", "no TLS where it was expected")
                .config(config_of("server: \"https://127.0.0.1:@PLAIN_PORT@\"")),
        ),
        (
            3,
            fails("", "TLS where it was not expected")
                .config(config_of("server: \"http://127.0.0.1:@A_PORT@\"")),
        ),
        (
            3,
            fails("", "a proxy that nobody is")
                .config(config_of("server: \"https://api.recorder.test:6443\""))
                .env("HTTPS_PROXY", "http://joe:canary-90210@@DEAD_ADDRESS@"),
        ),
        (
            3,
            fails("", "a plugin that is not installed").config(config(
                A,
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: absent, interactiveMode: Never}",
                "",
            )),
        ),
        (
            3,
            fails("", "nothing comes").config(canary()).flags("--request-timeout 1s").rule(
                Server::A,
                Rule { path: "/", times: usize::MAX, reply: Reply::Nothing },
            ),
        ),
    ]
}

#[test]
fn one_line_says_why_and_one_what_to_do() {
    let mut wrong = Vec::new();
    for (code, case) in failures() {
        let ended = ours(&case);
        let lines: Vec<&str> = ended.stderr.lines().collect();
        let two = matches!(lines[..], [why, what]
            if why.starts_with("error: ") && what.starts_with("hint: "));
        let said = ended.stderr.contains(CANARY) || ended.stdout.contains(CANARY);
        let is_known = case.known.is_some() && ended.code == Some(code) && !said;
        if is_known {
            assert!(!two, "{}: no longer differs", case.name);
        } else if ended.code != Some(code) || !two || !ended.stdout.is_empty() || said {
            wrong.push(format!("{}: {:?}, not {code}\n{}", case.name, ended.code, ended.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_log_has_a_secret() {
    let users = [
        format!("token: {CANARY}"),
        format!("username: ann, password: {CANARY}"),
        "tokenFile: token-file".to_owned(),
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never}"
            .to_owned(),
    ];
    for user in &users {
        for level in ["-v=6", "-v=7", "-v=8", "-v=9", "-v9"] {
            let case = reaches(Server::A, "a log")
                .config(config(A, user, ""))
                .file(".kube/token-file", CANARY)
                .program(
                    "bin/login",
                    format!("#!/bin/sh\necho '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"{CANARY}\"}}}}'\n"),
                )
                .flags(level);
            let ended = ours(&case);
            assert_eq!(ended.code, Some(0), "{user} {level}: {}", ended.stderr);
            assert!(ended.stderr.contains("/api/v1/"), "{level} logs nothing: {}", ended.stderr);
            for text in [&ended.stderr, &ended.stdout] {
                assert!(!text.contains(CANARY), "{user} {level}: {text}");
                // `ann:canary-90210` in base64.
                assert!(!text.contains("YW5uOmNhbmFyeS05MDIxMA"), "{user} {level}: {text}");
            }
        }
    }
}

#[test]
fn a_warning_is_shown_once() {
    let warning = Reply::With(vec![("Warning", "299 - \"the recorder is old\"")]);
    let case = reaches(Server::A, "warnings")
        .config(with_token("t"))
        .rule(Server::A, Rule { path: "/api/v1", times: usize::MAX, reply: warning });
    let ended = ours(&case);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("the recorder is old").count(), 1, "{}", ended.stderr);
    assert!(!ended.stdout.contains("the recorder is old"), "{}", ended.stdout);
}

#[test]
fn a_pod_knows_its_cluster() {
    in_a_pod::holds();
}

/// A pod's environment: its files have one fixed place, which this machine gets for one program
/// alone, in a mount namespace.
mod in_a_pod {
    use std::path::Path;
    use std::process::Command;

    use posture_harness::recorder::{Authority, Recorder, Seen, Tls};
    use posture_harness::{binary, judge};
    use tempfile::TempDir;

    const SCRIPT: &str = "mount -t tmpfs tmpfs /run && folder=/run/secrets/kubernetes.io/serviceaccount \
        && mkdir -p $folder && [ -e /var/run/secrets ] && printf pod-token >$folder/token \
        && printf pod-team >$folder/namespace && cp \"$HOME/ca.pem\" $folder/ca.crt && exec \"$@\"";

    fn can(options: &str) -> bool {
        let probe = "mount -t tmpfs tmpfs /run";
        let output = Command::new("unshare").args([options, "sh", "-c", probe]).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn run(
        options: &str,
        home: &Path,
        port: u16,
        program: &Path,
        arguments: &[&str],
        env: &[(&str, &str)],
    ) -> bool {
        let output = Command::new("unshare")
            .args([options, "sh", "-c", SCRIPT, "sh"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
            .env("KUBERNETES_SERVICE_PORT", port.to_string())
            .envs(env.iter().copied())
            .output()
            .expect("it can be started");
        matches!(output.status.code(), Some(0))
    }

    /// Who asked for which list.
    fn lists(seen: Vec<Seen>) -> Vec<(Option<String>, String)> {
        let mut lists: Vec<_> = seen
            .into_iter()
            .filter(|seen| seen.target.contains("/pods"))
            .map(|seen| {
                let path = seen.target.split('?').next().unwrap_or_default().to_owned();
                (seen.authorization, path)
            })
            .collect();
        lists.dedup();
        lists
    }

    pub(super) fn holds() {
        let Some(options) = ["-m", "-rm"].into_iter().find(|options| can(options)) else {
            println!("skipped: this machine has no mount namespaces for its user");
            return;
        };
        let home = TempDir::new().unwrap();
        let authority = Authority::new("cluster");
        std::fs::write(home.path().join("ca.pem"), authority.pem()).unwrap();
        let tls = Tls { identity: authority.server(&["127.0.0.1"]), asks: false };
        let recorder = Recorder::start(Some(&tls), Vec::new());
        let other = Recorder::start(Some(&tls), Vec::new());
        let url = other.url();
        let mut reached = 0;
        for (flags, env) in [
            (vec![], vec![]),
            (vec!["-n", "other"], vec![]),
            (vec![], vec![("POD_NAMESPACE", "mine")]),
            (vec!["--token", "flag-token"], vec![]),
            (vec!["--server", url.as_str()], vec![]),
            (vec!["--request-timeout", "5s"], vec![]),
        ] {
            let go = |program: &Path, verb: &str| {
                let arguments: Vec<&str> =
                    [verb, "pods"].into_iter().chain(flags.clone()).collect();
                let good = run(options, home.path(), recorder.port(), program, &arguments, &env);
                (good, lists(recorder.take()), lists(other.take()))
            };
            let theirs = go(&judge::kubectl(), "get");
            let ours = go(&binary::path("kubectl-pss"), "check");
            assert_eq!(theirs, ours, "{flags:?} {env:?}");
            reached += usize::from(theirs.0);
        }
        assert_eq!(reached, 4, "kubectl does not reach the cluster of its pod");
    }
}
