//! Kubeconfig, environment and flags: the same server, user, path and namespace as kubectl.
#![cfg(test)]

use std::time::Duration;

use posture_e2e::connect::case::{
    A, B, Case, Server, config, fails, reaches, two, with_token, with_user,
};
use posture_e2e::connect::table;
use posture_harness::recorder::{Reply, Rule};

fn rule(path: &'static str, times: usize, reply: Reply) -> Rule {
    Rule { path, times, reply }
}

const ALWAYS: usize = usize::MAX;

/// Which files are read, and how they are merged.
#[expect(clippy::too_many_lines, reason = "a table")]
fn files() -> Vec<Case> {
    let here = |cluster: &str, token: &str| {
        format!(
            "{{current-context: here, clusters: [{{name: a, cluster: {{{cluster}}}}}], \
             users: [{{name: ann, user: {{token: {token}}}}}], \
             contexts: [{{name: here, context: {{cluster: a, user: ann}}}}]}}"
        )
    };
    vec![
        reaches(Server::A, "the file of the home folder").config(with_token("ann-token")),
        fails("localhost:8080", "no file at all"),
        fails("localhost:8080", "an empty file").config(""),
        fails("localhost:8080", "a file with nothing but comments").config("# nothing\n"),
        reaches(Server::A, "KUBECONFIG with files that are missing")
            .file("one", with_token("ann-token"))
            .env("KUBECONFIG", "@HOME@/none:@HOME@/one:@HOME@/nothing"),
        fails("localhost:8080", "KUBECONFIG with one file, which is missing")
            .config(with_token("ann-token"))
            .env("KUBECONFIG", "@HOME@/none"),
        reaches(Server::A, "KUBECONFIG with empty parts")
            .file("one", with_token("ann-token"))
            .env("KUBECONFIG", "::@HOME@/one:"),
        reaches(Server::A, "an empty KUBECONFIG is none").config(with_token("t")).env("KUBECONFIG", ""),
        reaches(Server::A, "KUBECONFIG with the same file twice")
            .file("one", with_token("ann-token"))
            .env("KUBECONFIG", "@HOME@/one:@HOME@/one"),
        reaches(Server::A, "the first file wins, for each name")
            .file("one", here(A, "first-token"))
            .file("two", here(B, "second-token"))
            .env("KUBECONFIG", "@HOME@/one:@HOME@/two"),
        reaches(Server::B, "the first file wins, the other way round")
            .file("one", here(A, "first-token"))
            .file("two", here(B, "second-token"))
            .env("KUBECONFIG", "@HOME@/two:@HOME@/one"),
        fails("x509", "an entry is the first file's as a whole, or not field by field")
            .file("one", "{clusters: [{name: a, cluster: {server: @A@}}]}")
            .file("two", here(&format!("{B}, tls-server-name: recorder.test"), "second-token"))
            .env("KUBECONFIG", "@HOME@/one:@HOME@/two"),
        reaches(Server::B, "the current context is the first file's that has one")
            .file("one", "{current-context: there}")
            .file("two", two())
            .env("KUBECONFIG", "@HOME@/one:@HOME@/two"),
        reaches(Server::A, "parts of a configuration in three files")
            .file("one", "{current-context: here, contexts: [{name: here, context: {cluster: a, user: ann}}]}")
            .file("two", format!("{{clusters: [{{name: a, cluster: {{{A}}}}}]}}"))
            .file("three", "{users: [{name: ann, user: {token: ann-token}}]}")
            .env("KUBECONFIG", "@HOME@/one:@HOME@/two:@HOME@/three"),
        fails("duplicate name", "an entry twice in one file")
            .config(format!(
                "{{current-context: here, clusters: [{{name: a, cluster: {{{A}}}}}, {{name: a, cluster: {{{B}}}}}], \
                 users: [{{name: ann, user: {{token: one}}}}, {{name: ann, user: {{token: two}}}}], \
                 contexts: [{{name: here, context: {{cluster: a, user: ann}}}}]}}"
            )),
        reaches(Server::A, "paths are relative to their own file")
            .file("deep/config", config("server: @A@, certificate-authority: ../ca.pem", "client-certificate: ../ann.pem, client-key: ../ann.key", ""))
            .env("KUBECONFIG", "@HOME@/deep/config"),
        reaches(Server::A, "a token's file is relative to the kubeconfig")
            .file("deep/config", with_user("tokenFile: secret/token"))
            .file("deep/secret/token", "token-of-a-file\n")
            .env("KUBECONFIG", "@HOME@/deep/config"),
        reaches(Server::B, "--kubeconfig is the only file")
            .config(with_token("ann-token"))
            .file("one", config(B, "token: bob-token", ""))
            .env("KUBECONFIG", "@HOME@/.kube/config")
            .flags("--kubeconfig @HOME@/one"),
        reaches(Server::A, "a relative --kubeconfig").file("one", with_token("t")).flags("--kubeconfig=one"),
        reaches(Server::A, "an empty --kubeconfig is none").config(with_token("t")).flags("--kubeconfig="),
        fails("no such file", "--kubeconfig must be there").config(with_token("t")).flags("--kubeconfig none"),
        reaches(Server::A, "an empty current context, with --context")
            .config(two().replace("current-context: here", "current-context: \"\""))
            .flags("--context here"),
        fails("localhost:8080", "an empty current context")
            .config(two().replace("current-context: here", "current-context: \"\"")),
        fails("was not found", "a current context that is not there")
            .config(two().replace("current-context: here", "current-context: nowhere")),
        reaches(Server::A, "an empty namespace is the default one").config(config(A, "token: t", "namespace: \"\"")),
        reaches(Server::A, "the context's namespace").config(config(A, "token: t", "namespace: team")),
        reaches(Server::A, "other entries are broken").config(format!(
            "{{current-context: here, clusters: [{{name: a, cluster: {{{A}}}}}, {{name: broken, cluster: {{}}}}, {{name: alone}}], \
             users: [{{name: ann, user: {{token: t}}}}, {{name: broken, user: {{exec: {{command: x}}}}}}, {{name: alone}}], \
             contexts: [{{name: here, context: {{cluster: a, user: ann}}}}, {{name: broken, context: {{user: ann}}}}, {{name: alone}}]}}"
        )),
        fails("localhost:8080", "a context without a cluster")
            .config(two().replace("context: {cluster: a, user: ann}", "context: {user: ann}")),
        fails("EOF", "a context without a user")
            .config(two().replace("context: {cluster: a, user: ann}", "context: {cluster: a}")),
        fails("EOF", "a context with a user that is not there")
            .config(two().replace("context: {cluster: a, user: ann}", "context: {cluster: a, user: nobody}")),
        fails("localhost:8080", "a context with a cluster that is not there")
            .config(two().replace("context: {cluster: a, user: ann}", "context: {cluster: nowhere, user: ann}")),
        reaches(Server::A, "unknown fields are passed over")
            .config(format!("{{colour: red, preferences: {{x: 1}}, extensions: [{{name: e, extension: {{z: 1}}}}], {}", &with_token("t")[1..])),
        fails("error loading config", "a name that YAML 1.1 takes for a truth")
            .config(with_token("y").replace("name: ann", "name: y")),
        fails("error loading config", "a token that is a number").config(with_token("12345")),
        reaches(Server::A, "JSON in place of YAML").config(
            r#"{"kind":"Config","apiVersion":"v1","current-context":"here","clusters":[{"name":"a","cluster":{"server":"@A@","certificate-authority-data":"@CA_DATA@"}}],"users":[{"name":"ann","user":{"token":"t"}}],"contexts":[{"name":"here","context":{"cluster":"a","user":"ann"}}]}"#,
        ),
        fails("error loading config", "a file that is no YAML").secret("canary-7461").config("users: [{name: ann, user: {token: canary-7461}}\n"),
        fails("error loading config", "a token of the wrong type").secret("canary-7461")
            .config(with_user("token: [canary-7461]")).flags("-v=9"),
        fails("error loading config", "a list in place of a mapping").secret("canary-7461")
            .config("- canary-7461\n"),
        fails("error loading config", "a file of another kind").secret("canary-7461")
            .config("{apiVersion: v1, kind: Secret, data: {token: canary-7461}}"),
        fails("error loading config", "certificate data that is no base64").secret("canary-7461")
            .config(with_user("client-certificate-data: canary-7461!, client-key-data: canary-7461!")),
        fails("error loading config", "one broken file of two").secret("canary-7461")
            .file("one", with_token("t")).file("two", "token: canary-7461: [")
            .env("KUBECONFIG", "@HOME@/one:@HOME@/two"),
        reaches(Server::Plain, "no token without TLS").config(config("server: @PLAIN@", "token: ann-token", "")),
        reaches(Server::Plain, "a server without a scheme").config(config("server: 127.0.0.1:@PLAIN_PORT@", "token: t", "")),
        reaches(Server::A, "a path before the API").config(config(&A.replace("@A@", "@A@/k8s/clusters/c-1"), "token: t", "")),
        reaches(Server::A, "a path before the API, with a slash").config(config(&A.replace("@A@", "@A@/k8s/"), "token: t", "")),
        reaches(Server::A, "a server with a query").config(config(&A.replace("@A@", "\"@A@/k8s?a=b#c\""), "token: t", "")),
    ]
}

