//! Credential plugins: cases of client-go's `exec_test`.
#![cfg(unix)]

use super::*;

const V1: &str = "client.authentication.k8s.io/v1";
const BETA: &str = "client.authentication.k8s.io/v1beta1";

/// A world whose user logs in with a plugin of this text.
fn world(version: &str, more: &str, text: &str) -> World {
    let exec = format!("exec: {{apiVersion: {version}, command: ./plugin, {more}}}");
    let world = World::with(&KUBECONFIG.replace("token: red-token", &exec));
    script(&world, "home/.kube/plugin", text);
    world
}

fn answer(version: &str, status: &str) -> String {
    format!(
        "echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{version}\",\"status\":{status}}}'"
    )
}

#[test]
fn a_plugin_hands_out_a_token() {
    let more = "interactiveMode: Never, args: [a, b c], env: [{name: X, value: x}]";
    let text = "printf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\",\
                \"status\":{\"token\":\"%s\"}}' client.authentication.k8s.io/v1 \"$1-$2-$X-$Y\"";
    let mut world = world(V1, more, text);
    world.set("X", "overridden");
    world.set("Y", "kept");
    let target = world.target();
    assert_eq!(auth(&target, "token"), "a-b c-x-kept");
    let plugin = world.path("home/.kube/plugin").to_string_lossy().into_owned();
    assert_eq!(target.login, target::Login::Plugin(plugin));
}

#[test]
fn a_plugin_hands_out_a_certificate() {
    let pem = |label: &str| {
        format!("-----BEGIN {label}-----\\u000aYWJj\\u000a-----END {label}-----\\u000a")
    };
    let status = |certificate: &str, key: &str| {
        format!("{{\"clientCertificateData\":\"{certificate}\",\"clientKeyData\":\"{key}\"}}")
    };
    let good = status(&pem("CERTIFICATE"), &pem("PRIVATE KEY"));
    let target = world(V1, "interactiveMode: Never", &answer(V1, &good)).target();
    assert!(auth(&target, "client-certificate-data").to_string().starts_with("\"LS0tLS1CRUdJTi"));
    assert!(auth(&target, "client-key-data").to_string().starts_with("\"LS0tLS1CRUdJTi"));
    let words = "getting credentials: failed parsing client key/certificate: no PEM";
    let bad = answer(V1, &status("c", "k"));
    assert_eq!(world(V1, "interactiveMode: Never", &bad).refusal(), words);
}

#[test]
fn yaml_is_understood_and_the_old_version_needs_no_mode() {
    let text = format!("printf 'kind: ExecCredential\\napiVersion: {BETA}\\nstatus: {{token: t}}'");
    assert_eq!(auth(&world(BETA, "", &text).target(), "token"), "t");
    let words = "interactiveMode must be specified for token to use exec authentication plugin";
    assert_eq!(world(V1, "", "true").refusal(), words);
    let words = "invalid interactiveMode for token: \"Sometimes\"";
    assert_eq!(world(V1, "interactiveMode: Sometimes", "true").refusal(), words);
}

#[test]
fn what_a_plugin_must_not_answer() {
    for (text, words) in [
        (
            answer(BETA, "{}"),
            format!(
                "exec plugin is configured to use API version {V1}, plugin returned version {BETA}"
            ),
        ),
        (
            answer("v2", "{}"),
            "decoding stdout: no kind \"ExecCredential\" is registered for version \"v2\""
                .to_owned(),
        ),
        (answer(V1, "null"), "exec plugin didn't return a status field".to_owned()),
        (answer(V1, "{}"), "exec plugin didn't return a token or cert/key pair".to_owned()),
        (
            answer(V1, "{\"clientKeyData\":\"hidden\"}"),
            "exec plugin returned only certificate or key, not both".to_owned(),
        ),
        (
            answer(V1, "{\"token\":\"t\",\"clientKeyData\":\"hidden\"}"),
            "exec plugin returned only certificate or key, not both".to_owned(),
        ),
        (
            answer(V1, "{\"token\":[\"hidden\"]}"),
            "decoding stdout: output of the plugin:1:91: status.token: a list, not a string"
                .to_owned(),
        ),
        (
            "echo '{hidden'".to_owned(),
            "decoding stdout: output of the plugin:2:1: no valid YAML".to_owned(),
        ),
        ("true".to_owned(), "decoding stdout: there is nothing in it".to_owned()),
    ] {
        let refusal = world(V1, "interactiveMode: Never", &text).refusal();
        assert_eq!(refusal, format!("getting credentials: {words}"));
    }
}

#[test]
fn a_plugin_that_fails_may_want_a_new_login() {
    let world = world(V1, "interactiveMode: Never", "exit 7");
    let path = world.path("home/.kube/plugin");
    let error = connect::resolve_in(&world.options, &world.env).expect_err("it fails");
    let words =
        format!("getting credentials: exec: executable {} failed with exit code 7", path.display());
    assert_eq!(error.to_string(), words);
    assert_eq!(error.hints(), ["the login may have expired: log in again with plugin"]);
}

