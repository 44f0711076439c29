//! What the command line says about the connection: the flags of cli-runtime's `ConfigFlags`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::node::Tree;
use crate::model::source::Source;

/// Reads the one document of a kubeconfig or kuberc. Fails with the place of the mistake alone:
/// never with text of the file, which may be a secret. `None` if there is nothing in it.
pub type ReadYaml = fn(&Arc<Source>) -> Result<Option<Arc<Tree>>, String>;

/// What the command line says about the connection. A flag that was not given is `None`; one that
/// was given with an empty value is not.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// How YAML is read: as kubectl does.
    pub read: ReadYaml,
    /// How the program is called: `kubectl pss`.
    pub program: String,
    /// `--kubeconfig`
    pub kubeconfig: Option<PathBuf>,
    /// `--context`
    pub context: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--user`
    pub user: Option<String>,
    /// `-n`, `--namespace`
    pub namespace: Option<String>,
    /// `-s`, `--server`
    pub server: Option<String>,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--proxy-url`
    pub proxy_url: Option<String>,
    /// `--insecure-skip-tls-verify`
    pub insecure_skip_tls_verify: Option<bool>,
    /// `--certificate-authority`
    pub certificate_authority: Option<PathBuf>,
    /// `--client-certificate`
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`
    pub client_key: Option<PathBuf>,
    /// `--token`
    pub token: Option<String>,
    /// `--username`
    pub username: Option<String>,
    /// `--password`
    pub password: Option<String>,
    /// `--as`
    pub impersonate: Option<String>,
    /// `--as-uid`
    pub impersonate_uid: Option<String>,
    /// `--as-group`, repeated
    pub impersonate_groups: Vec<String>,
    /// `--as-user-extra`, repeated: `key=value`
    pub impersonate_extra: Vec<String>,
    /// `--request-timeout`, for each request; `None` is no limit.
    pub request_timeout: Option<Duration>,
    /// `--cache-dir`
    pub cache_dir: Option<PathBuf>,
    /// `--disable-compression`
    pub disable_compression: Option<bool>,
    /// `--kuberc`
    pub kuberc: Option<PathBuf>,
    /// `-v`
    pub verbosity: u8,
    /// Standard input is taken (`-f -`): a credential plugin may not ask on it.
    pub stdin_taken: bool,
}

impl ConnectOptions {
    /// What nothing on the command line says.
    pub fn new(program: &str, read: ReadYaml) -> Self {
        Self {
            read,
            program: program.to_owned(),
            kubeconfig: None,
            context: None,
            cluster: None,
            user: None,
            namespace: None,
            server: None,
            tls_server_name: None,
            proxy_url: None,
            insecure_skip_tls_verify: None,
            certificate_authority: None,
            client_certificate: None,
            client_key: None,
            token: None,
            username: None,
            password: None,
            impersonate: None,
            impersonate_uid: None,
            impersonate_groups: Vec::new(),
            impersonate_extra: Vec::new(),
            request_timeout: None,
            cache_dir: None,
            disable_compression: None,
            kuberc: None,
            verbosity: 0,
            stdin_taken: false,
        }
    }
}
