//! Credential plugins: when kubectl runs one, what it tells it, and what it takes from it.
#![cfg(test)]

use posture_e2e::connect::case::{A, Case, Server, config, fails, reaches, with_user};
use posture_e2e::connect::table;
use posture_harness::recorder::{Reply, Rule};

const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

/// A plugin that notes what it was told and prints this status.
fn plugin(version: &str, status: &str) -> String {
    format!(
        "#!/bin/sh\n\
         echo \"$KUBERNETES_EXEC_INFO\" >>\"$HOME/plugin.log\"\n\
         echo \"arguments $* one=$ONE\" >>\"$HOME/plugin.log\"\n\
         if [ -t 0 ]; then echo terminal; else echo none; fi >>\"$HOME/plugin.log\"\n\
         cat <<'END'\n\
         {{\"apiVersion\": \"{version}\", \"kind\": \"ExecCredential\", \"status\": {{{status}}}}}\nEND\n"
    )
}

const TOKEN: &str = "\"token\": \"plugin-token\"";

/// A kubeconfig whose user has this plugin.
fn with_plugin(command: &str, more: &str) -> String {
    with_user(&format!(
        "exec: {{apiVersion: {V1}, command: \"{command}\", interactiveMode: Never{more}}}"
    ))
}

fn token(case: Case) -> Case {
    case.program("bin/login", plugin(V1, TOKEN))
}

/// The same with a mode.
fn mode(mode: &str) -> String {
    with_user(&format!("exec: {{apiVersion: {V1}, command: login{mode}}}"))
}

