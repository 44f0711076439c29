//! What a run has led to, without what differs from run to run.

use std::collections::{BTreeMap, BTreeSet};

use posture_harness::recorder::Seen;
use posture_harness::recorder::proxy::Asked;

use super::case::Server;

/// Where a request came to, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    /// The server.
    pub server: Server,
    /// `Host`
    pub host: String,
    /// What stands before the API's own path.
    pub prefix: String,
    /// The name of the TLS greeting.
    pub server_name: Option<String>,
    /// `Authorization`
    pub authorization: Option<String>,
    /// `Impersonate-*`
    pub impersonation: BTreeMap<String, Vec<String>>,
    /// Whose certificate.
    pub certificate: Option<String>,
    /// Whether answers may be compressed.
    pub compression: bool,
}

/// Why a run has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The command line or the configuration.
    Configuration,
    /// The credential plugin.
    Plugin,
    /// Name, address, port, protocol.
    Unreachable,
    /// The server's certificate.
    Certificate,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// The request timeout.
    Timeout,
    /// What the server says instead of an answer.
    Server,
}

/// What a run has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why it has failed; `None` if it has not.
    pub failed: Option<Class>,
    /// Who was seen where.
    pub callers: BTreeSet<Caller>,
    /// The paths of the lists of the asked type.
    pub lists: BTreeSet<(Server, String)>,
    /// What proxies were asked for.
    pub proxies: BTreeSet<Asked>,
    /// What credential plugins were told.
    pub plugin: BTreeSet<String>,
}

impl Caller {
    /// A request without what is the run's own.
    pub fn new(server: Server, seen: &Seen, certificate: Option<String>) -> Self {
        let (prefix, _) = split(&seen.target);
        Self {
            server,
            host: seen.host.clone(),
            prefix: prefix.to_owned(),
            server_name: seen.server_name.clone(),
            authorization: seen.authorization.clone(),
            impersonation: seen.impersonation.clone(),
            certificate,
            compression: seen.compression,
        }
    }
}

/// What stands before the API's own path, and that path without its query.
pub fn split(target: &str) -> (&str, &str) {
    let path = target.split('?').next().unwrap_or_default();
    let own = ["/apis", "/api", "/version"].iter().filter_map(|start| path.find(start)).min();
    path.split_at(own.unwrap_or(path.len()))
}

/// Words by which a class is known, the first that fits. In lower case.
const WORDS: [(Class, &[&str]); 8] = [
    (
        Class::Plugin,
        &[
            "getting credentials",
            "exec plugin",
            "credential plugin",
            "interactivemode",
            "plugin policy",
            "plugin \"",
            "auth provider",
            "auth plugin",
            "credentialplugin",
            "client key/certificate",
        ],
    ),
    (
        Class::Certificate,
        &[
            "x509",
            "the certificate of",
            "failed to verify certificate",
            "invalid peer certificate",
            "tls: failed to verify",
        ],
    ),
    (
        Class::Configuration,
        &[
            "does not exist",
            "invalid configuration",
            "invalid value",
            "error loading config",
            "no configuration",
            "unable to read",
            "no cluster",
            "no such file",
            "without impersonating",
            "unknown flag",
            "invalid argument",
            "no server found",
            "kubeconfig",
            "unable to load root certificates",
            "kuberc",
            "is a directory",
            "was not found for",
            // It asks for a name and a password, and nobody answers.
            "error: eof",
            "error: no user",
            "has no credentials",
            // It dials what nobody named.
            "localhost:8080",
            "specified for",
            "more than one authentication",
            "must be specified",
            "proxy-url",
            "non-normalized",
            "preferences",
            "unexpected argument",
        ],
    ),
    (
        Class::Unauthorized,
        &[
            "unauthorized",
            "must be logged in",
            "asked for the client to provide credentials",
            "does not know who",
            "does not accept the login",
        ],
    ),
    (Class::Forbidden, &["forbidden"]),
    (
        Class::Timeout,
        &["client.timeout", "deadline exceeded", "request timeout", "i/o timeout", "timed out"],
    ),
    (
        Class::Unreachable,
        &[
            "refused",
            "no such host",
            "no address found",
            "dial tcp",
            "dns",
            "unable to connect",
            "cannot be reached",
            "corrupt message",
            "not speak tls",
            "cannot reach",
            "name resolution",
            "http response to https client",
            "proxyconnect",
            "connection",
        ],
    ),
    (Class::Server, &[""]),
];

/// The class of what standard error says.
pub fn class(stderr: &str) -> Class {
    // The line that says why; hints name other things.
    let why = stderr
        .lines()
        .find(|line| line.starts_with("error: "))
        .filter(|_| stderr.contains("\nhint: "));
    let text = why.unwrap_or(stderr).to_lowercase();
    let known = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    known.map_or(Class::Server, |(class, _)| *class)
}
