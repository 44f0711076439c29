//! What flags do to a kubeconfig, and what client-go refuses.

use super::*;

/// A self-made text that passes for a certificate until somebody dials.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n";

#[test]
fn what_a_flag_names_must_exist() {
    let mut world = World::with(KUBECONFIG);
    world.options.context = Some("none".to_owned());
    assert_eq!(world.refusal(), "context \"none\" does not exist");
    world.options.context = Some("second".to_owned());
    world.options.user = Some("none".to_owned());
    assert_eq!(world.refusal(), "auth info \"none\" does not exist");
    world.options.user = Some("token".to_owned());
    world.options.cluster = Some("none".to_owned());
    assert_eq!(world.refusal(), "cluster \"none\" does not exist");
    world.options.cluster = Some("red".to_owned());
    let target = world.target();
    assert_eq!((target.server.as_str(), target.namespace.as_str()), ("https://red:6443", "two"));
    world.file("home/.kube/config", &KUBECONFIG.replace("first\ncontexts", "gone\ncontexts"));
    world.options = ConnectOptions::new("kubectl x", single_document);
    assert_eq!(world.refusal(), "context was not found for specified context: gone");
}

#[test]
fn namespaces_come_from_the_flag_then_the_context() {
    let mut world = World::with(KUBECONFIG);
    for (context, flag, namespace) in [
        ("first", "", "default"),
        ("second", "", "two"),
        ("empty", "", "default"),
        ("second", "flag", "flag"),
    ] {
        world.options.context = Some(context.to_owned());
        world.options.namespace = Some(flag.to_owned());
        let target = world.target();
        assert_eq!(target.namespace, namespace, "{context}");
        assert_eq!(target.config.default_namespace, namespace);
    }
}

#[test]
fn another_server_clears_the_name_in_the_certificate() {
    let mut world = World::with(KUBECONFIG);
    world.options.server = Some("https://other".to_owned());
    assert_eq!(world.target().config.tls_server_name, None);
    world.options.tls_server_name = Some("name".to_owned());
    assert_eq!(world.target().config.tls_server_name.as_deref(), Some("name"));
    world.options.server = None;
    assert_eq!(world.target().config.tls_server_name.as_deref(), Some("name"));
}

#[test]
fn trust_flags_replace_what_the_kubeconfig_trusts() {
    let text =
        KUBECONFIG.replace("tls-server-name: red.example", "certificate-authority-data: YWJj");
    let mut world = World::with(&text);
    assert!(world.refusal().contains("no certificate in certificate-authority-data"));
    world.options.insecure_skip_tls_verify = Some(true);
    let target = world.target();
    assert!(target.config.accept_invalid_certs && target.config.root_cert.is_none());
    world.options.insecure_skip_tls_verify = Some(false);
    world.options.certificate_authority = Some(world.file("ca.pem", CERTIFICATE));
    let target = world.target();
    assert!(!target.config.accept_invalid_certs);
    assert_eq!(target.config.root_cert, Some(vec![b"abc".to_vec()]));
    // A cluster that is not checked is, with an authority.
    world.options.context = Some("second".to_owned());
    assert!(!world.target().config.accept_invalid_certs);
    world.options.insecure_skip_tls_verify = Some(true);
    let words = "specifying a root certificates file with the insecure flag is not allowed";
    assert_eq!(world.refusal(), words);
    world.options.certificate_authority = Some("/none.pem".into());
    assert!(world.refusal().ends_with("open /none.pem: no such file or directory"));
}

#[test]
fn certificate_flags_replace_the_data_of_the_kubeconfig() {
    let data = "client-certificate-data: YQ==, client-key-data: YQ==";
    let text = KUBECONFIG.replace("token: red-token", data);
    let mut world = World::with(&text);
    assert_eq!(world.refusal(), "no certificate in client-certificate-data");
    world.options.client_certificate = Some(world.file("cert.pem", CERTIFICATE));
    assert_eq!(world.refusal(), "no private key in client-key-data");
    world.options.client_key = Some(world.file("key.pem", KEY));
    let target = world.target();
    assert_eq!(target.login, target::Login::Certificate);
    assert!(auth(&target, "client-certificate-data").is_string());
    world.options.client_key = Some("/none.pem".into());
    let words = "unable to read client-key /none.pem for token due to open /none.pem: no such \
                 file or directory";
    assert_eq!(world.refusal(), words);
}

#[test]
fn a_file_with_a_token_goes_before_the_token() {
    let text = KUBECONFIG.replace("token: red-token", "token: red-token, tokenFile: t");
    let mut world = World::with(&text);
    assert_eq!(auth(&world.target(), "token"), "red-token");
    world.file("home/.kube/t", "file-token\n");
    assert_eq!(auth(&world.target(), "token"), "file-token");
    // So it is in kubectl.
    world.options.token = Some("flag".to_owned());
    assert_eq!(auth(&world.target(), "token"), "file-token");
    world.file("home/.kube/config", &KUBECONFIG.replace("token: red-token", "tokenFile: none"));
    world.options.token = None;
    assert!(world.refusal().ends_with("none: no such file or directory"));
    world.file("home/.kube/none", " \n");
    assert!(world.refusal().starts_with("read empty token from file"));
}

