//! The two programs of a cluster: with which flags they are started, and when they are ready.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use super::client::Client;
use super::options::ClusterOptions;
use crate::asset;
use crate::supervise::{Program, Supervisor};

/// How long a cluster may take until it is ready.
const DEADLINE: Duration = Duration::from_mins(1);

/// How long to wait before the next look.
const PAUSE: Duration = Duration::from_millis(20);

/// How much of a log is shown where a cluster does not start.
const TAIL_LINES: usize = 25;

const TOKENS: &str = "tokens.csv";
const ADMISSION: &str = "admission.yaml";

/// The self-signed certificate that the server makes for itself, and the one that signed it.
pub(super) const CERTIFICATE: &str = "certs/apiserver.crt";
/// Its key, which also signs the tokens of service accounts: the server reads it after it has
/// made it.
const KEY: &str = "certs/apiserver.key";

/// Two programs that were started.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) url: String,
    pub(super) etcd: u32,
    pub(super) apiserver: u32,
    folder: PathBuf,
}

/// Why a cluster did not start.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    /// Somebody was faster to take one of the ports: another try is worth it.
    pub(super) port_taken: bool,
}

/// Starts both programs. `tokens` has the lines of the token file.
pub(super) fn start(
    supervisor: &Supervisor,
    folder: &Path,
    options: &ClusterOptions,
    tokens: &str,
) -> io::Result<Servers> {
    fs::write(folder.join(TOKENS), tokens)?;
    if let Some(admission) = &options.admission {
        fs::write(folder.join(ADMISSION), admission)?;
    }
    let [etcd_port, port] = free_ports()?;
    let etcd_url = format!("http://127.0.0.1:{etcd_port}");
    let run = |name: &str, arguments: Vec<String>| {
        let log = log(folder, name);
        supervisor.run(Program { path: asset::path(name), arguments, log })
    };
    let etcd = run("etcd", etcd_arguments(&etcd_url));
    let apiserver = run("kube-apiserver", apiserver_arguments(&etcd_url, port, options));
    let url = format!("https://127.0.0.1:{port}");
    Ok(Servers { url, etcd, apiserver, folder: folder.to_owned() })
}

/// Waits until the server is ready, and returns a client that trusts it and has no token yet.
pub(super) fn wait(
    supervisor: &Supervisor,
    servers: &Servers,
    admin: &str,
) -> Result<Client, Failure> {
    let started = Instant::now();
    let mut last = "it has made no certificate".to_owned();
    loop {
        for (name, process) in [("etcd", servers.etcd), ("kube-apiserver", servers.apiserver)] {
            if let Some(how) = supervisor.ended(process) {
                return Err(servers.failure(&format!("{name} ended ({how})")));
            }
        }
        let pem = fs::read(servers.folder.join(CERTIFICATE)).unwrap_or_default();
        if let Some(client) = Client::new(&servers.url, &pem) {
            match not_ready(&client.with_token(admin)) {
                None => return Ok(client),
                Some(why) => last = why,
            }
        }
        if started.elapsed() > DEADLINE {
            let seconds = DEADLINE.as_secs();
            return Err(servers.failure(&format!("not ready after {seconds} s: {last}")));
        }
        thread::sleep(PAUSE);
    }
}

/// Why the server is not ready; `None` if it is. A controller inside the server makes the default
/// namespace, a little later than the server calls itself ready.
fn not_ready(client: &Client) -> Option<String> {
    for path in ["/readyz", "/api/v1/namespaces/default"] {
        match client.request("GET", path, "", None) {
            Ok(answer) if answer.is_success() => {}
            Ok(answer) => return Some(answer.message()),
            Err(error) => return Some(error.to_string()),
        }
    }
    None
}

impl Servers {
    fn failure(&self, why: &str) -> Failure {
        let mut message = format!("the test cluster did not start: {why}");
        let mut port_taken = false;
        for name in ["etcd", "kube-apiserver"] {
            let log = fs::read(log(&self.folder, name)).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            port_taken |= log.contains("address already in use");
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
            let _ = write!(message, "\n--- the end of the log of {name}\n{}", tail.join("\n"));
        }
        Failure { message, port_taken }
    }
}

/// Where a program's output goes.
pub(super) fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

/// Ports that nobody listens at now. All are held until the last is found, so that they differ.
fn free_ports<const COUNT: usize>() -> io::Result<[u16; COUNT]> {
    let mut ports = [0; COUNT];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn etcd_arguments(url: &str) -> Vec<String> {
    [
        "--data-dir=etcd".to_owned(),
        format!("--listen-client-urls={url}"),
        format!("--advertise-client-urls={url}"),
        // It has no peers: any port is good for them.
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        // Nothing of it outlives the test.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
    .into()
}

fn apiserver_arguments(etcd: &str, port: u16, options: &ClusterOptions) -> Vec<String> {
    let mut arguments = vec![
        format!("--etcd-servers={etcd}"),
        format!("--secure-port={port}"),
        format!("--token-auth-file={TOKENS}"),
        format!("--service-account-key-file={KEY}"),
        format!("--service-account-signing-key-file={KEY}"),
    ];
    arguments.extend(
        [
            "--bind-address=127.0.0.1",
            // A machine without a network has no other address, and an endpoint may not have
            // this one.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--cert-dir=certs",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            // No controller makes the service accounts that it would ask for.
            "--disable-admission-plugins=ServiceAccount",
            // Else validation refuses privileged pods before any policy sees them.
            "--allow-privileged=true",
        ]
        .map(str::to_owned),
    );
    if let Some(minor) = options.emulated_minor {
        arguments.push(format!("--emulated-version=1.{minor}"));
    }
    if !options.feature_gates.is_empty() {
        let gates: Vec<String> = options
            .feature_gates
            .iter()
            .map(|(name, enabled)| format!("{name}={enabled}"))
            .collect();
        arguments.push(format!("--feature-gates={}", gates.join(",")));
    }
    if options.admission.is_some() {
        arguments.push(format!("--admission-control-config-file={ADMISSION}"));
    }
    for flag in &options.flags {
        let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
        arguments.retain(|other| name(other) != name(flag));
        arguments.push(flag.clone());
    }
    arguments
}