/// What the flags override.
fn flags() -> Vec<Case> {
    let reaches_two =
        |server, name| reaches(server, name).config(two()).file(".kube/token-file", "of-a-file");
    let fails_two = |text, name| fails(text, name).config(two());
    vec![
        reaches_two(Server::B, "--context").flags("--context there"),
        reaches_two(Server::A, "--context=").flags("--context="),
        fails_two("context was not found", "an unknown --context").flags("--context nowhere"),
        reaches_two(Server::B, "--cluster").flags("--cluster b"),
        fails_two("no server found", "an unknown --cluster").flags("--cluster nowhere"),
        reaches_two(Server::A, "--user").flags("--user bob"),
        fails_two("does not exist", "an unknown --user").flags("--user nobody"),
        reaches_two(Server::A, "-n").flags("-n other"),
        reaches_two(Server::A, "--namespace, the last one").flags("--namespace=other --namespace=last"),
        reaches_two(Server::B, "--namespace=").flags("--namespace= --context=there"),
        reaches_two(Server::A, "-A").flags("-A"),
        reaches_two(Server::B, "-s").flags("-s @B@"),
        reaches_two(Server::B, "--server keeps the cluster's authority").flags("--server @B@"),
        reaches(Server::B, "--server clears the name of the certificate")
            .config(config(&format!("{A}, tls-server-name: nobody.test"), "token: t", ""))
            .flags("--server @B@"),
        reaches(Server::A, "tls-server-name")
            .config(config(&format!("{A}, tls-server-name: recorder.test"), "token: t", "")),
        reaches_two(Server::A, "--tls-server-name").flags("--tls-server-name recorder.test"),
        fails_two("x509", "the wrong --tls-server-name").flags("--tls-server-name nobody.test"),
        reaches(Server::A, "--certificate-authority in place of data")
            .config(config("server: @A@, certificate-authority-data: @STRANGER_DATA@", "token: t", ""))
            .flags("--certificate-authority @HOME@/ca.pem"),
        fails_two("x509", "the wrong --certificate-authority").flags("--certificate-authority @HOME@/stranger.pem"),
        fails_two("no such file", "a --certificate-authority that is not there").flags("--certificate-authority none.pem"),
        reaches(Server::A, "--certificate-authority in place of insecure")
            .config(config("server: @A@, insecure-skip-tls-verify: true", "token: t", ""))
            .flags("--certificate-authority ca.pem"),
        reaches_two(Server::Stranger, "--insecure-skip-tls-verify drops the authority")
            .flags("--server @STRANGER@ --insecure-skip-tls-verify"),
        reaches_two(Server::Stranger, "--insecure-skip-tls-verify=true")
            .flags("--server @STRANGER@ --insecure-skip-tls-verify=true"),
        fails_two("x509", "--insecure-skip-tls-verify=false").flags("--server @STRANGER@ --insecure-skip-tls-verify=false"),
        reaches(Server::Stranger, "insecure-skip-tls-verify")
            .config(config("server: @STRANGER@, insecure-skip-tls-verify: true", "token: t", "")),
        reaches(Server::Stranger, "--insecure-skip-tls-verify=false does not undo the file")
            .config(config("server: @STRANGER@, insecure-skip-tls-verify: true", "token: t", ""))
            .flags("--insecure-skip-tls-verify=false"),
        fails("insecure", "insecure and an authority")
            .config(config(&format!("{A}, insecure-skip-tls-verify: true"), "token: t", "")),
        fails("both specified", "an authority twice")
            .config(config(&format!("{A}, certificate-authority: @HOME@/ca.pem"), "token: t", "")),
        reaches_two(Server::A, "--token").flags("--token flag-token"),
        reaches_two(Server::A, "--token=").flags("--token="),
        reaches_two(Server::A, "--token in place of a file").flags("--user file --token flag-token"),
        reaches_two(Server::A, "a token's file").flags("--user file"),
        fails("no such file", "a token's file that is not there").config(with_user("tokenFile: none")),
        reaches(Server::A, "a token and a token's file")
            .config(with_user("token: inline, tokenFile: token-file")).file(".kube/token-file", "of-a-file"),
        reaches_two(Server::A, "basic").flags("--user basic"),
        fails_two("basic", "basic and --token").flags("--user basic --token flag-token"),
        fails_two("more than one", "--username and --password with a token").flags("--username carl --password x"),
        reaches(Server::A, "--username and --password").config(with_user("{}").replace("{{}}", "{}")).flags("--username carl --password x:y"),
        reaches_two(Server::A, "a client certificate").flags("--user cert"),
        reaches_two(Server::A, "a client certificate and --token").flags("--user cert --token flag-token"),
        reaches_two(Server::A, "--client-certificate and --client-key in place of data")
            .flags("--user cert --client-certificate bob.pem --client-key bob.key"),
        fails_two("private key", "--client-certificate with another's key").flags("--user cert --client-certificate bob.pem"),
        fails_two("specified", "--client-certificate without a key").flags("--user bob --client-certificate bob.pem"),
        fails_two("no such file", "a --client-certificate that is not there").flags("--client-certificate none --client-key none"),
        fails("both specified", "a client certificate twice")
            .config(with_user("client-certificate-data: @CERT_DATA@, client-key-data: @KEY_DATA@, client-certificate: @HOME@/bob.pem")),
        reaches_two(Server::A, "--as").flags("--as eve"),
        reaches_two(Server::A, "--as with groups").flags("--as eve --as-group one --as-group two"),
        reaches_two(Server::A, "--as-group with a comma").flags("--as eve --as-group one,two"),
        reaches_two(Server::A, "--as-uid").flags("--as eve --as-uid 42"),
        reaches_two(Server::A, "--as-user-extra").flags("--as eve --as-user-extra k=v --as-user-extra k=w --as-user-extra Some/Key=x=y"),
        reaches_two(Server::A, "--as-user-extra without a value").flags("--as eve --as-user-extra k"),
        reaches_two(Server::A, "--as=").flags("--as="),
        fails_two("without impersonating", "--as-group alone").flags("--as-group one"),
        fails_two("without impersonating", "--as-uid alone").flags("--as-uid 42"),
        fails_two("without impersonating", "--as-user-extra alone").flags("--as-user-extra k=v"),
        reaches(Server::A, "impersonation of the file")
            .config(with_user("token: t, as: eve, as-uid: \"42\", as-groups: [one, two], as-user-extra: {k: [v, w]}")),
        reaches(Server::A, "--as over the file's")
            .config(with_user("token: t, as: eve, as-groups: [one]")).flags("--as frank --as-group two"),
        fails("without impersonating", "groups of the file without a user").config(with_user("token: t, as-groups: [one]")),
        reaches_two(Server::A, "--disable-compression").flags("--disable-compression"),
        reaches_two(Server::A, "--disable-compression=false").flags("--disable-compression=false"),
        reaches(Server::A, "disable-compression").config(config(&format!("{A}, disable-compression: true"), "token: t", "")),
        reaches_two(Server::A, "_ in a flag's name").flags("--as_user_extra k=v --as eve"),
        fails_two("unknown flag", "a flag that is none").flags("--nonsense"),
        fails_two("invalid argument", "a word that is no truth").flags("--insecure-skip-tls-verify=perhaps"),
        reaches_two(Server::A, "--cache-dir").flags("--cache-dir @HOME@/cache"),
        reaches(Server::B, "--server without a file").flags("--server @B@ --certificate-authority ca.pem --token t"),
        reaches(Server::Plain, "--server without a file and without TLS").flags("-s @PLAIN@ --token t"),
        reaches(Server::A, "the system's authorities")
            .config(config("server: @A@", "token: t", "")).env("SSL_CERT_FILE", "@HOME@/ca.pem"),
        fails("x509", "an authority that the system does not know").config(config("server: @A@", "token: t", "")),
        fails("x509", "the file's authority in place of the system's")
            .config(config("server: @STRANGER@, certificate-authority-data: @CA_DATA@", "token: t", ""))
            .env("SSL_CERT_FILE", "@HOME@/stranger.pem"),
        fails("certificate", "an authority that is no certificate").config(config("server: @A@, certificate-authority: token-file", "token: t", "")).file(".kube/token-file", "x"),
    ]
}

