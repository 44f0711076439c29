//! Inside of a pod: the server of its cluster, the token of its service account.

use super::environment::{Environment, io_reason};
use super::kubeconfig::{Cluster, User};
use super::options::ConnectOptions;
use super::pem;
use crate::model::error::{Error, Result};

/// Whether this is a pod with a service account.
pub(super) fn is_possible(env: &Environment) -> bool {
    env.get("KUBERNETES_SERVICE_HOST").is_some()
        && env.get("KUBERNETES_SERVICE_PORT").is_some()
        && std::fs::metadata(env.service_account.join("token")).is_ok_and(|token| !token.is_dir())
}

/// Server and user of the pod. Of the flags only `--token` and `--certificate-authority` count,
/// as in client-go.
pub(super) fn config(options: &ConnectOptions, env: &Environment) -> Result<(Cluster, User)> {
    let host = env.text("KUBERNETES_SERVICE_HOST").unwrap_or_default();
    let port = env.text("KUBERNETES_SERVICE_PORT").unwrap_or_default();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let file = env.service_account.join("token");
    std::fs::read(&file).map_err(|error| {
        Error::could_not_run(format!("open {}: {}", file.display(), io_reason(&error)))
            .hint("the pod's service account token is mounted there")
    })?;
    let mut user = User { token_file: file.to_string_lossy().into_owned(), ..User::default() };
    if let Some(token) = options.token.clone().filter(|token| !token.is_empty()) {
        user = User { token, ..User::default() };
    }
    let mut cluster = Cluster { server: format!("https://{host}:{port}"), ..Cluster::default() };
    let authority = env.service_account.join("ca.crt");
    // Without it the system's certificates are trusted.
    if std::fs::read(&authority).is_ok_and(|pem| pem::certificates(&pem).is_some()) {
        cluster.certificate_authority = authority.to_string_lossy().into_owned();
    }
    if let Some(file) = options.certificate_authority.as_ref()
        && !file.as_os_str().is_empty()
    {
        cluster.certificate_authority = file.to_string_lossy().into_owned();
    }
    Ok((cluster, user))
}

/// The namespace of the pod: `POD_NAMESPACE`, else the service account's, else `default`.
pub(super) fn namespace(env: &Environment) -> String {
    if let Some(namespace) = env.text("POD_NAMESPACE") {
        return namespace.to_owned();
    }
    let file = std::fs::read_to_string(env.service_account.join("namespace")).unwrap_or_default();
    match file.trim() {
        "" => "default".to_owned(),
        namespace => namespace.to_owned(),
    }
}