#[test]
fn one_way_to_log_in_is_enough() {
    let mut world = World::with(KUBECONFIG);
    world.options.token = Some("flag".to_owned());
    assert_eq!(auth(&world.target(), "token"), "flag");
    world.options.context = Some("second".to_owned());
    let words = "more than one authentication method found for basic; found [token basicAuth], \
                 only one is allowed";
    assert_eq!(world.refusal(), words);
    world.file("home/.kube/config", &KUBECONFIG.replace("{token: red-token}", "{}"));
    world.options = ConnectOptions::new("kubectl x", single_document);
    assert_eq!(world.refusal(), "user \"token\" has no credentials for https://red:6443");
    world.options.username = Some("u".to_owned());
    assert_eq!(auth(&world.target(), "password"), "");
}

#[test]
fn plain_http_carries_no_credentials() {
    let mut world = World::with(KUBECONFIG);
    world.options.server = Some("http://red:8080".to_owned());
    world.options.impersonate = Some("bob".to_owned());
    let target = world.target();
    assert_eq!(target.login, target::Login::None);
    assert_eq!(auth(&target, "token"), serde_json::Value::Null);
    assert_eq!(auth(&target, "as"), "bob");
    world.options.server = Some("red:8080".to_owned());
    assert_eq!(world.target().config.cluster_url.to_string(), "http://red:8080/");
}

#[test]
fn acting_as_somebody_takes_a_user() {
    let mut world = World::with(KUBECONFIG);
    world.options.impersonate_groups = vec!["a,b".to_owned()];
    let words = "requesting uid, groups or user-extra for token without impersonating a user";
    assert_eq!(world.refusal(), words);
    world.options.impersonate = Some("bob".to_owned());
    world.options.impersonate_uid = Some("7".to_owned());
    world.options.impersonate_extra = ["k=v", "k=w=x", "junk"].map(str::to_owned).to_vec();
    let target = world.target();
    assert_eq!(auth(&target, "as"), "bob");
    assert_eq!(auth(&target, "as-uid"), "7");
    assert_eq!(auth(&target, "as-groups"), serde_json::json!(["a,b"]));
    assert_eq!(auth(&target, "as-user-extra"), serde_json::json!({"k": ["v", "w=x"]}));
}

#[test]
fn both_files_and_data_are_too_much() {
    let text = KUBECONFIG
        .replace("tls-server-name: red.example", "certificate-authority: a, certificate-authority-data: YQ==")
        .replace("token: red-token", "client-certificate: a, client-certificate-data: YQ==, client-key: a, client-key-data: YQ==");
    let world = World::with(&text);
    world.file("home/.kube/a", CERTIFICATE);
    let refusal = world.refusal();
    for words in [
        "client-cert-data and client-cert are both specified for token",
        "client-key-data and client-key are both specified for token",
        "certificate-authority-data and certificate-authority are both specified for red",
    ] {
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[test]
fn proxies_are_chosen_for_the_server() {
    let mut world = World::with(KUBECONFIG);
    let proxy = |world: &World| world.target().config.proxy_url.map(|uri| uri.to_string());
    world.set("HTTPS_PROXY", "http://u:hidden@proxy:3128");
    assert_eq!(proxy(&world).as_deref(), Some("http://u:hidden@proxy:3128/"));
    assert_eq!(world.target().proxy.as_deref(), Some("http://proxy:3128"));
    world.set("NO_PROXY", "elsewhere,red:6443,");
    assert_eq!(proxy(&world), None);
    world.options.proxy_url = Some("socks5://socks".to_owned());
    assert_eq!(proxy(&world).as_deref(), Some("socks5://socks:1080/"));
    world.options.proxy_url = Some("ftp://u:hidden@proxy".to_owned());
    let words = "invalid 'proxy-url' for cluster \"red\": unsupported scheme \"ftp\", must be \
                 http, https, or socks5";
    assert_eq!(world.refusal(), words);
}

#[test]
fn an_address_may_have_a_path_and_a_login() {
    let mut world = World::with(KUBECONFIG);
    world.options.context = Some("second".to_owned());
    assert_eq!(world.target().config.cluster_url.to_string(), "https://blue:6443/k8s/c-1/");
    world.file("home/.kube/config", &KUBECONFIG.replace("{token: red-token}", "{}"));
    world.options = ConnectOptions::new("kubectl x", single_document);
    world.options.server = Some("https://u:hidden@red".to_owned());
    let target = world.target();
    assert_eq!(target.server, "https://red");
    assert_eq!(auth(&target, "password"), "hidden");
}

#[test]
fn auth_providers_are_those_of_client_go() {
    let with = |name: &str| {
        let provider = format!("auth-provider: {{name: {name}, config: {{id-token: hidden}}}}");
        World::with(&KUBECONFIG.replace("token: red-token", &provider))
    };
    assert_eq!(with("foo").refusal(), "no Auth Provider found for name \"foo\"");
    assert_eq!(with("azure").refusal(), "the azure auth plugin has been removed");
    let target = with("oidc").target();
    assert_eq!(target.login, target::Login::Provider("oidc".to_owned()));
    assert!(!format!("{target:?}").contains("hidden"));
}
