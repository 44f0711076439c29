//! Where a connection leads, and as whom.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::AuthInfo;
use serde_json::json;

use super::environment::{Environment, io_reason};
use super::kubeconfig::{AuthProvider, Cluster, User};
use super::load::Loaded;
use super::options::ConnectOptions;
use super::overrides::{self, Chosen};
use super::server::{self, Server};
use super::{exec, incluster, kuberc, load, pem, proxy, validate};
use crate::model::error::{Error, Result};

/// A server and a user, ready to be dialled.
#[derive(Clone)]
pub struct Target {
    /// What kube's client is built from.
    pub config: kube::Config,
    /// The context of the kubeconfig, if there is one.
    pub context: Option<String>,
    /// The user of the kubeconfig, if there is one.
    pub user: Option<String>,
    /// The address of the server as it was written, without what may be secret in it.
    pub server: String,
    /// Where the address comes from: `context "prod"`, `--server`, `the pod` …
    pub origin: String,
    /// The proxy on the way to it, without what may be secret in its address.
    pub proxy: Option<String>,
    /// How the user proves who it is.
    pub login: Login,
    /// The namespace of what names none.
    pub namespace: String,
    /// Where kubectl keeps what it knows of servers.
    pub cache_dir: Option<PathBuf>,
}

/// How a user proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Not at all: the server is reached over plain HTTP.
    None,
    /// A token of the kubeconfig or of `--token`.
    Token,
    /// A token that stands in a file.
    TokenFile(String),
    /// A client certificate.
    Certificate,
    /// User name and password.
    Password,
    /// A credential plugin: its command.
    Plugin(String),
    /// An auth provider: its name.
    Provider(String),
    /// The service account of the pod.
    ServiceAccount,
}

