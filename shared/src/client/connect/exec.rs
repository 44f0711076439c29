//! Credential plugins, run as client-go's `plugin/pkg/client/auth/exec` runs them.

use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::json;

use super::environment::{Environment, io_reason};
use super::fields::{Fields, Outcome};
use super::kubeconfig::Exec;
use super::kuberc::Policy;
use super::lookup;
use super::options::ConnectOptions;
use super::pem;
use crate::model::error::{Error, Result};
use crate::model::source::Source;

/// The versions of the protocol that are spoken.
const VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// What a plugin has handed out.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) token: String,
    pub(super) certificate: String,
    pub(super) key: String,
}

/// Runs a plugin. `cluster` is what it gets told about the server if it asks for that.
pub(super) fn run(
    exec: &Exec,
    cluster: impl FnOnce() -> serde_json::Value,
    policy: &Policy,
    options: &ConnectOptions,
    env: &Environment,
) -> Result<Credentials> {
    let command = lookup::clean(&exec.command);
    if !VERSIONS.contains(&exec.api_version.as_str()) {
        let message = format!("exec plugin: invalid apiVersion {:?}", exec.api_version);
        return Err(Error::usage(message).hint(format!(
            "the kubeconfig asks for it; {} and {} are spoken",
            VERSIONS[0], VERSIONS[1]
        )));
    }
    let interactive = is_interactive(exec, options, env)?;
    let found = lookup::look_path(&command, env);
    policy.permit(&command, &found, env).map_err(|why| {
        Error::could_not_run(format!("getting credentials: {why}"))
            .hint("kuberc decides which credential plugins may run")
    })?;
    let program = match found {
        Ok(program) => program,
        Err(why) => return Err(not_found(&command, &why, exec)),
    };
    let mut spec = json!({ "interactive": interactive });
    if exec.provide_cluster_info {
        spec["cluster"] = cluster();
    }
    let info = json!({ "kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec });
    let mut process = Command::new(&program);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut process, &command);
    let outcome = process
        .args(&exec.args)
        .env_clear()
        .envs(&env.vars)
        .envs(exec.env.iter().map(|(name, value)| (name, value)))
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
        .stderr(Stdio::inherit())
        .output();
    let output = outcome.map_err(|error| {
        Error::could_not_run(format!("getting credentials: exec: {command}: {}", io_reason(&error)))
            .hint("the kubeconfig names this program as credential plugin")
    })?;
    if !output.status.success() {
        let code = output.status.code().unwrap_or(-1);
        return Err(Error::could_not_run(format!(
            "getting credentials: exec: executable {command} failed with exit code {code}"
        ))
        .hint(format!("the login may have expired: log in again with {}", name_of(&command))));
    }
    decode(output.stdout, exec, options).map_err(|why| {
        Error::could_not_run(format!("getting credentials: {why}"))
            .hint(format!("{} is the credential plugin of the kubeconfig", name_of(&command)))
    })
}

/// Whether the plugin may talk with the user on standard input.
fn is_interactive(exec: &Exec, options: &ConnectOptions, env: &Environment) -> Result<bool> {
    let refuse = |why: &str, hint: &str| {
        let message =
            format!("getting credentials: exec plugin cannot support interactive mode: {why}");
        Err(Error::could_not_run(message).hint(hint))
    };
    match exec.interactive_mode.as_str() {
        "IfAvailable" => Ok(!options.stdin_taken && env.stdin_is_terminal),
        "Always" if !env.stdin_is_terminal => refuse(
            "standard input is not a terminal",
            "the plugin asks questions: run this on a terminal",
        ),
        "Always" if options.stdin_taken => refuse(
            "standard input is unavailable: used by stdin resource manifest reader",
            "the plugin asks questions: name files in place of -f -",
        ),
        mode => Ok(mode == "Always"),
    }
}

fn not_found(command: &str, why: &str, exec: &Exec) -> Error {
    let error =
        Error::could_not_run(format!("getting credentials: exec: executable {command} not found"));
    let hint = sanitise(&exec.install_hint);
    if hint.trim().is_empty() {
        error.hint(format!("{why}: install the credential plugin, or put it into PATH"))
    } else {
        error.hint(hint)
    }
}

/// The last part of a command.
fn name_of(command: &str) -> &str {
    command.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(command)
}

/// An install hint without what could steer a terminal; lines and tabs stay.
fn sanitise(hint: &str) -> String {
    hint.chars().fold(String::with_capacity(hint.len()), |mut clean, letter| {
        let steers = letter.is_control() && !matches!(letter, '\t'..='\r');
        // Invisible signs that turn the direction of text, and such.
        let hidden = matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        if steers || hidden {
            let code = format!("U+{:04X}", u32::from(letter));
            clean.push_str(&code);
        } else {
            clean.push(letter);
        }
        clean
    })
}

/// Reads what the plugin has written. Fails without its text.
fn decode(output: Vec<u8>, exec: &Exec, options: &ConnectOptions) -> Outcome<Credentials> {
    let source = Arc::new(Source::new("output of the plugin", output));
    let tree = (options.read)(&source).map_err(|why| format!("decoding stdout: {why}"))?;
    let tree = tree.ok_or("decoding stdout: there is nothing in it")?;
    let root = Fields::root(tree.root()).map_err(|why| format!("decoding stdout: {why}"))?;
    let read = |name: &str| root.string(name).map_err(|why| format!("decoding stdout: {why}"));
    let (kind, version) = (read("kind")?, read("apiVersion")?);
    let known = VERSIONS.contains(&version.as_str());
    if kind != "ExecCredential" || !known {
        return Err(format!(
            "decoding stdout: no kind {kind:?} is registered for version {version:?}"
        ));
    }
    if version != exec.api_version {
        return Err(format!(
            "exec plugin is configured to use API version {}, plugin returned version {version}",
            exec.api_version
        ));
    }
    let status = root.optional_object("status").map_err(|why| format!("decoding stdout: {why}"))?;
    let status = status.ok_or("exec plugin didn't return a status field")?;
    let read = |name: &str| status.string(name).map_err(|why| format!("decoding stdout: {why}"));
    let credentials = Credentials {
        token: read("token")?,
        certificate: read("clientCertificateData")?,
        key: read("clientKeyData")?,
    };
    let (certificate, key) = (credentials.certificate.is_empty(), credentials.key.is_empty());
    if credentials.token.is_empty() && certificate && key {
        return Err("exec plugin didn't return a token or cert/key pair".to_owned());
    }
    if certificate != key {
        return Err("exec plugin returned only certificate or key, not both".to_owned());
    }
    let lacks = |text: &str, label: &str| !pem::has(text.as_bytes(), label);
    let no_certificate = lacks(&credentials.certificate, "CERTIFICATE");
    if !certificate && (no_certificate || lacks(&credentials.key, "PRIVATE KEY")) {
        return Err("failed parsing client key/certificate: no PEM".to_owned());
    }
    Ok(credentials)
}