/// What the server says.
fn answers() -> Vec<Case> {
    let reaches_a = |name| reaches(Server::A, name).config(with_token("ann-token"));
    let fails_a = |text, name| fails(text, name).config(with_token("ann-token"));
    let status = Reply::Status;
    vec![
        fails_a("must be logged in", "401")
            .rule(Server::A, rule("/", ALWAYS, status(401, Vec::new())))
            .secret("ann-token"),
        fails_a("Forbidden", "403").rule(Server::A, rule("/pods", ALWAYS, status(403, Vec::new()))),
        reaches_a("429 twice")
            .rule(Server::A, rule("/pods", 2, status(429, vec![("Retry-After", "1")]))),
        reaches_a("503 with Retry-After once")
            .rule(Server::A, rule("/pods", 1, status(503, vec![("Retry-After", "1")]))),
        fails_a("rests", "503 without Retry-After")
            .rule(Server::A, rule("/pods", ALWAYS, status(503, Vec::new()))),
        fails_a("fault", "500").rule(Server::A, rule("/pods", ALWAYS, status(500, Vec::new()))),
        fails_a("exceeded", "--request-timeout, and nothing comes")
            .rule(Server::A, rule("/pods", ALWAYS, Reply::Nothing))
            .flags("--request-timeout 1s"),
        fails_a("exceeded", "--request-timeout in seconds")
            .rule(Server::A, rule("/pods", ALWAYS, Reply::Nothing))
            .flags("--request-timeout=1"),
        reaches_a("--request-timeout=0 is none").flags("--request-timeout=0"),
        reaches_a("--request-timeout that suffices").flags("--request-timeout=1m30s"),
        fails_a("nvalid", "a --request-timeout that is none").flags("--request-timeout=soon"),
        reaches_a("warnings").says("Warning: the recorder is old").rule(
            Server::A,
            rule("/pods", ALWAYS, Reply::With(vec![("Warning", "299 - \"the recorder is old\"")])),
        ),
        fails_a("refused", "nobody listens").flags("--server @DEAD@"),
        fails_a("no such host", "a name that is none")
            .flags("--server https://nobody.invalid:6443"),
        fails_a("HTTP", "no TLS where it was expected")
            .flags("--server https://127.0.0.1:@PLAIN_PORT@"),
        fails_a("", "the connection ends").rule(Server::A, rule("/pods", ALWAYS, Reply::End)),
        fails_a("", "an answer that is none")
            .rule(Server::A, rule("/pods", ALWAYS, Reply::Text("<html>"))),
        reaches_a("namespaces").flags("-n team"),
        Case { arguments: vec!["namespaces".to_owned()], ..reaches_a("a type without namespaces") },
        Case { arguments: vec!["ns".to_owned()], ..reaches_a("its short name") },
    ]
}

#[test]
fn files_are_merged_as_kubectl_merges_them() {
    table::hold(&files()).record("connect_files", "kubeconfig files");
}

#[test]
fn flags_override_as_they_do_for_kubectl() {
    table::hold(&flags()).record("connect_flags", "connection flags");
}

#[test]
fn answers_end_as_they_do_for_kubectl() {
    table::hold(&answers()).record("connect_answers", "answers of a server");
}

#[test]
fn nobody_waits_for_minutes_in_silence() {
    let case = reaches(Server::A, "429 for ever")
        .config(with_token("t"))
        .rule(Server::A, rule("/pods", ALWAYS, Reply::Status(429, vec![("Retry-After", "1")])));
    let world = posture_e2e::connect::world::World::new(&case);
    let (outcome, ended) = world.run(posture_e2e::connect::world::Program::Ours, &case);
    assert!(outcome.failed.is_some(), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
}
