//! A real cluster for a test: kube-apiserver and etcd, and nothing that would run a pod.
//!
//! No controllers run either: nothing becomes of a Deployment, and what is deleted in the
//! foreground stays.

mod client;
mod options;
mod seed;
mod server;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use serde_json::{Value, json};

use crate::binary::Finished;
use crate::judge;
use crate::supervise::Supervisor;

pub use client::{Answer, Client};
pub use options::{ADMIN, ClusterOptions, RESTRICTED};
pub use seed::Namespace;

/// How often a start is tried where somebody else takes a port that was free a moment before.
const TRIES: usize = 3;

/// A running cluster. Dropped, or with its process gone in whatever way, it ends and its folder is
/// removed.
#[derive(Debug)]
pub struct Cluster {
    supervisor: Supervisor,
    servers: server::Servers,
    folder: PathBuf,
    tokens: BTreeMap<String, String>,
    clients: BTreeMap<String, Client>,
    resources: seed::Resources,
    version: Value,
    started_in: Duration,
}

impl Cluster {
    /// Starts a cluster and waits until it is ready.
    ///
    /// # Panics
    /// If it is not after a minute; the message has the ends of the servers' logs.
    pub fn start(options: &ClusterOptions) -> Self {
        let mut tries = 1;
        loop {
            match Self::try_start(options) {
                Ok(cluster) => return cluster,
                Err(failure) if failure.port_taken && tries < TRIES => tries += 1,
                Err(failure) => panic!("{}", failure.message),
            }
        }
    }

