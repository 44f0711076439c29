//! Cases of client-go's tests of `tools/clientcmd` and of its credential plugins, and our own.
#![cfg(test)]

mod loading;
mod overriding;
mod plugins;
mod pods;
mod policies;

use std::path::{Path, PathBuf};

use crate::client::connect::{self, ConnectOptions, Environment, Target, target};
use crate::input::yaml::single_document;

/// Three contexts on two clusters, each user another kind of login.
const KUBECONFIG: &str = "\
current-context: first
contexts:
- {name: first, context: {cluster: red, user: token}}
- {name: second, context: {cluster: blue, user: basic, namespace: two}}
- {name: lost, context: {user: token}}
- {name: empty, context: {cluster: red, user: token, namespace: ''}}
clusters:
- {name: red, cluster: {server: 'https://red:6443', tls-server-name: red.example}}
- {name: blue, cluster: {server: 'https://blue:6443/k8s/c-1/', insecure-skip-tls-verify: true}}
users:
- {name: token, user: {token: red-token}}
- {name: basic, user: {username: someone, password: red-password}}
";

/// A home directory and what the command line says.
struct World {
    folder: tempfile::TempDir,
    env: Environment,
    options: ConnectOptions,
}

impl World {
    /// Nothing at all.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let env = Environment {
            vars: std::collections::BTreeMap::new(),
            home: Some(folder.path().join("home")),
            stdin_is_terminal: false,
            service_account: folder.path().join("account"),
        };
        Self { folder, env, options: ConnectOptions::new("kubectl x", single_document) }
    }

    /// One kubeconfig in the home directory.
    fn with(kubeconfig: &str) -> Self {
        let world = Self::new();
        world.file("home/.kube/config", kubeconfig);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn set(&mut self, name: &str, value: impl AsRef<Path>) {
        self.env.vars.insert(name.into(), value.as_ref().into());
    }

    fn resolve(&self) -> Result<Target, String> {
        connect::resolve_in(&self.options, &self.env).map_err(|error| {
            assert_eq!(error.hints().len(), 1, "one hint: {error}");
            let whole = format!("{error}\n{}", error.hints()[0]);
            for secret in ["red-token", "red-password", "hidden"] {
                assert!(!whole.contains(secret), "{whole}");
            }
            error.to_string()
        })
    }

    fn target(&self) -> Target {
        self.resolve().expect("a target")
    }

    fn refusal(&self) -> String {
        match self.resolve() {
            Ok(target) => panic!("{target:?}"),
            Err(refusal) => refusal,
        }
    }
}

/// A field of the login that kube gets, by its name in a kubeconfig.
fn auth(target: &Target, field: &str) -> serde_json::Value {
    let auth = serde_json::to_value(&target.config.auth_info).expect("JSON");
    auth.get(field).cloned().unwrap_or_default()
}

#[cfg(unix)]
fn script(world: &World, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = world.file(name, &format!("#!/bin/sh\n{text}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}