#[test]
fn a_missing_plugin_shows_its_install_hint_without_what_steers_a_terminal() {
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, \
                interactiveMode: Never, installHint: \"a\\nb\\tc \\e[1mbold\\u202e\"}";
    let mut world = World::with(&KUBECONFIG.replace("token: red-token", exec));
    world.set("PATH", "/nowhere");
    let error = connect::resolve_in(&world.options, &world.env).expect_err("it is not there");
    let words = "getting credentials: exec: executable no-such-plugin not found";
    assert_eq!(error.to_string(), words);
    assert_eq!(error.hints(), ["a\nb\tc U+001B[1mboldU+202E"]);
}

#[test]
fn a_bare_name_is_looked_for_and_a_path_is_not() {
    let exec = format!("exec: {{apiVersion: {V1}, command: plugin, interactiveMode: Never}}");
    let mut world = World::with(&KUBECONFIG.replace("token: red-token", &exec));
    script(&world, "home/.kube/plugin", "false");
    script(&world, "bin/plugin", &answer(V1, "{\"token\":\"t\"}"));
    world.set("PATH", world.path("bin"));
    assert_eq!(auth(&world.target(), "token"), "t");
}

#[test]
fn standard_input_belongs_to_whoever_has_it() {
    let print = "printf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\
                 \"status\":{\"token\":\"%s\"}}' \
                 $(echo \"$KUBERNETES_EXEC_INFO\" | grep -o '\"interactive\":[a-z]*' | cut -d: -f2)";
    for (mode, terminal, taken, outcome) in [
        ("Never", true, false, Ok("false")),
        ("IfAvailable", false, false, Ok("false")),
        ("IfAvailable", true, true, Ok("false")),
        ("IfAvailable", true, false, Ok("true")),
        ("Always", true, false, Ok("true")),
        ("Always", false, true, Err("standard input is not a terminal")),
        (
            "Always",
            true,
            true,
            Err("standard input is unavailable: used by stdin resource manifest reader"),
        ),
    ] {
        let mut world = world(V1, &format!("interactiveMode: {mode}"), print);
        world.set("PATH", std::env::var_os("PATH").unwrap_or_default());
        world.env.stdin_is_terminal = terminal;
        world.options.stdin_taken = taken;
        let outcome = outcome.map_err(|why| {
            format!("getting credentials: exec plugin cannot support interactive mode: {why}")
        });
        let found = world.resolve().map(|target| auth(&target, "token"));
        assert_eq!(found, outcome.map(serde_json::Value::from), "{mode} {terminal} {taken}");
    }
}

#[test]
fn a_plugin_is_told_about_the_cluster_if_it_asks() {
    let text =
        format!("echo \"$KUBERNETES_EXEC_INFO\" > \"$INFO\"; {}", answer(V1, "{\"token\":\"t\"}"));
    let mut world = world(V1, "interactiveMode: Never, provideClusterInfo: true", &text);
    let pem = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    world.options.certificate_authority = Some(world.file("ca", pem));
    world.options.proxy_url = Some("http://proxy:1".to_owned());
    let info = world.path("info");
    world.set("INFO", &info);
    let config = std::fs::read_to_string(world.path("home/.kube/config")).expect("a file");
    let extension =
        "red.example, extensions: [{name: client.authentication.k8s.io/exec, extension: {a: yes}}]";
    world.file("home/.kube/config", &config.replace("red.example", extension));
    world.target();
    let info = std::fs::read(info).expect("the plugin has run");
    let info: serde_json::Value = serde_json::from_slice(&info).expect("JSON");
    let expected = serde_json::json!({
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "interactive": false,
            "cluster": {
                "server": "https://red:6443",
                "tls-server-name": "red.example",
                "certificate-authority-data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCllXSmoKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=",
                "proxy-url": "http://proxy:1",
                "config": {"a": true},
            },
        },
    });
    assert_eq!(info, expected);
}

#[test]
fn a_plugin_does_not_run_beside_other_credentials() {
    let mut world = world(V1, "interactiveMode: Never", "exit 1");
    world.options.token = Some("t".to_owned());
    assert_eq!(auth(&world.target(), "token"), "t");
    world.options.token = None;
    world.options.username = Some("u".to_owned());
    assert_eq!(world.target().login, target::Login::Password);
    world.options.username = None;
    world.options.server = Some("http://plain".to_owned());
    assert_eq!(world.target().login, target::Login::None);
}

#[test]
fn client_go_refuses_half_a_plugin() {
    for (exec, words) in [
        (
            "{apiVersion: v, interactiveMode: Never}",
            "command must be specified for token to use exec authentication plugin",
        ),
        (
            "{command: c, interactiveMode: Never}",
            "apiVersion must be specified for token to use exec authentication plugin",
        ),
        (
            "{command: c, apiVersion: v, interactiveMode: Never, env: [{value: hidden}]}",
            "env variable name must be specified for token to use exec authentication plugin",
        ),
        (
            "{command: c, apiVersion: v, interactiveMode: Never}",
            "exec plugin: invalid apiVersion \"v\"",
        ),
        (
            "{command: c, apiVersion: v, interactiveMode: Never}, auth-provider: {name: oidc}",
            "authProvider cannot be provided in combination with an exec plugin for token",
        ),
    ] {
        let text = KUBECONFIG.replace("token: red-token", &format!("exec: {exec}"));
        assert_eq!(World::with(&text).refusal(), words);
    }
}