impl fmt::Debug for Target {
    /// Without the configuration, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("context", &self.context)
            .field("user", &self.user)
            .field("server", &self.server)
            .field("proxy", &self.proxy)
            .field("login", &self.login)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Decides which server to ask as which user.
pub(super) fn resolve(options: &ConnectOptions, env: &Environment) -> Result<Target> {
    let policy = kuberc::policy(options, env)?;
    let loaded = load::load(options, env)?;
    let mut chosen = overrides::choose(&loaded.config, options)?;
    refuse_mistakes(&loaded, &chosen)?;
    let namespace = namespace(&chosen, env);
    let mut in_cluster = false;
    let mut origin = origin(&chosen, options);
    if chosen.cluster.server.is_empty() {
        let default = env.text("KUBERNETES_MASTER");
        if is_default(&chosen, options) && incluster::is_possible(env) {
            (chosen.cluster, chosen.user) = incluster::config(options, env)?;
            in_cluster = true;
            "the pod".clone_into(&mut origin);
        } else if let Some(server) = default {
            server.clone_into(&mut chosen.cluster.server);
            "KUBERNETES_MASTER".clone_into(&mut origin);
        } else {
            return Err(not_configured(&loaded, &chosen, options));
        }
    }
    let server = server::parse(&chosen.cluster.server)?;
    let proxy = proxy::of(&server, &chosen.cluster.proxy_url, env).map_err(|why| {
        Error::usage(why).hint("see HTTPS_PROXY, HTTP_PROXY and proxy-url of the cluster")
    })?;
    let mut config = kube::Config::new(server.uri.clone());
    config.default_retry = false;
    config.default_namespace.clone_from(&namespace);
    config.disable_compression = chosen.cluster.disable_compression;
    config.proxy_url.clone_from(&proxy);
    impersonate(&mut config.auth_info, &chosen.user);
    let mut login = Login::None;
    if server.is_tls() {
        trust(&mut config, &chosen.cluster)?;
        login = authenticate(&mut config, &chosen, &server, |exec| {
            let cluster = || about_cluster(&chosen.cluster, &server, &config_ca(&chosen.cluster));
            exec::run(exec, cluster, &policy, options, env)
        })?;
    }
    if in_cluster && matches!(login, Login::TokenFile(_)) {
        login = Login::ServiceAccount;
    }
    let named = |name: String| Some(name).filter(|name| !name.is_empty());
    Ok(Target {
        config,
        context: named(chosen.context_name).filter(|_| !in_cluster),
        user: named(chosen.context.user).filter(|_| !in_cluster),
        server: server.shown,
        origin,
        proxy: proxy.as_ref().map(proxy::shown),
        login,
        namespace,
        cache_dir: Some(cache_dir(options, env)),
    })
}

/// What says which server to ask.
fn origin(chosen: &Chosen, options: &ConnectOptions) -> String {
    let given = |flag: &Option<String>| flag.as_ref().is_some_and(|value| !value.is_empty());
    if given(&options.server) {
        "--server".to_owned()
    } else if given(&options.cluster) {
        format!("cluster {:?}", chosen.context.cluster)
    } else {
        format!("context {:?}", chosen.context_name)
    }
}

/// Fails with what client-go refuses in the chosen context, user and cluster.
fn refuse_mistakes(loaded: &Loaded, chosen: &Chosen) -> Result<()> {
    let mut wrong = Vec::new();
    let name = &chosen.context_name;
    if !name.is_empty() && !loaded.config.contexts.contains_key(name) {
        wrong.push(format!("context was not found for specified context: {name}"));
    }
    wrong.extend(validate::user(&chosen.context.user, &chosen.user));
    wrong.extend(validate::cluster(&chosen.context.cluster, &chosen.cluster));
    let hint = match wrong.as_slice() {
        [] => return Ok(()),
        [first, ..] if first.starts_with("context was not found") => {
            let names: Vec<&str> = loaded.config.contexts.keys().map(String::as_str).collect();
            format!("--context takes one of: {}", names.join(", "))
        }
        _ => "kubectl config view shows what the kubeconfig says".to_owned(),
    };
    Err(Error::usage(wrong.join("; ")).hint(hint))
}

/// Whether nothing was said about the connection that a pod's own configuration would lose.
fn is_default(chosen: &Chosen, options: &ConnectOptions) -> bool {
    chosen.cluster.proxy_url.is_empty()
        && !chosen.cluster.disable_compression
        && chosen.user.impersonate.is_empty()
        && options.request_timeout.is_none_or(|timeout| timeout.is_zero())
}

/// No server is known: says what was looked for, and what to do.
fn not_configured(loaded: &Loaded, chosen: &Chosen, options: &ConnectOptions) -> Error {
    let program = &options.program;
    let list = |files: &[PathBuf]| {
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
    };
    let hint = if loaded.read.is_empty() {
        let files = list(&loaded.files);
        format!("no kubeconfig at {files}; name one with --kubeconfig FILE or KUBECONFIG")
    } else if chosen.context_name.is_empty() {
        let names: Vec<&str> = loaded.config.contexts.keys().map(String::as_str).collect();
        let files = list(&loaded.read);
        if names.is_empty() {
            format!("{files} has no context")
        } else {
            format!("{files} has no current-context; choose with --context: {}", names.join(", "))
        }
    } else {
        let (context, cluster) = (&chosen.context_name, &chosen.context.cluster);
        if cluster.is_empty() {
            format!("context {context:?} names no cluster")
        } else {
            format!("context {context:?} names cluster {cluster:?}, which has no server")
        }
    };
    Error::could_not_run(format!("no cluster configured; to check files: {program} check -f DIR"))
        .hint(hint)
}

/// The namespace of what names none. In a pod, one that nobody named is the pod's own.
fn namespace(chosen: &Chosen, env: &Environment) -> String {
    if !chosen.context.namespace.is_empty() {
        return chosen.context.namespace.clone();
    }
    if incluster::is_possible(env) { incluster::namespace(env) } else { "default".to_owned() }
}

fn cache_dir(options: &ConnectOptions, env: &Environment) -> PathBuf {
    let flag = options.cache_dir.clone().filter(|folder| !folder.as_os_str().is_empty());
    let variable = || env.get("KUBECACHEDIR").map(PathBuf::from);
    flag.or_else(variable).unwrap_or_else(|| env.kube("cache"))
}

fn config_ca(cluster: &Cluster) -> Vec<u8> {
    // It has been read before, so that it can be read.
    let file = &cluster.certificate_authority;
    pem::load("certificate-authority", &cluster.certificate_authority_data, file)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Sets whom the server's certificate must come from.
fn trust(config: &mut kube::Config, cluster: &Cluster) -> Result<()> {
    let file = &cluster.certificate_authority;
    let authority = pem::load("certificate-authority", &cluster.certificate_authority_data, file)?;
    if authority.is_some() && cluster.insecure {
        return Err(Error::usage(
            "specifying a root certificates file with the insecure flag is not allowed",
        )
        .hint("the cluster has both a certificate authority and insecure-skip-tls-verify"));
    }
    if let Some(pem) = authority {
        let certificates = pem::certificates(&pem).ok_or_else(|| {
            let place = place_of("certificate-authority", file);
            Error::usage(format!("unable to load root certificates: no certificate in {place}"))
                .hint("it must hold certificates in PEM")
        })?;
        config.root_cert = Some(certificates);
    }
    config.accept_invalid_certs = cluster.insecure;
    config.tls_server_name = Some(cluster.tls_server_name.clone()).filter(|name| !name.is_empty());
    Ok(())
}

/// A file, or the field that holds its content.
fn place_of(field: &str, file: &str) -> String {
    if file.is_empty() { format!("{field}-data") } else { file.to_owned() }
}

/// Sets who asks. What client-go would not send together is left out: a plugin does not run
/// beside a token, a password or a certificate.
fn authenticate(
    config: &mut kube::Config,
    chosen: &Chosen,
    server: &Server,
    run: impl FnOnce(&super::kubeconfig::Exec) -> Result<exec::Credentials>,
) -> Result<Login> {
    let user = &chosen.user;
    let mut login = Login::None;
    if let Some((certificate, key)) = certificate(user)? {
        present(&mut config.auth_info, &certificate, &key);
        login = Login::Certificate;
    }
    if !user.token_file.is_empty() || !user.token.is_empty() {
        let (token, found) = token(user)?;
        config.auth_info.token = Some(sendable(token)?.into());
        return Ok(found);
    }
    let password = if user.username.is_empty() && user.password.is_empty() {
        server.login.clone()
    } else {
        Some((user.username.clone(), user.password.clone()))
    };
    if let Some((name, password)) = password {
        config.auth_info.username = Some(name);
        config.auth_info.password = Some(password.into());
        return Ok(Login::Password);
    }
    if let Some(provider) = &user.auth_provider {
        config.auth_info.auth_provider = Some(provider_of(provider)?);
        return Ok(Login::Provider(provider.name.clone()));
    }
    if login != Login::None {
        return Ok(login);
    }
    let Some(exec) = &user.exec else { return Err(anonymous(chosen, server)) };
    let credentials = run(exec)?;
    if !credentials.token.is_empty() {
        config.auth_info.token = Some(sendable(credentials.token)?.into());
    }
    if !credentials.certificate.is_empty() {
        let (certificate, key) = (credentials.certificate, credentials.key);
        present(&mut config.auth_info, certificate.as_bytes(), key.as_bytes());
    }
    Ok(Login::Plugin(exec.command.clone()))
}

/// kubectl would ask for a user name and a password, which no server takes any more.
fn anonymous(chosen: &Chosen, server: &Server) -> Error {
    let user = &chosen.context.user;
    let message = if user.is_empty() {
        format!("no user to ask {} as", server.shown)
    } else {
        format!("user {user:?} has no credentials for {}", server.shown)
    };
    Error::usage(message).hint("log in, or give --token, --user or --client-certificate")
}

/// Certificate and key of the user. A key alone counts for nothing.
fn certificate(user: &User) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let (file, key_file) = (&user.client_certificate, &user.client_key);
    let certificate = pem::load("client-certificate", &user.client_certificate_data, file)?;
    let Some(certificate) = certificate else { return Ok(None) };
    let key = pem::load("client-key", &user.client_key_data, key_file)?.unwrap_or_default();
    let missing = |what: &str, field: &str, file: &str| {
        Error::usage(format!("no {what} in {}", place_of(field, file)))
            .hint("it must be written in PEM")
    };
    if pem::certificates(&certificate).is_none() {
        return Err(missing("certificate", "client-certificate", file));
    }
    if !pem::has(&key, "PRIVATE KEY") {
        return Err(missing("private key", "client-key", key_file));
    }
    Ok(Some((certificate, key)))
}

fn present(auth: &mut AuthInfo, certificate: &[u8], key: &[u8]) {
    auth.client_certificate_data = Some(STANDARD.encode(certificate));
    // A key may end without a line break, and the certificate is put behind it.
    auth.client_key_data = Some(STANDARD.encode([key, b"\n"].concat()).into());
}

/// A token, if it can stand in a header; else Go's words, without it.
fn sendable(token: String) -> Result<String> {
    if http::HeaderValue::from_str(&token).is_ok() {
        return Ok(token);
    }
    let message = "invalid header field value for \"Authorization\"";
    Err(Error::usage(message).hint("the token has a line break or another control character in it"))
}

/// The token. Where a file is named too, its content goes first, as in client-go.
fn token(user: &User) -> Result<(String, Login)> {
    if user.token_file.is_empty() {
        return Ok((user.token.clone(), Login::Token));
    }
    let file = &user.token_file;
    let why = match std::fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => {
            return Ok((text.trim().to_owned(), Login::TokenFile(file.clone())));
        }
        Ok(_) => format!("read empty token from file {file:?}"),
        Err(error) => format!("open {file}: {}", io_reason(&error)),
    };
    if user.token.is_empty() {
        let hint = "tokenFile of the kubeconfig names it; is the login still valid?";
        return Err(Error::could_not_run(why).hint(hint));
    }
    Ok((user.token.clone(), Login::Token))
}

