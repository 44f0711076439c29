//! What client-go refuses in a cluster or user that is about to be used, in its words.

use std::fs::File;

use super::environment::io_reason;
use super::kubeconfig::{Cluster, Exec, User};
use super::proxy;

/// The mistakes in a cluster.
pub(super) fn cluster(name: &str, cluster: &Cluster) -> Vec<String> {
    let mut wrong = Vec::new();
    if !cluster.proxy_url.is_empty()
        && let Err(why) = proxy::parse_configured(&cluster.proxy_url)
    {
        wrong.push(format!("invalid 'proxy-url' for cluster {name:?}: {why}"));
    }
    let authority = &cluster.certificate_authority;
    if !authority.is_empty() && !cluster.certificate_authority_data.is_empty() {
        wrong.push(format!(
            "certificate-authority-data and certificate-authority are both specified for {name}"
        ));
    }
    wrong.extend(unreadable("certificate-authority", authority, name));
    wrong
}

/// The mistakes in a user.
pub(super) fn user(name: &str, user: &User) -> Vec<String> {
    let mut wrong = Vec::new();
    let file = &user.client_certificate;
    if !file.is_empty() || !user.client_certificate_data.is_empty() {
        if !file.is_empty() && !user.client_certificate_data.is_empty() {
            wrong.push(format!("client-cert-data and client-cert are both specified for {name}"));
        }
        match (user.client_key.is_empty(), user.client_key_data.is_empty()) {
            (false, false) => {
                wrong.push(format!("client-key-data and client-key are both specified for {name}"));
            }
            (true, true) => wrong.push(format!(
                "client-key-data or client-key must be specified for {name} to use the clientCert \
                 authentication method"
            )),
            _ => {}
        }
        wrong.extend(unreadable("client-cert", file, name));
        wrong.extend(unreadable("client-key", &user.client_key, name));
    }
    if let Some(exec) = &user.exec {
        if user.auth_provider.is_some() {
            wrong.push(format!(
                "authProvider cannot be provided in combination with an exec plugin for {name}"
            ));
        }
        plugin(name, exec, &mut wrong);
    }
    let password = !user.username.is_empty() || !user.password.is_empty();
    if !user.token.is_empty() && password {
        wrong.push(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only \
             one is allowed"
        ));
    }
    let more = !user.impersonate_uid.is_empty()
        || !user.impersonate_groups.is_empty()
        || !user.impersonate_extra.is_empty();
    if more && user.impersonate.is_empty() {
        wrong.push(format!(
            "requesting uid, groups or user-extra for {name} without impersonating a user"
        ));
    }
    wrong
}

fn plugin(name: &str, exec: &Exec, wrong: &mut Vec<String>) {
    let mut missing = |what: &str| {
        wrong
            .push(format!("{what} must be specified for {name} to use exec authentication plugin"));
    };
    if exec.command.is_empty() {
        missing("command");
    }
    if exec.api_version.is_empty() {
        missing("apiVersion");
    }
    if exec.env.iter().any(|(name, _)| name.is_empty()) {
        missing("env variable name");
    }
    match exec.interactive_mode.as_str() {
        "" => missing("interactiveMode"),
        "Never" | "IfAvailable" | "Always" => {}
        other => wrong.push(format!("invalid interactiveMode for {name}: {other:?}")),
    }
}

fn unreadable(what: &str, file: &str, name: &str) -> Option<String> {
    let error = File::open(file).err().filter(|_| !file.is_empty())?;
    let why = io_reason(&error);
    Some(format!("unable to read {what} {file} for {name} due to open {file}: {why}"))
}
