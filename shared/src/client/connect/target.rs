//! Where a connection leads, and as whom.

use std::fmt;
use std::path::PathBuf;

use super::options::ConnectOptions;
use crate::model::error::{Error, Result};

/// A server and a user, ready to be dialled.
#[derive(Clone)]
pub struct Target {
    /// What kube's client is built from.
    pub config: kube::Config,
    /// The context of the kubeconfig, if there is one.
    pub context: Option<String>,
    /// The address of the server, without what may be secret in it.
    pub server: String,
    /// The namespace of what names none.
    pub namespace: String,
    /// Where kubectl keeps what it knows of servers.
    pub cache_dir: Option<PathBuf>,
}

impl fmt::Debug for Target {
    /// Without the configuration, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("context", &self.context)
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Decides which server to ask as which user.
pub(super) fn resolve(options: &ConnectOptions) -> Result<Target> {
    // One kubeconfig, as kube reads it.
    let path = options
        .kubeconfig
        .clone()
        .or_else(|| std::env::var_os("KUBECONFIG").map(PathBuf::from))
        .ok_or_else(|| Error::could_not_run("no cluster configured"))?;
    let file = kube::config::Kubeconfig::read_from(path)
        .map_err(|_| Error::could_not_run("the kubeconfig cannot be read"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::could_not_run(error.to_string()))?;
    let chosen = kube::config::KubeConfigOptions {
        context: options.context.clone(),
        cluster: options.cluster.clone(),
        user: options.user.clone(),
    };
    let context = options.context.clone().or_else(|| file.current_context.clone());
    let config = runtime
        .block_on(kube::Config::from_custom_kubeconfig(file, &chosen))
        .map_err(|_| Error::could_not_run("the kubeconfig cannot be used"))?;
    Ok(Target {
        context,
        server: config.cluster_url.to_string(),
        namespace: options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone()),
        cache_dir: options.cache_dir.clone(),
        config,
    })
}
