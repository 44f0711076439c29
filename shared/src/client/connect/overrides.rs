//! The flags laid over the kubeconfig: which context, cluster and user are meant, and what the
//! command line says better.

use std::collections::BTreeMap;

use super::kubeconfig::{Cluster, Context, Kubeconfig, User};
use super::options::ConnectOptions;
use crate::model::error::{Error, Result};

/// What flags and kubeconfig say together.
pub(super) struct Chosen {
    /// The name of the context, empty without one.
    pub(super) context_name: String,
    pub(super) context: Context,
    pub(super) cluster: Cluster,
    pub(super) user: User,
}

/// Applies the flags. A context, cluster or user that a flag names must exist; one that the
/// kubeconfig names need not, and is empty then.
pub(super) fn choose(config: &Kubeconfig, options: &ConnectOptions) -> Result<Chosen> {
    let flag = given(options.context.as_deref());
    let context_name = flag.unwrap_or(&config.current_context);
    let mut context = pick(&config.contexts, context_name, flag.is_some(), "context")?;
    if let Some(name) = given(options.cluster.as_deref()) {
        name.clone_into(&mut context.cluster);
    }
    if let Some(name) = given(options.user.as_deref()) {
        name.clone_into(&mut context.user);
    }
    if let Some(name) = given(options.namespace.as_deref()) {
        name.clone_into(&mut context.namespace);
    }
    let required = given(options.user.as_deref()).is_some();
    let mut user = pick(&config.users, &context.user, required, "auth info")?;
    override_user(&mut user, options);
    let required = given(options.cluster.as_deref()).is_some();
    let mut cluster = pick(&config.clusters, &context.cluster, required, "cluster")?;
    override_cluster(&mut cluster, options);
    Ok(Chosen { context_name: context_name.to_owned(), context, cluster, user })
}

/// The value of a flag; an empty one is none, as in client-go.
fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

fn pick<T: Clone + Default>(
    all: &BTreeMap<String, T>,
    name: &str,
    required: bool,
    what: &str,
) -> Result<T> {
    match all.get(name) {
        Some(found) => Ok(found.clone()),
        None if required => {
            let error = Error::usage(format!("{what} {name:?} does not exist"));
            let names: Vec<&str> = all.keys().map(String::as_str).collect();
            Err(if names.is_empty() {
                error.hint("the kubeconfig has none; is it the right file?")
            } else {
                error.hint(format!("the kubeconfig has {}", names.join(", ")))
            })
        }
        None => Ok(T::default()),
    }
}

fn override_user(user: &mut User, options: &ConnectOptions) {
    let set = |field: &mut String, flag: Option<&str>| {
        if let Some(value) = given(flag) {
            value.clone_into(field);
        }
    };
    set(&mut user.token, options.token.as_deref());
    set(&mut user.username, options.username.as_deref());
    set(&mut user.password, options.password.as_deref());
    set(&mut user.impersonate, options.impersonate.as_deref());
    set(&mut user.impersonate_uid, options.impersonate_uid.as_deref());
    if !options.impersonate_groups.is_empty() {
        user.impersonate_groups.clone_from(&options.impersonate_groups);
    }
    // Values of one key add up; a key of the kubeconfig is replaced.
    let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in options.impersonate_extra.iter().filter_map(|pair| pair.split_once('=')) {
        extra.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    user.impersonate_extra.extend(extra);
    let path = |flag: &Option<std::path::PathBuf>| {
        flag.as_ref().map(|path| path.to_string_lossy().into_owned())
    };
    if let Some(file) = path(&options.client_certificate).filter(|file| !file.is_empty()) {
        user.client_certificate = file;
        user.client_certificate_data.clear();
    }
    if let Some(file) = path(&options.client_key).filter(|file| !file.is_empty()) {
        user.client_key = file;
        user.client_key_data.clear();
    }
}

fn override_cluster(cluster: &mut Cluster, options: &ConnectOptions) {
    let server = given(options.server.as_deref());
    let tls_server_name = given(options.tls_server_name.as_deref());
    if let Some(server) = server {
        server.clone_into(&mut cluster.server);
    }
    if let Some(proxy) = given(options.proxy_url.as_deref()) {
        proxy.clone_into(&mut cluster.proxy_url);
    }
    cluster.disable_compression |= options.disable_compression == Some(true);
    let insecure = options.insecure_skip_tls_verify == Some(true);
    let authority = options.certificate_authority.as_ref();
    let authority = authority.map(|path| path.to_string_lossy()).filter(|path| !path.is_empty());
    if insecure || authority.is_some() {
        cluster.insecure = insecure;
        cluster.certificate_authority = authority.unwrap_or_default().into_owned();
        cluster.certificate_authority_data.clear();
    }
    // Another server has another name.
    if server.is_some() || tls_server_name.is_some() {
        tls_server_name.unwrap_or_default().clone_into(&mut cluster.tls_server_name);
    }
}