    /// The usual cluster, one for all tests of this process. They share it: each uses namespaces
    /// of its own.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Cluster> =
            LazyLock::new(|| Cluster::start(&ClusterOptions::default()));
        &SHARED
    }

    fn try_start(options: &ClusterOptions) -> Result<Self, server::Failure> {
        let started = Instant::now();
        let folder = tempfile::Builder::new().prefix("posture-cluster-").tempdir();
        let folder = folder.expect("a temporary folder");
        let supervisor = Supervisor::start(folder.path());
        // From here on the supervisor removes it.
        let folder = folder.keep();
        let tokens: BTreeMap<String, String> =
            options.users.keys().map(|user| (user.clone(), token(user))).collect();
        let lines = options.users.iter().fold(String::new(), |lines, (user, groups)| {
            format!("{lines}{},{user},{user},\"{}\"\n", tokens[user], groups.join(","))
        });
        let servers = server::start(&supervisor, &folder, options, &lines)
            .expect("the temporary folder is writable and the loopback has free ports");
        let client = server::wait(&supervisor, &servers, &tokens[ADMIN])?;
        let clients: BTreeMap<String, Client> =
            tokens.iter().map(|(user, token)| (user.clone(), client.with_token(token))).collect();
        let version = clients[ADMIN].get("/version").json();
        let cluster = Self {
            supervisor,
            servers,
            folder,
            tokens,
            clients,
            resources: seed::Resources::default(),
            version,
            started_in: started.elapsed(),
        };
        for user in options.users.keys() {
            cluster.write_kubeconfig(user).expect("the temporary folder is writable");
        }
        Ok(cluster)
    }

    /// How long it took until it was ready.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What the server answers at `/version`.
    pub fn version(&self) -> &Value {
        &self.version
    }

    /// The minor version that the server behaves as: the emulated one, where one is.
    ///
    /// # Panics
    /// If the server has told no version.
    pub fn minor(&self) -> u32 {
        let text = |key: &str| self.version.get(key).and_then(Value::as_str);
        let minor = text("emulationMinor").or_else(|| text("minor")).unwrap_or_default();
        minor.trim_end_matches('+').parse().expect("the server has a version")
    }

    /// Where the server listens: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.servers.url
    }

    /// The folder with all that belongs to the cluster. What a test puts there is removed with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The certificates to trust, as PEM.
    pub fn certificates(&self) -> PathBuf {
        self.folder.join(server::CERTIFICATE)
    }

    /// What `kube-apiserver` or `etcd` has logged.
    pub fn log(&self, name: &str) -> String {
        let log = fs::read(server::log(&self.folder, name)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The process ids of etcd, the server and their supervisor, in this order.
    pub fn processes(&self) -> [u32; 3] {
        [self.servers.etcd, self.servers.apiserver, self.supervisor.process()]
    }

    /// The bearer token of a user.
    ///
    /// # Panics
    /// If there is no such user.
    pub fn token(&self, user: &str) -> &str {
        self.tokens.get(user).unwrap_or_else(|| panic!("the cluster has no user {user}"))
    }

    /// A client that asks as a user.
    ///
    /// # Panics
    /// If there is no such user.
    pub fn client(&self, user: &str) -> &Client {
        self.clients.get(user).unwrap_or_else(|| panic!("the cluster has no user {user}"))
    }

    /// A client that may do everything.
    pub fn admin(&self) -> &Client {
        self.client(ADMIN)
    }

    /// Reads the JSON at a path with its query, as the one who may.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn get_json(&self, target: &str) -> Value {
        let answer = self.admin().get(target);
        assert!(answer.is_success(), "GET {target}: {}", answer.message());
        answer.json()
    }

    /// Creates an object in the collection at a path, as the one who may; `query` is empty or for
    /// example `dryRun=All`.
    ///
    /// # Panics
    /// If there was no answer.
    pub fn create(&self, path: &str, object: &Value, query: &str) -> Answer {
        let separator = if query.is_empty() { "" } else { "?" };
        self.admin().post(&format!("{path}{separator}{query}"), object)
    }

    /// The kubeconfig of a user; its context and cluster are called `test`.
    ///
    /// # Panics
    /// If there is no such user.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        assert!(self.tokens.contains_key(user), "the cluster has no user {user}");
        self.folder.join(format!("kubeconfig-{user}.yaml"))
    }

    /// Writes it as JSON, which is YAML too.
    fn write_kubeconfig(&self, user: &str) -> io::Result<()> {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "test", "cluster": {
                "server": self.url(),
                "certificate-authority": self.certificates(),
            } }],
            "users": [{ "name": user, "user": { "token": self.token(user) } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": user } }],
            "current-context": "test",
        });
        fs::write(self.kubeconfig(user), format!("{config:#}\n"))
    }

    /// Runs kubectl as the one who may.
    ///
    /// # Panics
    /// If it cannot be run.
    pub fn kubectl(&self, arguments: &[&str]) -> Finished {
        self.kubectl_as(ADMIN, arguments, "")
    }

    /// Runs kubectl as a user, with this text on its standard input. Nothing of the caller's
    /// environment reaches it but the path.
    ///
    /// # Panics
    /// If it cannot be run.
    pub fn kubectl_as(&self, user: &str, arguments: &[&str], input: &str) -> Finished {
        let mut child = Command::new(judge::kubectl())
            .args(arguments)
            .env_clear()
            .env("HOME", &self.folder)
            .env("KUBECONFIG", self.kubeconfig(user))
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl can be started");
        let mut stdin = child.stdin.take().expect("its standard input is a pipe");
        std::thread::scope(|scope| {
            // It may end without reading everything: that is its right.
            scope.spawn(move || stdin.write_all(input.as_bytes()).is_ok());
            Finished::new(&child.wait_with_output().expect("its output is readable"))
        })
    }

    /// Applies manifests with kubectl, as the one who may.
    ///
    /// # Panics
    /// If kubectl does not succeed.
    pub fn apply(&self, manifests: &str) {
        let finished = self.kubectl_as(ADMIN, &["apply", "-f", "-"], manifests);
        assert_eq!(finished.code, 0, "{}\n{manifests}", finished.stderr);
    }
}

/// A token that nobody else on the machine can guess.
fn token(user: &str) -> String {
    let random = || RandomState::new().hash_one(user);
    format!("{user}-{:016x}{:016x}", random(), random())
}