fn plugins() -> Vec<Case> {
    let good = |name| token(reaches(Server::A, name));
    let bad = |text, name| token(fails(text, name));
    let returns = |text, name, version: &str, status: &str| {
        fails(text, name)
            .program("bin/login", plugin(version, status))
            .config(with_plugin("login", ""))
    };
    let pair = "\"clientCertificateData\": \"@CERT_JSON@\", \"clientKeyData\": \"@KEY_JSON@\"";
    vec![
        good("a token").config(with_plugin("login", "")),
        good("arguments and environment")
            .config(with_plugin("login", ", args: [get, \"a b\"], env: [{name: ONE, value: \"1 2\"}]"))
            .env("ONE", "of the environment"),
        reaches(Server::A, "an older version").program("bin/login", plugin(V1BETA1, TOKEN))
            .config(with_user(&format!("exec: {{apiVersion: {V1BETA1}, command: login}}"))),
        reaches(Server::A, "a certificate").program("bin/login", plugin(V1, pair)).config(with_plugin("login", "")),
        reaches(Server::A, "a certificate and a token")
            .program("bin/login", plugin(V1, &format!("{pair}, {TOKEN}"))).config(with_plugin("login", "")),
        reaches(Server::A, "a token that ends").program("bin/login", plugin(V1, &format!("{TOKEN}, \"expirationTimestamp\": \"2099-01-01T00:00:00Z\"")))
            .config(with_plugin("login", "")),
        reaches(Server::A, "fields that nobody knows").program("bin/login", plugin(V1, &format!("{TOKEN}, \"colour\": \"red\"")))
            .config(with_plugin("login", "")),
        reaches(Server::A, "a relative command").program(".kube/tools/login", plugin(V1, TOKEN)).config(with_plugin("./tools/login", "")),
        reaches(Server::A, "a command of the folder above").program("tools/login", plugin(V1, TOKEN)).config(with_plugin("../tools/login", "")),
        reaches(Server::A, "an absolute command").program("tools/login", plugin(V1, TOKEN)).config(with_plugin("@HOME@/tools/login", "")),
        good("information on the cluster").config(with_plugin("login", ", provideClusterInfo: true")),
        good("all information on the cluster").config(config(
            &format!("{A}, tls-server-name: recorder.test, disable-compression: true, extensions: [{{name: client.authentication.k8s.io/exec, extension: {{audience: x, deep: [1, {{y: z}}]}}}}]"),
            &format!("exec: {{apiVersion: {V1}, command: login, interactiveMode: Never, provideClusterInfo: true}}"), "")),
        good("information on a proxy").config(config(
            &format!("{A}, proxy-url: @PROXY@"),
            &format!("exec: {{apiVersion: {V1}, command: login, interactiveMode: Never, provideClusterInfo: true}}"), "")),
        good("--server in the information").config(with_plugin("login", ", provideClusterInfo: true")).flags("--server @A@/prefix"),
        good("no information on the cluster").config(with_plugin("login", ", provideClusterInfo: false")),
        good("interactiveMode IfAvailable, no terminal").config(mode(", interactiveMode: IfAvailable")),
        good("interactiveMode IfAvailable, a terminal").config(mode(", interactiveMode: IfAvailable")).typed("x\n"),
        good("interactiveMode Never, a terminal").config(mode(", interactiveMode: Never")).typed("x\n"),
        good("interactiveMode Always, a terminal").config(mode(", interactiveMode: Always")).typed("x\n"),
        bad("standard input is not a terminal", "interactiveMode Always, no terminal").config(mode(", interactiveMode: Always")),
        bad("interactiveMode", "no interactiveMode with v1").config(mode("")),
        bad("interactiveMode", "an unknown interactiveMode").config(mode(", interactiveMode: Perhaps")),
        reaches(Server::A, "a plugin that asks").config(mode(", interactiveMode: Always")).typed("typed-token\n").program(
            "bin/login",
            format!("#!/bin/sh\nread -r line\nprintf '{{\"apiVersion\":\"{V1}\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"%s\"}}}}' \"$line\"\n"),
        ),
        bad("not found", "no such command").config(with_plugin("absent", "")),
        bad("not found", "no such command, with a hint").says("install it by hand").config(with_plugin("absent", ", installHint: \"install it by hand\"")),
        bad("no such file", "no such path").config(with_plugin("./absent", ", installHint: \"install it by hand\"")),
        fails("exit code 7", "a plugin that fails").program("bin/login", "#!/bin/sh\necho 'the login is over' >&2\nexit 7\n").says("the login is over").config(with_plugin("login", "")),
        fails("plugin returned version", "a plugin that prints nothing").program("bin/login", "#!/bin/sh\n").config(with_plugin("login", "")),
        fails("decoding stdout", "a plugin that prints nonsense").program("bin/login", "#!/bin/sh\necho canary-31\n").config(with_plugin("login", "")),
        fails("status", "no status").program("bin/login", format!("#!/bin/sh\necho '{{\"apiVersion\":\"{V1}\",\"kind\":\"ExecCredential\"}}'\n")).config(with_plugin("login", "")),
        returns("plugin returned version", "another version", V1BETA1, TOKEN),
        returns("token or cert/key pair", "neither token nor certificate", V1, ""),
        returns("not both", "a certificate without its key", V1, "\"clientCertificateData\": \"@CERT_JSON@\""),
        returns("not both", "a key without its certificate", V1, "\"clientKeyData\": \"@KEY_JSON@\", \"token\": \"x\""),
        returns("client key/certificate", "a certificate that is none", V1, "\"clientCertificateData\": \"canary-32\", \"clientKeyData\": \"canary-32\"").secret("canary-32"),
        bad("apiVersion", "no version").config(with_user("exec: {command: login, interactiveMode: Never}")),
        bad("apiVersion", "an unknown version").config(with_user("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: login, interactiveMode: Never}")),
        bad("command", "no command").config(with_user(&format!("exec: {{apiVersion: {V1}, interactiveMode: Never}}"))),
        bad("env", "an environment without names").config(with_plugin("login", ", env: [{value: x}]")),
        good("401 once: the plugin runs again").config(with_plugin("login", ""))
            .rule(Server::A, Rule { path: "/api/v1/namespaces/x", times: 1, reply: Reply::Status(401, Vec::new()) }),
        bad("Unauthorized", "401 always").config(with_plugin("login", "")).secret("plugin-token").flags("-v=9")
            .rule(Server::A, Rule { path: "/", times: usize::MAX, reply: Reply::Status(401, Vec::new()) }),
        reaches(Server::Plain, "no plugin without TLS").program("bin/login", plugin(V1, TOKEN))
            .config(config("server: @PLAIN@", &format!("exec: {{apiVersion: {V1}, command: login, interactiveMode: Never}}"), "")),
    ]
}

fn beside_others() -> Vec<Case> {
    let exec = format!("exec: {{apiVersion: {V1}, command: login, interactiveMode: Never}}");
    let good = |name, user: &str| token(reaches(Server::A, name)).config(with_user(user));
    let bad = |text, name, user: &str| token(fails(text, name)).config(with_user(user));
    let provider = "auth-provider: {name: oidc, config: {idp-issuer-url: \"https://nobody.invalid\", client-id: x, id-token: t}}";
    vec![
        good("--token before a plugin", &exec).flags("--token flag-token"),
        good("--username before a plugin", &exec).flags("--username carl --password x"),
        good("a token before a plugin", &format!("token: inline, {exec}")),
        good("a token's file before a plugin", &format!("tokenFile: token-file, {exec}"))
            .file(".kube/token-file", "of-a-file"),
        good("basic before a plugin", &format!("username: carl, password: x, {exec}")),
        good(
            "a certificate before a plugin",
            &format!("client-certificate-data: @CERT_DATA@, client-key-data: @KEY_DATA@, {exec}"),
        ),
        good("--client-certificate before a plugin", &exec)
            .flags("--client-certificate ann.pem --client-key ann.key"),
        good("--as with a plugin", &exec).flags("--as eve --as-group x"),
        bad("", "a plugin and a provider", &format!("{exec}, {provider}")),
        good("--token and a provider", provider).flags("--token flag-token"),
        bad("rovider", "an unknown provider", "auth-provider: {name: nobody}"),
        bad("has been removed", "the provider gcp", "auth-provider: {name: gcp}"),
        bad("has been removed", "the provider azure", "auth-provider: {name: azure}"),
        good("two kinds of token", "token: inline, username: \"\", password: \"\""),
        bad("", "token and basic", "token: inline, username: carl, password: x"),
        good(
            "certificate and basic",
            "client-certificate-data: @CERT_DATA@, client-key-data: @KEY_DATA@, username: carl, password: x",
        ),
    ]
}