fn provider_of(provider: &AuthProvider) -> Result<kube::config::AuthProviderConfig> {
    let name = &provider.name;
    match name.as_str() {
        "oidc" | "gcp" => {}
        "azure" => {
            return Err(Error::usage("the azure auth plugin has been removed")
                .hint("use the credential plugin kubelogin: https://github.com/Azure/kubelogin"));
        }
        _ => {
            return Err(Error::usage(format!("no Auth Provider found for name {name:?}"))
                .hint("log in with a credential plugin (exec) in place of auth-provider"));
        }
    }
    Ok(kube::config::AuthProviderConfig {
        name: name.clone(),
        config: provider.config.clone().into_iter().collect(),
        ..kube::config::AuthProviderConfig::default()
    })
}

fn impersonate(auth: &mut AuthInfo, user: &User) {
    if user.impersonate.is_empty() {
        return;
    }
    auth.impersonate = Some(user.impersonate.clone());
    auth.impersonate_uid = Some(user.impersonate_uid.clone()).filter(|uid| !uid.is_empty());
    auth.impersonate_groups = Some(user.impersonate_groups.clone());
    auth.impersonate_user_extra = Some(user.impersonate_extra.clone().into_iter().collect());
}

/// What a credential plugin is told about the cluster.
fn about_cluster(cluster: &Cluster, server: &Server, authority: &[u8]) -> serde_json::Value {
    let mut about = json!({ "server": server.shown });
    if !cluster.tls_server_name.is_empty() {
        about["tls-server-name"] = json!(cluster.tls_server_name);
    }
    if cluster.insecure {
        about["insecure-skip-tls-verify"] = json!(true);
    }
    if !authority.is_empty() {
        about["certificate-authority-data"] = json!(STANDARD.encode(authority));
    }
    if !cluster.proxy_url.is_empty() {
        about["proxy-url"] = json!(cluster.proxy_url);
    }
    if cluster.disable_compression {
        about["disable-compression"] = json!(true);
    }
    about["config"] = cluster.exec_extension.clone().unwrap_or_default();
    about
}
