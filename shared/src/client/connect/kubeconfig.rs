//! A kubeconfig as client-go's `clientcmd/api/v1` types it. Types hold secrets: none of them can
//! be printed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::fields::{Fields, Outcome};
use super::lookup;
use super::options::ReadYaml;
use crate::model::source::Source;

/// The name under which a cluster carries what is handed to credential plugins.
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Everything of a kubeconfig that decides about a connection.
#[derive(Clone, Default)]
pub(super) struct Kubeconfig {
    pub(super) current_context: String,
    pub(super) contexts: BTreeMap<String, Context>,
    pub(super) clusters: BTreeMap<String, Cluster>,
    pub(super) users: BTreeMap<String, User>,
}

/// Which cluster, as whom, in which namespace.
#[derive(Clone, Default)]
pub(super) struct Context {
    pub(super) cluster: String,
    pub(super) user: String,
    pub(super) namespace: String,
}

/// A server and how to trust it.
#[derive(Clone, Default)]
pub(super) struct Cluster {
    pub(super) server: String,
    pub(super) tls_server_name: String,
    pub(super) insecure: bool,
    pub(super) certificate_authority: String,
    pub(super) certificate_authority_data: Vec<u8>,
    pub(super) proxy_url: String,
    pub(super) disable_compression: bool,
    /// What credential plugins get told.
    pub(super) exec_extension: Option<serde_json::Value>,
}

/// Who asks.
#[derive(Clone, Default)]
pub(super) struct User {
    pub(super) client_certificate: String,
    pub(super) client_certificate_data: Vec<u8>,
    pub(super) client_key: String,
    pub(super) client_key_data: Vec<u8>,
    pub(super) token: String,
    pub(super) token_file: String,
    pub(super) impersonate: String,
    pub(super) impersonate_uid: String,
    pub(super) impersonate_groups: Vec<String>,
    pub(super) impersonate_extra: BTreeMap<String, Vec<String>>,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) auth_provider: Option<AuthProvider>,
    pub(super) exec: Option<Exec>,
}

/// A login that the client itself knows how to do.
#[derive(Clone, Default)]
pub(super) struct AuthProvider {
    pub(super) name: String,
    pub(super) config: BTreeMap<String, String>,
}

/// A credential plugin.
#[derive(Clone, Default)]
pub(super) struct Exec {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) api_version: String,
    pub(super) install_hint: String,
    pub(super) provide_cluster_info: bool,
    pub(super) interactive_mode: String,
}

/// Reads a kubeconfig; relative paths in it are taken from `folder`.
pub(super) fn read(source: &Arc<Source>, folder: &Path, yaml: ReadYaml) -> Outcome<Kubeconfig> {
    let Some(tree) = yaml(source)? else { return Ok(Kubeconfig::default()) };
    let root = Fields::root(tree.root())?;
    let (kind, version) = (root.string("kind")?, root.string("apiVersion")?);
    let kind = if kind.is_empty() { "Config" } else { &kind };
    let version = if version.is_empty() { "v1" } else { &version };
    if kind != "Config" || version != "v1" {
        return Err(format!("no kind {kind:?} is registered for version {version:?}"));
    }
    // client-go decodes these too, and refuses the file where it cannot.
    let preferences = root.object("preferences")?;
    preferences.bool("colors")?;
    extensions(&preferences)?;
    extensions(&root)?;
    Ok(Kubeconfig {
        current_context: root.string("current-context")?,
        contexts: named(&root, "contexts", "context", context)?,
        clusters: named(&root, "clusters", "cluster", |fields| cluster(fields, folder))?,
        users: named(&root, "users", "user", |fields| user(fields, folder))?,
    })
}

