//! A server between a program and a cluster that does what it is told to some of the requests:
//! refuses them, cuts the answers, keeps silent. All others it passes on.
//!
//! It speaks plain HTTP on the loopback; to the cluster it is a user of its own.

mod script;
mod wire;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::cluster::{Client, Cluster};

pub use script::{Fault, Rule};
pub use wire::{Reply, Request};

/// How often a thread that waits looks whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Where requests go that nothing happens to.
enum Upstream {
    Cluster(Client),
    Canned(Box<dyn Fn(&Request) -> Reply + Send + Sync>),
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET`
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// When it came.
    pub at: Instant,
    /// Whether something happened to it.
    pub is_faulty: bool,
}

struct Shared {
    upstream: Upstream,
    rules: Vec<Rule>,
    /// How many requests every rule is about so far, and what came.
    state: Mutex<(Vec<usize>, Vec<Seen>)>,
    stopped: AtomicBool,
}

/// A running proxy. It ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
    folder: TempDir,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Proxy {
    /// A proxy before a cluster, which it asks as a user.
    ///
    /// # Panics
    /// If there is no such user, or no free port.
    pub fn before(cluster: &Cluster, user: &str, rules: Vec<Rule>) -> Self {
        Self::start(Upstream::Cluster(cluster.client(user).clone()), rules)
    }

    /// A proxy before a function that answers.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn canned(
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
        rules: Vec<Rule>,
    ) -> Self {
        Self::start(Upstream::Canned(Box::new(answer)), rules)
    }

    fn start(upstream: Upstream, rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on the loopback");
        let address = listener.local_addr().expect("a listener has an address");
        let folder = TempDir::new().expect("a temporary folder");
        let state = Mutex::new((vec![0; rules.len()], Vec::new()));
        let stopped = AtomicBool::new(false);
        let shared = Arc::new(Shared { upstream, rules, state, stopped });
        let own = Arc::clone(&shared);
        let listening = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&own);
                // Whoever breaks off a connection ends this thread: that is its right.
                thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        let proxy = Self { address, shared, listening: Some(listening), folder };
        proxy.write_kubeconfig();
        proxy
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig that leads to it; its context is called `proxy`, its token is `of-the-proxy`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder().join("kubeconfig.yaml")
    }

    /// A folder that is removed with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The requests that came so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn write_kubeconfig(&self) {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "proxy", "cluster": { "server": self.url() } }],
            "users": [{ "name": "proxy", "user": { "token": "of-the-proxy" } }],
            "contexts": [{ "name": "proxy", "context": { "cluster": "proxy", "user": "proxy" } }],
            "current-context": "proxy",
        });
        std::fs::write(self.kubeconfig(), format!("{config:#}\n"))
            .expect("the temporary folder is writable");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // The listener looks when somebody comes.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

impl Shared {
    /// Answers the requests of one connection.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        let mut wire = wire::Wire::new(stream);
        while let Some(request) = wire.request(&self.stopped)? {
            let fault = self.note(&request);
            let is_open = script::act(fault, &request, &mut wire, self)?;
            if !is_open {
                return wire.close();
            }
        }
        Ok(())
    }

    /// Writes down a request; what is to happen to it comes back.
    fn note(&self, request: &Request) -> Option<&Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (counts, seen) = &mut *state;
        let mut fault = None;
        for (rule, count) in self.rules.iter().zip(counts) {
            if rule.is_about(request) {
                *count += 1;
                if fault.is_none() && rule.hits(*count) {
                    fault = Some(rule.fault());
                }
            }
        }
        seen.push(Seen {
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            at: Instant::now(),
            is_faulty: fault.is_some(),
        });
        fault
    }

    /// What the server behind answers.
    fn pass_on(&self, request: &Request) -> Reply {
        match &self.upstream {
            Upstream::Canned(answer) => answer(request),
            Upstream::Cluster(client) => {
                let forwarded = client.forward(
                    &request.method,
                    &request.target,
                    &wire::end_to_end(&request.headers),
                    &request.body,
                );
                let answer =
                    forwarded.unwrap_or_else(|error| panic!("{}: {error}", request.target));
                let (parts, body) = answer.into_parts();
                let headers = parts.headers.iter().map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                });
                let headers = wire::all_end_to_end(headers.collect());
                Reply { status: parts.status.as_u16(), headers, body }
            }
        }
    }
}