fn policies() -> Vec<Case> {
    let kuberc = |more: &str| {
        format!(
            "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{}\n",
            more.replace("; ", "\n")
        )
    };
    let good = |name, more: &str| {
        token(reaches(Server::A, name)).config(with_plugin("login", "")).kuberc(&kuberc(more))
    };
    let bad = |text, name, more: &str| {
        token(fails(text, name)).config(with_plugin("login", "")).kuberc(&kuberc(more))
    };
    let deny = "credentialPluginPolicy: DenyAll";
    vec![
        good("no policy", ""),
        good("AllowAll", "credentialPluginPolicy: AllowAll"),
        bad("not allowed", "DenyAll", deny),
        good("Allowlist with the name", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{command: login}]"),
        good("Allowlist with the path", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{command: @HOME@/bin/login}]"),
        bad("not permitted", "Allowlist without it", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{command: other}]"),
        bad("not permitted", "Allowlist with another path", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{command: /usr/bin/login}]"),
        good("Allowlist with the name, and a path is run", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{command: login}]")
            .file(".kube/config", with_plugin("@HOME@/bin/login", "")),
        bad("", "Allowlist without a list", "credentialPluginPolicy: Allowlist"),
        bad("", "Allowlist with an empty list", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: []"),
        bad("", "Allowlist with an empty entry", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{}]"),
        bad("", "Allowlist with a path that is not clean", "credentialPluginPolicy: Allowlist; credentialPluginAllowlist: [{command: ./login}]"),
        bad("", "AllowAll with a list", "credentialPluginPolicy: AllowAll; credentialPluginAllowlist: [{command: login}]"),
        bad("", "a list without a policy", "credentialPluginAllowlist: [{command: login}]"),
        bad("", "an unknown policy", "credentialPluginPolicy: Perhaps"),
        token(reaches(Server::A, "a file in braces is read as JSON, and is none")).config(with_plugin("login", ""))
            .kuberc("{apiVersion: kubectl.config.k8s.io/v1beta1, kind: Preference, credentialPluginPolicy: DenyAll}").known("a policy that cannot be read forbids every plugin: it fails closed"),
        bad("not allowed", "DenyAll, in JSON", "")
            .file(".kube/kuberc", r#"{"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference", "credentialPluginPolicy": "DenyAll"}"#),
        bad("not allowed", "DenyAll in the second document", "")
            .file(".kube/kuberc", format!("apiVersion: v1\nkind: Nothing\n---\n{}", kuberc(deny))),
        bad("not allowed", "DenyAll, and a field that nobody knows", "credentialPluginPolicy: DenyAll; colour: red"),
        good("another kind", "").kuberc("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Other\ncredentialPluginPolicy: DenyAll\n").known("a policy that cannot be read forbids every plugin: it fails closed"),
        good("a file that is no YAML", "").kuberc("credentialPluginPolicy: [DenyAll\n").known("a policy that cannot be read forbids every plugin: it fails closed"),
        bad("no valid preferences", "--kuberc that is no YAML", "").file("rc", "x: [\n").flags("--kuberc rc"),
        good("KUBERC=off", deny).env("KUBERC", "off"),
        bad("not allowed", "KUBERC by path", "").file("rc", kuberc(deny)).env("KUBERC", "@HOME@/rc"),
        good("KUBECTL_KUBERC=false", deny).env("KUBECTL_KUBERC", "false"),
        bad("not allowed", "--kuberc", "").file("rc", kuberc(deny)).flags("--kuberc @HOME@/rc"),
        bad("", "--kuberc that is not there", "").flags("--kuberc @HOME@/none"),
        good("DenyAll without a plugin", deny).file(".kube/config", with_user("token: inline")),
        good("DenyAll, and --token", deny).flags("--token flag-token"),
        token(reaches(Server::A, "v1alpha1 has no policies")).config(with_plugin("login", ""))
            .kuberc("apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n"),
    ]
}

#[test]
fn plugins_are_run_as_kubectl_runs_them() {
    table::hold(&plugins()).record("connect_plugins", "credential plugins");
}

#[test]
fn plugins_stand_beside_other_credentials_as_with_kubectl() {
    table::hold(&beside_others()).record("connect_credentials", "other credentials");
}

#[test]
fn policies_for_plugins_are_those_of_kubectl() {
    table::hold(&policies()).record("connect_policies", "policies for credential plugins");
}