fn named<T>(
    root: &Fields<'_>,
    list: &str,
    field: &str,
    read: impl Fn(&Fields<'_>) -> Outcome<T>,
) -> Outcome<BTreeMap<String, T>> {
    let mut all = BTreeMap::new();
    for entry in root.objects(list)? {
        let name = entry.string("name")?;
        let item = read(&entry.object(field)?)?;
        if all.contains_key(&name) {
            return Err(entry.wrong(&format!("duplicate name {name:?} in list")));
        }
        all.insert(name, item);
    }
    Ok(all)
}

fn extensions(fields: &Fields<'_>) -> Outcome<BTreeMap<String, Option<serde_json::Value>>> {
    let mut all = BTreeMap::new();
    for entry in fields.objects("extensions")? {
        let name = entry.string("name")?;
        let extension = entry.json("extension");
        if all.get(&name).is_some_and(Option::is_some) {
            return Err(entry.wrong(&format!("duplicate name {name:?} in list")));
        }
        all.insert(name, extension);
    }
    Ok(all)
}

fn context(fields: &Fields<'_>) -> Outcome<Context> {
    extensions(fields)?;
    Ok(Context {
        cluster: fields.string("cluster")?,
        user: fields.string("user")?,
        namespace: fields.string("namespace")?,
    })
}

fn cluster(fields: &Fields<'_>, folder: &Path) -> Outcome<Cluster> {
    Ok(Cluster {
        server: fields.string("server")?,
        tls_server_name: fields.string("tls-server-name")?,
        insecure: fields.bool("insecure-skip-tls-verify")?,
        certificate_authority: resolve(folder, fields.string("certificate-authority")?),
        certificate_authority_data: fields.bytes("certificate-authority-data")?,
        proxy_url: fields.string("proxy-url")?,
        disable_compression: fields.bool("disable-compression")?,
        exec_extension: extensions(fields)?.remove(EXEC_EXTENSION).flatten(),
    })
}

fn user(fields: &Fields<'_>, folder: &Path) -> Outcome<User> {
    extensions(fields)?;
    let auth_provider = fields.optional_object("auth-provider")?;
    let auth_provider = auth_provider.map(|provider| {
        Ok::<_, String>(AuthProvider {
            name: provider.string("name")?,
            config: provider.string_map("config")?,
        })
    });
    Ok(User {
        client_certificate: resolve(folder, fields.string("client-certificate")?),
        client_certificate_data: fields.bytes("client-certificate-data")?,
        client_key: resolve(folder, fields.string("client-key")?),
        client_key_data: fields.bytes("client-key-data")?,
        token: fields.string("token")?,
        token_file: resolve(folder, fields.string("tokenFile")?),
        impersonate: fields.string("as")?,
        impersonate_uid: fields.string("as-uid")?,
        impersonate_groups: fields.strings("as-groups")?,
        impersonate_extra: fields.strings_map("as-user-extra")?,
        username: fields.string("username")?,
        password: fields.string("password")?,
        auth_provider: auth_provider.transpose()?,
        exec: fields.optional_object("exec")?.map(|exec| plugin(&exec, folder)).transpose()?,
    })
}

fn plugin(fields: &Fields<'_>, folder: &Path) -> Outcome<Exec> {
    let env = fields.objects("env")?;
    let env = env.iter().map(|entry| Ok((entry.string("name")?, entry.string("value")?)));
    let mut command = fields.string("command")?;
    // Only a command with a separator is a path; another is looked for.
    if command.contains(std::path::MAIN_SEPARATOR) {
        command = resolve(folder, command);
    }
    let api_version = fields.string("apiVersion")?;
    let mut interactive_mode = fields.string("interactiveMode")?;
    let old = ["client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1alpha1"];
    if interactive_mode.is_empty() && old.contains(&api_version.as_str()) {
        "IfAvailable".clone_into(&mut interactive_mode);
    }
    Ok(Exec {
        command,
        args: fields.strings("args")?,
        env: env.collect::<Outcome<_>>()?,
        api_version,
        install_hint: fields.string("installHint")?,
        provide_cluster_info: fields.bool("provideClusterInfo")?,
        interactive_mode,
    })
}

/// A path relative to the folder of its kubeconfig; none stays none.
fn resolve(folder: &Path, path: String) -> String {
    if path.is_empty() || Path::new(&path).is_absolute() {
        return path;
    }
    lookup::clean(&folder.join(path).to_string_lossy())
}
